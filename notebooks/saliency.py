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
#       saliency.region_rule, saliency.region_threshold,
#       saliency.regions, training.accelerator, training.n_folds]
#     threads: 1
# ---

# %% [markdown]
# # Saliency
#
# This page reproduces Fig. 5: where the network looks. Full gradients split a logit
# into one term per input voxel and one per bias of the network; summed over the
# layers they make a map. The page also checks what the paper does not: whether the
# terms add up to the logit, in which regions the maps lie and how much of that networks
# without any training show too, and whether the networks of different folds agree. It
# ends with the regions that guide the binding ratios
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

from datnet_core.metrics import fold_ratio
from datnet_core.progress import progress
from datnet_core.saliency import (
    fold_correlations,
    fold_maps,
    region_row,
    rescaled,
    saliency_maps,
    share_in_region,
    top_region,
)
from datnet_core.sanity import rank_correlation, untrained_model
from datnet_core.training import predict
from datnet_images import (
    Rows,
    box_centre,
    centre_cone,
    in_full_grid,
    region_fractions,
    region_mask_on,
)
from datnet_study import (
    fold_models,
    open_page,
    own_over_others,
    ratios_by_region,
    show,
)
from datnet_study.figures import (
    plot_completeness,
    plot_interval_panels,
    plot_maps_beside,
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
held_out = found.held_out  # of the box only: whole grids of all scans take room
fold_means = in_full_grid(found.fold_means, field, shape)


def mean_map(maps, which):
    """Mean map of some scans on the whole grid."""
    return in_full_grid(maps[which].mean(axis=0), field, shape)


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
        gaps.append(saliency_maps(model, Rows(seen, others), labels)[1])
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
show.table(completeness, of_groups=True)

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
    name: rescaled(mean_map(held_out, diagnosis == name), brain) for name in groups
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

# %% figure="fig-saliency-viewer"
view_saliency_maps(images, load_mni152_template(resolution=3))

# %% [markdown]
# **The same maps to look around in**: click or drag in a plane to move the other two.
# Low values are not drawn.
#
# ## What geometry alone gives
#
# A network sees a box, and a map is cut from layers with few and large voxels, so it
# may be highest in the middle whatever was learned. Two maps know nothing of the
# diagnoses. *Untrained*: networks of the same layout with weights drawn anew, whose
# batch norms get the statistics of the scans; they go through the same pipeline, one
# model for each fold, held-out scans only. *Cone*: minus the distance to the centre of
# the box, without any network.

# %%
untrained = np.empty((len(rows), *seen.shape[1:]), np.float32)
for k in progress(range(len(models)), "untrained networks", unit="fold"):
    mine = held_out_of == k
    model = untrained_model(
        len(classes), config.network, np.asarray(seen[rows[~mine]]), seed=k
    ).to(next(models[k].parameters()).device)
    untrained[mine], _ = saliency_maps(
        model,
        seen[rows[mine]],
        targets[mine],
        config.saliency.postprocess,
        chunk_size,
    )
TRAINED, UNTRAINED, CONE = "trained", "untrained", "centre cone"
of_kind = {TRAINED: held_out, UNTRAINED: untrained}
cone = rescaled(centre_cone(field, affine, shape), brain)

# %% [markdown]
# Means by diagnosis, each rescaled to 0–1 in the brain as above:

# %%
atlas = page.atlas()
beside = {
    name: {
        kind: rescaled(mean_map(maps, diagnosis == name), brain)
        for kind, maps in of_kind.items()
    }
    | {CONE: cone}
    for name in groups
}
nuclei_drawn = {
    r: region_fractions(atlas, r, affine, shape)
    for r in ("putamen", "caudate", "midbrain")
}
middle = box_centre(field, affine)

# %% figure="fig-saliency-null"
drawn = {
    name: {kind: np.where(brain, m, np.nan) for kind, m in of.items()}
    for name, of in beside.items()
}
plot_maps_beside(drawn, nuclei_drawn, affine, field, middle)

# %% [markdown]
# **Mean maps beside what geometry alone gives**, axial planes, whole box. White:
# putamen, caudate, midbrain. The peak (×) and the centre of the box (+) are shown in
# both planes, wherever they lie along z. Where the columns look alike, the map says
# nothing of the diagnosis.
#
# How alike they are, and how far the peak lies from the centre of the box:


# %%
def place(values):
    """Place of the highest voxel, mm."""
    return nib.affines.apply_affine(affine, np.unravel_index(values.argmax(), shape))


peaks = {name: place(of[TRAINED]) for name, of in beside.items()}
peaks_untrained = {name: place(of[UNTRAINED]) for name, of in beside.items()}

# %%
alike = pd.DataFrame(
    {
        "mean map of": name,
        "peak at x, y, z (mm)": "{:.0f}, {:.0f}, {:.0f}".format(*peaks[name]),
        "from the centre (mm)": np.linalg.norm(peaks[name] - middle),
        "untrained: from the centre (mm)": np.linalg.norm(
            peaks_untrained[name] - middle
        ),
    }
    | {
        f"rank correlation, {kind}": rank_correlation(
            of[TRAINED][None], of[kind][None], brain
        )[0]
        for kind in (UNTRAINED, CONE)
    }
    for name, of in beside.items()
)
show.table(alike, of_groups=True, not_people=list(alike)).format(
    precision=2, na_rep="–"
)

# %% [markdown]
# Positive x is right, y anterior, z superior.
#
# ## Where it lies
#
# How many times its share of the brain seen (`network.field_mm`) a region holds of the
# summed map. That the number is above 1 is no finding: the box is centred on striatum
# and midbrain, and rescaling to 0–1 takes a floor away, which raises whatever lies
# high. So the same number stands beside it for untrained networks, for the cone, and
# for the maps before they are rescaled. The finding, if there is one, is the *ratio*
# to the untrained networks.

# %%
weights = {
    r: region_fractions(atlas, r, affine, shape) for r in config.saliency.regions
}
weights = {r: w for r, w in weights.items() if w[brain].sum() >= 0.1 * w.sum()}
words = {r: r.replace("_", " ") for r in weights}
table = pd.DataFrame(
    region_row(means[name], w, (w >= 0.5) & brain, brain, affine)
    | {"diagnosis": name, "region": r}
    for name in groups
    for r, w in weights.items()
)
enrichment = table.pivot(index="region", columns="diagnosis", values="ratio")


# %% [markdown]
# The share of each region in the mean map of each fold and diagnosis, trained and
# untrained:


# %%
def share_by_fold(maps, name, weight):
    """Share (n_folds,) of a region in the rescaled mean map of a diagnosis."""
    own = [(held_out_of == k) & (diagnosis == name) for k in range(len(models))]
    means = [rescaled(mean_map(maps, which), brain) for which in own]
    return np.array([share_in_region(m, weight, brain) for m in means])


by_fold = {
    (kind, name, r): share_by_fold(maps, name, w)
    for kind, maps in of_kind.items()
    for name in groups
    for r, w in weights.items()
}

# %%
over_null = pd.DataFrame(
    (
        words[r],
        name,
        *fold_ratio(by_fold[TRAINED, name, r], by_fold[UNTRAINED, name, r]),
    )
    for name in groups
    for r in weights
)
over_null.columns = ["method", "diagnosis", "ratio", "ratio_low", "ratio_high"]

# %% figure="fig-saliency-ratio"
plot_interval_panels(
    over_null, "ratio", "share, trained over untrained", dict.fromkeys(groups, 1)
)

# %% [markdown]
# **Share of the map in each region, trained networks over untrained ones**: geometric
# mean over the folds with the corrected 95% t interval that is explained on
# {doc}`cross_validation`, so it holds what other networks and other scans would change.
# Dotted is 1: what was learned moved nothing there.
#
# The same for all diagnoses together, each weighing the same, with what it is made of:


# %%
def times_its_share(maps, weight):
    """Share of a region over its share of the brain, mean over some mean maps."""
    share = np.mean([share_in_region(m, weight, brain) for m in maps])
    return share / weight[brain].mean(dtype=np.float64)


def whole(kind):
    """Mean maps of the diagnoses before they are rescaled; signs do not count."""
    return [np.abs(mean_map(of_kind[kind], diagnosis == name)) for name in groups]


rows_of_regions = {}
for r, w in weights.items():
    rows_of_regions[r] = {
        kind: times_its_share([of[kind] for of in beside.values()], w)
        for kind in (TRAINED, UNTRAINED, CONE)
    }
    for kind in of_kind:
        rows_of_regions[r][f"{kind}, not rescaled"] = times_its_share(whole(kind), w)

# %%
LIMITS, ALPHA = ["ratio", "low", "high"], 0.05
of_all = {
    kind: {r: np.mean([by_fold[kind, n, r] for n in groups], axis=0) for r in weights}
    for kind in of_kind
}
ranked = ratios_by_region(of_all[TRAINED], of_all[UNTRAINED])
lies = pd.DataFrame(rows_of_regions).T.loc[ranked.index]
lies = lies.map("{:.2f}".format).replace("nan", "–")
lies["trained over untrained"] = [
    show.interval(*limits, 2) for limits in ranked[LIMITS].to_numpy()
]
lies["P (Holm)"] = ranked["holm"].map(show.p_value)
lies.insert(0, "region", [words[r] for r in lies.index])
show.table(lies, of_groups=True)

# %% [markdown]
# Multiples of the region's share of the brain seen; highest ratio first. P says whether
# the ratio differs from 1, after Holm's correction for the number of regions; the
# interval is that of each region by itself. Regions of which the network sees less than
# a tenth are not listed. The page on the truth of a phantom has the shares of single
# maps that are not rescaled; they are lower.

# %%
apart = ranked["holm"] < ALPHA
higher = list(ranked.index[apart & (ranked["ratio"] > 1)])
lower = list(ranked.index[apart & (ranked["ratio"] < 1)])
uncertain = [r for r in ranked.index if r not in (*higher, *lower)]
by_geometry = {
    kind: sorted(weights, key=lambda r: -rows_of_regions[r][kind])[:3]
    for kind in (TRAINED, UNTRAINED, CONE)
}

# %% [markdown]
# ## Do the folds agree?
#
# Each fold has its own network and its own held-out scans. The mean map of a
# diagnosis in one fold is correlated, over the voxels of the brain, with that of the
# same and of another diagnosis in another fold. A map tells something about its
# diagnosis only as far as the diagonal exceeds the rest of the table; by how much, with
# its interval, stands below it.

# %%
of_folds = np.stack(
    [
        [
            mean_map(held_out, (held_out_of == k) & (diagnosis == name))[brain]
            for name in groups
        ]
        for k in range(config.training.n_folds)
    ]
)
r_folds, r_low, r_high = fold_correlations(of_folds)

# %%
agreement = {
    b: [
        show.interval(r_folds[i, j], r_low[i, j], r_high[i, j], 2)
        for i in range(len(groups))
    ]
    for j, b in enumerate(groups)
}
show.table(
    pd.DataFrame(agreement, index=list(groups))
    .replace(r" \(no interval\)", "", regex=True)
    .rename_axis("mean map of")
    .reset_index(),
    of_groups=True,
)

# %%
own_map = own_over_others(of_folds, groups)
beyond = own_map[["difference", "low", "high"]].to_numpy()
rows_of_own = {
    "mean map of": groups,
    "with its own diagnosis": own_map["own"].map("{:.2f}".format),
    "with the others": own_map["other"].map("{:.2f}".format).replace("nan", "–"),
    "difference": [show.signed(*limits, 2) for limits in beyond],
}
show.table(pd.DataFrame(rows_of_own), of_groups=True)

# %% [markdown]
# Mean correlation over all pairs of different folds (95% interval by leaving out one
# fold at a time; none for two folds).
#
# ## The salient region
#
# Three readings of whose map makes the region of a participant (A3), each cut by the
# same rule; `saliency.region_source` says which of them this study measures in.
# *Cross-fitted*: who is held out in fold *k* is measured in the region of fold model
# *k*, from the mean map of its training scans, every diagnosis weighing the same. So no
# participant's label has a part in its own region. *Own map*: that of the single scan
# for its most probable diagnosis, as the paper may have done. *Mean map of the
# diagnosis*: the mean held-out map of the participant's diagnosis, as Fig. 5 taken
# literally; then the label does choose the region ({doc}`circularity`). (With
# `early_stopping_on: test_fold` the labels of the held-out fold do choose the epoch of
# its model.) Cross-fitted regions differ from fold to fold, which adds some spread to
# everything measured in them.

# %%
own_maps = held_out.copy()  # kept where the label is most probable
for k, model in enumerate(models):
    mine = np.flatnonzero(held_out_of == k)
    predicted = predict(model, seen, rows[mine]).argmax(axis=1)
    wrong = mine[predicted != targets[mine]]
    if len(wrong):
        maps, _ = saliency_maps(
            model,
            seen[rows[wrong]],
            predicted[predicted != targets[mine]],
            config.saliency.postprocess,
            chunk_size,
        )
        own_maps[wrong] = maps

# %%
rule, threshold = config.saliency.region_rule, config.saliency.region_threshold
of_groups = [held_out[diagnosis == name].mean(axis=0) for name in groups]
sources = {
    "cross_fitted": (found.fold_means, held_out_of.astype(int)),
    "per_participant": (own_maps, np.arange(len(rows))),
    "per_diagnosis": (of_groups, np.array([groups.index(name) for name in diagnosis])),
}
every_region, region_of = [], {}
for source, (maps, number) in sources.items():
    region_of[source] = len(every_region) + number  # of each scan, in the file
    whole_maps = (in_full_grid(m, field, shape) for m in maps)
    every_region += [top_region(m, brain, rule, threshold) for m in whole_maps]
fold_regions = np.stack(every_region[: len(models)])

# %%
img = nib.Nifti1Image(np.stack(every_region, axis=-1).astype(np.uint8), affine)
with page.writing("saliency/regions.nii.gz") as part:
    nib.save(img, part)
keys = scans.loc[rows, ["participant_id", "session_id"]]
page.write_table("saliency/regions.tsv", keys.assign(**region_of))

# %%
img = nib.Nifti1Image(np.moveaxis(fold_means, 0, -1).astype(np.float32), affine)
with page.writing("saliency/fold_means.nii.gz") as part:
    nib.save(img, part)

# %% [markdown]
# ## Paper and this study
#
# The paper names three regions, from maps without a null. Here a region counts where
# its share exceeds that in untrained networks (P < 0.05 after Holm's correction for the
# number of regions), up to three, highest ratio first. The accumbens, a small part of
# the striatum between putamen and caudate that the paper does not name, is left out of
# this comparison.

# %%
expected = ("putamen", "caudate", "midbrain")
counted = [r for r in higher if r != "accumbens"][:3]
same = set(counted) == set(expected)
named = expected if same else [words[r] for r in counted]
found = ", ".join(named) or "none above untrained networks"
claims = {"saliency.regions": {"value": found}}
show.claims_table(page, claims)

# %% [markdown]
# The order without a null, and the order that geometry alone gives:

# %%
orders = {kind: ", ".join(words[r] for r in top) for kind, top in by_geometry.items()}
show.table(
    pd.DataFrame(orders.items(), columns=["map", "three regions that exceed it most"]),
    of_groups=True,
)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. The published map shows absolute terms,
# rescaled by layer, and does not itself add up to the logit. Whether the maps can be
# believed is the question of {doc}`saliency_sanity`. A ratio of 1 to the untrained
# networks does not say that a network looks nowhere, only that this map cannot show it.
# How far the terms are from adding up to the logit stands under *Do the terms add up?*


# %%
def joined(texts):
    """Texts as a list in words."""
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last


in_words = {r: show.interval(*ranked.loc[r, LIMITS], 2) for r in ranked.index}
parts = [
    f"lie {more} in the {joined([words[r] for r in some])} than those of untrained "
    f"networks: {joined([in_words[r] for r in some])} times as much of the map (95%)"
    for more, some in (("more", higher), ("less", lower))
    if some
]

# %%
known = ranked.loc[uncertain, "low"].notna().any()
corrected = f" after correction for {len(ranked)} regions" if known else ""
named = [f"{words[r]} {in_words[r]}" for r in uncertain]
lie = "; they ".join(parts)
unsure = f" Not told apart from them{corrected}: {', '.join(named)}." if named else ""
if not parts:
    lie = f"are in no region told apart from those of untrained networks{corrected}"
    lie += f" (highest ratio: {named[0]})"
    unsure = f" The other regions: {', '.join(named[1:])}." if named[1:] else ""

# %%
as_cone = [set(by_geometry[TRAINED]) == set(by_geometry[k]) for k in (UNTRAINED, CONE)]
explains = {
    (True, True): "untrained networks and the distance to the centre of the box name "
    "the same three",
    (True, False): "untrained networks name the same three",
    (False, True): "the distance to the centre of the box names the same three",
    (False, False): f"untrained networks name {orders[UNTRAINED]}",
}[tuple(as_cone)]

# %%
in_full = {
    name: f"{name} {row.own:.2f} against {row.other:.2f} (difference "
    f"{show.signed(row.difference, row.low, row.high, 2)})"
    for name, row in own_map.iterrows()
}
of_own = own_map.index[own_map["low"] > 0]
of_none = [name for name in groups if name not in of_own]
told = [
    f"{text} {', '.join(in_full[name] for name in some)}"
    for text, some in (
        ("are more alike between folds than maps of two diagnoses for", of_own),
        ("are not shown to be more alike than maps of two for", of_none),
    )
    if len(some)
]

# %%
result = (
    f"The network's mean maps {page.where} {lie}.{unsure} By size alone, "
    f"{orders[TRAINED]} would stand first; {explains}."
)
if len(groups) > 1:
    result += f" Maps of one diagnosis {'; they '.join(told)} (mean correlations, 95%)."

# %%
overlap = fold_regions.all(axis=0).sum() / fold_regions.any(axis=0).sum()
completed = {
    "completeness_gap": {
        "median": np.median(gaps),
        "max": gaps.max(),
        "n_maps": gaps.size,
    },
    "completeness_gap_double": {
        "max": gaps_double.max(),
        "n_maps": gaps_double.size,
    },
}

# %%
numbers = completed | {
    "regions": table.to_dict("records"),
    "enrichment": enrichment.to_dict(),
    "times_its_share": rows_of_regions,
    "trained_over_untrained": ranked.to_dict("index"),
    "trained_over_untrained_by_diagnosis": over_null.to_dict("records"),
    "box_centre_mm": middle,
    "peak_mm": peaks,
    "beside_null": alike.to_dict("records"),
    "fold_correlation": {"r": r_folds, "low": r_low, "high": r_high, "groups": groups},
    "own_over_others": own_map.to_dict("index"),
    "region_share_of_brain": [region[brain].mean() for region in fold_regions],
    "region_overlap_of_folds": overlap,
}
page.close(numbers, claims, result)
