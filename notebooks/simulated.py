# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [data_manifest/simulated_pretraining.tsv,
#       data_manifest/simulated/config.json]
#     settings: []
#     threads: 1
# ---

# %% [markdown]
# # What simulated people are worth
#
# A department with 60 scans cannot teach a network much. Phantom scans are free: one
# network learned from many made-up hospitals, and its weights come with the project
# (`training.pretrain_on: simulated`). This page asks whether a network that starts from
# them does better on scans of *another* generator than one that starts from nothing,
# by how much, and where it does worse. Nothing like it is in the paper.
#
# :::{admonition} Phantoms judged by phantoms
# :class: important
# No scan of this study and of no person is used here: the numbers are those of a
# benchmark that comes with the project. Both sides were made by a computer, and what a
# hospital's own scans would gain, nobody knows before trying.
# :::

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
import json

import pandas as pd
from IPython.display import Markdown

from datnet_study import open_page, show
from datnet_study.figures import plot_pretraining

page = open_page("simulated", study, into)
TITLES = {
    "other_atlas": "another atlas and camera",
    "reversed_pattern": "patterns turned round",
    "spect": "another tracer, other groups",
}
KEY = ["shift", "n", "seed"]

# %% [markdown]
# ## What is compared
#
# The weights learned from scans of made-up hospitals: template, tracer, camera, noise,
# normalisation and patterns of the diseases were drawn anew for each
# (`data_manifest/simulated/card.md`). Three other generators were written and fixed
# before (`benchmarks/shifted_generators.py`):
#
# - *another atlas and camera*: other borders of the regions, other tissues; the
#   diseases as assumed;
# - *patterns turned round*: what tells IPD from MSA is the opposite of what the weights
#   have learned;
# - *another tracer, other groups*: a coarse SPECT with lower ratios, and PD, DLB and HC
#   in place of the four diagnoses, so that the last layer starts anew.

# %%
made = json.loads(page.path("data_manifest/simulated/config.json").read_text())
table = pd.read_csv(page.path("data_manifest/simulated_pretraining.tsv"), sep="\t")
current = (table["weights"] == made["inputs"][:12]).all()
seconds = table.groupby([*KEY, "start"])["seconds"].max().sum()
about = {
    "simulated scans": made["n_fit"],
    "parameters": made["n_parameters"],
    "benchmark": "python benchmarks/simulated_pretraining.py",
    "one thread of": made["environment"]["processor"],
    "its seconds": round(seconds),
}
facts = pd.DataFrame(about.items(), columns=["what", "value"]).astype(str)
show.table(facts, of_groups=True, not_people=list(facts))

# %% [markdown]
# Both networks have the same layout, the default recipe, and as many steps. Of the one
# from scratch the best of four lengths is taken, up to the whole, *chosen by the scans
# that judge it*: whatever is gained here is gained against a kindly judged opponent.
# The one that was pre-trained has one length, the whole.

# %%
of_simulated = table[(table["start"] == "simulated") & (table["n"] > 0)]
of_simulated = of_simulated.sort_values("steps").groupby(KEY).tail(1)
from_scratch = table[table["start"] == "scratch"]
from_scratch = from_scratch.sort_values("auc").groupby(KEY).tail(1)
both = of_simulated.merge(from_scratch, on=KEY, suffixes=("", "_scratch"))
both["gain"] = both["auc"] - both["auc_scratch"]
both["pair_gain"] = both["first_pair"] - both["first_pair_scratch"]
cells = both.groupby(["shift", "n"], sort=False)
n_missing = 3 * 5 - len(cells)

# %% [markdown]
# ## Area under the curve
#
# Each network judges 300 scans of the same generator that nobody learned from, each
# class equally often. The mean is over the patient groups, one against the rest.

# %% figure="fig-simulated-auc"
judged = pd.concat([of_simulated, from_scratch])
plot_pretraining(judged, TITLES)

# %% [markdown]
# **Mean AUC by the number of scans learned from**, a mark for each network, a line
# through the means. Blue above grey: starting from simulated people helped.
#
# In numbers, with the pair that is hardest to tell apart (IPD and MSA, or PD and DLB),
# where a mean hides what pre-training does:


# %%
def seeds(values, sign=""):
    """Mean of the seeds, with each of them where there are several."""
    mean = f"{values.mean():{sign}.3f}"
    each = ", ".join(f"{value:{sign}.3f}" for value in values)
    return f"{mean} ({each})" if len(values) > 1 else mean


def in_order(rows):
    """Rows by generator and number of scans; where there are none, a word."""
    if not rows:
        return Markdown("No cell of the benchmark has been computed.")
    rows = pd.DataFrame(rows).sort_values(["generator", "scans"])
    return show.table(rows, of_groups=True)


# %%
rows = [
    {
        "generator": TITLES[shift],
        "scans": n,
        "AUC, simulated": seeds(part["auc"]),
        "from scratch": seeds(part["auc_scratch"]),
        "difference": seeds(part["gain"], "+"),
        "of the hardest pair": seeds(part["pair_gain"], "+"),
    }
    for (shift, n), part in cells
]
in_order(rows)

# %% [markdown]
# In brackets, each seed by itself: other people to learn from, other order, other
# changes of the scans. What two seeds differ by is a rough measure of chance; there is
# no interval.
#
# ## Calibration
#
# Cross-entropy of the label (lower is better; an even guess among four has 1.39, among
# three 1.10), and the mean gap between how sure a network is and how often it is right.

# %%
rows = [
    {
        "generator": TITLES[shift],
        "scans": n,
        "cross-entropy, simulated": seeds(part["log_loss"]),
        "cross-entropy, scratch": seeds(part["log_loss_scratch"]),
        "gap, simulated": seeds(part["calibration_error"]),
        "gap, scratch": seeds(part["calibration_error_scratch"]),
    }
    for (shift, n), part in cells
]
in_order(rows)

# %% [markdown]
# A network with a higher AUC can still be surer than it should be; then its cut-offs
# have to be set on own scans.
#
# ## Without a single scan of the hospital, and where it harms
#
# The weights as they are, on the generators that have our four diagnoses.

# %%
as_they_are = table[(table["start"] == "simulated") & (table["n"] == 0)]
as_they_are = as_they_are.set_index("shift")
bare = pd.DataFrame(
    {
        "generator": [TITLES[shift] for shift in as_they_are.index],
        "mean AUC": as_they_are["auc"].map("{:.3f}".format).tolist(),
        "AUC, IPD against MSA": as_they_are["first_pair"].map("{:.3f}".format).tolist(),
    }
)
show.table(bare, of_groups=True)

# %% [markdown]
# Below one half, a network calls the one disease the other more often than chance
# would: it looks for the pattern that was put into it. This is the risk of assumed
# patterns, and no number of simulated scans takes it away.

# %%
mean_gain, pair_gain = cells["gain"].mean(), cells["pair_gain"].mean()
harmed = pd.concat({"the mean AUC": mean_gain, "the hardest pair": pair_gain})
harmed = harmed[harmed < 0].sort_values()
worst = [
    f"{what} with {TITLES[shift]} and {n} scans ({value:+.3f})"
    for (what, shift, n), value in harmed.head(3).items()
]
Markdown(
    f"In {(mean_gain < 0).sum()} of {len(mean_gain)} cells of the table, starting from "
    "simulated people lowered the mean AUC. "
    + (f"It harmed most: {'; '.join(worst)}." if worst else "It harmed nowhere.")
)


# %%
def in_words(shift):
    """What pre-training changed under one shift, at the fewest and the most scans."""
    gains = mean_gain[shift].sort_index()
    few, many = gains.index[0], gains.index[-1]
    ends = [f"{gains[n]:+.3f} with {n} scans" for n in (few, many)]
    return f"{TITLES[shift]}: {' and '.join(dict.fromkeys(ends))}"


found = [shift for shift in TITLES if shift in set(both["shift"])]
gained = (
    "starting from simulated people changed the mean AUC against the best length from "
    f"scratch by (mean of the seeds) {'; '.join(map(in_words, found))}. It was higher "
    f"in {(mean_gain > 0).sum()} of {len(mean_gain)} cells."
    if found
    else "what starting from simulated people gains has not been computed yet."
)
result = f"On phantoms of generators that no network was pre-trained on, {gained}"

# %%
if "reversed_pattern" in as_they_are.index:
    pair = as_they_are.loc["reversed_pattern", "first_pair"]
    result += (
        " Where the assumed patterns are turned round, the weights as they are tell "
        f"IPD from MSA with an AUC of {pair:.2f} (0.50 is chance)."
    )
if n_missing:
    result += f" Of 15 planned cells, {n_missing} have not been computed."
if not current:
    result += " The table is of other weights than those that come with the project."

# %% [markdown]
# ## Summary
#
# The result stands below in words. How sure it is, and what it does not show:
#
# - Two seeds for a cell at most, and one set of weights: differences of a hundredth are
#   chance.
# - Three shifts are not all that real hospitals differ by. Where real patients have
#   patterns that the phantom does not, the loss may be larger than any shown here.
# - Because *assumed* patterns are in the weights, no study starts from them unless its
#   file says so (`training.pretrain_on`), and then every page says it. As a row of its
#   own on the page `resolution`, without a part in any region, map or claim, it is a
#   recipe: `recipes: {simulated: {training: {pretrain_on: simulated}}}`.

# %% tags=["remove-input"]
Markdown(result)

# %%
numbers = {
    "gain": {f"{shift}.{n}": value for (shift, n), value in mean_gain.items()},
    "gain_of_the_hardest_pair": {f"{s}.{n}": v for (s, n), v in pair_gain.items()},
    "as_they_are": as_they_are[["auc", "first_pair", "log_loss"]].to_dict("index"),
}
page.close(numbers, result=result)
