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
#     settings: [control, diagnoses, images, radiomics.bin_width,
#       saliency.region_source]
#     threads: 2
# ---

# %% [markdown]
# # Radiomics
#
# This page reproduces Fig. 7: radiomic features of putamen, caudate and the DL
# region, tested one by one between the diagnoses. The paper counts significant
# features, of 100 that it does not list; here they are the default classes of
# PyRadiomics (open point A4), less those that cannot vary in a region. Counts are
# compared as shares. What the paper does not show: how large the differences are and
# in which direction, how many features are independent, and which repeat themselves.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
alpha: float = 0.05  # two-sided P below which a feature counts as significant
n_shifted: int = 20  # scans in which the regions are moved by a voxel
min_icc: float = 0.75  # agreement from which a feature counts as stable
seed: int = 0  # of the draw of these scans
n_jobs: int = 2  # processes that extract features

# %% tags=["setup"]
from itertools import combinations

import numpy as np
import pandas as pd
from IPython.display import Markdown
from scipy.stats import false_discovery_control

from datnet_core.metrics import mann_whitney_features
from datnet_images import (
    Rows,
    effective_features,
    feature_table,
    intraclass_correlation,
    region_mask_on,
    shift_agreement,
    varying_features,
    why_no_features,
)
from datnet_study import (
    READINGS,
    open_page,
    read_claims,
    salient_regions,
    show,
    whose_map,
)
from datnet_study.figures import (
    feature_words,
    plot_feature_counts,
    plot_feature_effects,
)

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
volumes = Rows(page.volumes(), rows)
affine, shape = page.grid()
atlas = page.atlas()
keys = scans.loc[
    rows, ["participant_id", "session_id", "diagnosis", "fold"]
].reset_index(drop=True)

# %%
every_region, number_of = salient_regions(page)
source = config.saliency.region_source
masks = {
    name: region_mask_on(atlas, name, affine, shape) for name in config.images.regions
}
masks["DL region"] = every_region[number_of[source]]
measured = (config.images.grid_mm, config.radiomics.bin_width, n_jobs)
features = feature_table(volumes, masks, *measured)
table = keys.join(features.set_index("scan"), how="right")
page.write_table("radiomics/features.tsv", table)

# %% [markdown]
# A region of one voxel, of voxels in one line, or of one value has no texture; it is
# left out in that scan.

# %%
unmeasured = why_no_features(volumes, masks)
left_out = []
for region, part in unmeasured.groupby("region", sort=False):
    reasons = ", ".join(sorted(set(part["reason"])))
    left_out.append(f"{region} in {len(part)} of {len(rows)} scans ({reasons})")

# %% tags=["remove-input"]
Markdown(f"Left out: {'; '.join(left_out) if left_out else 'no region of any scan'}.")

# %% [markdown]
# A feature that is the same in all scans cannot differ between diagnoses: so is the
# shape of an atlas region in MNI space. Neighbouring features measure much the same
# thing; the eigenvalues of their rank correlations say how many independent ones
# would vary as much {cite}`li2005`.

# %%
every = [column for column in features.columns if column not in ("scan", "region")]
first = table.drop_duplicates(["participant_id", "region"])  # of who has two scans
parts = {
    region: part
    for region, part in first.groupby("region", sort=False)
    if set(groups) <= set(part["diagnosis"]) and len(part) > 2
}
varying = {region: varying_features(part[every]) for region, part in parts.items()}
varying = {region: names for region, names in varying.items() if names}
independent = {
    region: effective_features(parts[region][names])
    for region, names in varying.items()
}

# %%
kinds = pd.DataFrame(
    {
        "region": region,
        "features": len(every),
        "vary": len(names),
        "independent": f"{independent[region]:.0f}",
    }
    for region, names in varying.items()
)
show.table(kinds, of_groups=True, not_people=list(kinds))

# %%
if not varying:
    page.write_table("radiomics/tests.tsv", pd.DataFrame({"feature": every}))
    page.end(
        "no region with features in every diagnosis compared",
        "there is nothing to test (a finer `images.grid_mm` may give something)",
    )

# %% [markdown]
# ## Tests
#
# One two-sided Mann-Whitney U test per feature, region and pair of diagnoses. Of
# tests without a true difference, `alpha` come out significant by chance; the count
# after Benjamini-Hochberg, over the features of one region and pair, stands beside the
# published kind of count (open point A11).

# %%
pairs = list(combinations(groups, 2))
tests = pd.concat(
    [
        mann_whitney_features(
            parts[region][names], parts[region]["diagnosis"], pairs
        ).assign(region=region)
        for region, names in varying.items()
    ],
    ignore_index=True,
)
tests["pair"] = tests["group_a"] + " vs " + tests["group_b"]
grouped = tests.groupby(["region", "pair"], sort=False)
tests["p_bh"] = grouped["p"].transform(false_discovery_control)
page.write_table("radiomics/tests.tsv", tests)

# %% figure="fig-radiomics-effects"
plot_feature_effects(tests, alpha)

# %% [markdown]
# **Effect size of every feature**, a panel for each pair of diagnoses (as the paper's
# Fig. 7A-C, which shows P values). The rank-biserial effect size goes from -1 to 1: how
# much more often a scan of the diagnosis named first has the larger value than the
# smaller one. Red is larger in the first, blue in the second; a dot marks what is left
# after Benjamini-Hochberg. Grey cannot vary. Look whether a whole class of features has
# one colour: then it is one finding, not many.

# %%
counts = grouped["p"].agg(n_significant=lambda p: (p < alpha).sum()).reset_index()
counts["after_bh"] = grouped["p_bh"].agg(lambda p: (p < alpha).sum()).to_numpy()
counts["larger_in_first"] = grouped.apply(
    lambda part: ((part["p"] < alpha) & (part["rank_biserial"] > 0)).sum()
).to_numpy()
counts["n_features"] = [len(varying[region]) for region in counts["region"]]

# %% figure="fig-radiomics-counts"
plot_feature_counts(counts)

# %% [markdown]
# **Number of significant features** (as the paper's Fig. 7D) by region and pair
# of diagnoses; dotted: how many could be.
#
# The same with the direction, and the feature with the largest effect:

# %%
strongest = tests.loc[
    tests.groupby(["region", "pair"], sort=False)["rank_biserial"].apply(
        lambda effect: effect.abs().idxmax()
    )
]
shown = pd.DataFrame(
    {
        "region": counts["region"],
        "pair": counts["pair"],
        f"P < {alpha:g}": counts["n_significant"],
        "of": counts["n_features"],
        "larger in the first": counts["larger_in_first"],
        "after BH": counts["after_bh"],
        "largest effect": [feature_words(name) for name in strongest["feature"]],
        "rank-biserial": strongest["rank_biserial"].map("{:+.2f}".format).to_numpy(),
    }
)
show.table(shown, of_groups=True, not_people=list(shown))

# %% [markdown]
# ## Whose map makes the region
#
# The paper does not say whose map makes the region of a participant (A3). The same
# counts under each reading, as shares of the features that vary there;
# nearest to the paper's text is perhaps the mean map of the diagnosis, the only maps
# that it shows. Where the region differs by diagnosis, its *shape* does too, and
# features of the shape then know the label: {doc}`circularity` has the error rates of
# the readings, and the columns *no shape* leave these features out.


# %%
def significant(features):
    """Significant and all tests of features that vary, for each pair, with class."""
    of_first = keys.join(features.set_index("scan").drop(columns="region"), how="right")
    of_first = of_first.drop_duplicates("participant_id")
    names = varying_features(of_first[every])
    if not names or not set(groups) <= set(of_first["diagnosis"]):
        return pd.DataFrame(columns=["pair", "shape", "significant"])
    found = mann_whitney_features(of_first[names], of_first["diagnosis"], pairs)
    return pd.DataFrame(
        {
            "pair": found["group_a"] + " vs " + found["group_b"],
            "shape": found["feature"].str.contains("shape"),
            "significant": found["p"] < alpha,
        }
    )


# %%
under = {}
for name, number in number_of.items():
    if name == source:
        of_region = features[features["region"] == "DL region"]
    else:
        mask = {"DL region": every_region[number]}
        of_region = feature_table(volumes, mask, *measured)
    under[name] = significant(of_region)

# %%
known = read_claims(page.path("data_manifest/claims.tsv")).set_index("group")["value"]
by_source = []
for pair in (f"{a} vs {b}" for a, b in pairs):
    row = {"pair": pair, "paper": known.get(f"DL region, {pair}", "–")}
    for name, found in under.items():
        found = found[found["pair"] == pair]
        kept = {"all": found, "no shape": found[~found["shape"].astype(bool)]}
        row |= {
            f"{READINGS[name].title}: {which}": f"{part['significant'].mean():.0%}"
            if len(part)
            else "–"
            for which, part in kept.items()
        }
    by_source.append(row)
show.table(pd.DataFrame(by_source), of_groups=True)

# %% [markdown]
# ## Do the features repeat?
#
# A feature that changes when the region lies one voxel aside, or from one scan of a
# person to the next, measures the placing or the day. Both are asked as the intraclass
# correlation of absolute agreement (ICC), which counts as good from `min_icc` on
# {cite}`koo2016`. One voxel aside: six places more in a sample of scans of all
# diagnoses.

# %%
rng = np.random.default_rng(seed)
first = keys.drop_duplicates("participant_id").index.to_numpy()
chosen = np.sort(rng.permutation(first)[:n_shifted])
of_chosen = {
    name: mask if mask.ndim == 3 else mask[chosen] for name, mask in masks.items()
}
shifted = shift_agreement(volumes[chosen], of_chosen, *measured)

# %% [markdown]
# Follow-up: the first two scans of participants of these diagnoses who have two, in any
# cohort, up to as many as were moved, in the conventional regions. The DL region is not
# the same for scans of the blind test. Disease goes on between the scans, so this
# agreement is a lower mark.

# %%
visit = scans.groupby("participant_id").cumcount()
again = set(scans["participant_id"][(visit == 1) & scans["diagnosis"].isin(groups)])
people = rng.permutation(sorted(again))[:n_shifted]
both = scans.index[scans["participant_id"].isin(people) & (visit < 2)]
both = both[np.argsort(scans["participant_id"][both], kind="stable")]  # pairs
later = {}
if len(people) > 1:
    fixed = {name: masks[name] for name in config.images.regions}
    repeated = feature_table(Rows(page.volumes(), both), fixed, *measured)
    for region, part in repeated.groupby("region"):
        if len(part) == len(both):  # measured in every scan
            values = part[every].to_numpy(float).reshape(-1, 2, len(every))
            later[region] = pd.Series(intraclass_correlation(values), every)

# %%
stable = pd.DataFrame({"region": list(varying)})
aside = {
    region: part.set_index("feature")["icc"]
    for region, part in shifted.groupby("region")
}
for heading, icc_of in {"one voxel aside": aside, "at follow-up": later}.items():
    values = {r: icc_of[r][varying[r]].dropna() for r in varying if r in icc_of}
    stable[f"{heading}: ICC ≥ {min_icc:g}"] = [
        f"{(values[r] >= min_icc).sum()} of {len(values[r])}" if r in values else "–"
        for r in varying
    ]
    stable[f"{heading}: median ICC"] = [
        f"{values[r].median():.2f}" if r in values else "–" for r in varying
    ]
show.table(stable, of_groups=True, not_people=list(stable))

# %% tags=["remove-input"]
Markdown(
    f"The regions were moved in {len(chosen)} scans; {len(people)} participants have a "
    f"follow-up scan here{'.' if later else ', too few for an agreement.'}"
)

# %% [markdown]
# How many of the significant features are also stable under the shift:

# %%
tests["icc_shift"] = [
    aside[r].get(name, np.nan) if r in aside else np.nan
    for r, name in tests[["region", "feature"]].to_numpy()
]
steady = tests[(tests["p_bh"] < alpha) & (tests["icc_shift"] >= min_icc)]
lasting = steady.groupby(["region", "pair"]).size()
counts["after_bh_and_stable"] = [
    int(lasting.get(key, 0))
    for key in zip(counts["region"], counts["pair"], strict=True)
]

# %% tags=["remove-input"]
n_bh = counts["after_bh"].sum()
Markdown(
    f"Of {n_bh} tests that are significant after Benjamini-Hochberg, "
    f"{counts['after_bh_and_stable'].sum()} are of a feature with an ICC of at least "
    f"{min_icc:g} one voxel aside."
)

# %% [markdown]
# ## Paper and this study
#
# Counts are scaled to 100 features to stand beside the paper's, which counts "of 100"
# without saying which. Ours are shares of those that vary in the region: a feature that
# cannot differ is not counted as one that does not.

# %%
per_100 = counts.set_index(["region", "pair"])
per_100 = per_100["n_significant"] / per_100["n_features"] * 100
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
# The surplus of the DL region over conventional regions is counted over all pairs, as
# counts and not as shares, as in the paper. It is against each of them; the claim takes
# the smallest, the one against the region with most (in the paper, the putamen).

# %%
total = counts.groupby("region")["n_significant"].sum()
conventional = [region for region in config.images.regions if total.get(region, 0)]
surplus = {}
if "DL region" in total.index:
    surplus = {r: float(total["DL region"] / total[r] - 1) for r in conventional}
if surplus:
    claims["radiomics.gain"] = {"value": min(surplus.values())}
show.claims_table(page, claims)

# %% tags=["remove-input"]
over_each = ", ".join(f"{value:+.1%} over the {r}" for r, value in surplus.items())
Markdown(
    f"Significant features of the DL region, all pairs: {over_each}."
    if surplus
    else "No surplus: the DL region is left out, or no conventional region has a "
    "significant feature."
)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. A larger region has more voxels and so
# steadier features: a higher count does not by itself mean that the region was chosen
# well. The DL region differs from fold to fold, so its shape varies, too, and counts
# among its features. Counts of features that go together have no simple interval, and
# none is given.

# %%
by_region = counts.groupby("region", sort=False)
corrected, of_tests = by_region["after_bh"].sum(), by_region["n_features"].sum()
counted = [
    f"{region} {total[region] / of_tests[region]:.0%} ({corrected[region]} of "
    f"{of_tests[region]} after Benjamini-Hochberg, about {independent[region]:.0f} "
    "independent features)"
    for region in varying
]
missing = f" Left out: {'; '.join(left_out)}." if left_out else ""
result = (
    f"Share of tests between two diagnoses with P < {alpha:g} {page.where}, of the "
    f"features that vary: {', '.join(counted)}; {alpha:.0%} would be chance. The DL "
    f"region was made from {whose_map(source)}.{missing}"
)

# %%
shares = {
    READINGS[name].title: [row[f"{READINGS[name].title}: all"] for row in by_source]
    for name in number_of
}
shares["paper"] = [row["paper"] for row in by_source]
of_pairs = ", ".join(row["pair"] for row in by_source)
result += f" By whose map makes the DL region ({of_pairs}): " + "; ".join(
    f"{title} {', '.join(values)}"
    for title, values in shares.items()
    if set(values) != {"–"}
)
result += "."

# %%
numbers = {
    "n_features": len(every),
    "n_varying": {region: len(names) for region, names in varying.items()},
    "n_independent": independent,
    "n_scans": len(rows),
    "left_out": unmeasured.to_dict("records"),
    "counts": counts.to_dict("records"),
    "share_by_source": by_source,
    "surplus": surplus,
    "agreement": stable.to_dict("records"),
    "n_shifted": len(chosen),
    "n_repeated": len(people),
}
page.close(numbers, claims, result)
