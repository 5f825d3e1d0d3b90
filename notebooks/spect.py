# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, dataset/truth/scans*.tsv,
#       data_manifest/phantom*.yaml, data_manifest/adaptation_choice.tsv,
#       data_manifest/spect_seeds.tsv]
#     writes:
#       aggregates: [spect.tsv]
#     settings: [control, diagnoses, images, network, phantom, training]
#     threads: 2
# ---

# %% [markdown]
# # To another camera without its labels
#
# A network that learned from CFT PET of one hospital judges FP-CIT SPECT of another,
# where nobody has said who has what. The paper leaves this to the future and names
# domain-adversarial training as a way. This page sets it beside simpler remedies, and
# beside what labels at the other hospital would bring. Whoever has scans of two
# hospitals gets the same page for them (`to_site`).

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
to_site: str = "spect"  # site whose scans are judged without their labels
resamples: int = 2000  # resamples of the participants for an interval
n_jobs: int = 2  # processes that train networks, of one thread each

# %% tags=["setup"]
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import Markdown

from datnet_core.metrics import group_mean_interval
from datnet_phantom import BINDING_COLUMNS, posterior, read_calibration
from datnet_study import open_page, show
from datnet_study.figures import plot_auc_by_size, plot_interval_panels
from datnet_study.sites import (
    ADVERSARIAL,
    DEGRADED,
    EQUAL,
    LABELLED,
    ROLES,
    ROWS,
    SOURCE,
    STILL,
    UNEQUAL,
    SiteRecipe,
    TwoSites,
    chosen_adaptation,
    drawn_with_shares,
    judged_side_by_side,
    shares_of,
    site_roles,
    transfer_table,
)
from datnet_study.titles import ORACLE

page = open_page("spect", study, into)
config = page.settings
classes, seed = config.diagnoses, config.training.seed
CURVE = "by number of unlabelled scans"
KEYS = {"participant_id": str, "session_id": str}

# %% tags=["remove-input"]
show.notice(page)

# %% tags=["remove-input"]
scans = page.scans()
home, roles = site_roles(scans, to_site, seed)
choice = chosen_adaptation(
    pd.read_csv(page.path("data_manifest/adaptation_choice.tsv"), sep="\t")
)
seeds = pd.read_csv(page.path("data_manifest/spect_seeds.tsv"), sep="\t")
for name in ("weight", "steps"):
    seeds = seeds[seeds[name] == choice[name]]  # not those of an earlier choice
n_seeds = seeds["seed"].nunique()

# %% tags=["remove-input"]
if not home:
    page.write_table("spect.tsv", pd.DataFrame(columns=["shares", "row", "auc"]))
    there = "The phantom study `sites` does ({doc}`../guide/second_site`)."
    equal = seeds[(seeds["shares"] == EQUAL) & seeds["row"].isin([SOURCE, LABELLED])]
    reached = equal.groupby("row", sort=False)["auc"].agg(["mean", "min", "max"])
    rows = [f"{row} {show.interval(*auc, 2)}" for row, *auc in reached.itertuples()]
    if rows:
        there += (
            " In phantoms of the same kind the mean AUC on FP-CIT SPECT is, for a "
            f"network {', '.join(rows)} (mean and range over {n_seeds} seeds)."
        )
    page.end(
        f"no second site {to_site} with people of two diagnoses",
        "nothing shows what a network is worth at another camera",
        there,
    )

# %% [markdown]
# ## Who teaches, who is looked at, who is judged
#
# The network learns from the training cohort of its own site. Of the other site, half
# of the people of each diagnosis may be looked at without their diagnoses, and the
# other half is judged; nobody is in both. From either half, people are drawn so that
# diagnoses are equally common, and so that one is much commoner than the others. A
# method that makes the scans of two sites look alike may take a difference in the
# shares of the diagnoses for one of the cameras.

# %%
diagnosis = scans["diagnosis"].to_numpy()
labels = scans["diagnosis"].map(classes.index).to_numpy()
source, held_out, target, judged = (np.flatnonzero(roles == role) for role in ROLES)
present = [name for name in classes if name in set(diagnosis[judged])]


def two_sites(kind, most=None):
    """Scans of both sites, with diagnoses of the other one as common as asked for."""
    shares = shares_of(kind, present)
    seen = drawn_with_shares(diagnosis, target, shares, seed, most)
    asked = drawn_with_shares(diagnosis, judged, shares, seed)
    return TwoSites(page.volumes(), labels, source, held_out, seen, asked)


sites = {kind: two_sites(kind) for kind in (EQUAL, UNEQUAL)}

# %%
groups = {f"{home}, learned from": source, f"{home}, held out": held_out}
for kind, two in sites.items():
    groups |= {f"{to_site}, {kind}, looked at": two.target}
    groups |= {f"{to_site}, {kind}, judged": two.judged}
counts = {
    name: pd.Series(diagnosis[rows]).value_counts() for name, rows in groups.items()
}
people = pd.DataFrame(counts).reindex(classes).fillna(0).astype(int).T
show.table(people.rename_axis("people").reset_index(), of_groups=True)

# %% [markdown]
# ## The rows
#
# - *source only*: the network as it is;
# - *degradation augmentation*: it also learns from copies of its own scans that are
#   smoothed to the 8 to 12 mm of SPECT, with coarse noise. Every other row is set
#   beside this one, for it is what anyone can do without a scan of the other site;
# - *domain-adversarial*: a second head learns to tell the sites apart from the
#   features, and its reversed gradient keeps the features from saying so; batch norms
#   have the statistics of each site;
# - *the same with λ = 0*: as long a training without a reversed gradient, with the
#   other site's statistics. What is gained here is not owed to the adversary;
# - *trained on labelled scans of the site*: what labels would bring, of the people who
#   were looked at.
#
# Weight λ and length were chosen on other made-up sites
# (`benchmarks/adaptation_choice.py`), with no label and no number of this one.

# %%
steps = min(choice["steps"], config.training.max_steps or choice["steps"])
recipe = SiteRecipe(
    config.images.grid_mm,
    page.field(),
    config.network,
    config.training,
    choice["weight"],
    steps,
)
facts = {"λ": choice["weight"], "steps": steps, "sites to choose on": choice["sites"]}
facts["candidates"] = choice["candidates"]
facts["mean AUC there"] = f"{choice['auc']:.3f}"
values = [f"{value}" for value in facts.values()]
facts = pd.DataFrame({"what": list(facts), "value": values})
show.table(facts, of_groups=True, not_people=list(facts))

# %%
everybody = len(sites[EQUAL].target)
least = len(present)
sizes = sorted({n for k in (8, 4, 2) if (n := everybody // k) >= least})
asked = {(kind, row): (row, two) for kind, two in sites.items() for row in ROWS}
asked |= {(CURVE, n): (ADVERSARIAL, two_sites(EQUAL, most=n)) for n in sizes}
with tempfile.TemporaryDirectory() as folder:
    found = judged_side_by_side(asked, classes, recipe, Path(folder), n_jobs)


# %% [markdown]
# In a phantom, the best possible classifier stands below: Bayes' rule with the true
# binding of each person and the numbers of this tracer. What it would see through this
# camera was not measured, so no image may reach it.


# %%
def oracle(two, kind):
    """Probabilities of the best possible classifier, a column for each diagnosis."""
    numbers = config.phantom.numbers
    if to_site in config.phantom.sites:
        numbers, _ = config.phantom.numbers_of(to_site)
    calibration = read_calibration(page.path(f"data_manifest/{numbers}"))
    truth = pd.read_csv(page.path("dataset/truth/scans.tsv"), sep="\t", dtype=KEYS)
    keys = list(KEYS)
    true = scans.loc[two.judged, keys].merge(truth, on=keys, validate="1:1")
    binding = np.log(true[list(BINDING_COLUMNS)].to_numpy(dtype=float))
    given = posterior(binding, shares_of(kind, present), calibration, config.control)
    columns = [f"p_{name}" for name in classes]
    return given.reindex(columns=columns, fill_value=0.0).to_numpy()


# %%
tables = {}
for kind, two in sites.items():
    proba = {row: found[kind, row].proba for row in ROWS}
    if page.phantom:
        proba[ORACLE] = oracle(two, kind)
    tables[kind] = transfer_table(
        diagnosis[two.judged], proba, classes, scans["participant_id"][two.judged],
        DEGRADED, n_resamples=resamples,
    )  # fmt: skip
table = pd.concat(tables, names=["shares", "row"]).reset_index()
page.write_table("spect.tsv", table)


# %%
def site_told(kind, row):
    """How often a classifier tells the site of people it never saw, with interval."""
    two = sites[kind]
    of_site = np.repeat([home, to_site], [len(two.held_out), len(two.judged)])
    who = scans["participant_id"][np.concatenate([two.held_out, two.judged])]
    if not len(two.held_out):
        return np.nan, np.nan, np.nan  # nobody at home whom the network has not seen
    right = found[kind, row].site_right
    return group_mean_interval(right, of_site, who, resamples, seed=0)


told = {key: site_told(*key) for key in asked if key[0] != CURVE}

# %% [markdown]
# ## The table
#
# Mean AUC (each diagnosis against the rest), its difference to degradation
# augmentation, mean sensitivity and its difference, and how often a linear classifier
# of the features tells the site of people whom it never saw (one half is chance).
# Intervals: 95%, over participants, paired.


# %%
def in_words(kind):
    """The table of one kind of shares as text."""
    rows = []
    for row, r in tables[kind].iterrows():
        differs = row != DEGRADED
        line = {"row": row, "mean AUC": show.interval(r.auc, r.auc_low, r.auc_high)}
        for value, title in {"auc": "AUC", "sensitivity": "sensitivity"}.items():
            limits = [r[f"{value}_difference{end}"] for end in ("", "_low", "_high")]
            if value == "sensitivity":
                shown = [r[f"sensitivity{end}"] for end in ("", "_low", "_high")]
                line["mean sensitivity"] = show.interval(*shown, 2)
            line[f"{title}, difference"] = show.signed(*limits) if differs else "–"
        site = told.get((kind, row))
        line["site told"] = show.interval(*site, 2) if site else "–"
        rows.append(line)
    return pd.DataFrame(rows)


show.table(in_words(EQUAL), of_groups=True)

# %% [markdown]
# Diagnoses equally common at the other site, above; one much commoner, below, among
# those looked at and those judged.

# %%
show.table(in_words(UNEQUAL), of_groups=True)

# %% figure="fig-spect-differences"
drawn = table[table["row"] != DEGRADED].rename(
    columns={"row": "method", "shares": "diagnosis"}
)
title = "mean AUC, difference"
nothing = {kind: 0.0 for kind in sites}
plot_interval_panels(drawn, "auc_difference", title, nothing, by_method=True)

# %% [markdown]
# **Difference of the mean AUC to degradation augmentation** with its 95% interval over
# participants. Right of the line: better than what needs no scan of the other site.
#
# ## How many unlabelled scans
#
# Adversarial training against fewer people of the other site, in equal shares, judged
# on the same people.

# %% figure="fig-spect-unlabelled"
by_size = {n: found[CURVE, n].proba for n in sizes}
by_size[everybody] = found[EQUAL, ADVERSARIAL].proba
equal = sites[EQUAL].judged
of_sizes = transfer_table(
    diagnosis[equal], by_size | {DEGRADED: found[EQUAL, DEGRADED].proba}, classes,
    scans["participant_id"][equal], DEGRADED, n_resamples=resamples,
)  # fmt: skip
curve = of_sizes.loc[list(by_size), ["auc", "auc_low", "auc_high"]].reset_index()
curve.columns = ["participants", "mean", "low", "high"]
curve = curve.assign(classifier=ADVERSARIAL, of="mean AUC")
marks = {row: {"mean AUC": tables[EQUAL].loc[row, "auc"]} for row in (DEGRADED, SOURCE)}
plot_auc_by_size(curve, marks)

# %% [markdown]
# **Mean AUC by the number of unlabelled scans** (logarithmic), with its 95% interval
# over the judged participants as a band; one network for each number. Dotted: what
# needs none.
#
# ## Over seeds
#
# One seed is one cohort and one network. `benchmarks/spect_seeds.py` repeats all of it
# with other people and other random numbers; mean and range of the difference to
# degradation augmentation over its seeds:

# %%
over_seeds = seeds[seeds["row"] != DEGRADED].groupby(["shares", "row"], sort=False)
over_seeds = over_seeds["difference"].agg(["mean", "min", "max"])
rows = [
    {"shares": kind, "row": row, "difference": show.signed(*values)}
    for (kind, row), values in over_seeds.iterrows()
]
shown = Markdown("No seed of the benchmark has been computed.")
if rows:
    shown = show.table(pd.DataFrame(rows), of_groups=True)
shown


# %%
def changed(kind):
    """Difference of domain-adversarial training to degradation augmentation as text."""
    r = tables[kind].loc[ADVERSARIAL]
    limits = r.auc_difference, r.auc_difference_low, r.auc_difference_high
    return show.signed(*limits)


def reached(row):
    """Mean AUC of a row with equal shares as text."""
    r = tables[EQUAL].loc[row]
    return show.interval(r.auc, r.auc_low, r.auc_high)


# %% [markdown]
# The sentence that stands at the top of the page:

# %%
r = tables[EQUAL].loc[ADVERSARIAL]
verdict = show.direction(
    *(r.auc_difference_low, r.auc_difference_high),
    more="better than",
    less="worse than",
    even="not told apart from",
)
result = (
    f"{page.where.capitalize()}, domain-adversarial training is {verdict} degradation "
    f"augmentation at the site {to_site} with equal class shares, mean AUC "
    f"{changed(EQUAL)}; with unequal ones {changed(UNEQUAL)} (one seed; 95% interval "
    f"over participants). Equal shares: the network as it is {reached(SOURCE)}, with "
    f"degradation augmentation {reached(DEGRADED)}, trained on labelled scans of other "
    f"people there {reached(LABELLED)}."
)

# %%
before, after = (show.interval(*told[EQUAL, row], 2) for row in (SOURCE, ADVERSARIAL))
if len(held_out):
    result += (
        f" A classifier of the features told the site in {before} of the cases before "
        f"and {after} after."
    )

# %%
if page.phantom:
    result += f" A classifier that is told the true binding reaches {reached(ORACLE)}."
if (EQUAL, ADVERSARIAL) in over_seeds.index:
    first, still = (
        show.signed(*over_seeds.loc[EQUAL, row]) for row in (ADVERSARIAL, STILL)
    )
    result += (
        f" Over {n_seeds} seeds of the benchmark on other phantoms, the first one is "
        f"{first} (mean and range), and {still} with λ = 0, which has no adversary."
    )

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. How sure it is, and what it does not show:
#
# - The intervals are over the judged people, for one network of each row; another
#   network or another cohort changes more than that, which the seeds show.
# - Features that do not say the site need not say the diagnosis. Where shares of the
#   diagnoses differ between sites, hiding the site can hide the disease.
# - In a phantom, tracer and camera of the other site are numbers with a source or the
#   word *assumption* (`data_manifest/phantom-spect.yaml`), and the diseases are the
#   same at both. Real patients at another hospital differ in more than the camera.

# %%
numbers = {
    "home": home,
    "site": to_site,
    "adaptation": choice,
    "table": table.to_dict("records"),
    "site_told": {f"{kind}.{row}": value for (kind, row), value in told.items()},
    "by_unlabelled_scans": curve.to_dict("records"),
    "seeds": n_seeds,
}
page.close(numbers, result=result)
