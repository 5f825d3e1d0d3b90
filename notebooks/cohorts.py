# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [dataset/scans.tsv, dataset/*, normalised/*, quality.tsv,
#       data_manifest/atlas/*]
#     writes:
#       participants: [scans.tsv, volumes.npy, volumes.json]
#     cache: [volumes.npy, volumes.json]
#     settings: [control, diagnoses, images, sites, training.n_folds, training.seed,
#       training.pretrain_on, training.early_stopping_on]
#     threads: 2
# ---

# %% [markdown]
# # Cohorts and images
#
# This page reproduces the study profile of the paper (Fig. 1) and its description
# of the participants: who is in which cohort, and what the images look like once
# they are read, checked and normalised. Everything later starts from the scan table
# and the one array of volumes that this page makes.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
n_jobs: int = 2  # threads that read scans

# %% tags=["setup"]
import numpy as np
import pandas as pd
from IPython.display import Markdown

from datnet_images import (
    Rows,
    field_of_view,
    lower_side_left,
    mean_volume,
    region_fractions,
    region_table,
)
from datnet_study import (
    assign_folds,
    cache_scans,
    check_used,
    keep_draw,
    open_page,
    read_scans,
    refuse_repeated,
    show,
    used_scans,
)
from datnet_study.figures import plot_flow, plot_uptake_strip

page = open_page("cohorts", study, into)
config = page.settings
BASAL_GANGLIA_MM = [(-52, 52), (-56, 40), (-20, 24)]  # from and to along x, y, z
CLINICAL = {
    "age": "age",
    "sex": "sex",
    "symptom_duration_years": "symptom duration",
    "updrs": "UPDRS",
    "hoehn_yahr": "Hoehn-Yahr stage",
}

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## Who takes part
#
# The certainty of a diagnosis decides the cohort: *possible* diagnoses pre-train
# the network, *definite* ones (and all controls) train it, *confirmed* ones are
# kept for the blind test; a study file may map other words to these, or have the blind
# test drawn (`split`), or say what each site is for (`sites`: a site for tests only
# teaches nothing and is judged on {doc}`external`). The table is checked before
# anything else happens; a row that breaks a rule stops the study here, with every other
# such row in the same message.
# Scans that fail on {doc}`quality` are left out from here on.

# %%
scan_table = page.scan_table()
every = read_scans(scan_table, config.diagnoses)
quality = page.table("quality.tsv")
scans = used_scans(every, quality)
check_used(every, scans, quality, config.diagnoses, config.training)
scans["fold"] = assign_folds(scans, config.training.n_folds, config.training.seed)
titles = {
    "pretraining": "pre-training",
    "training": "training",
    "blind_test": "blind test",
    "external": "other sites",
}

# %%
words = {}  # what the table of scans calls the certainty of each cohort
for theirs, ours in scan_table.values.get("certainty", {}).items():
    words[ours] = f"{words[ours]}, {theirs}" if ours in words else theirs
if scan_table.split is not None:
    words |= {"definite": "all others", "confirmed": "drawn"}
tested = [name for name, role in scan_table.sites.items() if role == "test"]
words["external"] = ", ".join(tested)

# %% figure="fig-cohorts-flow"
plot_flow(scans, config.diagnoses, words)

# %% [markdown]
# **Study profile** (as the paper's Fig. 1). Participants and scans of each cohort.
# In brackets: who they are in the words of the scan table, or that they were drawn. A
# participant with two scans is counted once; all scans of a participant stay in one
# cohort and, in the training cohort, in one fold.
#
# ## Age, sex and clinical scores
#
# Who the participants are, at their first scan.

# %%
people = scans.drop_duplicates("participant_id")
headings = {
    "age": "age, y",
    "symptom_duration_years": "duration, y",
    "updrs": "UPDRS",
    "hoehn_yahr": "H&Y",
}
in_order = {"cohort": list(titles), "diagnosis": list(config.diagnoses)}
ordered = people.assign(
    **{k: pd.Categorical(people[k], names) for k, names in in_order.items()}
)

# %%
grouped = ordered.groupby(list(in_order), observed=True)
mean, sd = grouped[list(headings)].mean(), grouped[list(headings)].std()
spread = (" (" + sd.map("{:.1f}".format) + ")").where(sd.notna(), "")  # of two or more
table = mean.map("{:.1f}".format) + spread
table = table.where(mean.notna(), "–").rename(columns=headings)
women = ordered["sex"].eq("F").where(ordered["sex"].notna()).astype(float)
women = women.groupby([ordered[name] for name in in_order], observed=True).mean()
table.insert(0, "women", women.map("{:.0%}".format).where(women.notna(), "–"))
table = table.loc[:, (table != "–").any()]  # what nobody has is left out
table.insert(0, "participants", grouped.size())
table = table.reset_index().astype({"cohort": str})
show.table(table.replace({"cohort": titles}), of_groups=True)

# %% [markdown]
# Mean and standard deviation (in brackets). A dash stands where the scan table gives
# no number, as for the symptoms of a control; what it gives for nobody has no column.
# The share of women is of those whose sex is known.
#
# ## Images
#
# Each scan is checked (readable, three-dimensional, finite, no mask, the reference
# region inside, in no other row), divided by its mean in the reference region unless
# it is a ratio already (`images.input`), and sampled on the grid of the study. A voxel
# then holds an uptake ratio: 1 means no specific binding.

# %%
atlas = page.atlas()
affine, shape = page.grid()
folder = "normalised" if config.images.space == "native" else "dataset"
volumes = cache_scans(
    [page.path(f"{folder}/{path}") for path in scans["path"]],
    atlas,
    config.images,
    config.images.grid_mm,
    page.output("volumes.npy"),
    n_jobs,
)
page.output("volumes.json")  # written with it: grid, and a hash of the images
refuse_repeated(scans, volumes)  # by their voxels
page.write_table("scans.tsv", scans)
keep_draw(scan_table)  # where the study draws its blind test

Markdown(
    f"**{len(volumes)} volumes** of {' × '.join(map(str, shape))} voxels, "
    f"{config.images.grid_mm:g} mm."
)

# %% [markdown]
# The mean of each diagnosis in the training cohort shows what there is to see by
# eye. Each scan is turned first, so that the side with less uptake in the first region
# of the study (`images.regions`) lies on the left: the worse side is the left one in
# some and the right one in others, and a plain mean would lose the asymmetry.

# %%
in_training = (scans["cohort"] == "training").to_numpy()
diagnosis = scans["diagnosis"].to_numpy()
present = [name for name in config.diagnoses if name in set(diagnosis[in_training])]
rows = {name: np.flatnonzero(in_training & (diagnosis == name)) for name in present}
region = config.images.regions[0]
means = {
    name: mean_volume(lower_side_left(Rows(volumes, rows[name]), atlas, affine, region))
    for name in present
}
box = field_of_view(config.images.grid_mm, BASAL_GANGLIA_MM)

# %% figure="fig-cohorts-mean-uptake"
plot_uptake_strip(means, affine, box, sides=("lower", "higher"))

# %% [markdown]
# **Mean uptake ratio by diagnosis**, training cohort, axial planes through the basal
# ganglia on one scale; dark is much uptake, and the side with less of it lies on the
# left in every scan. Look at caudate and putamen: how far the patient groups differ
# from each other, set against how far they differ from controls, is how hard the
# question is. Turning a symmetric scan picks its noise, so controls look slightly
# uneven, too.
#
# ## Uptake of one region
#
# The same in one number for each scan: the mean uptake ratio of the first region that
# the study measures (`images.regions`), both sides together.

# %%
weights = region_fractions(atlas, region, affine, shape)
uptake = {
    name: [float((volumes[k] * weights).sum() / weights.sum()) for k in rows[name]]
    for name in present
}
of_region = {
    name: f"{np.mean(values):.2f} (SD {np.std(values, ddof=1):.2f})"
    if len(values) > 1
    else f"{values[0]:.2f} (one scan)"
    for name, values in uptake.items()
}
in_words = ", ".join(f"{text} in {name}" for name, text in of_region.items())

# %% tags=["remove-input"]
Markdown(f"Mean uptake ratio of the {region}, training cohort: {in_words}.")

# %% [markdown]
# Where two groups differ by less than their standard deviations (SD), this one number
# does not tell them apart in a single scan; the pattern within the striatum may.
#
# ## Regions
#
# Regions come from public atlases in MNI space; the reference region is cortex
# only, kept away from the edge of the brain where blur mixes in the outside.

# %%
regions = region_table(atlas)
rounded = regions.round(1).replace(-0.0, 0.0).replace({"name": {"_": " "}}, regex=True)
rounded = rounded.rename(columns=lambda name: name.replace("_", " "))
show.table(rounded, of_groups=True, not_people=list(rounded)).format(precision=1)

# %% [markdown]
# Volume and centre of each region, on the grid of the atlas.
#
# What other studies may have and this one has not: the pages that need it say so.

# %%
has = {
    "control group": config.control in config.diagnoses,
    "pre-training cohort": (scans["cohort"] == "pretraining").any(),
    "blind test": (scans["cohort"] == "blind_test").any(),
    "follow-up scans": scans["participant_id"].duplicated().any(),
}
has |= {CLINICAL[column]: scans[column].notna().any() for column in CLINICAL}
absent = [words for words, there in has.items() if not there]
lacks = f" There is no {', no '.join(absent)} {page.where}." if absent else ""

# %%
where = "of this phantom" if page.phantom else "of this study"
sizes = people["cohort"].value_counts()
shown = [name for name in titles if name != "external" or name in sizes]
by_cohort = ", ".join(f"{sizes.get(name, 0)} {titles[name]}" for name in shown)
every_one = len(scans) == len(every)
n_used = f"All {len(scans)}" if every_one else f"{len(scans)} of {len(every)}"
result = (
    f"{n_used} scans of the {len(people)} participants {where} passed the "
    f"checks (participants: {by_cohort}). The mean uptake ratio of the {region} in the "
    f"training cohort is {in_words}.{lacks}"
)

# %% [markdown]
# ## Summary
#
# The result stands below in words. How sure it is, and what it does not show:
#
# - The standard deviations say how far single scans lie apart, not how well a mean is
#   known; groups are compared by a test on {doc}`binding_ratio`.
# - No participant is in two cohorts or two folds. Whether a label is right cannot be
#   checked from the scan table.
# - All scans are uptake ratios on one grid, kept as one array on disk.

# %% tags=["remove-input"]
Markdown(result)

# %%
counts = people.groupby(["cohort", "diagnosis"]).size()
numbers = {
    "n_participants": len(people),
    "n_scans": len(scans),
    "participants": {f"{cohort}.{name}": n for (cohort, name), n in counts.items()},
    "grid_mm": config.images.grid_mm,
    "shape": shape,
    "absent": absent,
    "volume_ml": dict(zip(regions["name"], regions["volume_ml"].round(2), strict=True)),
}
page.close(numbers, result=result)
