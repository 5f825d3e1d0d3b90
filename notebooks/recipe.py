# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     only_if: phantom
#     reads: [data_manifest/recipe_choice.tsv, data_manifest/recipe_lengths.tsv,
#       data_manifest/recipe_judged.tsv, data_manifest/null_seeds.tsv,
#       data_manifest/performance.json]
#     settings: []
#     threads: 1
# ---

# %% [markdown]
# # How the recipe was chosen, and what it reaches
#
# How long a network learns, how its scans are changed on the way, how wide it is: such
# choices decide how good it is, and whoever makes them on the scans that are judged
# flatters the result. Here they were made on phantom cohorts that no study uses. Then
# they were written down, and judged once, on phantom cohorts that nobody had looked at.
# The paper does not say how its settings were chosen.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
import json

import pandas as pd
from IPython.display import Markdown

from datnet_core import TrainingSettings
from datnet_study import open_page, show
from datnet_study.figures import (
    plot_auc_by_time,
    plot_candidates,
    plot_interval_panels,
)
from datnet_study.titles import NETWORK, TOLD, UNEVEN

page = open_page("recipe", study, into)
ORACLE = "oracle, region means"
MARKS = [UNEVEN, TOLD, ORACLE]
STEPS = TrainingSettings().max_steps  # of the recipe in use

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## The candidates
#
# Each candidate learned from the two cohorts of a phantom of the size of the study
# `demo` (106 uncertain and 148 definite participants) and judged 460 other scans, one
# network each (`benchmarks/recipe_choice.py`). Beside them stands a regression that is
# told the regions and need not find them. What did no better was dropped after one or
# two cohorts; what the last column calls *no setting* is not in the code any more.

# %%
choice = pd.read_csv(page.path("data_manifest/recipe_choice.tsv"), sep="\t")
by_recipe = choice.groupby(["participants", "recipe", "how"], sort=False)
candidates = by_recipe[["mean", "IPD-MSA"]].mean().assign(cohorts=by_recipe.size())
candidates = candidates.sort_values("mean", ascending=False).reset_index()
small = choice["participants"] == choice["participants"].min()

# %% figure="fig-recipe-candidates"
plot_candidates(choice[small], "mean", "mean AUC of IPD, MSA and PSP", mark=TOLD)

# %% [markdown]
# **Mean one-vs-rest AUC of each candidate**, learning from 254 participants: a dot for
# each development cohort, a line at their mean. Dotted: the mean of the regression that
# is told the regions. Cohorts differ, so that a candidate with one dot can stand where
# its cohort puts it; between the upper rows there is no clear difference. Of those, the
# chosen one was as good with many scans (table below).

# %%
named = {"mean": "mean AUC", "IPD-MSA": "IPD against MSA", "how": "what it is"}
order = ["participants", "recipe", "cohorts", "mean", "IPD-MSA", "how"]
show.table(candidates[order].rename(columns=named)).format(precision=3)

# %% [markdown]
# The same in numbers, means over the cohorts, also for a cohort of the paper's size
# (737 participants to learn from), where as many epochs would be three times as many
# steps; *IPD against MSA* is the AUC among the scans of these two alone.
#
# ## What more time buys
#
# The same recipe with fewer and with more steps in each of the two stages
# (`benchmarks/recipe_lengths.py`), after the choice: this is no second choice, it says
# what the time of a study is spent on.

# %%
lengths = pd.read_csv(page.path("data_manifest/recipe_lengths.tsv"), sep="\t")
record = json.loads(page.path("data_manifest/performance.json").read_text())
(step_ms,) = [row["value"] for row in record["rows"] if row["id"] == "fit.step_ms"]
lengths["minutes"] = 2 * lengths["steps"] * step_ms / 60_000  # of two stages
told_small = choice[small & (choice["recipe"] == TOLD)]
told_small = told_small[told_small["seed"].isin(lengths["seed"])]
by_steps = lengths.groupby("steps")[["minutes", "mean", "IPD-MSA"]].mean()

# %% figure="fig-recipe-time"
marks = {TOLD: told_small["mean"].mean()}
plot_auc_by_time(lengths, STEPS, marks)

# %% [markdown]
# **Mean one-vs-rest AUC by the time of training** of one network on one core, both
# stages, on a logarithmic axis; a thin line for each development cohort, their mean
# with the number of steps. The ring is the recipe in use. A study of six folds trains
# one network in the first stage and six in the second. The time of a step is that of
# {doc}`performance`.

# %%
show.table(by_steps.reset_index().rename(columns=named)).format(
    {"minutes": "{:.1f}", "mean AUC": "{:.3f}", "IPD against MSA": "{:.3f}"}
)

# %% [markdown]
# ## Judged once
#
# The chosen recipe, as it stands in the study files, on cohorts with fresh seeds:
# training cohorts of the size of `demo`, each with 720 scans that teach nothing (60
# controls, 220 of each other diagnosis), and the study `paper`. Whatever the table
# holds is the first look at that cohort (`benchmarks/recipe_judged.py` refuses a
# second), with the commit of its settings.

# %%
judged = pd.read_csv(page.path("data_manifest/recipe_judged.tsv"), sep="\t")
unseen = judged[judged["cohort"] == "blind test"]
minus = unseen[unseen["what"] == "DAT-Net minus"]
of_demo = minus[(minus["study"] == "demo") & minus["classifier"].isin(MARKS)]

# %% figure="fig-recipe-judged"
told = of_demo[of_demo["classifier"] == TOLD].rename(
    columns={"value": "difference", "low": "difference_low", "high": "difference_high"}
)
told = told.assign(method="seed " + told["seed"].astype(str), diagnosis=told["of"])
told = told[told["of"] != "NC"]  # whom all tell from the patients
marks = dict.fromkeys(told["diagnosis"], 0.0)
plot_interval_panels(told, "difference", "difference of AUC", marks)

# %% [markdown]
# **AUC of DAT-Net minus that of the regression that is told the regions**, in the 720
# unseen scans of each fresh cohort, with 95% intervals (DeLong, paired). Right of the
# dotted line, the network is better.
#
# All marks, over the cohorts: mean difference, its range, and in how many cohorts the
# interval lies above and below 0.


# %%
def over_seeds(rows):
    """Differences of several cohorts in one row."""
    value = rows["value"]
    mean, least, most = value.mean(), value.min(), value.max()
    return pd.Series(
        {
            "difference (range)": f"{mean:+.3f} ({least:+.3f} to {most:+.3f})",
            "above 0": (rows["low"] > 0).sum(),
            "below 0": (rows["high"] < 0).sum(),
            "cohorts": len(rows),
        }
    )


kept = minus[minus["classifier"].isin(MARKS)]
table = kept.groupby(["study", "classifier", "of"], sort=False).apply(over_seeds)
show.table(table.reset_index().rename(columns={"classifier": "DAT-Net minus"}))

# %% [markdown]
# The differences of the study `paper` are of one cohort, its blind test.
#
# How often the likeliest diagnosis is the one of the label, first as the mean over the
# diagnoses, then over scans, beside what a classifier gets right that calls everybody
# by the commonest diagnosis (means over the cohorts):

# %%
shares = ["mean sensitivity", "is the label", "the commonest"]
decided = unseen[unseen["what"].isin(shares)].pivot_table(
    index=["study", "classifier"], columns="what", values="value", sort=False
)
percent = dict.fromkeys(shares, "{:.1%}")
show.table(decided[shares].reset_index()).format(percent)

# %% [markdown]
# ## Where there is nothing to find
#
# The study `null` draws IPD, MSA and PSP from one distribution: whatever tells them
# apart is an error of the method, or chance. The same recipe on cohorts of other seeds
# (`benchmarks/null_seeds.py`); each AUC is of one diagnosis against the two others.

# %%
null = pd.read_csv(page.path("data_manifest/null_seeds.tsv"), sep="\t")
null["above"], null["below"] = null["low"] > 0.5, null["high"] < 0.5
by_judge = null.groupby("judged", sort=False)
off = by_judge[["above", "below"]].sum()
off["intervals"] = by_judge.size()
shown = off.reset_index().rename(
    columns={
        "judged": "classifier, how it is judged",
        "above": "95% intervals above 0.5",
        "below": "below 0.5",
    }
)
shown["mean AUC (range)"] = [
    show.interval(of["auc"].mean(), of["auc"].min(), of["auc"].max(), 2)
    for _, of in by_judge
]
show.table(shown)

# %% [markdown]
# One interval in twenty excludes 0.5 by chance; the three of one cohort depend on each
# other. DeLong's interval of pooled folds errs more often for any classifier that
# learns, and pooling pulls the AUC below 0.5 ({doc}`cross_validation`). Every interval:

# %%
every = null.assign(
    interval=[
        show.interval(*limits, 2) for limits in null[["auc", "low", "high"]].to_numpy()
    ]
).pivot(index=["judged", "diagnosis"], columns="seed", values="interval")
show.table(every.rename_axis(columns=None).reset_index())


# %%
def beside(mark):
    """Mean difference of the AUCs to a mark, over diagnoses other than controls."""
    rows = of_demo[(of_demo["classifier"] == mark) & of_demo["of"].isin(PATIENTS)]
    by_seed = rows.groupby("seed")["value"].mean()
    least, most = by_seed.min(), by_seed.max()
    return f"{by_seed.mean():+.3f} ({least:+.3f} to {most:+.3f}) beside {mark}"


PATIENTS = ("IPD", "MSA", "PSP")
n_cohorts, commits = of_demo["seed"].nunique(), sorted(set(of_demo["commit"]))
result = (
    f"On {n_cohorts} fresh phantom cohorts with 148 definite participants to learn "
    "from, judged once, the AUC of DAT-Net differs, in the mean of IPD, MSA and PSP "
    f"(range over cohorts), by {beside(UNEVEN)}, by {beside(TOLD)}, and by "
    f"{beside(ORACLE)}."
)

# %%
shorter = by_steps.index[by_steps.index < STEPS].max()
gain = by_steps.loc[STEPS, "mean"] - by_steps.loc[shorter, "mean"]
result += (
    f" The last doubling of its training, from {shorter} to {STEPS} steps, changes the "
    f"mean AUC by {gain:+.3f} on {lengths['seed'].nunique()} development cohort(s)."
)

# %%
wrong = {
    how: f"{off.loc[f'{NETWORK}, {how}', ['above', 'below']].sum()} of "
    f"{off.loc[f'{NETWORK}, {how}', 'intervals']}"
    for how in ("mean of folds", "blind test")
}
result += (
    f" On {null['seed'].nunique()} cohorts whose patients do not differ, its AUCs "
    f"exclude 0.5 in {wrong['mean of folds']} intervals over folds and "
    f"{wrong['blind test']} in the blind test."
)

# %% [markdown]
# ## Summary
#
# The result stands below in words. How sure it is, and what it does not show:
#
# - The range is over cohorts and includes the chance of the training. Five cohorts are
#   few.
# - The development cohorts and the fresh ones come from one generator. On scans of
#   people another recipe may be the best one.
# - The candidates are what was tried, in the order of what seemed to help; this is no
#   search of all there is.

# %% tags=["remove-input"]
Markdown(result)

# %%
numbers = {
    "candidates": {
        f"{row.participants}.{row.recipe}": row.mean_auc
        for row in candidates.rename(columns={"mean": "mean_auc"}).itertuples()
    },
    "judged": {
        f"{row.study}.{row.seed}.{row.classifier}.{row.of}": row.value
        for row in kept.itertuples()
    },
    "lengths": by_steps.to_dict("index"),
    "null": off.to_dict("index"),
    "commits": commits,
}
page.close(numbers, result=result)
