# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     only_if: learning_curve
#     reads: [scans.tsv, volumes.npy, models/curve/*, predictions/oracle*.tsv,
#       predictions/region_means*.tsv, data_manifest/atlas/*]
#     writes:
#       aggregates: [learning_curve.tsv]
#     settings: [diagnoses, images, learning_curve, network, training]
#     threads: 1
# ---

# %% [markdown]
# # How many scans does it take?
#
# A hospital that wants to train its own network has to know how many scans it needs
# before the network pays. Here networks learn from a part of the training cohort, in
# several draws, and judge the blind test, which is never learned from. Beside them
# stand classifiers that learn from binding ratios of the very same participants. The
# paper makes no such comparison.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
import pandas as pd
from IPython.display import Markdown

from datnet_core.training import (
    curve_model,
    drawn_rows,
    load_model,
    predict,
)
from datnet_images import regional_binding, sides
from datnet_phantom import BINDING_COLUMNS
from datnet_study import (
    auc_by_draw,
    class_proba,
    compare_mean_auc,
    open_page,
    over_draws,
    passes_from,
    show,
    sides_unordered,
)
from datnet_study.figures import plot_auc_by_size
from datnet_study.titles import RATIOS, TOLD, UNEVEN

page = open_page("learning_curve", study, into)
config = page.settings
classes = config.diagnoses
NETWORKS = {"scratch": "DAT-Net, from scratch", "pretrained": "DAT-Net, pre-trained"}
REST, PAIRS = "one against the rest", "pairwise"

# %% tags=["remove-input"]
show.notice(page)

# %% tags=["remove-input"]
scans = page.scans()
blind = scans[scans["cohort"] == "blind_test"].drop_duplicates("participant_id")
if blind["diagnosis"].nunique() < 2:
    page.write_table("learning_curve.tsv", pd.DataFrame(columns=["classifier", "auc"]))
    page.end(
        "no two diagnoses in its blind test", "nothing shows how many scans it takes"
    )

# %% [markdown]
# ## Who learns
#
# Participants are drawn within each diagnosis, so that each cohort has the shares of
# the whole one; the first *n* of a draw are part of the first *m* > *n*. With all
# participants the draws differ only in the network's random numbers. What is counted
# are participants of the training cohort; with early stopping, some of them stop the
# training. A *pre-trained* network has seen the uncertain diagnoses of the pre-training
# cohort as well, and no other classifier has. Each network is judged alone.

# %%
labels, fold = scans["diagnosis"].to_numpy(), scans["fold"].to_numpy()
person = scans["participant_id"].to_numpy()
everybody = len(set(person[fold >= 0]))
repeats = range(config.learning_curve.repeats)
models = {n: curve_model(n) for n in config.learning_curve.sizes}
models[everybody] = curve_model(None)
who = {"participant": person, "diagnosis": labels, "fold": fold}
learned = {
    (n, k): drawn_rows(model, k, **who, seed=config.training.seed)
    for n, model in models.items()
    for k in repeats
}

# %%
counts = {
    n: pd.Series(labels[learned[n, 0]][~pd.Series(person[learned[n, 0]]).duplicated()])
    for n in models
}
drawn = pd.DataFrame({n: c.value_counts() for n, c in counts.items()}).fillna(0)
drawn = drawn.reindex(classes).T.astype(int).rename_axis("participants")
show.table(drawn.reset_index(), of_groups=True)

# %% [markdown]
# Participants by diagnosis, in the first draw.
#
# ## Probabilities of the blind test
#
# First scans of all participants of the blind test, by the networks.

# %%
seen, judged = page.seen(), {}
for start in page.curve:
    for n, model in models.items():
        folder = page.path(f"models/curve/{start}/{model}")
        for k in repeats:
            network = load_model(
                folder, config.network, config.training.accelerator, only=k
            )
            proba = predict(network, seen, blind.index.to_numpy())
            judged[NETWORKS[start], n, k] = proba

# %% [markdown]
# By logistic regressions on the same draws: on the left and right binding ratios (open
# point A8), and on their means and absolute differences, which is what a reader who
# minds the asymmetry uses. In a phantom also on the means of the regions that the
# disease truly affects, for a classifier that need not find them.

# %%
affine, _ = page.grid()
regions, reference = config.images.regions, config.images.reference_region
ratios = regional_binding(page.volumes(), page.atlas(), affine, reference, regions)
ratios = ratios[sides(regions)].to_numpy()
asymmetric = sides_unordered(ratios[:, ::2], ratios[:, 1::2])
features = {RATIOS: ratios, UNEVEN: asymmetric}
if page.phantom:
    keys = ["participant_id", "session_id"]
    means = page.table("predictions/region_means.tsv")
    means = scans[keys].merge(means, on=keys, validate="1:1", how="left")
    left, right = (means[list(BINDING_COLUMNS[k::2])].to_numpy() for k in (0, 1))
    features[TOLD] = sides_unordered(left, right)

# %%
prior = config.network.class_prior
for name, values in features.items():
    for (n, k), rows in learned.items():
        judged[name, n, k] = class_proba(
            values[rows], labels[rows], values[blind.index], classes, prior
        )
aucs = auc_by_draw(judged, blind["diagnosis"], classes)
page.write_table("learning_curve.tsv", aucs)
curves = over_draws(aucs)

# %% [markdown]
# ## Area under the curve
#
# The best possible classifier of a phantom, the oracle, learns from nobody: it is a
# line.


# %%
def marks(kind):
    """AUC of the oracles by diagnosis or pair."""
    if not page.phantom:
        return {}
    table, found = page.table("predictions/oracle.tsv"), {}
    for source in ("true binding", "region means"):
        chosen = (table["judged"] == "blind test") & (table["oracle"] == source)
        of = table[chosen].dropna(axis="columns", how="all")
        names = [name for name in classes if f"p_{name}" in of]
        proba = of[[f"p_{name}" for name in names]].to_numpy()
        made = auc_by_draw({("oracle", 0, 0): proba}, of["diagnosis"], names)
        made = made[made["kind"] == kind]
        found[f"oracle, {source}"] = dict(zip(made["of"], made["auc"], strict=True))
    return found


# %% figure="fig-learning-curve-rest"
best = marks(REST)
plot_auc_by_size(curves[curves["kind"] == REST], best)

# %% [markdown]
# **AUC of each diagnosis against all others** in the blind test, by the number of
# participants learned from (logarithmic): mean over draws, and their range as a band.
# Where the line of a network rises above that of the binding ratios with asymmetry, the
# network pays. Dotted, in a phantom: oracles, which nothing can beat in the long run.

# %% figure="fig-learning-curve-pairs"
best_pairs = marks(PAIRS)
plot_auc_by_size(curves[curves["kind"] == PAIRS], best_pairs)

# %% [markdown]
# **AUC between two diagnoses**, among the scans of these two alone. A classifier that
# tells a diagnosis from all others may owe it to the easiest of them; here it cannot.
#
# The means in numbers, with the range over draws:


# %%
def in_numbers(kind):
    """Mean AUC of a kind by classifier and number of participants, as text."""
    means = curves[(curves["kind"] == kind) & (curves["of"] == "mean")]
    text = [show.interval(r.mean, r.low, r.high) for r in means.itertuples(index=False)]
    wide = means.assign(text=text).pivot(
        index="classifier", columns="participants", values="text"
    )
    wide = wide.loc[list(dict.fromkeys(means["classifier"]))]
    return wide.reset_index()


show.table(in_numbers(REST), of_groups=True)

# %% [markdown]
# One against the rest, above; between two diagnoses, below.

# %%
show.table(in_numbers(PAIRS), of_groups=True)

# %% [markdown]
# ## What the network adds
#
# The mean AUC of a network minus that of the binding ratios with asymmetry, which
# learned from the same participants: its mean over draws, and their range.


# %%
def gain(first, second, kind):
    """Differences of the mean AUC of two classifiers, by size, over draws."""
    means = aucs[(aucs["kind"] == kind) & (aucs["of"] == "mean")]
    auc = means.set_index(["classifier", "participants", "draw"])["auc"]
    of_draws = (auc[first] - auc[second]).groupby(level="participants")
    return of_draws.agg(["mean", "min", "max"])


signed = "{:+.3f} ({:+.3f} to {:+.3f})".format
rows = [
    {"network": NETWORKS[start], "AUC": kind}
    | {n: signed(*by) for n, by in gain(NETWORKS[start], UNEVEN, kind).T.items()}
    for start in page.curve
    for kind in (REST, PAIRS)
]
show.table(pd.DataFrame(rows), of_groups=True)

# %% [markdown]
# The range over draws says what other participants to learn from would change. What
# another blind test would change is the same for all points of a curve: the interval
# of the mean AUC of the last network, from resampling its participants.

# %%
usual = NETWORKS[page.curve[-1]]
present = [name for name in classes if name in set(blind["diagnosis"])]
columns = [classes.index(name) for name in present]
of_test = compare_mean_auc(
    blind["diagnosis"],
    {usual: judged[usual, everybody, 0][:, columns]},
    present,
    blind["participant_id"],
    n_resamples=2000,
    seed=0,
).loc[usual]
show.interval(of_test["auc"], of_test["low"], of_test["high"])


# %%
def expected(name, kind):
    """What to expect of a classifier, by the number of participants."""
    chosen = curves[(curves["classifier"] == name) & (curves["kind"] == kind)]
    parts = []
    for r in chosen[chosen["of"] == "mean"].itertuples(index=False):
        ranged = show.interval(r.mean, r.low, r.high, 2)
        value = ranged if len(repeats) > 1 else f"{r.mean:.2f}"
        parts.append(f"{value} with {r.participants}")
    return ", ".join(parts)


# %%
def passing(name, kind):
    """From which size on a network passes the binding ratios with asymmetry."""
    n = passes_from(aucs, name, UNEVEN, kind)
    return "from no size on" if n is None else f"from {n} participants on"


def changing(name):
    """What a network has over one from scratch, with few participants and with all."""
    added = gain(name, NETWORKS["scratch"], REST)
    form = signed if len(repeats) > 1 else "{:+.3f}".format
    few, every = (form(*added.loc[n]) for n in (added.index[0], everybody))
    return f"{few} with {added.index[0]} and {every} with all"


# %%
draws, always = "one draw", "It"
if len(repeats) > 1:
    draws, always = f"mean and range of {len(repeats)} draws", "In every draw it"
result = (
    f"{page.where.capitalize()}, expect of {usual}, a mean AUC (one diagnosis against "
    f"the rest, blind test, {draws}) of {expected(usual, REST)} participants. "
    f"{always} is above binding ratios with asymmetry {passing(usual, REST)}; between "
    f"two diagnoses, {passing(usual, PAIRS)}."
)
if "pretrained" in page.curve:
    result += f" Pre-training changes it by {changing(usual)}."
else:
    result += " Nothing was pre-trained, so what that is worth is not told."

# %% [markdown]
# ## Summary
#
# The result stands below in words. How sure it is, and what it does not show:
#
# - A draw is one network. *In every draw* is a strict reading with many draws and a
#   lenient one with few.
# - The numbers are of this cohort and of this recipe for training. A hospital with
#   other scanners or other patients needs another number of scans.
# - The range over draws leaves out what another blind test would change, and is
#   narrower for large cohorts, which overlap.

# %% tags=["remove-input"]
Markdown(result)

# %%
numbers = {
    "participants": list(models),
    "mean_auc": curves[curves["of"] == "mean"].to_dict("records"),
    "passes_from": {
        f"{NETWORKS[start]}.{kind}": passes_from(aucs, NETWORKS[start], UNEVEN, kind)
        for start in page.curve
        for kind in (REST, PAIRS)
    },
    "oracle": {"one against the rest": best, "pairwise": best_pairs},
    "blind_test": of_test[["auc", "low", "high"]].to_dict(),
}
page.close(numbers, result=result)
