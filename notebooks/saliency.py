# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Saliency
#
# This page reproduces Fig. 5: where the network looks. Full gradients split a logit
# into one term per input voxel and one per bias of the network; summed over the
# layers they make a map. The page also checks what the paper does not: whether the
# terms add up to the logit, and where the map lies. It ends with the regions that
# guide the binding ratios and the radiomics (open points A2, A3).

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
chunk_size: int = 16  # scans per backward pass; bounds the memory

# %%
import nibabel as nib
import numpy as np
import pandas as pd
from IPython.display import Markdown
from nilearn.datasets import load_mni152_template

from datnet_core import figures, prediction, regions, report, saliency
from datnet_core.atlas import read_atlas, region_fractions, region_mask_on
from datnet_core.progress import progress
from datnet_core.study import read_study
from datnet_core.volumes import field_of_view, in_full_grid, study_grid

config = read_study(study)
classes, groups = config.diagnoses, config.compared

# %% tags=["remove-input"]
report.notice(config)

# %% [markdown]
# ## Maps of every model
#
# Each fold model explains its own training scans and its held-out scans; for each
# scan, the logit of its diagnosis. Maps of held-out scans make the group means
# below, maps of training scans make the region that held-out participants are
# measured in.

# %%
scans = report.read_table(config, "scans.tsv")
volumes = np.load(report.upstream(config, "volumes.npy"), mmap_mode="r")
field = field_of_view(config.images.grid_mm, config.network.field_mm)
seen = volumes[(slice(None), *field)]  # what the network gets
affine, shape = study_grid(config.images.grid_mm)
brain = region_mask_on(read_atlas(config.atlas_path), "brain", affine, shape)
brain &= in_full_grid(np.ones(seen.shape[1:], bool), field, shape)
rows = np.flatnonzero((scans["cohort"] == "training") & scans["diagnosis"].isin(groups))
diagnosis = scans["diagnosis"].to_numpy()[rows]
held_out_of = scans["fold"].to_numpy()[rows]
targets = np.array([classes.index(name) for name in diagnosis])

# %%
held_out = np.zeros((len(rows), *shape), np.float32)
gaps, fold_maps = [], []
for k in progress(range(config.training.n_folds), "full gradients", unit="fold model"):
    model = prediction.load_model(
        config.results / "models" / f"fold-{k}", config.network
    )
    maps, gap = saliency.saliency_maps(
        model, seen[rows], targets, config.saliency.postprocess, chunk_size
    )
    mine = held_out_of == k
    held_out[mine] = in_full_grid(maps[mine], field, shape)
    means = [maps[~mine & (diagnosis == c)].mean(axis=0) for c in groups]
    fold_maps.append(in_full_grid(np.mean(means, axis=0), field, shape))
    gaps.append(gap)
gaps = np.concatenate(gaps)

# %% [markdown]
# ## Do the terms add up?
#
# A complete decomposition sums to the logit. The gap is the part that is missing,
# as a share of the logit.

# %%
Markdown(
    f"**Completeness gap** over {gaps.size} maps: median {np.median(gaps):.1e}, "
    f"largest {gaps.max():.1e} of the logit."
)

# %% [markdown]
# ## Mean map of each diagnosis

# %%
means = {
    name: regions.rescaled(held_out[diagnosis == name].mean(axis=0), brain)
    for name in groups
}
images = {
    name: nib.Nifti1Image(m.astype(np.float32), affine) for name, m in means.items()
}
(config.results / "saliency").mkdir(exist_ok=True)
for name, img in images.items():
    nib.save(img, config.results / "saliency" / f"mean_{name}.nii.gz")

# %% tags=["hide-input"]
figures.saliency_maps(images, load_mni152_template(resolution=2))

# %% [markdown]
# **Mean full-gradient saliency by diagnosis** (as the paper's Fig. 5) over the MNI
# template, rescaled to 0-1 inside the brain; values below 0.35 are not drawn. The
# straight edges are those of the box that the network sees (`network.field_mm`). All
# maps come from models that never saw the scan they explain. The paper names
# putamen, caudate and midbrain as the most contributing regions.
#
# ## Where it lies
#
# Mean saliency of a region against the mean of the brain that the network sees
# (`network.field_mm`): 1 is no more than anywhere else there, 0 is outside. The field
# of view holds striatum and midbrain, so that the maps lie in the middle of the brain
# is no finding; where they lie within it is.

# %%
atlas = read_atlas(config.atlas_path)
names = (
    "putamen",
    "caudate",
    "accumbens",
    "midbrain",
    "thalamus",
    "occipital",
    "cerebellum",
)
weights = {r: region_fractions(atlas, r, affine, shape) for r in names}
enrichment = pd.DataFrame(
    {
        name: {r: (m * w).sum() / w.sum() / m[brain].mean() for r, w in weights.items()}
        for name, m in means.items()
    }
)

# %% tags=["hide-input"]
report.table(
    enrichment.round(2).map("{:.2f}".format).rename_axis("region").reset_index()
)

# %%
ranked = enrichment.mean(axis=1).sort_values(ascending=False)
peaks = {
    name: nib.affines.apply_affine(affine, np.unravel_index(m.argmax(), shape)).tolist()
    for name, m in means.items()
}

# %% tags=["hide-input"]
report.table(
    pd.DataFrame(peaks, index=["x (right)", "y (anterior)", "z (superior)"])
    .T.rename_axis("peak of the mean map, mm")
    .reset_index()
).format(precision=0)

# %% [markdown]
# The published sum of layers is smooth: deep layers have a few voxels per side, and
# rescaling gives each of them the weight of the input. It points to the middle of
# the brain more than to one nucleus, so the share of a region says more than the
# picture.
#
# ## The salient region
#
# A participant held out in fold *k* is measured in the region of fold model *k*:
# the mean map of its training scans, every diagnosis weighing the same. So no
# participant's label has a part in its own region. `saliency.region_source:
# per_participant` switches to the map of the single scan for its most probable
# diagnosis, as the paper probably did. (With `early_stopping_on: test_fold` the
# labels of the held-out fold do choose the epoch of its model.) Regions differ from
# fold to fold, which adds some spread to everything measured in them.

# %%
rule, threshold = config.saliency.region_rule, config.saliency.region_threshold
fold_regions = np.stack(
    [regions.top_region(m, brain, rule, threshold) for m in fold_maps]
)
regions_of_scans, volume_of_scan = fold_regions, held_out_of.astype(int)

# %%
if config.saliency.region_source == "per_participant":
    own_maps = np.zeros_like(held_out)
    for k in range(config.training.n_folds):
        mine = np.flatnonzero(held_out_of == k)
        model = prediction.load_model(
            config.results / "models" / f"fold-{k}", config.network
        )
        predicted = prediction.predict(model, seen, rows[mine]).argmax(axis=1)
        maps, _ = saliency.saliency_maps(
            model, seen[rows[mine]], predicted, config.saliency.postprocess, chunk_size
        )
        own_maps[mine] = in_full_grid(maps, field, shape)
    regions_of_scans = np.stack(
        [regions.top_region(m, brain, rule, threshold) for m in own_maps]
    )
    volume_of_scan = np.arange(len(rows))

# %%
img = nib.Nifti1Image(np.moveaxis(regions_of_scans, 0, -1).astype(np.uint8), affine)
nib.save(img, config.results / "saliency" / "regions.nii.gz")
keys = scans.loc[rows, ["participant_id", "session_id"]]
report.write_table(config, "saliency/regions.tsv", keys.assign(volume=volume_of_scan))

# %%
readings = {"rescaled": 0.7, "of_maximum": 0.7, "highest_voxels": 0.7, "mass": 0.7}
if config.saliency.postprocess == "complete":  # signed maps have no mass to share out
    readings = {"rescaled": 0.7, "highest_voxels": 0.7}
mean_map = np.mean(fold_maps, axis=0)
sizes = {
    r: regions.top_region(mean_map, brain, r, t)[brain].mean()
    for r, t in readings.items()
}
thresholds = np.linspace(0.1, 0.9, 9).round(1)
curve = [
    regions.top_region(mean_map, brain, "rescaled", t)[brain].mean() for t in thresholds
]

# %% tags=["hide-input"]
figures.region_sizes(sizes, thresholds, curve, config.saliency.region_threshold)

# %% [markdown]
# **Size of the "top 70% salient region"** under four readings of these words (left)
# and over the threshold of the default reading (right), as a share of the brain.
# The readings do not mean the same region, so conclusions that rest on it have to
# be checked against the choice.
#
# ## Paper and this study

# %%
top = ranked.index.drop("accumbens")[:3]  # the paper counts it to the striatum
expected = ("putamen", "caudate", "midbrain")
found = ", ".join(expected) if set(top) == set(expected) else ", ".join(top)
claims = {"saliency.regions": {"value": found}}
report.claims_table(config, "saliency", claims)

# %% [markdown]
# ## Summary
#
# - The gap above says how exactly the terms add up to the logit. The published map
#   shows their absolute values, rescaled by layer, and does not itself add up.
# - The table says in which regions the maps exceed the rest of the brain.
# - The regions used from here on are cross-fitted unless the study file asks
#   otherwise.

# %%
overlap = fold_regions.all(axis=0).sum() / fold_regions.any(axis=0).sum()
numbers = {
    "completeness_gap": {
        "median": np.median(gaps),
        "max": gaps.max(),
        "n_maps": gaps.size,
    },
    "enrichment": enrichment.to_dict(),
    "peak_mm": peaks,
    "region_share_of_brain": [region[brain].mean() for region in fold_regions],
    "region_overlap_of_folds": overlap,
    "size_by_reading": sizes,
}
report.write_result(config, "saliency", numbers, claims)
