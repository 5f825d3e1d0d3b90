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
#       training.n_folds]
#     threads: 1
# ---

# %% [markdown]
# # How much resolution does it take?
#
# The paper's public code trains 64 filters on 96 × 96 × 96 voxels; the grid and the
# width of this study are its own choice (first row of the table below). This page asks
# what that costs. It trains other networks or on other grids, on the same scans in the
# same folds, and sets the area under the ROC curve (AUC) against the cost of training.
# The paper makes no such comparison.

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
from datnet_study import compare_mean_auc, cost, differences, open_page, show
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
# A recipe is a grid, a network and a way to train it. Each changes something of the
# study's own, as the study file says under `recipes`; everything else, from the folds
# to the scans, is the same. All are judged with one network for each fold; the mean
# over several (`network.n_members`) is what the study adds on top.

# %%
chosen = {name: page.recipe(name) for name in ("study", *config.recipes)}
chosen = {
    name: recipe._replace(network=replace(recipe.network, n_members=1))
    for name, recipe in chosen.items()
}
models = {name: page.models(recipe=name) for name in chosen}

# %% [markdown]
# Cost is counted in two ways: floating-point operations of one training step for one
# scan, which do not depend on the machine, and the seconds of all networks of the
# recipe on one thread, pre-training included.

# %%
folds = [f"fold-{k}" for k in range(config.training.n_folds)]
scans = page.scans()
uncertain = (scans["cohort"] == "pretraining").any()
costs = {}
for name, recipe in chosen.items():
    first = uncertain and recipe.training.learns_from_cohort
    stages = [*folds, *(["pretrain"] if first else [])]
    folders = [models[name] / stage / "member-0" for stage in stages]
    costs[name] = cost(recipe.grid_mm, recipe.network, len(classes), folders)
costs = pd.DataFrame(costs).T

# %%
of_cost = costs.reset_index(names="recipe").replace({"recipe": {"_": " "}}, regex=True)
of_cost["GFLOP per scan"] = of_cost["gflop"].map("{:.2g}".format)
of_cost["seconds"] = of_cost["seconds"].map("{:.0f}".format)
usual = chosen["study"].training
trained = [differences(recipe.training, usual) for recipe in chosen.values()]
columns = ["recipe", "grid_mm", "voxels", "filters", "levels", "normalisation"]
columns += ["training"] if any(trained) else []
of_cost = of_cost.assign(training=trained)[[*columns, "GFLOP per scan", "seconds"]]
of_cost = of_cost.rename(columns={"grid_mm": "grid, mm"})
show.table(of_cost, of_groups=True, not_people=list(of_cost)).format(
    {"grid, mm": "{:g}"}
)

# %% [markdown]
# One GFLOP is a thousand million operations. The seconds hold for this machine only. A
# recipe without an entry for its training is trained as the study's own.
#
# ## Area under the curve
#
# Out-of-fold probabilities of the training cohort, as on the page
# {doc}`cross_validation`.

# %%
own = page.table("predictions/cross_validation.tsv")
fold = scans["fold"].to_numpy()
truth = own["diagnosis"].to_numpy()
proba = {}
for name, recipe in chosen.items():
    proba[name] = predict_folds(
        models[name],
        recipe.network,
        page.seen(name),
        fold=fold,
        accelerator=config.training.accelerator,
    )

# %% [markdown]
# One number for a recipe: the mean of the one-vs-rest AUCs of the groups that this
# study compares. Its interval and the P value of the difference to the best recipe come
# from resampling participants, the same ones for all recipes.

# %%
groups = [name for name in config.compared if name in set(truth)]
columns = [classes.index(name) for name in groups]
scores = {name: p[:, columns] for name, p in proba.items()}
comparison = compare_mean_auc(
    truth, scores, groups, own["participant_id"], n_resamples=2000, seed=0
).join(costs.infer_objects())
for k, name in enumerate(classes):
    comparison[f"auc_{name}"] = [
        delong_interval(truth == name, proba[recipe][:, k])
        for recipe in comparison.index
    ]

# %% figure="fig-resolution-auc"
plot_auc_against_cost(comparison, alpha)

# %% [markdown]
# **Mean AUC by the cost of training**, with 95% intervals; from top to bottom, a
# training step for one scan needs more operations. Filled: not distinguishable from the
# best recipe; open: worse. The recipe to use is the topmost filled one.
#
# The same in numbers, and the AUC of each diagnosis with the interval of DeLong.

# %%
auc_table = pd.DataFrame({"recipe": comparison.index.str.replace("_", " ")})
auc_table[f"mean of {', '.join(groups)}"] = [
    show.interval(row.auc, row.low, row.high) for row in comparison.itertuples()
]
auc_table["P against the best"] = [f"{p:.2g}" for p in comparison["p"]]
for name in classes:
    auc_table[name] = [show.interval(*value) for value in comparison[f"auc_{name}"]]
show.table(auc_table, of_groups=True)

# %% [markdown]
# One run with one seed stands for each recipe; another seed moves each AUC by an amount
# that the intervals do not contain. No P value here is corrected for the number of
# recipes.

# %%
equal = comparison[comparison["p"] >= alpha]
cheapest, best = equal["gflop"].idxmin(), comparison["auc"].idxmax()


def auc_in_words(recipe):
    """Mean AUC of a recipe with its interval."""
    row = comparison.loc[recipe]
    return show.interval(row["auc"], row["low"], row["high"], 2)


where = "On this phantom" if page.phantom else "In this study"
title = {name: f"*{name.replace('_', ' ')}*" for name in comparison.index}
ratio = comparison["gflop"][best] / comparison["gflop"][cheapest]
saving = (
    "no recipe that costs less reaches it"
    if cheapest == best
    else f"{title[cheapest]}, with {auc_in_words(cheapest)}, is not distinguishable "
    f"from it (P ≥ {alpha:g}) and needs {ratio:.1f} times fewer operations"
)

# %% [markdown]
# The study's own recipe is judged in the same way.

# %%
p_own = comparison["p"]["study"]
own_recipe = (
    "the best"
    if best == "study"
    else f"{'worse than' if p_own < alpha else 'not distinguishable from'} the best "
    f"(P = {p_own:.2g})"
)
result = (
    f"{where}, the best of {len(comparison)} recipes is {title[best]} with a mean AUC "
    f"of {auc_in_words(best)} (95% interval); {saving}. The study's own recipe is "
    f"{own_recipe}."
)

# %% [markdown]
# ## Summary
#
# The result stands below in words. How sure it is, and what it does not show:
#
# - *Not distinguishable* is not *equal*: with more scans, smaller differences would
#   show.
# - A recipe that is chosen from this table is judged anew on {doc}`blind_test`; its AUC
#   here is flattered by the choice.
# - Other recipes can be added, `recipes` in the study file.

# %% tags=["remove-input"]
Markdown(result)

# %%
numbers = {
    "recipes": comparison.drop(columns=[f"auc_{name}" for name in classes]).to_dict(
        "index"
    ),
    "auc": {
        f"{recipe}.{name}": comparison.loc[recipe, f"auc_{name}"]
        for recipe in comparison.index
        for name in classes
    },
    "best": best,
    "cheapest_not_distinguishable": cheapest,
}
page.close(numbers, result=result)
