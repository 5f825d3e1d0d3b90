# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [dataset/scans.tsv, dataset/*, normalised/*, verdicts,
#       data_manifest/atlas/*]
#     writes:
#       aggregates: [quality_by_diagnosis.tsv]
#       participants: [quality.tsv, quality_kept.json]
#     cache: [quality_kept.json]
#     settings: [diagnoses, images, sites]
#     threads: 2
# ---

# %% [markdown]
# # Are the scans where they should be?
#
# Every region of this study is defined in MNI space, so a scan that lies a few
# millimetres beside it gives a wrong binding ratio, and nothing later would say so.
# This page asks of each scan whether it lies where it should, and decides which scans
# the study uses. The paper normalised its scans without MRI and says nothing of scans
# that failed; here each one has a verdict, and a person may overrule it.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
n_shown: int = 12  # scans in the picture, worst first
n_jobs: int = 2  # threads that read scans

# %% tags=["setup"]
import numpy as np
import pandas as pd

from datnet_core.metrics import share_interval
from datnet_images import read_scan, region_mask, to_grid
from datnet_study import (
    checked_scans,
    is_small,
    open_page,
    read_scans,
    read_verdicts,
    show,
    verdicts_by_diagnosis,
    with_verdicts,
)
from datnet_study.figures import plot_contours

page = open_page("quality", study, into)
config = page.settings
native = config.images.space == "native"
KEYS = ["participant_id", "session_id"]
WORDS = {
    "agreement": "unlike a head in MNI space",
    "moves_mm": "a fit would move the striatum",
    "contour": "edge of the brain elsewhere",
    "reference_level": "few counts in the reference",
    "reference_share": "reference outside the scan",
    "striatum_share": "striatum outside the scan",
    "noise": "noise in the reference",
    "zoom": "size of the head",
    "turn_degree": "a turn of the head",
    "starts_mm": "starts that disagree",
}

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## From the camera to MNI space
#
# Scans in native space (`images.space: native`) were normalised in a job before this
# page: without MRI, from several starts, to a target that adapts to each scan and
# does not know the diagnosis (see {doc}`../methods`). Scans that come in MNI space
# pass through as they are. All of them are then measured in the same way: how well a
# sum of the regions of the atlas explains the scan, how far a fit would still move
# its striatum, whether the counts fall at the edge of the brain, and whether the
# reference region and the striatum are in the scan.

# %%
scans = read_scans(page.scan_table(), config.diagnoses)
atlas = page.atlas()
kept = page.output("quality_kept.json")
if native:
    measured = page.table("normalised/scans.tsv")
    folder = page.path("normalised/scans.tsv").parent
    kept.write_text("{}")  # the job before this page has a record of each scan
else:
    folder = page.scan_table().folder
    measured = checked_scans(scans, folder, atlas, config.images, kept, n_jobs)
by_hand = None
if config.images.verdicts is not None:
    by_hand = read_verdicts(page.path("verdicts"), scans)
quality = with_verdicts(measured, by_hand)
page.write_table("quality.tsv", quality)

# %% [markdown]
# What the measures are like over all scans: the middle one, and those at the ends. Of
# scans that were normalised here, the table also holds how much the size of the head
# was changed, how far it was turned, and how far the starts are from each other.

# %%
words = {name: text for name, text in WORDS.items() if name in quality}
decided = quality.loc[quality["verdict"] != "pass", "worst"].value_counts()
spread = pd.DataFrame(
    {
        "measure": list(words),
        "bad if": list(words.values()),
        "least": [quality[name].min() for name in words],
        "median": [quality[name].median() for name in words],
        "largest": [quality[name].max() for name in words],
        "looks and fails": [decided.get(name, 0) for name in words],
    }
)
show.table(spread).format(precision=2)

# %% [markdown]
# Millimetres and degrees where the name says so, logarithms for `zoom`, shares and
# ratios otherwise. The worst measure of a scan decides, in units of its limits: the
# *score* is 1 at the limit for a look, and 2 at the limit that fails. The last column
# counts the scans that do not pass by the measure that decided.
#
# ## The worst scans
#
# The contours belong to the atlas, not to the scan: where the scan lies well, the
# brain fills the white line, the uptake of the striatum the cyan one, and the reference
# region lies in the green one.

# %%
drawn = quality[quality["path"].notna()].head(n_shown)
shown = {}
for row in drawn.itertuples():
    name = f"{row.participant_id} {row.session_id}"
    why = (
        row.problem
        if pd.isna(row.worst)
        else f"{row.worst} {getattr(row, row.worst):.2g}"
    )
    counts = to_grid(read_scan(folder / row.path), atlas.affine, atlas.labels.shape)
    shown[f"{name}: {row.verdict} ({why[:40]})"] = counts
regions = ("brain", "striatum", config.images.reference_region)
masks = {name: region_mask(atlas, name) for name in regions}

# %% figure="fig-quality-contours"
plot_contours(shown, masks, atlas.affine)

# %% [markdown]
# **The scans with the worst scores**, worst first from left to right, each on a
# colour scale of its own. From the left: a plane from below (z = 2 mm), one from the
# front (y = 6 mm), and one from the side (x = 26 mm). L is the left of the head *if
# the header of the image says so correctly*; a picture cannot tell, as a brain is
# nearly the mirror image of itself. Look for uptake of the striatum beside its
# contour, a brain that does not fill its line, and a head that is cut off.
#
# The same in numbers, with what a person said of them.

# %%
columns = [*KEYS, "verdict", "by_hand", "used", "score", "worst", "problem", "reason"]
listed = quality[(quality["verdict"] != "pass") | quality["by_hand"].notna()]
listed = listed[columns].head(max(n_shown, len(listed[listed["verdict"] == "fail"])))
listed = listed.assign(used=listed["used"].map({True: "yes", False: "no"}))
listed = listed.replace({"worst": WORDS}).rename(columns={"by_hand": "by hand"})
numbered = listed.assign(score=listed["score"].map("{:.2f}".format).replace("inf", "–"))
numbered = numbered.rename(columns=lambda name: name.replace("_", " "))
show.table(numbered.astype(object).fillna(""))

# %% [markdown]
# Scans that do not pass, and those with a verdict by hand; no row where there is
# none. A scan that fails is left out of the study. To overrule a verdict, write a
# table with the columns `participant_id`, `session_id`, `verdict` (pass or fail) and
# `reason`, and name it under `images.verdicts` in the study file; a scan whose
# normalisation failed can get a transform by hand (`images.transforms`).
#
# ## Left and right
#
# A scan whose sides were swapped lies where it should, so no measure can find it.
# What can be seen is whether the weaker side is the left one in about half of the
# scans.

# %%
sides = quality["left_right"].dropna()
n_left = int((sides < 0).sum())
weaker_left = f"left in {n_left} of {len(sides)} scans"
sides_of = scans.merge(quality[[*KEYS, "left_right"]], on=KEYS)
by_side = sides_of.groupby("diagnosis")["left_right"]
asymmetry = pd.DataFrame(
    {
        "scans": by_side.count(),
        "weaker on the left": by_side.apply(lambda values: (values < 0).sum()),
        "median difference, %": 100 * by_side.apply(lambda v: v.abs().median()),
    }
)
listed = [name for name in config.diagnoses if name in asymmetry.index]
show.table(asymmetry.loc[listed].reset_index(), of_groups=True).format(precision=1)

# %% [markdown]
# Uptake of the left and the right striatum, not corrected for the reference region;
# the difference is in percent of their mean. If nearly all scans of a camera had the
# same weaker side, ask for the orientation in its export.
#
# ## Who is left out
#
# Exclusions change a study if they hit one diagnosis more than another.

# %%
groups = verdicts_by_diagnosis(quality, scans)
groups = groups.reindex([name for name in config.diagnoses if name in groups.index])
page.write_table(
    "quality_by_diagnosis.tsv", groups.rename_axis("diagnosis").reset_index()
)
percent = (100 * groups["share"]).map("{:.1f}%".format)
table = groups[["scans", "pass", "look", "fail", "excluded"]]
table = table.assign(**{"a sensitivity could move by": percent})
show.table(table.rename_axis("diagnosis").reset_index(), of_groups=True)

# %% [markdown]
# What could it do to the results? Nobody knows how the networks would have read the
# scans that are left out. If all of them were read wrong, or all right, the
# sensitivity for their diagnosis would move by at most their share, which is the last
# column (in the cohort that it is measured in, the share may be another). And those
# left out are seldom like the others: people who cannot lie still are often the more
# advanced. Where a first scan is left out and the second one stays, the second stands
# for the person.

# %%
n_of = quality["verdict"].value_counts()
out = groups.loc[groups["excluded"] > 0, ["excluded", "scans"]].astype(int)
excluded = ", ".join(
    f"{row.excluded} of {row.scans} {row.Index}" for row in out.itertuples()
)
changed = quality["by_hand"].notna() & (
    (quality["by_hand"] == "fail") != (quality["verdict"] == "fail")
)
hands = f" A person judged {quality['by_hand'].notna().sum()} scans and overruled "
hands = f"{hands}{changed.sum()} verdicts." if by_hand is not None else ""
how = "After normalisation without MRI" if native else page.where.capitalize()
far = quality["moves_mm"].median()
left_out = f"Left out are {excluded}." if excluded else "No scan is left out."

# %%
n_pass, n_look, n_fail = (n_of.get(name, 0) for name in ("pass", "look", "fail"))
percent = " ({:.0%}; 95% interval {:.0%} to {:.0%})"
percent = percent.format(*share_interval(quality["verdict"] == "pass"))
if is_small([n_pass, len(quality) - n_pass]).any():  # a share would give them away
    percent = ""
result = (
    f"{how}, {n_pass} of {len(quality)} scans{percent} lie within the limits; to look "
    f"at: {n_look or 'none'}; failed: {n_fail or 'none'}."
)
if not np.isnan(far):
    result += (
        f" Over all scans, the median distance by which a fit would still move the "
        f"striatum is {far:.1f} mm."
    )
result += f" {left_out}{hands}"

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. How sure it is, and what it does not show:
#
# - The limits of the verdicts were set on digital phantoms in native space, and how
#   often they err was measured on others; a camera of another resolution than
#   `images.scan_fwhm_mm` says, or another filter, moves all scores.
# - *Look* means what it says: such a scan is used, and somebody should look at it.
# - A scan with swapped sides passes.

# %%
numbers = {
    "n_scans": len(quality),
    "verdicts": {name: n_of.get(name, 0) for name in ("pass", "look", "fail")},
    "excluded": groups["excluded"].to_dict(),
    "scans": groups["scans"].to_dict(),
    "by_hand": int(quality["by_hand"].notna().sum()),
    "overruled": int(changed.sum()),
    "moves_mm": {
        "median": far,
        "p95": float(np.nanpercentile(quality["moves_mm"], 95)),
    },
    "weaker_left": weaker_left,
}
page.close(numbers, result=result)
