# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, models/fold-*, data_manifest/atlas/*]
#     writes:
#       participants: [saliency/attributions.npz, saliency/attributions.tsv]
#     settings: [control, diagnoses, images, network, training.accelerator,
#       training.n_folds]
#     threads: 1
# ---

# %% [markdown]
# # Can the maps be trusted?
#
# A map of where a network looks can be complete and still say little. This page puts
# full gradients through two tests of the literature, beside other methods on the same
# scans. It has no counterpart in the paper. Randomisation
# {cite}`adebayo2018`: does the map change when what the network learned is destroyed?
# Deletion and insertion {cite}`petsiuk2018`: does the network lose its verdict with the
# voxels that the map points at? Neither needs to know the truth.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
n_per_diagnosis: int = 20  # participants of each diagnosis; fewer where there are fewer
seed: int = 0  # of the sample, the random order and the permutations
n_steps: int = 20  # of the deletion and insertion curves
chunk_size: int = 16  # scans at once; bounds the memory

# %% tags=["setup"]
import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown

from datnet_core.metrics import mean_interval
from datnet_core.progress import progress
from datnet_core.sanity import (
    METHODS,
    attribution,
    blocks,
    cascade,
    curve_area,
    perturbation_curves,
    rank_correlation,
)
from datnet_images import region_mask_on
from datnet_study import (
    fold_models,
    open_page,
    show,
)
from datnet_study.figures import plot_perturbation, plot_randomisation

page = open_page("saliency_sanity", study, into)
config = page.settings
classes, groups = config.diagnoses, config.compared
rng = np.random.default_rng(seed)
PUBLISHED = "full gradients, published"
DEVIATION = "deviation, no network"
RANDOM = "random"
MARKS = {RANDOM: "a random order", DEVIATION: "the deviation, which knows no network"}

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## A sample of scans
#
# Occlusion needs hundreds of passes through the network for one scan, so all methods
# work on a sample: up to `n_per_diagnosis` participants of each diagnosis, drawn at
# random from the training cohort, each with the first scan. The model that explains a
# scan never saw it. The logit that is explained is that of the diagnosis on the label,
# as on {doc}`saliency`.

# %%
scans = page.scans()
in_training = scans[(scans["cohort"] == "training") & scans["diagnosis"].isin(groups)]
first = in_training.drop_duplicates("participant_id")
drawn = [
    rng.choice(part.index, min(n_per_diagnosis, len(part)), replace=False)
    for _, part in first.groupby("diagnosis", sort=False)
]
sample = scans.loc[np.sort(np.concatenate(drawn))]
rows, fold = sample.index.to_numpy(), sample["fold"].to_numpy(int)
targets = sample["diagnosis"].map(classes.index).to_numpy()

# %%
volumes = page.volumes()
field = page.field()
seen = page.seen()  # what the network gets
affine, shape = page.grid()
brain = region_mask_on(page.atlas(), "brain", affine, shape)[field]
models = fold_models(page)

# %% [markdown]
# Integrated gradients, occlusion and deletion need a scan that stands for the absence
# of evidence. Here it is the mean of the training scans of the fold, every diagnosis
# weighing the same. An uptake of 0 would be a hole in the brain, which no scan has. A
# blurred scan has less uptake in the striatum, which looks like disease. A mean of
# controls speaks for one of the diagnoses.

# %%
every = scans[scans["cohort"] == "training"]


def baseline_of(k):
    """Mean training scan of fold model k, (1, x, y, z), classes with equal weight."""
    used = every[every["fold"] != k]
    means = [seen[part.index].mean(axis=0) for _, part in used.groupby("diagnosis")]
    return torch.from_numpy(np.mean(means, axis=0, dtype=np.float32))[None]


baselines = [baseline_of(k) for k in range(len(models))]


# %% [markdown]
# ## Every method on the same scans
#
# Each batch of scans belongs to one fold and goes through every method.


# %%
def batches():
    """Positions in the sample, fold by fold, a chunk at a time."""
    for k in range(len(models)):
        of_fold = np.flatnonzero(fold == k)
        yield from (
            (k, of_fold[start : start + chunk_size])
            for start in range(0, len(of_fold), chunk_size)
        )


device = next(models[0].parameters()).device
parts = [
    (k, at, torch.tensor(seen[rows[at]])[:, None].to(device)) for k, at in batches()
]
maps = {m: np.empty((len(rows), *brain.shape), np.float32) for m in METHODS}
for k, at, x in progress(parts, "attribution methods", unit="batch"):
    for method in METHODS:
        maps[method][at] = attribution(
            method, models[k], x, torch.tensor(targets[at]), baselines[k]
        )

# %%
with page.writing("saliency/attributions.npz") as part:
    np.savez_compressed(part, **maps)
page.write_table(
    "saliency/attributions.tsv",
    sample[["participant_id", "session_id", "diagnosis", "fold"]],
)

# %% [markdown]
# Two of the maps are no explanations and know nothing of the network: the *deviation*
# is the distance of the scan from the mean scan, the *uptake* the scan itself. A method
# that does no better than these may show the scan rather than the network. Signed
# maps count by their magnitude.
#
# ## Deletion and insertion
#
# Voxels of the brain are replaced by the mean scan in the order of the map, the
# largest first (deletion), or come back into the mean scan in that order (insertion).
# A map that finds the voxels on which the verdict rests makes the first curve fall
# early and the second rise early.

# %%
order = {m: np.abs(values) for m, values in maps.items()}
order[RANDOM] = rng.random((len(rows), *brain.shape))
curves = {m: np.empty((2, len(rows), n_steps + 1)) for m in order}
for k, at, x in progress(parts, "deletion and insertion", unit="batch"):
    for method, values in order.items():
        curves[method][:, at] = perturbation_curves(
            models[k], x, targets[at], values[at], baselines[k], brain, n_steps=n_steps
        )

# %% figure="fig-saliency-sanity-deletion"
plot_perturbation({m: tuple(both) for m, both in curves.items()})

# %% [markdown]
# **Mean probability of the diagnosis** over the share of voxels that are deleted
# (left) or inserted (right). All curves of a panel share their ends: the scan itself,
# and the mean scan. Look which curve falls first and which rises first.
#
# The area between the two curves in one number, best first:

# %%
areas = {m: tuple(curve_area(values) for values in both) for m, both in curves.items()}
gain = {m: inserted - deleted for m, (deleted, inserted) in areas.items()}
ranking = sorted(gain, key=lambda m: -gain[m].mean())
faithful = pd.DataFrame(
    {
        "method": m,
        "deletion, area": show.interval(*mean_interval(areas[m][0], seed)),
        "insertion, area": show.interval(*mean_interval(areas[m][1], seed)),
        "insertion - deletion": show.interval(*mean_interval(gain[m], seed)),
    }
    for m in ranking
)
show.table(faithful, of_groups=True)

# %% [markdown]
# Means over scans with 95% bootstrap intervals over participants. The models are taken
# as given. The distances between methods in the same scans:

# %%
best, second = ranking[:2]
lead = mean_interval(gain[best] - gain[second], seed)
over = {other: mean_interval(gain[PUBLISHED] - gain[other], seed) for other in MARKS}
pairs = {(best, second): lead} | {(PUBLISHED, other): over[other] for other in over}
distances = [(*names, show.interval(*limits)) for names, limits in pairs.items()]
columns = ["method", "less", "difference (95% interval)"]
show.table(pd.DataFrame(distances, columns=columns), of_groups=True)

# %% [markdown]
# A difference whose interval contains 0 is not one that these scans show. A map below
# the *random* order points away from what the network uses.
#
# ## Randomised weights
#
# The weights of the network are permuted stage by stage, from the output to the input,
# and the map of the damaged network is compared with that of the trained one by rank
# correlation over the brain. A map that hardly changes does not depend on what the
# network learned. As a yardstick, the map of the same scan by the network of the next
# fold, trained as well as the first (and on this scan, too).

# %%
stages = blocks(models[0])[::-1]  # from the output to the input
one_pass = [label for label, method in METHODS.items() if method.one_pass]
trained = {m: order[m] for m in one_pass}
similar = {m: np.empty((len(stages), len(rows))) for m in one_pass}
between = {m: np.empty(len(rows)) for m in one_pass}


def compared(method, model, k, at, x):
    """Rank correlation of a network's maps with those of the trained model k."""
    label = torch.tensor(targets[at])
    damaged_maps = np.abs(attribution(method, model, x, label, baselines[k]))
    return rank_correlation(trained[method][at], damaged_maps, brain)


# %% [markdown]
# Only methods that need one backward pass take part, for there are many networks.

# %%
for k, at, x in progress(parts, "randomised networks", unit="batch"):
    other = models[(k + 1) % len(models)]
    for method in one_pass:
        between[method][at] = compared(method, other, k, at, x)
    damaged = cascade(models[k], stages, seed)
    for step, (_, model) in enumerate(damaged):
        for method in one_pass:
            similar[method][step, at] = compared(method, model, k, at, x)

# %% [markdown]
# A constant map has no ranks; its correlation counts as 0.

# %%
short = [stage.split("*.")[-1] for stage in stages]  # of all networks of a model
names = {s: f"{len(stages) - i}: {short[i]}" for i, s in enumerate(stages)}
similarity = pd.DataFrame(
    dict(
        zip(
            ("mean", "low", "high"),
            mean_interval(np.nan_to_num(similar[m][i]), seed),
            strict=True,
        )
    )
    | {"method": m, "layer": names[stage]}
    for m in one_pass
    for i, stage in enumerate(stages)
)
yardstick = {m: float(np.nanmean(between[m])) for m in one_pass}

# %% figure="fig-saliency-sanity-randomised"
plot_randomisation(similarity, yardstick)

# %% [markdown]
# **Similarity to the map of the trained network** as more of its stages are
# randomised, from left to right; stages are numbered from the input. Dotted:
# similarity between two trained networks, in the colour of the method. A method
# passes where its line falls well below its dotted one. Where it does not, what looks
# like a finding comes from the shape of the brain and of the network. The shaded
# intervals are over participants; the axis need not start at 0.
#
# The end of each line beside its yardstick:

# %%
untrained = {m: mean_interval(np.nan_to_num(similar[m][-1]), seed) for m in one_pass}
two_trained = {m: mean_interval(np.nan_to_num(between[m]), seed) for m in one_pass}
fall = {
    m: mean_interval(np.nan_to_num(between[m] - similar[m][-1]), seed) for m in one_pass
}
verdicts = pd.DataFrame(
    {
        "method": m,
        "all stages randomised": show.interval(*untrained[m], 2),
        "two trained networks": show.interval(*two_trained[m], 2),
        "difference": show.interval(*fall[m], 2),
    }
    for m in one_pass
)
show.table(verdicts, of_groups=True)

# %% [markdown]
# A difference above 0 says that the map notices when the weights are destroyed; beside
# the first column, how much of the map that is.

# %%
apart = {"more": "above", "less": "below", "even": "not clearly apart from"}
beside_marks = " and ".join(
    f"{show.direction(*limits[1:], **apart)} {MARKS[other]} "
    f"({show.interval(*limits, 2)})"
    for other, limits in over.items()
)
notices = show.direction(
    *fall[PUBLISHED][1:],
    more="so it notices that the weights are destroyed",
    less="so it is closer to that map than a trained network's is",
    even="so it does not clearly notice that the weights are destroyed",
)

# %% [markdown]
# Both tests of the published full gradients in words:

# %%
where = "On this phantom" if page.phantom else "In this study"
rank = ranking.index(PUBLISHED) + 1
randomised, trained_anew = untrained[PUBLISHED], two_trained[PUBLISHED]
result = (
    f"{where}, the published full gradients are number {rank} of {len(ranking)} maps "
    f"by faithfulness, {beside_marks}. With all weights permuted, their map has a rank "
    f"correlation of {show.interval(*randomised, 2)} with that of the trained network, "
    f"two trained networks have {show.interval(*trained_anew, 2)}, {notices}."
)

# %% [markdown]
# ## Summary
#
# The result stands below in words. How sure it is, and what it does not show:
#
# - The intervals are over participants (95%); the networks are taken as given.
# - *Faithful* is measured by the network's own verdict on scans with replaced voxels,
#   which no person has; the mean scan that replaces them is a choice.
# - Both tests ask about the network. Whether it looks at what truly differs can only be
#   told where the truth is known, in a phantom study.

# %% tags=["remove-input"]
Markdown(result)

# %%
numbers = {
    "n_scans": len(rows),
    "area": {
        m: {"deletion": d.mean(), "insertion": i.mean()} for m, (d, i) in areas.items()
    },
    "insertion_less_deletion": {m: mean_interval(g, seed) for m, g in gain.items()},
    "ranking": ranking,
    "lead_over_second": lead,
    "randomisation": similarity.to_dict("records"),
    "between_trained_networks": yardstick,
}
page.close(numbers, result=result)
