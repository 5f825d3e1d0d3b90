# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [dataset/scans.tsv, dataset/*, data_manifest/atlas/*]
#     writes:
#       participants: [scans.tsv, volumes.npy, volumes.json]
#     cache: [volumes.npy, volumes.json]
#     settings: [control, diagnoses, images, training.n_folds, training.seed]
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
from IPython.display import Markdown
from nilearn.datasets import load_mni152_template

from datnet_core.images import cache_volumes, region_table
from datnet_study import assign_folds, open_page, read_scans, show
from datnet_study.figures import plot_flow, plot_mean_volumes

page = open_page("cohorts", study, into)
config = page.settings

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## Who takes part
#
# The certainty of a diagnosis decides the cohort: *possible* diagnoses pre-train
# the network, *definite* ones (and all controls) train it, *confirmed* ones are
# kept for the blind test. The table is checked before anything else happens; a row
# that breaks a rule stops the study here, with every other such row in the same
# message.

# %%
dataset = page.path("dataset/scans.tsv").parent
scans = read_scans(dataset, config.diagnoses)
scans["fold"] = assign_folds(scans, config.training.n_folds, config.training.seed)
page.write_table("scans.tsv", scans)

# %%
plot_flow(scans, config.diagnoses)

# %% [markdown]
# **Study profile** (as the paper's Fig. 1). Participants and scans of each cohort.
# A participant with two scans is counted once; all scans of a participant stay in
# one cohort and, in the training cohort, in one fold.

# %% [markdown]
# ## Age, sex and clinical scores
#
# Mean and standard deviation (in brackets) at the first scan. Controls have no
# symptom duration, UPDRS or Hoehn and Yahr stage.

# %%
people = scans.drop_duplicates("participant_id")
scores = ["age", "symptom_duration_years", "updrs", "hoehn_yahr"]
grouped = people.groupby(["cohort", "diagnosis"], sort=False)
mean, sd = grouped[scores].mean(), grouped[scores].std()
table = mean.map("{:.1f}".format) + " (" + sd.map("{:.1f}".format) + ")"
table = table.where(mean.notna(), "–")
table.insert(0, "participants", grouped.size())
table.insert(1, "women", grouped["sex"].agg(lambda sex: f"{(sex == 'F').mean():.0%}"))
headings = {
    "symptom_duration_years": "duration, y",
    "updrs": "UPDRS",
    "hoehn_yahr": "H&Y",
}
show.table(table.reset_index().rename(columns=headings))

# %% [markdown]
# ## Images
#
# Each scan is checked (readable, three-dimensional, finite, not constant), divided
# by its mean in the reference region, and sampled on the grid of the study. A voxel
# then holds an uptake ratio: 1 means no specific binding.

# %%
atlas = page.atlas()
affine, shape = page.grid()
volumes = cache_volumes(
    [page.path(f"dataset/{path}") for path in scans["path"]],
    atlas,
    config.images.grid_mm,
    config.images.reference_region,
    page.output("volumes.npy"),
    n_jobs,
)
page.output("volumes.json")  # written with it: grid, and a hash of the images

Markdown(
    f"**{len(volumes)} volumes** of {' × '.join(map(str, shape))} voxels, "
    f"{config.images.grid_mm:g} mm."
)

# %% [markdown]
# The mean of each diagnosis in the training cohort shows what there is to see by
# eye.

# %% tags=["hide-input"]
in_training = scans["cohort"] == "training"
means = {
    name: volumes[(in_training & (scans["diagnosis"] == name)).to_numpy()].mean(axis=0)
    for name in config.diagnoses
    if (in_training & (scans["diagnosis"] == name)).any()
}
plot_mean_volumes(means, affine, load_mni152_template(resolution=2))

# %% [markdown]
# **Mean uptake ratio by diagnosis**, training cohort, all on one colour scale; left
# of the image is left of the head. Look at caudate and putamen: bright in controls,
# less in patients, least in the posterior putamen. How far the patient groups
# differ from each other, set against how far they differ from controls, is how hard
# the question is.

# %% [markdown]
# ## Regions
#
# Regions come from public atlases in MNI space; the reference region is cortex
# only, kept away from the edge of the brain where blur mixes in the outside.

# %%
regions = region_table(atlas)
show.table(regions.rename(columns=lambda name: name.replace("_", " "))).format(
    precision=1
)

# %% [markdown]
# ## Summary
#
# - The scan table passed every check, and each participant is in one cohort and one
#   fold.
# - All scans are uptake ratios on one grid, kept as one array on disk.
# - The mean images show what can be seen by eye.

# %%
counts = people.groupby(["cohort", "diagnosis"]).size()
numbers = {
    "n_participants": len(people),
    "n_scans": len(scans),
    "participants": {f"{cohort}.{name}": n for (cohort, name), n in counts.items()},
    "grid_mm": config.images.grid_mm,
    "shape": shape,
    "volume_ml": dict(zip(regions["name"], regions["volume_ml"].round(2), strict=True)),
}
page.close(numbers)
