# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, models/fold-*, saliency/fold_means.nii.gz,
#       data_manifest/atlas/*]
#     settings: [control, diagnoses, images, network, saliency.postprocess,
#       saliency.region_rule, saliency.region_threshold, training.accelerator,
#       training.n_folds]
#     threads: 1
# ---

# %% [markdown]
# # The salient region
#
# The paper measures binding and texture in the "top 70% salient region" of the network
# (its Figs. 6 and 7). What these words mean is open (A2), and so is whose map is used
# (A3). This page draws the regions of this study and says what lies in them, how large
# the region is under each reading, how far the readings overlap, which layers of the
# network decide its place, and how the region of a single scan differs from the
# cross-fitted one.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
chunk_size: int = 16  # scans per backward pass; bounds the memory
coarse_voxels: int = 3  # voxels per side up to which a layer counts as coarse

# %% tags=["setup"]
import nibabel as nib
import numpy as np
import pandas as pd
from IPython.display import Markdown
from nilearn.datasets import load_mni152_template

from datnet_core.progress import progress
from datnet_core.saliency import (
    by_grid,
    dice,
    mean_layer_maps,
    rescaled,
    saliency_maps,
    top_region,
)
from datnet_core.training import predict
from datnet_images import (
    Rows,
    in_full_grid,
    mean_volume,
    region_fractions,
    region_mask_on,
    region_parts,
)
from datnet_study import (
    fold_models,
    open_page,
    show,
)
from datnet_study.figures import (
    plot_layer_maps,
    plot_region_sizes,
    plot_region_strip,
)

page = open_page("salient_region", study, into)
config = page.settings
HALF = 0.5  # of the pattern: layers with more decide where the region lies
NUCLEI = ("putamen", "caudate", "thalamus", "midbrain")

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# The maps of the fold models, in the part of the brain that the network sees.

# %%
classes, groups = config.diagnoses, config.compared
affine, shape = page.grid()
field = page.field()
atlas = page.atlas()
brain = region_mask_on(atlas, "brain", affine, shape)
brain &= in_full_grid(np.ones([s.stop - s.start for s in field], bool), field, shape)
path = page.path("saliency/fold_means.nii.gz")
fold_means = np.moveaxis(nib.load(path).get_fdata(dtype=np.float32), -1, 0)
mean_map = fold_means.mean(axis=0)

# %% [markdown]
# ## The regions of this study
#
# A participant held out in a fold is measured in the region of that fold. Here they
# are, one line for each, over the mean uptake of the scans that are compared and over
# the atlas.

# %%
rule, threshold = config.saliency.region_rule, config.saliency.region_threshold
fold_regions = [top_region(m, brain, rule, threshold) for m in fold_means]
made_of = pd.DataFrame(
    {"region": f"fold {k + 1}", "share of the brain seen": region[brain].mean()}
    | region_parts(region, atlas, NUCLEI, affine)
    for k, region in enumerate(fold_regions)
)
whole_field = region_parts(brain, atlas, NUCLEI, affine)
made_of.loc[len(made_of)] = {
    "region": "brain seen",
    "share of the brain seen": 1.0,
} | whole_field
scans = page.scans()
rows = np.flatnonzero((scans["cohort"] == "training") & scans["diagnosis"].isin(groups))
mean_uptake = mean_volume(Rows(page.volumes(), rows))

# %% figure="fig-salient-region-drawn"
plot_region_strip(
    mean_uptake,
    {f"fold {k + 1}, {made_of['ml'][k]:.0f} ml": r for k, r in enumerate(fold_regions)},
    {name: region_fractions(atlas, name, affine, shape) for name in NUCLEI},
    affine,
    field,
)

# %% [markdown]
# **The region of each fold** over the mean uptake ratio (above, dark is much) and over
# the nuclei of the atlas (below), axial planes of the box that the network sees. Look
# whether the lines follow the nuclei, and whether the folds agree.
#
# What the regions are made of:

# %%
percent = {"ml": "{:.0f}"} | dict.fromkeys(
    ["share of the brain seen", *NUCLEI, "rest"], "{:.0%}"
)
show.table(made_of, of_groups=True, not_people=list(made_of)).format(
    percent, na_rep="–"
)

# %% [markdown]
# Shares of the region's own volume. The *rest* is white matter, cerebrospinal fluid,
# the accumbens and cortex. The last row is what a region without any aim would hold.
#
# ## Readings of "top 70%"
#
# The same words have several readings, here for the mean map of all fold models and at
# the threshold of this study (`saliency.region_threshold`):

# %% tags=["remove-input"]
meaning = {
    "rescaled": f"at least {threshold:g} after the map is rescaled to 0–1 in the brain",
    "of_maximum": f"at least {threshold:g} of the maximum",
    "highest_voxels": f"the highest {threshold:.0%} of the voxels",
    "mass": f"the fewest voxels that hold {threshold:.0%} of the sum of the map",
}
if config.saliency.postprocess == "complete":  # signed maps have no mass to share out
    del meaning["mass"]
titles = {reading: reading.replace("_", " ") for reading in meaning}
show.table(
    pd.DataFrame(
        {"reading": titles, "voxels of the brain that are kept": meaning}
    ).reset_index(drop=True),
    of_groups=True,
    not_people=["voxels of the brain that are kept"],
)

# %% [markdown]
# How large each is over the threshold, and how far they overlap:

# %%
thresholds = np.linspace(0.1, 0.9, 17).round(2)
curves = pd.DataFrame(
    {
        reading: [
            top_region(mean_map, brain, reading, t)[brain].mean() for t in thresholds
        ]
        for reading in meaning
    },
    index=thresholds,
)
cut = {r: top_region(mean_map, brain, r, threshold) for r in meaning}
sizes = {r: region[brain].mean() for r, region in cut.items()}
overlap = pd.DataFrame({a: {b: dice(cut[a], cut[b]) for b in cut} for a in cut})

# %% figure="fig-salient-region-readings"
plot_region_sizes(curves, (rule, threshold), overlap)

# %% [markdown]
# **Size and overlap of the salient region by reading.** Left: size over the threshold,
# as a share of the brain that the network sees; the ring is the choice of this study. A
# higher threshold gives a smaller region where it is a level of the map, a larger one
# where it is a share. Right: overlap of the regions at the threshold of this study,
# from 0 (apart) to 1 (the same). Where it is low, the readings do not mean the same
# region, and conclusions that rest on the region have to be checked against the choice.
#
# What each reading contains:

# %%
weights = {r: region_fractions(atlas, r, affine, shape) for r in NUCLEI}
content = pd.DataFrame(
    {
        "reading": titles[reading],
        "share of the brain seen": region[brain].mean(),
    }
    | {r: w[region].sum() / w[brain].sum() for r, w in weights.items()}
    for reading, region in cut.items()
)
percent = dict.fromkeys(content.columns[1:], "{:.0%}")
show.table(content, of_groups=True, not_people=list(content)).format(
    percent, na_rep="–"
)

# %% [markdown]
# The columns under the names of regions say how much of each lies in the salient
# region. A region that holds all of everything points at nothing.
#
# ## Which layers decide
#
# The map is a sum over the input and all normalised layers. Layers near the output
# have few and large voxels and many channels. For each held-out scan the map is taken
# apart by the size of the grid of its layers.

# %%
seen = page.seen()  # what the network gets
labels = scans["diagnosis"].iloc[rows].map(classes.index).to_numpy()
fold = scans["fold"].to_numpy(int, na_value=-1)[rows]
models = fold_models(page)

# %% [markdown]
# Every fold and every diagnosis weighs the same. Each layer is laid over the brain in
# two ways, by its edges and by its corners, see below.

# %%
layers = {"edges": [], "corners": []}
options = (config.saliency.postprocess, chunk_size)
for k, model in enumerate(progress(models, "maps by layer", unit="fold model")):
    for c in np.unique(labels):  # every diagnosis weighs the same
        held_out = rows[(fold == k) & (labels == c)]
        if len(held_out):
            given = (model, seen[held_out], np.full(len(held_out), c), *options)
            for way, means in layers.items():
                maps, grids = mean_layer_maps(*given, align_corners=way == "corners")
                means.append(maps)
mean_layers = {
    name: in_full_grid(
        np.mean([maps[name] for maps in layers["edges"]], axis=0), field, shape
    )
    for name in grids
}

# %%
grid_maps, table = by_grid(mean_layers, grids, brain)
layer_table = table.drop(columns="shape")
layer_table = layer_table.rename(columns=lambda name: name.replace("_", " "))
show.table(layer_table, of_groups=True, not_people=list(layer_table)).format(
    {"share of sum": "{:.1%}", "share of pattern": "{:.1%}"}, na_rep="–"
)

# %% [markdown]
# *Share of sum* is what a grid adds to the mean map, *share of pattern* what it adds
# to its variation over the brain (covariance with the whole map over its variance). A
# grid of one voxel is the same everywhere: it raises the map and moves nothing. The
# finest row includes the input term.

# %%
sides = table["shape"].map(max)
coarse = table[sides <= coarse_voxels]
fine = sum(grid_maps[g] for g in table["grid"][sides > coarse_voxels])
without_coarse = {
    "share_of_sum": coarse["share_of_sum"].sum(),
    "share_of_pattern": coarse["share_of_pattern"].sum(),
    "dice": dice(
        top_region(fine, brain, "rescaled", threshold),
        top_region(sum(grid_maps.values()), brain, "rescaled", threshold),
    ),
}

# %% tags=["remove-input"]
decide = "decide" if without_coarse["share_of_pattern"] > HALF else "do not decide"
Markdown(
    f"Layers of at most {coarse_voxels} voxels per side hold "
    f"**{without_coarse['share_of_sum']:.0%} of the sum** and "
    f"**{without_coarse['share_of_pattern']:.0%} of the pattern**, so they {decide} "
    "where the region lies. Without them, the region cut from the rescaled map at "
    f"{threshold:g} overlaps that of all layers by a Dice coefficient of "
    f"**{without_coarse['dice']:.2f}**."
)

# %% [markdown]
# Where the layers of each grid point:

# %% figure="fig-salient-region-layers"
shares = dict(zip(table["grid"], table["share_of_pattern"], strict=True))
titled = {
    f"{grid}\n{shares[grid]:.0%} of pattern": nib.Nifti1Image(
        rescaled(m, brain).astype(np.float32), affine
    )
    for grid, m in grid_maps.items()
    if np.ptp(m[brain]) > 0
}
plot_layer_maps(titled, load_mni152_template(resolution=2))

# %% [markdown]
# **Mean map of the layers of each grid**, finest first, each rescaled to 0–1 inside
# the brain on its own. The voxels of a coarse layer become smooth blobs by
# interpolation; their place is that of the grid as much as that of the anatomy. A layer
# with strides starts at one edge of the field, so a coarse map can lie too far to one
# end where the brain does not; from left to right only without `network.both_sides`. A
# grid of one voxel has no pattern and no row. Layers and channels are those of all
# networks of a model.
#
# Even where a coarse voxel lies is a convention. Here the outer edges of a layer lie
# on the edges of the map; the public code of the method puts the centres of its outer
# voxels into the corners, which spreads a layer of three voxels over a wider range.

# %%
whole = {
    way: in_full_grid(
        np.mean([sum(maps.values()) for maps in means], axis=0), field, shape
    )
    for way, means in layers.items()
}
cut_by = {w: top_region(m, brain, rule, threshold) for w, m in whole.items()}
centre_mm = {
    w: nib.affines.apply_affine(affine, np.argwhere(region).mean(axis=0))
    for w, region in cut_by.items()
}
placement = {
    "dice": dice(*cut_by.values()),
    "shift_mm": np.linalg.norm(centre_mm["corners"] - centre_mm["edges"]),
}

# %% tags=["remove-input"]
Markdown(
    "The regions under the two conventions overlap by a Dice coefficient of "
    f"**{placement['dice']:.2f}**; their centres are {placement['shift_mm']:.1f} mm "
    "apart."
)

# %% [markdown]
# ## Whose map
#
# The cross-fitted region of a held-out participant comes from training scans, so it
# is the same for all participants of a fold. The paper probably took the map of each
# scan for its most probable diagnosis. How the two differ, for held-out scans:

# %%
own_maps = np.empty((len(rows), *seen.shape[1:]), np.float32)
for k, model in enumerate(models):
    held_out = np.flatnonzero(fold == k)
    predicted = predict(model, seen, rows[held_out]).argmax(axis=1)
    own_maps[held_out], _ = saliency_maps(
        model, seen[rows[held_out]], predicted, *options
    )

# %% [markdown]
# Size of the region of each scan, and its overlap with the cross-fitted one:

# %%
own = [
    top_region(m, brain, rule, threshold) for m in in_full_grid(own_maps, field, shape)
]
rows_of = pd.DataFrame(
    {
        "diagnosis": scans["diagnosis"].to_numpy()[rows],
        "size": [region[brain].mean() for region in own],
        "dice": [dice(a, fold_regions[k]) for a, k in zip(own, fold, strict=True)],
    }
)
summary = rows_of.groupby("diagnosis").agg(
    scans=("size", "size"), size=("size", "median"), dice=("dice", "median")
)

# %%
headings = {
    "size": "median share of the brain seen",
    "dice": "median Dice with the cross-fitted region",
}
by_diagnosis = summary.reindex(list(groups)).rename(columns=headings)
show.table(by_diagnosis.reset_index(), of_groups=True).format(precision=2, na_rep="–")

# %% [markdown]
# The smaller the overlap, the more a result depends on whose map makes the region. The
# cross-fitted regions differ from fold to fold, too.

# %%
pairs = [dice(a, b) for i, a in enumerate(fold_regions) for b in fold_regions[:i]]
own_rows = made_of[: len(fold_regions)]
ml, part = own_rows["ml"], own_rows["share of the brain seen"]
of_folds = (
    f"The regions of the {len(ml)} folds have {min(ml):.0f} to {max(ml):.0f} ml "
    f"({min(part):.0%} to {max(part):.0%} of the brain seen) and overlap by a Dice "
    f"coefficient of {np.mean(pairs):.2f} on average "
    f"({min(pairs):.2f} to {max(pairs):.2f})"
)

# %% tags=["remove-input"]
Markdown(f"{of_folds}.")

# %%
striatum = own_rows["putamen"] + own_rows["caudate"]
by_chance = whole_field["putamen"] + whole_field["caudate"]
in_striatum = (
    f"Putamen and caudate make up {striatum.min():.0%} to {striatum.max():.0%} of the "
    f"regions, against {by_chance:.0%} of the brain seen"
)

# %%
others = [r for r in meaning if r != rule]
agreement = [overlap.loc[r, rule] for r in others]
result = (
    f"The reading of this study (*{titles[rule]}*, {threshold:g}) takes "
    f"{sizes[rule]:.0%} of the brain that the network sees {page.where}, the other "
    f"readings {min(sizes[r] for r in others):.0%} "
    f"to {max(sizes[r] for r in others):.0%}, with "
    f"a Dice coefficient of {min(agreement):.2f} to {max(agreement):.2f} between it "
    f"and them. {of_folds}; layers of at most {coarse_voxels} voxels per side hold "
    f"{without_coarse['share_of_pattern']:.0%} of the pattern of the map and {decide} "
    f"where the region lies. {in_striatum}."
)

# %% [markdown]
# ## Summary
#
# The result stands below in words. How sure it is, and what it does not show:
#
# - The ranges are over readings, folds and pairs of folds; none is an interval for
#   other scans.
# - Regions that overlap between folds are stable. Whether they are the right ones is
#   not asked here: coarse layers can put the regions of all networks into one place.
# - The cross-fitted region is used unless the study file asks for
#   `region_source: per_participant`.

# %% tags=["remove-input"]
Markdown(result)

# %%
numbers = {
    "regions_of_folds": made_of.to_dict("records"),
    "size_by_reading": sizes,
    "dice_of_readings": overlap.to_dict(),
    "size_by_threshold": {
        "threshold": thresholds,
        "share_of_brain": curves.to_dict("list"),
    },
    "content": content.to_dict("records"),
    "layers": table.to_dict("records"),
    "coarse_layers": without_coarse | {"voxels_per_side": coarse_voxels},
    "placement": placement,
    "per_participant": summary.to_dict("index"),
    "dice_of_folds": {"mean": np.mean(pairs), "min": min(pairs), "max": max(pairs)},
}
page.close(numbers, result=result)
