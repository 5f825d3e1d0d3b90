# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, saliency/regions.nii.gz, saliency/regions.tsv,
#       data_manifest/atlas/*, data_manifest/claims.tsv]
#     writes:
#       participants: [binding/ratios.tsv]
#     settings: [control, diagnoses, images, network, saliency.region_source]
#     threads: 1
# ---

# %% [markdown]
# # Binding ratios
#
# This page reproduces Fig. 6: conventional binding ratios of putamen and caudate,
# and binding ratios of the salient region (DL-BR), compared between the diagnoses.
# The paper found that the conventional ratios do not tell IPD from MSA and that the
# DL-BR does.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
alpha: float = 0.05  # two-sided P below which a difference is significant

# %% tags=["setup"]
from itertools import combinations

import nibabel as nib
import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from datnet_core.metrics import mann_whitney
from datnet_images import (
    binding_ratio,
    own_region_means,
    region_fractions,
    region_mask_on,
    region_means,
    regional_binding,
)
from datnet_study import open_page, show
from datnet_study.figures import plot_group_boxes, plot_region_strip

page = open_page("binding_ratio", study, into)
config = page.settings
groups = config.compared
FEW = 10  # regions that can be told apart in one drawing
SHARES = (0.25, 0.5, 0.75)  # of the participants, where there are more

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## Conventional binding ratios
#
# BR = (C_specific - C_nonspecific) / C_nonspecific, where C_specific is the mean of
# both putamina or of both caudate nuclei and C_nonspecific the mean of the
# occipital cortex (or of another `images.reference_region`). Compared are the patients
# of the training cohort; with one group of patients only, it is compared with controls.

# %%
scans = page.scans()
rows = np.flatnonzero((scans["cohort"] == "training") & scans["diagnosis"].isin(groups))
volumes = page.volumes()[rows]
affine, shape = page.grid()
atlas = page.atlas()
reference = config.images.reference_region
keys = scans.loc[
    rows, ["participant_id", "session_id", "diagnosis", "fold"]
].reset_index(drop=True)
measured_in = config.images.regions
ratios = keys.join(regional_binding(volumes, atlas, affine, reference, measured_in))

# %% [markdown]
# ## The salient region of each participant
#
# Cross-fitted by default: the region of fold *k* comes from models and maps that
# never saw the label of a participant of fold *k*. What happens otherwise, and whether
# the region separates better than the putamen, is the question of {doc}`circularity`.

# %%
every_region = nib.load(page.path("saliency/regions.nii.gz")).get_fdata() > 0
which = page.table("saliency/regions.tsv")["volume"]
regions = np.moveaxis(every_region, -1, 0)[which]
brain = region_mask_on(atlas, "brain", affine, shape)

# %%
drawn = {
    f"region {k + 1} of {every_region.shape[-1]}": every_region[..., k] > 0
    for k in range(every_region.shape[-1])
}
if len(drawn) > FEW:
    held = regions.mean(axis=0)
    drawn = {f"in {s:.0%} of the participants": held >= s for s in SHARES}

# %% figure="fig-binding-ratio-region"
plot_region_strip(
    volumes.mean(axis=0),
    drawn,
    {name: region_fractions(atlas, name, affine, shape) for name in measured_in},
    affine,
    page.field(),
)

# %% [markdown]
# **Where the DL-BR is measured**, over the mean uptake ratio (above) and the regions of
# the conventional ratios (below). {doc}`salient_region` says what these regions are
# made of.
#
# Means in the region, and in its parts inside the conventional regions:

# %%
reference_weights = region_fractions(atlas, reference, affine, shape)
limits = {"dl": brain} | {
    f"dl_{region}": region_mask_on(atlas, region, affine, shape)
    for region in measured_in
}
for column, limit in limits.items():
    specific = own_region_means(volumes, regions & limit)
    nonspecific = region_means(volumes, reference_weights)
    ratios[column] = binding_ratio(specific, nonspecific)
page.write_table("binding/ratios.tsv", ratios)

# %% [markdown]
# ## Comparison between diagnoses
#
# Two-sided Mann-Whitney U tests; P values as in the paper, uncorrected, and beside
# them after Benjamini-Hochberg over all tests of this page (open point A11). Of who has
# two scans, the first one counts.

# %%
titles = {region: region for region in measured_in} | {"dl": "DL region"}
titles |= {f"dl_{region}": f"DL region in {region}" for region in measured_in}
pairs = list(combinations(groups, 2))
tests = {}
for column in titles:
    measured = ratios[ratios[column].notna()].drop_duplicates("participant_id")
    if set(groups) <= set(measured["diagnosis"]):
        tests[column] = mann_whitney(measured[column], measured["diagnosis"], pairs)
stacked = pd.concat(tests, names=["value"]).reset_index(level=0)
stacked["p_bh"] = false_discovery_control(stacked["p"])

# %% figure="fig-binding-ratio-boxes"
letter = dict.fromkeys(measured_in, "A") | {"dl": "B"}
shown = {column: f"{letter.get(column, 'C')}: {titles[column]}" for column in tests}
plot_group_boxes(ratios, shown, tests, groups)

# %% [markdown]
# **Binding ratios by diagnosis** (as the paper's Fig. 6): putamen and caudate (A),
# the DL region (B), and the parts of the DL region inside putamen and caudate (C).
# Boxes span the quartiles, each dot is a scan, brackets carry Mann-Whitney P
# values, all on the grid of this study (`images.grid_mm`). Axes differ.

# %%
show.table(
    pd.DataFrame(
        {
            "binding ratio": stacked["value"].map(titles),
            "groups": stacked["group_a"] + " vs " + stacked["group_b"],
            "median": [
                f"{a:.2f}, {b:.2f}" for a, b in stacked[["median_a", "median_b"]].values
            ],
            "P": stacked["p"].map("{:.2g}".format),
            "P (BH)": stacked["p_bh"].map("{:.2g}".format),
        }
    ),
    of_groups=True,
    not_people=["P", "P (BH)"],
)

# %% [markdown]
# ## Paper and this study

# %%
p = {
    (value, a, b): p_value
    for value, a, b, p_value in stacked[["value", "group_a", "group_b", "p"]].values
}
comparisons_of = {
    "br.putamen.ipd_msa": [("putamen", "IPD", "MSA")],
    "br.caudate.ipd_msa": [("caudate", "IPD", "MSA")],
    "br.putamen.psp": [("putamen", "IPD", "PSP"), ("putamen", "MSA", "PSP")],
    "br.caudate.psp": [("caudate", "IPD", "PSP"), ("caudate", "MSA", "PSP")],
    "dlbr.ipd_msa": [("dl", "IPD", "MSA")],
    "dlbr.ipd_psp": [("dl", "IPD", "PSP")],
    "dlbr.msa_psp": [("dl", "MSA", "PSP")],
    "dlbr.region.putamen.ipd_psp": [("dl_putamen", "IPD", "PSP")],
}

# %% [markdown]
# Where a claim is about two pairs of diagnoses, the larger P decides.

# %%
claims = {}
for claim, keys in comparisons_of.items():
    if set(keys) <= set(p):
        worst = max(p[key] for key in keys)
        words = "significant" if worst < alpha else "n.s."
        claims[claim] = {"value": words, "p": worst}
show.claims_table(page, claims)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. A significant and a non-significant test are
# no proof that two ratios differ. A mean over a region loses the pattern inside it: the
# network may tell groups apart where no ratio does.

# %%
significant = stacked[stacked["p"] < alpha].groupby("value", sort=False).size()
counted = [
    f"{titles[column]} {significant.get(column, 0)} of {len(tests[column])}"
    for column in tests
]
source = {
    "cross_fitted": "made without the labels of those measured in it",
    "per_participant": "made from the participant's own map",
    "per_diagnosis": "made from the mean map of the participant's diagnosis",
}[config.saliency.region_source]
result = (
    f"Pairs of diagnoses that differ {page.where} "
    f"(P < {alpha:g}, uncorrected): "
    f"{', '.join(counted)}; the DL region was {source}."
)

# %%
numbers = {
    "tests": stacked.to_dict("records"),
    "region_source": config.saliency.region_source,
}
page.close(numbers, claims, result)
