# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     only_if: phantom
#     reads: [scans.tsv, volumes.npy, models/fold-*, dataset/truth*,
#       saliency/attributions.npz, saliency/attributions.tsv, data_manifest/atlas/*]
#     settings: [control, diagnoses, images, network, training.accelerator,
#       training.n_folds]
#     threads: 1
# ---

# %% [markdown]
# # Do the maps find what differs?
#
# The scans of this study are a phantom, so it is known which voxels differ between
# the diagnoses, and by how much. This page takes each map as a detector of these
# voxels: full gradients beside input x gradient, integrated gradients
# {cite}`sundararajan2017` and occlusion {cite}`zeiler2014`, on the scans of
# {doc}`saliency_sanity`. The first pair of diagnoses, the hard one, is judged by itself
# too, on maps of the difference between its two logits. It has no counterpart in the
# paper.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
min_d: float = 0.5  # |Cohen's d| of a true difference; 0.5 is a medium effect
seed: int = 0  # of the bootstrap over participants
n_of_pair: int = 10  # scans of each diagnosis of the first pair; occlusion is slow
chunk_size: int = 16  # scans at once; bounds the memory

# %% tags=["setup"]
import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from sklearn.metrics import precision_recall_curve

from datnet_core.metrics import mean_interval
from datnet_core.progress import progress
from datnet_core.saliency import share_in_region
from datnet_core.sanity import (
    METHODS,
    attribution,
    average_precision,
    contrast,
    pointing_game,
)
from datnet_images import (
    region_fractions,
    region_mask_on,
)
from datnet_phantom import largest_effect
from datnet_study import fold_models, open_page, show
from datnet_study.figures import (
    plot_detectors,
    plot_over_threshold,
    plot_precision_recall,
)

page = open_page("saliency_truth", study, into)
config = page.settings
PUBLISHED = "full gradients, published"
UPTAKE = "uptake, no network"
LOW_MARKS = (0.2, 0.3, 0.4)  # of |d|; Cohen calls 0.2 a small effect
AP = ("ap", "ap_low", "ap_high")  # average precision and its interval

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# The maps of all methods, of the same scans by the same networks.

# %%
sample = page.table("saliency/attributions.tsv")
with np.load(page.path("saliency/attributions.npz")) as stored:
    maps = {name: np.abs(stored[name]) for name in stored.files}  # signs do not count
affine, shape = page.grid()
field = page.field()
atlas = page.atlas()
brain = region_mask_on(atlas, "brain", affine, shape)[field]
diagnosis = sample["diagnosis"].to_numpy()
groups = [name for name in config.compared if name in set(diagnosis)]

# %% [markdown]
# ## What truly differs
#
# Cohen's *d* is the difference of the mean images of two diagnoses over the spread
# between people of one diagnosis ({doc}`phantom`). A voxel truly differs for a
# diagnosis if |d| reaches `min_d` against at least one of the others. The others are
# the diagnoses that this study compares; where nothing differs between these, the
# controls join them. The maps of truth are of means: a difference in asymmetry alone,
# or in how two regions go together, is not in them, though a network may use it.

# %%
cohort = set(page.scans()["diagnosis"])
everyone = [name for name in config.diagnoses if name in cohort]
choices = {
    "the diagnoses compared": groups,
    "all diagnoses with the controls": everyone,
}
effects = {
    words: {
        name: largest_effect(page.path("dataset/truth"), name, others, affine, shape)[
            field
        ]
        for name in groups
    }
    for words, others in choices.items()
}

# %% [markdown]
# The first choice that leaves a true difference for every diagnosis is taken.

# %%
fitting = [w for w, e in effects.items() if all((d >= min_d).any() for d in e.values())]
if not fitting:
    page.end(
        f"a diagnosis of which no voxel differs from the others by |d| ≥ {min_d:g}",
        "there is nothing that a map could find (another `min_d` may give something)",
    )

# %%
against = fitting[0]
effect = effects[against]

# %% tags=["remove-input"]
Markdown(f"Here the others are **{against}**.")

# %% [markdown]
# How large the true differences are, and how much of the brain they fill:

# %%
chance = {name: (d[brain] >= min_d).mean() for name, d in effect.items()}
names = ("putamen", "caudate", "midbrain")
weights = {r: region_fractions(atlas, r, affine, shape)[field] for r in names}
true = pd.DataFrame(
    {
        "diagnosis": name,
        "largest |d|": f"{d[brain].max():.2f}",
        "share that truly differs": f"{chance[name]:.1%}",
    }
    | {f"mean |d|, {r}": f"{(d * w).sum() / w.sum():.2f}" for r, w in weights.items()}
    for name, d in effect.items()
)
show.table(true)

# %% [markdown]
# The share that truly differs is what a map without any information reaches (chance).
#
# ## Every map as a detector
#
# For each scan, voxels of the brain are sorted by the magnitude of its map, and the
# area under the precision–recall curve (average precision) says how far the truly
# different ones come first. Chance is their share of the brain.

# %%
precision = {m: np.empty(len(sample)) for m in maps}
hits = {m: np.empty(len(sample)) for m in maps}
for method, values in progress(maps.items(), "detection", len(maps), unit="method"):
    for name in groups:
        chosen, truth = diagnosis == name, effect[name] >= min_d
        precision[method][chosen] = average_precision(values[chosen], truth, brain)
        hits[method][chosen] = pointing_game(values[chosen], truth, brain)

# %% [markdown]
# Besides, the *pointing game* asks only whether the highest voxel of a map truly
# differs. Means over scans, by diagnosis and over all:

# %%
scores = []
for method in maps:
    for name in [*groups, "all"]:
        chosen = (diagnosis == name) | (name == "all")
        row = {"method": method, "diagnosis": name, "scans": chosen.sum()}
        for column, values in {"ap": precision, "pointing": hits}.items():
            limits = mean_interval(values[method][chosen], seed)
            row |= dict(
                zip((column, f"{column}_low", f"{column}_high"), limits, strict=True)
            )
        scores.append(row)
scores = pd.DataFrame(scores)
in_all = scores["diagnosis"] == "all"
ranking = scores[in_all].sort_values("ap", ascending=False)["method"].tolist()

# %% [markdown]
# ### The first pair by itself
#
# The truth above takes the largest |d| against any other diagnosis, so the easiest
# difference decides. Here a voxel truly differs if |d| of the first two diagnoses alone
# reaches `min_d`, in scans of these two. The maps explain the difference between their
# two logits, log p of one minus log p of the other, by the models that never saw the
# scan.

# %%
pair = tuple(groups[:2])
between = f"{pair[0]} vs {pair[1]}"
pair_effect = largest_effect(
    page.path("dataset/truth"), pair[0], pair[1:], affine, shape
)[field]
pair_truth = pair_effect >= min_d
pair_chance = pair_truth[brain].mean()
judged = pair_truth[brain].any()
in_pair = np.sort(
    np.concatenate([np.flatnonzero(diagnosis == name)[:n_of_pair] for name in pair])
)

# %% [markdown]
# Integrated gradients and occlusion start from the same mean scan as on
# {doc}`saliency_sanity`.

# %%
scans = page.scans()
seen = page.seen()
learned = scans[scans["cohort"] == "training"]
keys = ["participant_id", "session_id"]
numbered = scans[keys].assign(row=np.arange(len(scans)))
row_of = sample[keys].merge(numbered, how="left", on=keys)["row"].to_numpy()
fold_of = sample["fold"].to_numpy(int)


def baseline_of(k):
    """Mean training scan of fold model k, (1, x, y, z), classes with equal weight."""
    used = learned[learned["fold"] != k]
    means = [seen[part.index].mean(axis=0) for _, part in used.groupby("diagnosis")]
    return torch.from_numpy(np.mean(means, axis=0, dtype=np.float32))[None]


# %%
pair_maps = {m: np.empty((len(sample), *brain.shape), np.float32) for m in METHODS}
classes = config.diagnoses
first, second = (classes.index(name) for name in pair)
for k, model in enumerate(progress(fold_models(page), "contrast", unit="fold")):
    told = contrast(model, len(classes), first, second)
    baseline = baseline_of(k)
    own = in_pair[fold_of[in_pair] == k] if judged else []
    for start in range(0, len(own), chunk_size):
        at = own[start : start + chunk_size]
        x = torch.tensor(seen[row_of[at]])[:, None]
        logit = torch.zeros(len(at), dtype=torch.int64)
        for method in METHODS:
            found = attribution(method, told, x, logit, baseline)
            pair_maps[method][at] = np.abs(found)

# %%
pair_precision = {}
if judged:
    pair_precision = {
        m: average_precision(values[in_pair], pair_truth, brain)
        for m, values in pair_maps.items()
    }
    of_label = {
        m: average_precision(maps[m][in_pair], pair_truth, brain) for m in pair_maps
    }
pair_scores = pd.DataFrame(
    {"method": m, "diagnosis": between, "scans": len(in_pair)}
    | dict(zip(AP, mean_interval(values, seed), strict=True))
    for m, values in pair_precision.items()
)

# %% figure="fig-saliency-truth-precision"
plot_detectors(
    pd.concat([scores[~in_all], pair_scores]),
    chance | {between: pair_chance},
    [m for m in maps if not METHODS[m].uses_network],
)

# %% [markdown]
# **Area under the precision–recall curve** of single maps, mean over scans with its 95%
# bootstrap interval over participants; dotted is chance. Each axis has its own end.
# Hollow marks know no network: the *deviation* from the mean scan, and the *uptake*,
# which is the scan itself. A method below them says less on what differs than the scan
# does. The last panel is the first pair by itself, with maps of the difference between
# its logits and fewer scans.
#
# The first pair in numbers, by maps of the difference and by those of the logit of the
# diagnosis on the label:

# %% tags=["remove-input"]
in_numbers = Markdown(
    f"No voxel differs between {between} by |d| ≥ {min_d:g}: there is nothing to find."
)
if judged:
    by_pair = sorted(pair_precision, key=lambda m: -pair_precision[m].mean())
    columns = {
        "difference of the logits": pair_precision,
        "logit of the label": of_label,
    }
    in_numbers = show.table(
        pd.DataFrame(
            {"method": m}
            | {c: show.interval(*mean_interval(v[m], seed)) for c, v in columns.items()}
            for m in by_pair
        )
    )
in_numbers

# %% tags=["remove-input"]
Markdown(
    f"{between}: {pair_chance:.1%} of the brain seen truly differs (chance); the "
    f"largest |d| there is {pair_effect[brain].max():.2f}."
)

# %% [markdown]
# Few voxels make a hard truth. The maps of the difference with a lower mark for what
# truly differs, down to what counts as a small effect:

# %%
marks = [d for d in (*LOW_MARKS, min_d) if d <= pair_effect[brain].max()]
by_mark = {
    f"|d| ≥ {d:g}": [
        average_precision(pair_maps[m][in_pair], pair_effect >= d, brain).mean()
        for m in METHODS
    ]
    + [(pair_effect[brain] >= d).mean()]
    for d in dict.fromkeys(marks)
}
by_mark = pd.DataFrame({"method": [*METHODS, "chance"]} | by_mark)
show.table(by_mark).format(precision=3)

# %% [markdown]
# All scans together, best first:

# %%
of_all = scores[in_all].set_index("method").loc[ranking].reset_index()
columns = {
    "method": of_all["method"],
    "average precision": [
        show.interval(r.ap, r.ap_low, r.ap_high) for r in of_all.itertuples()
    ],
    "peak truly differs (pointing game)": [
        show.interval(r.pointing, r.pointing_low, r.pointing_high, 2)
        for r in of_all.itertuples()
    ],
}
show.table(pd.DataFrame(columns))

# %% [markdown]
# How far the best method that explains the network lies above the next one, above the
# published full gradients, and above the best map that knows no network, in the same
# scans:

# %%
explaining = [m for m in ranking if METHODS[m].uses_network]
plain = next(m for m in ranking if not METHODS[m].uses_network)
best, second = explaining[:2]
lead = {
    other: mean_interval(precision[best] - precision[other], seed)
    for other in dict.fromkeys((second, PUBLISHED, plain))
}
rows = [
    (best, other, show.interval(*limits))
    for other, limits in lead.items()
    if other != best
]
show.table(pd.DataFrame(rows, columns=["method", "less", "difference (95% interval)"]))

# %% [markdown]
# Where an interval contains 0, the two cannot be told apart in these scans.
#
# The intervals are over participants; networks and truth are taken as given.
#
# ## Mean maps
#
# Fig. 5 of the paper shows means over patients, in which the noise of single scans is
# gone. The same methods, by the mean magnitude over the scans of a diagnosis:

# %%
curves, mean_precision = {}, {}
for name in groups:
    truth, chosen = effect[name] >= min_d, diagnosis == name
    means = {m: v[chosen].mean(axis=0, keepdims=True) for m, v in maps.items()}
    mean_precision[name] = {
        m: average_precision(mean, truth, brain)[0] for m, mean in means.items()
    }
    curves[name] = {}
    for m, mean in means.items():
        p, recall, _ = precision_recall_curve(truth[brain], mean[0][brain])
        curves[name][m] = recall, p

# %% figure="fig-saliency-truth-curves"
plot_precision_recall(curves, chance)

# %% [markdown]
# **Precision over recall of the mean map** of each diagnosis. A curve that starts high
# and falls late has its highest values where the diagnoses differ.
#
# The area under these curves, best first:

# %%
of_means = pd.DataFrame(mean_precision)
of_means["mean"] = of_means.mean(axis=1)
of_means = of_means.sort_values("mean", ascending=False).rename_axis("method")
show.table(of_means.reset_index()).format(precision=3)

# %% [markdown]
# A mean map has no interval here: there is one for each diagnosis.
#
# ## What counts as different
#
# The threshold on |d| is a choice. The same comparison over a range of it:

# %%
grid = [t for t in np.arange(0.2, 1.25, 0.1).round(1)]
grid = [t for t in grid if all((d[brain] >= t).any() for d in effect.values())]
by_threshold = pd.DataFrame(index=grid, columns=[*maps, "chance"], dtype=float)
for t in progress(grid, "thresholds", unit="threshold"):
    truths = {name: effect[name] >= t for name in groups}
    by_threshold.loc[t, "chance"] = np.mean([truths[c][brain].mean() for c in groups])
    for method, values in maps.items():
        by_threshold.loc[t, method] = np.mean(
            [
                average_precision(values[diagnosis == c], truths[c], brain).mean()
                for c in groups
            ]
        )
winners = by_threshold[list(maps)].idxmax(axis=1)

# %% figure="fig-saliency-truth-threshold"
plot_over_threshold(by_threshold, min_d)

# %% [markdown]
# **Average precision over the threshold** from which a voxel counts as different, mean
# over the diagnoses; dashed is the threshold of this page. A conclusion holds only as
# far as the order of the lines does not depend on it.

# %% tags=["remove-input"]
Markdown(
    "Best method by threshold: "
    + "; ".join(
        f"**{m}** at {', '.join(f'{t:g}' for t in winners.index[winners == m])}"
        for m in dict.fromkeys(winners)
    )
    + "."
)

# %% [markdown]
# ## Where the saliency lies
#
# The share of each map in the nuclei that the paper names, beside their share of the
# brain that the network sees.

# %%
share = {
    method: {r: share_in_region(values, w, brain) for r, w in weights.items()}
    for method, values in maps.items()
}
of_volume = {r: w[brain].sum() / brain.sum() for r, w in weights.items()}
shares = pd.DataFrame(
    {"method": method}
    | {r: show.interval(*mean_interval(v, seed)) for r, v in by.items()}
    for method, by in share.items()
)
shares.loc[len(shares)] = [
    "chance: share of the volume",
    *(f"{v:.3f}" for v in of_volume.values()),
]
show.table(shares)

# %% [markdown]
# Mean over scans with its 95% interval. An interval that contains the chance of its
# column says that the map does not prefer this nucleus to the rest of the brain.
#
# The published full gradients are set against the best map that knows no network, in
# the same scans.

# %%
of_pair = f" Between {between}, no voxel differs by |d| ≥ {min_d:g}."
if judged:
    with_network = [m for m in by_pair if METHODS[m].uses_network]
    leads = mean_interval(
        pair_precision[with_network[0]] - pair_precision[UPTAKE], seed
    )
    stands = show.direction(
        *leads[1:], more="above", less="below", even="not clearly apart from"
    )
    of_pair = (
        f" For {between} alone, by the difference of the two logits, "
        f"*{with_network[0]}* comes first and is {stands} the uptake: "
        f"{show.interval(*leads)} (chance {pair_chance:.3f})."
    )

# %%
published_less_plain = mean_interval(precision[PUBLISHED] - precision[plain], seed)
verdict = show.direction(
    *published_less_plain[1:],
    more="above",
    less="below",
    even="not clearly apart from",
)
row = of_all.set_index("method").loc[best]
by_uptake = of_all.set_index("method").loc[UPTAKE]
by_chance = np.mean([chance[name] for name in diagnosis])
result = (
    f"On this phantom, of the methods that explain the network *{best}* finds the true "
    f"differences best (average precision {show.interval(*row[list(AP)], 2)}, chance "
    f"{by_chance:.2f}). The full gradients as published are number "
    f"{explaining.index(PUBLISHED) + 1} of {len(explaining)} and {verdict} the best "
    f"map without one, *{plain}*: {show.interval(*published_less_plain, 2)}. The "
    f"uptake itself reaches {show.interval(*by_uptake[list(AP)], 2)}.{of_pair}"
)

# %% [markdown]
# ## Summary
#
# The result stands below in words. How sure it is, and what it does not show:
#
# - The intervals are over participants; networks and truth are taken as given. Other
#   networks may rank the methods in another order.
# - A network need not look at everything that differs, so a miss is not a fault of the
#   method alone; all methods are judged on the same networks.
# - The curves over the threshold say whether the order depends on what counts as
#   different.

# %% tags=["remove-input"]
Markdown(result)

# %%
of_first_pair = {
    "diagnoses": pair,
    "chance": pair_chance,
    "largest_d": pair_effect[brain].max(),
    "difference_of_logits": {m: v.mean() for m, v in pair_precision.items()},
    "logit_of_label": {m: v.mean() for m, v in of_label.items()} if judged else {},
    "lead_over_uptake": leads if judged else None,
    "by_mark": by_mark.to_dict("list"),
}

# %%
numbers = {
    "against": against,
    "min_d": min_d,
    "chance": chance,
    "scores": scores.to_dict("records"),
    "ranking": ranking,
    "best_explanation": best,
    "best_without_network": plain,
    "lead": lead,
    "pair": of_first_pair,
    "average_precision_of_mean_maps": mean_precision,
    "by_threshold": by_threshold.reset_index(names="d").to_dict("list"),
    "share": {m: {r: v.mean() for r, v in by.items()} for m, by in share.items()},
    "share_of_volume": of_volume,
}
page.close(numbers, result=result)
