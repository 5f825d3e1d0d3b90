# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [data_manifest/claims.tsv, data_manifest/paper.yaml]
#     settings: []
#     threads: 1
# ---

# %% [markdown]
# # How many participants the paper had
#
# The paper prints rates, but not how many of its participants had which diagnosis.
# A cohort of the same size needs these numbers. This page finds them: it tries all
# whole numbers and keeps those that give every printed rate. It is for readers who
# want to know where the sizes of the study `paper` come from.
#
# :::{admonition} Only numbers of the paper
# :class: note
# No scan is used here, neither of the phantom nor of a person. The data are rates
# that the paper prints.
# :::

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
import pandas as pd
from IPython.display import Markdown

from datnet_study import (
    open_page,
    read_claims,
    read_study,
    search,
    show,
    split_in_proportion,
    totals_by_controls,
)

page = open_page("cohort_sizes", study, into)
PATIENTS, CONTROLS, BLIND = 974, 43, 280  # abstract; caption of the paper's Fig. 4
DIAGNOSES = ("IPD", "MSA", "PSP")

# %% [markdown]
# ## What the paper prints
#
# Sensitivity and specificity of each diagnosis against all others, in cross-validation
# of the training cohort and in the blind test.

# %%
claims = read_claims(page.path("data_manifest/claims.tsv")).set_index("id")["value"]


def printed(phase, rate, groups=DIAGNOSES):
    """Rates of a phase by diagnosis, as numbers."""
    return {name: float(claims[f"{phase}.{rate}.{name.lower()}"]) for name in groups}


# %%
cohorts = {"cv": "training", "blind": "blind test"}
rates = {c: [printed(c, r) for r in ("sens", "spec")] for c in cohorts}
rates_table = pd.DataFrame(
    {
        f"{title}, {rate}": values
        for cohort, title in cohorts.items()
        for rate, values in zip(
            ("sensitivity", "specificity"), rates[cohort], strict=True
        )
    }
)
printed = rates_table.rename_axis("diagnosis").reset_index()
show.table(printed, of_groups=True, not_people=list(printed)).format(precision=3)

# %% [markdown]
# Each is a ratio of two whole numbers, rounded to three digits. Few numbers of
# participants give all of them.
#
# ## Blind-test cohort
#
# The total is printed, and there are no controls. Each row is a way to meet all these
# rates; `right others` are the decisions "not this diagnosis" that were right.

# %%
blind = search(*rates["blind"], [BLIND])
ways = blind.rename(columns=lambda name: name.replace("_", " "))
show.table(ways, of_groups=True, not_people=list(ways))

# %% [markdown]
# The paper prints the accuracy of the blind test elsewhere. It was not used in the
# search, so it is a check of the first row.

# %%
right = int(blind.filter(like="_hits").sum(axis=1).iloc[0])
called = {
    n: BLIND - blind[n].iloc[0] - blind[f"{n}_right_others"].iloc[0] for n in DIAGNOSES
}
check = pd.DataFrame(
    {
        "solutions": [len(blind)],
        "right decisions": [right],
        "accuracy": [f"{right / BLIND:.1%}"],
        "printed accuracy": [f"{float(claims['blind.accuracy']):.1%}"],
        "wrong, and called a patient group": [sum(called.values())],
        "wrong, and called a control": [BLIND - right - sum(called.values())],
    }
)
show.table(check, of_groups=True, not_people=list(check))

# %% [markdown]
# The two accuracies should be the same. The wrong decisions that went to no other
# disease must have gone to the controls.
#
# ## Training cohort
#
# Here the total is not printed, but the rates of the controls narrow it down: all of
# them were found, and positive predictive value and specificity leave few numbers of
# patients.

# %%
totals = totals_by_controls(
    CONTROLS, float(claims["cv.spec.nc"]), float(claims["cv.ppv.nc"]), PATIENTS - BLIND
)
training = search(*rates["cv"], totals, CONTROLS)
ways = training.rename(columns=lambda name: name.replace("_", " "))
show.table(ways, of_groups=True, not_people=list(ways))

# %% [markdown]
# This rests on conventional rounding. If a rate exactly in the middle of two printed
# ones could also have been rounded down, all of these would fit:

# %%
either_way = search(*rates["cv"], totals, CONTROLS, half_up=False)
show.table(either_way[list(DIAGNOSES)], of_groups=True, not_people=list(DIAGNOSES))

# %% [markdown]
# A size that is not in every row of this table rests on the rounding.
#
# ## Pre-training cohort
#
# What is left of the patients is the pre-training cohort. Nothing is printed about
# its diagnoses. We assume those of the other two cohorts taken together.

# %%
sizes = {
    "confirmed": {name: int(blind[name].iloc[0]) for name in DIAGNOSES},
    "definite": {"NC": CONTROLS}
    | {name: int(training[name].iloc[0]) for name in DIAGNOSES},
}
pooled = {
    name: sizes["confirmed"][name] + sizes["definite"][name] for name in DIAGNOSES
}
left = PATIENTS - sum(pooled.values())
sizes["possible"] = split_in_proportion(left, pooled)

# %% [markdown]
# ## The sizes of the study `paper`
#
# The study file has to hold what the search gives; otherwise this cell stops.

# %%
in_file = read_study(page.path("data_manifest/paper.yaml")).phantom.participants
if in_file != sizes:
    raise ValueError(f"paper.yaml has participants {in_file}; the search gives {sizes}")
groups = ["NC", *DIAGNOSES]
all_sizes = pd.DataFrame(sizes).T.reindex(columns=groups).fillna(0).astype(int)
all_sizes["all"] = all_sizes.sum(axis=1)
all_sizes.loc["all"] = all_sizes.sum()
shown = all_sizes.rename_axis("certainty").reset_index()
show.table(shown, of_groups=True, not_people=list(shown))

# %% [markdown]
# Numbers of participants by the certainty of their diagnosis: *possible* is the
# pre-training, *definite* the training, *confirmed* the blind-test cohort.


# %%
def fitting(solutions, numbers):
    """How many sets of sizes fit, and the one that is used, in words."""
    sizes = ", ".join(f"{n} {name}" for name, n in numbers.items())
    if len(solutions) == 1:
        return f"one set of whole numbers only, {sizes}"
    return f"{len(solutions)} sets of whole numbers, the first of them {sizes}"


result = (
    "The rates that the paper prints for its blind test follow from "
    f"{fitting(blind, sizes['confirmed'])}; those of its training cohort from "
    f"{fitting(training, sizes['definite'])} ({len(either_way)} would fit if halves "
    f"may also be rounded down). The other {left} patients pre-trained the network; "
    "how they divide by diagnosis is assumed."
)

# %% [markdown]
# ## Summary
#
# The result stands below in words. How sure it is, and what it does not show:
#
# - The search is exhaustive, so there is no interval: a size is certain if the printed
#   rates, the totals and the rounding are what they are taken for.
# - Where there are several ways, the first row of the table is used.
# - The study `paper` uses these sizes as numbers of labels. They say nothing about who
#   the participants were.

# %% tags=["remove-input"]
Markdown(result)

# %%
numbers = {
    "sizes": sizes,
    "solutions": {"blind_test": len(blind), "training": len(training)},
    "solutions_with_either_rounding": len(either_way),
    "right_decisions": right,
}
page.close(numbers, result=result)
