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
config = page.settings
PATIENTS, CONTROLS, BLIND = 974, 43, 280  # abstract; caption of the paper's Fig. 4
DIAGNOSES = ("IPD", "MSA", "PSP")

# %% [markdown]
# ## What the paper prints

# %%
claims = read_claims(page.path("data_manifest/claims.tsv")).set_index("id")["value"]


def printed(phase, rate, groups=DIAGNOSES):
    """Rates of a phase by diagnosis, as numbers."""
    return {name: float(claims[f"{phase}.{rate}.{name.lower()}"]) for name in groups}


# %%
rates = {
    phase: [printed(phase, r) for r in ("sens", "spec")] for phase in ("cv", "blind")
}
shown = pd.DataFrame(
    {
        f"{phase}, {rate}": found
        for (phase, pair) in {
            "training": rates["cv"],
            "blind test": rates["blind"],
        }.items()
        for rate, found in zip(("sensitivity", "specificity"), pair, strict=True)
    }
)
show.table(shown.rename_axis("diagnosis").reset_index()).format(precision=3)

# %% [markdown]
# ## Blind-test cohort
#
# The total is printed, and there are no controls. Each row is a way to meet all six
# rates; `right others` are the decisions "not this diagnosis" that were right.

# %%
blind = search(*rates["blind"], [BLIND])
show.table(blind.rename(columns=lambda name: name.replace("_", " ")))

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
show.table(check)

# %% [markdown]
# There is one solution, and the accuracy that the paper prints elsewhere follows from
# it. The wrong decisions that went to no other disease must have gone to the controls.
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
show.table(training.rename(columns=lambda name: name.replace("_", " ")))

# %% [markdown]
# One solution again. It rests on conventional rounding: if a rate exactly in the
# middle of two printed ones could also have been rounded down, these would fit too.

# %%
either_way = search(*rates["cv"], totals, CONTROLS, half_up=False)
show.table(either_way[list(DIAGNOSES)])

# %% [markdown]
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
# The study file has to hold what was found here; otherwise this cell stops.

# %%
in_file = read_study(page.path("data_manifest/paper.yaml")).phantom.participants
if in_file != sizes:
    raise ValueError(f"paper.yaml has participants {in_file}; the search found {sizes}")
result = pd.DataFrame(sizes).T.reindex(columns=["NC", *DIAGNOSES]).fillna(0).astype(int)
result["all"] = result.sum(axis=1)
result.loc["all"] = result.sum()
show.table(result.rename_axis("certainty").reset_index())

# %% [markdown]
# ## Summary
#
# - The blind test has one solution in whole numbers, and so has the training cohort
#   under conventional rounding.
# - The diagnoses of the pre-training cohort are an assumption.
# - The study `paper` uses these sizes, as numbers of labels.

# %%
numbers = {
    "sizes": sizes,
    "solutions": {"blind_test": len(blind), "training": len(training)},
    "solutions_with_either_rounding": len(either_way),
    "right_decisions": right,
}
page.close(numbers)
