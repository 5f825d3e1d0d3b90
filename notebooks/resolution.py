# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     only_if: recipes
#     reads: [scans.tsv, volumes*.npy, models/pretrain*, models/fold-*,
#       models/recipes/*, predictions/cross_validation.tsv]
#     settings: [control, diagnoses, recipes, training.accelerator,
#       training.n_folds, training.pretrain]
#     threads: 1
# ---

# %% [markdown]
# # How much resolution does it take?
#
# The paper's public code trains 64 filters on 96 × 96 × 96 voxels; this study trains
# fewer on a coarser grid. This page asks what that costs. It trains other grids,
# widths and normalisations on the same scans in the same folds, and sets the area
# under the ROC curve against the cost of training. The paper makes no such comparison.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
alpha: float = 0.05  # two-sided P below which an AUC counts as worse than the best

# %% tags=["setup"]
from dataclasses import replace

import pandas as pd
from IPython.display import Markdown

from datnet_core.metrics import delong_interval
from datnet_core.training import predict_folds
from datnet_study import compare_mean_auc, cost, open_page, show
from datnet_study.figures import plot_auc_against_cost

page = open_page("resolution", study, into)
config = page.settings
classes = config.diagnoses
p_columns = [f"p_{name}" for name in classes]

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## The recipes
#
# A recipe is a grid and a network. Each changes one thing of the study's own (first
# row); everything else, from the folds to the early stopping, is the same. All are
# judged with one network for each fold; the mean over several (`network.n_members`) is
# what the study adds on top.

# %%
chosen = {name: page.recipe(name) for name in ("study", *config.recipes)}
chosen = {
    name: (grid_mm, replace(network, n_members=1))
    for name, (grid_mm, network) in chosen.items()
}
models = {name: page.models(recipe=name) for name in chosen}

# %% [markdown]
# Cost is counted in two ways: floating-point operations of one training step for one
# scan, which do not depend on the machine, and the seconds of all networks of the
# recipe on one thread, pre-training included.

# %%
stages = [f"fold-{k}" for k in range(config.training.n_folds)]
scans = page.scans()
if config.training.pretrain and (scans["cohort"] == "pretraining").any():
    stages.append("pretrain")
costs = pd.DataFrame(
    {
        name: cost(
            *recipe, len(classes), [models[name] / s / "member-0" for s in stages]
        )
        for name, recipe in chosen.items()
    }
).T

# %% [markdown]
# ## Area under the curve
#
# Out-of-fold probabilities of the training cohort, as on the page
# {doc}`cross_validation`.

# %%
own = page.table("predictions/cross_validation.tsv")
fold = scans["fold"].to_numpy()
truth = own["diagnosis"].to_numpy()
proba = {}
for name, (_, network) in chosen.items():
    proba[name] = predict_folds(
        models[name],
        network,
        page.seen(name),
        fold=fold,
        accelerator=config.training.accelerator,
    )

# %% [markdown]
# One number for a recipe: the mean of the one-vs-rest AUCs of the patient groups. Its
# interval and the P value of the difference to the best recipe come from resampling
# participants, the same ones for all recipes.

# %%
groups = [name for name in config.compared if name in set(truth)]
columns = [classes.index(name) for name in groups]
scores = {name: p[:, columns] for name, p in proba.items()}
found = compare_mean_auc(
    truth, scores, groups, own["participant_id"], n_resamples=2000, seed=0
)
found = found.join(costs.infer_objects())
for name in classes:
    found[f"auc_{name}"] = [
        delong_interval(truth == name, proba[r][:, classes.index(name)])
        for r in found.index
    ]

# %% tags=["hide-input"]
plot_auc_against_cost(found, alpha)

# %% [markdown]
# **Mean AUC of the patient groups by the cost of training**, with 95% intervals; from
# top to bottom, a training step for one scan needs more operations. Filled: not
# distinguishable from the best recipe; open: worse. The recipe to use is the topmost
# filled one.

# %% tags=["hide-input"]
shown = found.reset_index()
for name in classes:
    shown[f"AUC {name}"] = [show.interval(*value) for value in shown[f"auc_{name}"]]
shown["mean AUC, patients"] = [
    show.interval(r.auc, r.low, r.high) for r in found.itertuples()
]
shown["P against the best"] = [f"{p:.2g}" for p in found["p"]]
shown["GFLOP per scan"] = found["gflop"].map("{:.2g}".format).to_numpy()
shown["seconds"] = found["seconds"].map("{:.0f}".format).to_numpy()
shown["recipe"] = shown["recipe"].str.replace("_", " ")  # lets a long name wrap
kept = ["recipe", "grid_mm", "voxels", "filters", "levels", "normalisation"]
show.table(
    shown[[*kept, "GFLOP per scan", "seconds"]].rename(columns={"grid_mm": "grid, mm"})
).format({"grid, mm": "{:g}"})

# %% tags=["hide-input"]
kept = ["recipe", "mean AUC, patients", "P against the best"]
show.table(shown[[*kept, *(f"AUC {name}" for name in classes)]])

# %%
equal = found[found["p"] >= alpha]
cheapest = equal["gflop"].idxmin()
best = found["auc"].idxmax()
Markdown(
    f"Best: **{best}**, mean AUC {found['auc'][best]:.3f}. The cheapest recipe that is "
    f"not distinguishable from it (P ≥ {alpha:g}): **{cheapest}**, mean AUC "
    f"{found['auc'][cheapest]:.3f} at {found['gflop'][cheapest]:.2g} GFLOP per scan, "
    f"{found['gflop'][best] / found['gflop'][cheapest]:.1f} times fewer than the best."
)

# %% [markdown]
# One run with one seed stands for each recipe; another seed moves each AUC by an amount
# that the intervals do not contain. *Not distinguishable* is not *equal*: with more
# scans, smaller differences would show. No P value here is corrected for the number of
# recipes. A recipe that is chosen from this table is judged anew on the blind test.

# %% [markdown]
# ## Summary
#
# - Grids, widths and normalisations are compared on the same scans and folds.
# - The table names the cheapest recipe that is not distinguishable from the best.
# - The recipes are settings, `recipes` in the study file; any other can be added.

# %%
numbers = {
    "recipes": found.drop(columns=[f"auc_{name}" for name in classes]).to_dict("index"),
    "auc": {
        f"{recipe}.{name}": found.loc[recipe, f"auc_{name}"]
        for recipe in found.index
        for name in classes
    },
    "best": best,
    "cheapest_not_distinguishable": cheapest,
}
page.close(numbers)
