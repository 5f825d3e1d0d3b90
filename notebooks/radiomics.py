# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, saliency/regions.nii.gz, saliency/regions.tsv,
#       data_manifest/atlas/*, data_manifest/claims.tsv]
#     writes:
#       aggregates: [radiomics/tests.tsv]
#       participants: [radiomics/features.tsv]
#     settings: [control, diagnoses, images, radiomics.bin_width]
#     threads: 2
# ---

# %% [markdown]
# # Radiomics
#
# This page reproduces Fig. 7: radiomic features of putamen, caudate and the DL
# region, tested one by one between the diagnoses. The paper counts significant
# features, of 100 that it does not list; here they are the 107 of PyRadiomics'
# default classes (open point A4), so counts are compared as shares.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
alpha: float = 0.05  # two-sided P below which a feature counts as significant
n_jobs: int = 2  # processes that extract features

# %% tags=["setup"]
from itertools import combinations

import nibabel as nib
import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from datnet_core.metrics import mann_whitney_features
from datnet_images import feature_table, region_mask_on
from datnet_study import open_page, show
from datnet_study.figures import plot_feature_counts, plot_p_value_maps

page = open_page("radiomics", study, into)
config = page.settings
groups = config.compared

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## Features
#
# Patients of the training cohort, with controls where there is one group of patients
# only; grey levels have a fixed width in uptake ratio.

# %%
scans = page.scans()
rows = np.flatnonzero((scans["cohort"] == "training") & scans["diagnosis"].isin(groups))
volumes = page.volumes()[rows]
affine, shape = page.grid()
atlas = page.atlas()
keys = scans.loc[
    rows, ["participant_id", "session_id", "diagnosis", "fold"]
].reset_index(drop=True)

# %%
every_region = nib.load(page.path("saliency/regions.nii.gz")).get_fdata() > 0
which = page.table("saliency/regions.tsv")["volume"]
masks = {
    name: region_mask_on(atlas, name, affine, shape) for name in config.images.regions
}
masks["DL region"] = np.moveaxis(every_region, -1, 0)[which]
features = feature_table(
    volumes, masks, config.images.grid_mm, config.radiomics.bin_width, n_jobs
)
table = keys.join(features.set_index("scan"), how="right")
page.write_table("radiomics/features.tsv", table)

# %% [markdown]
# ## Tests
#
# One two-sided Mann-Whitney U test per feature, region and pair of diagnoses. Of
# tests without a true difference, 5% come out below 0.05 by chance; the count after
# Benjamini-Hochberg, over the features of one region and pair, stands beside the
# published kind of count (open point A11).

# %%
names = [column for column in features.columns if column not in ("scan", "region")]
pairs = list(combinations(groups, 2))
tests = []
for region, group in table.groupby("region", sort=False):
    result = mann_whitney_features(group[names], group["diagnosis"], pairs)
    tests.append(result.assign(region=region))
tests = pd.concat(tests, ignore_index=True)
tests["pair"] = tests["group_a"] + " vs " + tests["group_b"]
grouped = tests.groupby(["region", "pair"], sort=False)
tests["p_bh"] = grouped["p"].transform(false_discovery_control)
page.write_table("radiomics/tests.tsv", tests)

# %%
counts = (
    grouped["p"].agg(lambda p: (p < alpha).sum()).rename("n_significant").reset_index()
)
counts["after_bh"] = grouped["p_bh"].agg(lambda p: (p < alpha).sum()).to_numpy()

# %% figure="fig-radiomics-p-values"
plot_p_value_maps(tests)

# %% [markdown]
# **P values of every feature** (as the paper's Fig. 7A-C) (rows, grouped by class)
# for each pair of diagnoses; the darker, the smaller P. A feature that is the same
# for all participants, such as the shape of an atlas region in MNI space, cannot
# differ and stays pale.

# %% figure="fig-radiomics-counts"
plot_feature_counts(counts, len(names))

# %% [markdown]
# **Number of significant features** (as the paper's Fig. 7D) by region and pair
# of diagnoses. The dotted line is the number of features tested.

# %%
shown = counts.rename(
    columns={"n_significant": f"P < {alpha:g}", "after_bh": "after BH"}
)
show.table(shown)

# %% [markdown]
# ## Paper and this study
#
# Counts are scaled to 100 features to stand beside the paper's.

# %%
per_100 = counts.set_index(["region", "pair"])["n_significant"] / len(names) * 100
count_of = {
    "radiomics.dl.ipd_msa": ("DL region", "IPD vs MSA"),
    "radiomics.dl.ipd_psp": ("DL region", "IPD vs PSP"),
    "radiomics.dl.msa_psp": ("DL region", "MSA vs PSP"),
    "radiomics.putamen.ipd_msa": ("putamen", "IPD vs MSA"),
    "radiomics.putamen.ipd_psp": ("putamen", "IPD vs PSP"),
    "radiomics.putamen.msa_psp": ("putamen", "MSA vs PSP"),
    "radiomics.caudate.ipd_msa": ("caudate", "IPD vs MSA"),
    "radiomics.caudate.ipd_psp": ("caudate", "IPD vs PSP"),
    "radiomics.caudate.msa_psp": ("caudate", "MSA vs PSP"),
}
claims = {
    claim: {"value": float(per_100[key])}
    for claim, key in count_of.items()
    if key in per_100.index
}

# %% [markdown]
# The surplus of the DL region is counted against the putamen, over all pairs.

# %%
total = counts.groupby("region")["n_significant"].sum()
if total.get("putamen", 0):
    gain = total["DL region"] / total["putamen"] - 1
    claims["radiomics.gain"] = {"value": float(gain)}
show.claims_table(page, claims)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. A larger region has more voxels and so
# steadier features: a higher count does not by itself mean that the region was chosen
# well. Neighbouring features measure much the same thing, so the counts are not
# independent findings, and there is no interval for them here.

# %%
n_tests = counts.groupby("region").size() * len(names)
corrected = counts.groupby("region")["after_bh"].sum()
counted = [
    f"{region} {total[region] / n_tests[region]:.0%} ({corrected[region]} of "
    f"{n_tests[region]} after Benjamini-Hochberg)"
    for region in masks
    if region in total.index
]
result = (
    f"Share of tests between two diagnoses with P < {alpha:g} {page.where}: "
    f"{', '.join(counted)}; "
    f"{alpha:.0%} would be chance."
)

# %%
numbers = {
    "n_features": len(names),
    "n_scans": len(rows),
    "counts": counts.to_dict("records"),
}
page.close(numbers, claims, result)
