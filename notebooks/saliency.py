# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, models/fold-*, data_manifest/atlas/*,
#       data_manifest/claims.tsv]
#     writes:
#       aggregates: [saliency/fold_means.nii.gz, "saliency/mean_{diagnosis}.nii.gz"]
#       participants: [saliency/regions.nii.gz, saliency/regions.tsv]
#     settings: [control, diagnoses, images, network, saliency.postprocess,
#       saliency.region_rule, saliency.region_source, saliency.region_threshold,
#       saliency.regions, training.accelerator, training.n_folds]
#     threads: 1
# ---

# %% [markdown]
# # Saliency
#
# This page reproduces Fig. 5: where the network looks. Full gradients split a logit
# into one term per input voxel and one per bias of the network; summed over the
# layers they make a map. The page also checks what the paper does not: whether the
# terms add up to the logit, in which regions the maps lie, and whether the networks
# of different folds agree. It ends with the regions that guide the binding ratios
# and the radiomics (open points A2, A3). {doc}`salient_region` looks into these
# regions, {doc}`saliency_sanity` asks whether the maps can be trusted.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
chunk_size: int = 16  # scans per backward pass; bounds the memory

# %% tags=["setup"]
import copy

import nibabel as nib
import numpy as np
import pandas as pd
from nilearn.datasets import load_mni152_template

from datnet_core.progress import progress
from datnet_core.saliency import (
    fold_correlations,
    fold_maps,
    region_row,
    rescaled,
    saliency_maps,
    top_region,
)
from datnet_core.training import predict
from datnet_images import (
    in_full_grid,
    region_fractions,
    region_mask_on,
)
from datnet_study import (
    fold_models,
    open_page,
    show,
)
from datnet_study.figures import (
    plot_completeness,
    plot_saliency_maps,
    view_saliency_maps,
)

page = open_page("saliency", study, into)
config = page.settings
classes, groups = config.diagnoses, config.compared

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## Maps of every model
#
# Each fold model explains its own training scans and its held-out scans; for each
# scan, the logit of its diagnosis. Maps of held-out scans make the group means
# below, maps of training scans make the region that held-out participants are
# measured in.

# %%
scans = page.scans()
volumes = page.volumes()
field = page.field()
seen = page.seen()  # what the network gets
affine, shape = page.grid()
brain = region_mask_on(page.atlas(), "brain", affine, shape)
brain &= in_full_grid(np.ones(seen.shape[1:], bool), field, shape)
rows = np.flatnonzero((scans["cohort"] == "training") & scans["diagnosis"].isin(groups))
diagnosis = scans["diagnosis"].to_numpy()[rows]
held_out_of = scans["fold"].to_numpy()[rows]
targets = np.array([classes.index(name) for name in diagnosis])

# %%
models = fold_models(page)
found = fold_maps(
    models,
    seen[rows],
    targets,
    held_out_of,
    config.saliency.postprocess,
    chunk_size,
)
held_out = in_full_grid(found.held_out, field, shape)
fold_means = in_full_grid(found.fold_means, field, shape)

# %% [markdown]
# ## Do the terms add up?
#
# A complete decomposition sums to the logit. The gap is the part that is missing, as
# a share of the logit. Here it is for every other scan of the study too, whatever
# its cohort, by every fold model, and for a few scans in double precision.

# %%
others = np.setdiff1d(np.arange(len(scans)), rows)
labels = [classes.index(name) for name in scans["diagnosis"].iloc[others]]
gaps, gaps_double = [found.gaps.ravel()], []
for model in progress(models, "completeness of all scans", unit="fold model"):
    if len(others):
        gaps.append(saliency_maps(model, seen[others], labels)[1])
    few = slice(0, chunk_size)
    double = copy.deepcopy(model).double()
    gaps_double.append(saliency_maps(double, seen[rows[few]], targets[few])[1])
gaps, gaps_double = np.concatenate(gaps), np.concatenate(gaps_double)
completeness = pd.DataFrame(
    {
        "precision": ["single, as used", "double"],
        "scans": [len(scans), min(chunk_size, len(rows))],
        "maps": [gaps.size, gaps_double.size],
        "median gap": [f"{np.median(g):.1e}" for g in (gaps, gaps_double)],
        "largest gap": [f"{g.max():.1e}" for g in (gaps, gaps_double)],
    }
)

# %%
show.table(completeness)

# %% figure="fig-saliency-gaps"
plot_completeness({"single precision": gaps, "double precision": gaps_double})

# %% [markdown]
# **Completeness gap of every map**, on a logarithmic axis. What a method leaves out
# would stand as a share of the logit near the right end; rounding stands at the left,
# at about 1e-7 in single and 1e-16 in double precision, times a factor for the number
# of terms. A complete decomposition says nothing on whether a map is useful.
#
# ## Mean map of each diagnosis

# %%
means = {
    name: rescaled(held_out[diagnosis == name].mean(axis=0), brain) for name in groups
}
images = {
    name: nib.Nifti1Image(m.astype(np.float32), affine) for name, m in means.items()
}
for name, img in images.items():
    with page.writing(f"saliency/mean_{name}.nii.gz") as part:
        nib.save(img, part)

# %% figure="fig-saliency-striatum"
template = load_mni152_template(resolution=2)
plot_saliency_maps(images, template, cut_coords=(24, 6, 2))

# %% [markdown]
# **Mean full-gradient saliency by diagnosis, planes through the striatum** (as the
# paper's Fig. 5) over the MNI template, rescaled to 0-1 inside the brain; low values
# are not drawn. The straight edges are those of the box that the network sees
# (`network.field_mm`). All maps come from models that never saw the scan they explain.
# The paper names putamen, caudate and midbrain as the most contributing regions.

# %% figure="fig-saliency-midbrain"
plot_saliency_maps(images, template, cut_coords=(6, -17, -11))

# %% [markdown]
# **The same maps, planes through the midbrain.**

# %% figure="fig-saliency-viewer"
view_saliency_maps(images, load_mni152_template(resolution=3))

# %% [markdown]
# **The same maps to look around in**: click or drag in a plane to move the other two.
# Low values are not drawn.
#
# ## Where it lies
#
# For each region: its share of the summed map beside its share of the brain that the
# network sees (`network.field_mm`), the ratio of the two, and the highest value of the
# mean map with its place. A ratio of 1 is no more than anywhere else there. The field
# of view holds striatum and midbrain, so that the maps lie in the middle of the brain
# is no finding; where they lie within it is.

# %%
atlas = page.atlas()
weights = {
    r: region_fractions(atlas, r, affine, shape) for r in config.saliency.regions
}
weights = {r: w for r, w in weights.items() if w[brain].sum() >= 0.1 * w.sum()}
table = pd.DataFrame(
    region_row(means[name], w, (w >= 0.5) & brain, brain, affine)
    | {"diagnosis": name, "region": r}
    for name in groups
    for r, w in weights.items()
)
enrichment = table.pivot(index="region", columns="diagnosis", values="ratio")

# %%
shown = pd.DataFrame(
    {
        "diagnosis": table["diagnosis"],
        "region": table["region"],
        "share of the map": table["share"].map("{:.1%}".format),
        "share of the brain seen": table["share_of_brain"].map("{:.1%}".format),
        "ratio": table["ratio"].map("{:.2f}".format),
        "peak": table["peak"].map("{:.2f}".format),
        "at x, y, z (mm)": [
            "–" if at is None else "{:.0f}, {:.0f}, {:.0f}".format(*at)
            for at in table["peak_mm"]
        ],
    }
)
show.table(shown.replace("nan", "–"))

# %% [markdown]
# Positive x is right, y anterior, z superior. Regions of which the network sees less
# than a tenth are not listed. A peak is looked for in voxels of which the region fills
# at least half; one at the border of a region often belongs to its neighbour.

# %%
ranked = enrichment.mean(axis=1).sort_values(ascending=False)
peaks = {
    name: nib.affines.apply_affine(affine, np.unravel_index(m.argmax(), shape)).tolist()
    for name, m in means.items()
}

# %%
show.table(
    pd.DataFrame(peaks, index=["x (right)", "y (anterior)", "z (superior)"])
    .T.rename_axis("peak of the mean map, mm")
    .reset_index()
).format(precision=0)

# %% [markdown]
# ## Do the folds agree?
#
# Each fold has its own network and its own held-out scans. The mean map of a
# diagnosis in one fold is correlated, over the voxels of the brain, with that of the
# same and of another diagnosis in another fold. A map tells something about its
# diagnosis only as far as the diagonal exceeds the rest of the table.

# %%
by_fold = np.stack(
    [
        [
            held_out[(held_out_of == k) & (diagnosis == name)].mean(axis=0)[brain]
            for name in groups
        ]
        for k in range(config.training.n_folds)
    ]
)
r, r_low, r_high = fold_correlations(by_fold)

# %%
agreement = {
    b: [show.interval(r[i, j], r_low[i, j], r_high[i, j], 2) for i in range(len(r))]
    for j, b in enumerate(groups)
}
show.table(
    pd.DataFrame(agreement, index=list(groups))
    .replace(r" \(no interval\)", "", regex=True)
    .rename_axis("mean map of")
    .reset_index()
)

# %% [markdown]
# Mean correlation over all pairs of different folds (95% interval by leaving out one
# fold at a time; none for two folds).
#
# ## The salient region
#
# A participant held out in fold *k* is measured in the region of fold model *k*:
# the mean map of its training scans, every diagnosis weighing the same. So no
# participant's label has a part in its own region. `saliency.region_source:
# per_participant` switches to the map of the single scan for its most probable
# diagnosis, as the paper probably did; `per_diagnosis` to the mean held-out map of the
# participant's diagnosis, as Fig. 5 taken literally, and then the label does choose the
# region ({doc}`circularity`). (With `early_stopping_on: test_fold` the labels of the
# held-out fold do choose the epoch of its model.) Regions differ from fold to fold,
# which adds some spread to everything measured in them.

# %%
rule, threshold = config.saliency.region_rule, config.saliency.region_threshold
fold_regions = np.stack([top_region(m, brain, rule, threshold) for m in fold_means])
regions_of_scans, volume_of_scan = fold_regions, held_out_of.astype(int)

# %%
if config.saliency.region_source == "per_participant":
    own_maps = np.zeros_like(held_out)
    for k in range(config.training.n_folds):
        mine = np.flatnonzero(held_out_of == k)
        predicted = predict(models[k], seen, rows[mine]).argmax(axis=1)
        maps, _ = saliency_maps(
            models[k],
            seen[rows[mine]],
            predicted,
            config.saliency.postprocess,
            chunk_size,
        )
        own_maps[mine] = in_full_grid(maps, field, shape)
    regions_of_scans = np.stack(
        [top_region(m, brain, rule, threshold) for m in own_maps]
    )
    volume_of_scan = np.arange(len(rows))

# %%
if config.saliency.region_source == "per_diagnosis":
    of_groups = [held_out[diagnosis == name].mean(axis=0) for name in groups]
    regions_of_scans = np.stack(
        [top_region(m, brain, rule, threshold) for m in of_groups]
    )
    volume_of_scan = np.array([groups.index(name) for name in diagnosis])

# %%
img = nib.Nifti1Image(np.moveaxis(regions_of_scans, 0, -1).astype(np.uint8), affine)
with page.writing("saliency/regions.nii.gz") as part:
    nib.save(img, part)
keys = scans.loc[rows, ["participant_id", "session_id"]]
page.write_table("saliency/regions.tsv", keys.assign(volume=volume_of_scan))

# %%
img = nib.Nifti1Image(np.moveaxis(fold_means, 0, -1).astype(np.float32), affine)
with page.writing("saliency/fold_means.nii.gz") as part:
    nib.save(img, part)

# %% [markdown]
# ## Paper and this study
#
# The paper names three regions. The accumbens, a small part of the striatum between
# putamen and caudate that it does not name, is left out of this comparison, also where
# it ranks first in the table above.

# %%
nuclei = [name for name in ranked.index if name != "accumbens"]
top = nuclei[:3]
expected = ("putamen", "caudate", "midbrain")
found = ", ".join(expected) if set(top) == set(expected) else ", ".join(top)
claims = {"saliency.regions": {"value": found}}
show.claims_table(page, claims)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. The published map shows absolute terms,
# rescaled by layer, and does not itself add up to the logit. Whether the maps can be
# believed is the question of {doc}`saliency_sanity`.

# %%
own = np.mean(np.diag(r))
other = np.mean(r[~np.eye(len(groups), dtype=bool)]) if len(groups) > 1 else np.nan
exceeds = "more than" if round(own - other, 2) > 0 else "no more than"
same = ", ".join(f"{name} {agreement[name][k]}" for k, name in enumerate(groups))
result = (
    f"The maps {page.where} exceed the rest of the brain most in "
    f"{', '.join(ranked.index[:3])} "
    f"({ranked.iloc[0]:.1f} times its share in the first). Maps of one diagnosis "
    f"correlate between folds by {same} (95% interval), on average {exceeds} maps of "
    f"different diagnoses ({other:.2f}). All terms add up to the logit within "
    f"{gaps.max():.1g} of it."
)

# %%
overlap = fold_regions.all(axis=0).sum() / fold_regions.any(axis=0).sum()
numbers = {
    "completeness_gap": {
        "median": np.median(gaps),
        "max": gaps.max(),
        "n_maps": gaps.size,
    },
    "completeness_gap_double": {
        "max": gaps_double.max(),
        "n_maps": gaps_double.size,
    },
    "regions": table.to_dict("records"),
    "enrichment": enrichment.to_dict(),
    "peak_mm": peaks,
    "fold_correlation": {"r": r, "low": r_low, "high": r_high, "groups": groups},
    "region_share_of_brain": [region[brain].mean() for region in fold_regions],
    "region_overlap_of_folds": overlap,
}
page.close(numbers, claims, result)
