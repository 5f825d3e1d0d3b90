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

import numpy as np
import pandas as pd
from IPython.display import Markdown
from scipy.stats import false_discovery_control

from datnet_core.metrics import mann_whitney
from datnet_images import (
    Rows,
    binding_ratio,
    mean_volume,
    own_region_means,
    region_fractions,
    region_mask_on,
    region_means,
    regional_binding,
)
from datnet_study import READINGS, open_page, salient_regions, show, whose_map
from datnet_study.figures import plot_group_boxes, plot_region_strip
from datnet_study.reporting import measures_in_words

page = open_page("binding_ratio", study, into)
config = page.settings
groups = config.compared
FEW = 10  # regions that can be told apart in one drawing
FEWEST = 20  # controls for a band
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
volumes = Rows(page.volumes(), rows)
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
every_region, number_of = salient_regions(page)
used_source = config.saliency.region_source
which = number_of[used_source]
regions = every_region[which]
brain = region_mask_on(atlas, "brain", affine, shape)

# %%
used = np.unique(which)
drawn = {
    f"region {k + 1} of {len(used)}": every_region[n] for k, n in enumerate(used[:FEW])
}
if len(used) > FEW:
    held = regions.mean(axis=0)
    drawn = {f"in {s:.0%} of the participants": held >= s for s in SHARES}

# %% figure="fig-binding-ratio-region"
plot_region_strip(
    mean_volume(volumes),
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
# The DL-BR comes from the mean in the region, a region-specific DL-BR from that in its
# part inside putamen or caudate.

# %%
reference_weights = region_fractions(atlas, reference, affine, shape)
nonspecific = region_means(volumes, reference_weights)
limits = {"dl": brain} | {
    f"dl_{region}": region_mask_on(atlas, region, affine, shape)
    for region in measured_in
}
by_source = {source: keys.copy() for source in number_of}  # whose map makes the region
for source, number in number_of.items():
    for column, limit in limits.items():
        specific = own_region_means(volumes, every_region[number] & limit)
        by_source[source][column] = binding_ratio(specific, nonspecific)
ratios = ratios.join(by_source[used_source][list(limits)])
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


def tested(ratios, columns):
    """Tests of each column that some first scan of every diagnosis has."""
    tests = {}
    for column in columns:
        measured = ratios[ratios[column].notna()].drop_duplicates("participant_id")
        if set(groups) <= set(measured["diagnosis"]):
            tests[column] = mann_whitney(measured[column], measured["diagnosis"], pairs)
    return tests


# %%
tests = tested(ratios, titles)
stacked = pd.concat(tests, names=["value"]).reset_index(level=0)
stacked["p_bh"] = false_discovery_control(stacked["p"])

# %%
at_rest = scans["diagnosis"] == config.control
controls = scans[(scans["cohort"] == "training") & at_rest]
controls = controls.drop_duplicates("participant_id").index.to_numpy()
bands, of_controls = {}, ""
if config.control not in groups and len(controls) >= FEWEST:
    usual = regional_binding(
        Rows(page.volumes(), controls), atlas, affine, reference, measured_in
    )[list(measured_in)]
    bands = {r: tuple(usual[r].quantile([0.1, 0.9]).round(2)) for r in measured_in}
    medians = ", ".join(f"{r} {usual[r].median():.2f}" for r in measured_in)
    of_controls = f" Controls have medians of {medians} (grey: eight in ten of them)."

# %% figure="fig-binding-ratio-boxes"
letter = dict.fromkeys(measured_in, "A") | {"dl": "B"}
shown = {column: f"{letter.get(column, 'C')}: {titles[column]}" for column in tests}
plot_group_boxes(ratios, shown, tests, groups, bands=bands)

# %% [markdown]
# **Binding ratios by diagnosis** (as the paper's Fig. 6): putamen and caudate (A),
# the DL region (B), and the parts of the DL region inside putamen and caudate (C).
# Boxes span the quartiles, each dot is a scan, brackets carry Mann-Whitney P
# values, all on the grid of this study (`images.grid_mm`). Axes differ.

# %%
Markdown(measures_in_words(config.images) + of_controls)

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
# ## Whose map makes the region
#
# The paper measures in "the most salient regions in saliency maps of the obtained deep
# neural network" and does not say whose maps these are (A3). Nearest to its text is
# perhaps the mean map of the diagnosis, the only maps that it shows (Fig. 5); then the
# label has a part in the region, and a small P means little: {doc}`circularity` says
# how often each reading errs. The nine P values of the DL region under each:

# %%
p_under = {}
for source, of_source in by_source.items():
    for column, found in tested(of_source, limits).items():
        for a, b, value in found[["group_a", "group_b", "p"]].to_numpy():
            p_under[source, column, a, b] = value

# %%
DIFFERS, SAME = "< 0.0001", "significant"  # Fig. 6B; 6C in words only
printed = {
    ("dl", "IPD", "MSA"): DIFFERS,
    ("dl", "IPD", "PSP"): DIFFERS,
    ("dl", "MSA", "PSP"): "< 0.001",
    ("dl_putamen", "IPD", "MSA"): SAME,
    ("dl_putamen", "IPD", "PSP"): "0.42",
    ("dl_putamen", "MSA", "PSP"): SAME,
    ("dl_caudate", "IPD", "MSA"): SAME,
    ("dl_caudate", "IPD", "PSP"): SAME,
    ("dl_caudate", "MSA", "PSP"): SAME,
}

# %%
under = [
    {"binding ratio": titles[column], "groups": f"{a} vs {b}"}
    | {"paper": printed.get((column, a, b), "–")}
    | {
        READINGS[source].title: f"{p_under[source, column, a, b]:.2g}"
        if (source, column, a, b) in p_under
        else "–"
        for source in number_of
    }
    for column in limits
    for a, b in pairs
]
show.table(pd.DataFrame(under), of_groups=True)

# %% [markdown]
# Two-sided P values, uncorrected. A dash: some diagnosis has no region there, or the
# paper has no such test.

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
for claim, compared in comparisons_of.items():
    if set(compared) <= set(p):
        worst = max(p[key] for key in compared)
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
main = [column for column in tests if not column.startswith("dl_")]
one, other = groups[:2]
test_of = {
    (row.value, row.group_a, row.group_b): row
    for row in stacked.itertuples(index=False)
}
first = {column: test_of[column, one, other] for column in main}
medians = [
    f"{titles[column]} {test.median_a:.2f} and {test.median_b:.2f} (P = {test.p:.2g})"
    for column, test in first.items()
]
unlike = [titles[column] for column, test in first.items() if test.p < alpha]
verdict = "are not shown to differ in binding ratio"
if unlike:
    verdict = f"differ in the binding ratio of {', '.join(unlike)}"


# %%
def beside_both(name, sign):
    """Ratios in which a diagnosis lies above (1) or below (-1) the first two, and P."""
    found = {}
    for column in main:
        pair = [test_of[column, group, name] for group in (one, other)]
        if all(sign * (t.median_b - t.median_a) > 0 and t.p < alpha for t in pair):
            found[titles[column]] = max(t.p for t in pair)
    return found


# %%
result = (
    f"{one} and {other} {verdict} {page.where} (P < {alpha:g}, uncorrected): medians "
    f"{', '.join(medians)}."
)
for name in groups[2:]:
    for sign, word in {-1: "lower", 1: "higher"}.items():
        if found := beside_both(name, sign):
            p_most = max(found.values())
            at_most = "< 0.0001" if p_most < 0.0001 else f"at most {p_most:.2g}"
            result += (
                f" {name} is {word} than both in {', '.join(found)} (P {at_most})."
            )
result += f" The DL region was made from {whose_map(used_source)}."

# %%
numbers = {
    "tests": stacked.to_dict("records"),
    "p_by_source": under,
    "region_source": used_source,
}
page.close(numbers, claims, result)
