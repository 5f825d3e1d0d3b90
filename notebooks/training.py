# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Training
#
# This page trains DAT-Net as the paper describes it: first on the pre-training
# cohort with its uncertain diagnoses, then, from those weights, once per fold of
# the training cohort. It shows how each model learned and when it stopped. What
# differs from the paper's public code: the scans that stop the training are an
# inner validation split of the training folds, never the scans that are evaluated
# later (open point A7).

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
stage: str = "all"  # pretrain, fold-<k>, refit, or all that are not trained yet
variant: str = "study"  # or test_fold, no_pretraining: for the page `protocol`
recipe: str = "study"  # or a key of `recipes`: for the page `resolution`

# %%
import numpy as np
import pandas as pd

from datnet_core.images import field_of_view
from datnet_core.training import loop, read_config, split_inner, variant_settings
from datnet_study import page, read_study, show
from datnet_study.figures import plot_learning_curves

config = read_study(study)

# %% tags=["remove-input"]
show.notice(config)

# %% [markdown]
# ## Scans and labels

# %%
scans = page.read_table(config, "scans.tsv")
grid_mm, network = config.recipe(recipe)
volumes = np.load(page.upstream(config, config.volumes(grid_mm).name), mmap_mode="r")
field = field_of_view(grid_mm, network.field_mm)
seen = volumes[(slice(None), *field)]  # what the network gets
labels = scans["diagnosis"].map(config.diagnoses.index).to_numpy()
models = config.results / "models"
if recipe != "study":
    models = models / "recipes" / recipe
settings = variant_settings(config.training, variant)
folder = models if variant == "study" else models / variant

# %% [markdown]
# ## Who teaches which model
#
# Each stage learns from its own scans and is stopped by others. Fold *k* never sees
# the scans of fold *k*, neither to learn nor to stop, unless
# `training.early_stopping_on: test_fold` asks for the published shortcut.

# %%
pool = {"pretrain": scans["cohort"] == "pretraining"} if settings.pretrain else {}
for k in range(settings.n_folds):
    pool[f"fold-{k}"] = (scans["cohort"] == "training") & (scans["fold"] != k)
if config.decisions.blind_test_model == "refit":
    pool["refit"] = scans["cohort"] == "training"
pool = {name: np.flatnonzero(rows) for name, rows in pool.items() if rows.any()}

# %% [markdown]
# A model is the mean logit of its networks (`network.n_members`), for the scan and for
# its mirror image (`network.both_sides`). Each network has another inner validation
# split, so that nearly every scan of the pool is learned from by some of them, and
# starts from a pre-trained network of its own. With `early_stopping_on: test_fold`,
# the scans that are learned from stay the same, and the inner validation scans are not
# used.

# %%
stages = {}
for name, rows in pool.items():
    for j in range(network.n_members):
        # the same whatever other stages and members there are
        seed = [settings.seed, *name.encode(), j]
        fit, inner = split_inner(scans.iloc[rows], settings.inner_fraction, seed)
        stages[name, j] = (rows[fit], rows[inner])
        if settings.early_stopping_on == "test_fold" and name.startswith("fold-"):
            inner = scans["fold"] == int(name.removeprefix("fold-"))
            stages[name, j] = (rows[fit], np.flatnonzero(inner))
if stage not in ("all", "pretrain", *pool):
    raise ValueError(f"stage {stage!r} is not one of all, {', '.join(pool)}")

# %% [markdown]
# ## Training
#
# A finished network is kept, an interrupted one goes on from its last checkpoint.

# %%
if stage != "all":  # stays empty where there is nothing to learn from
    (folder / stage).mkdir(parents=True, exist_ok=True)
for (name, j), (fit, validation) in stages.items():
    if stage in ("all", name):
        first = models / "pretrain" / f"member-{j}"
        loop.fit(
            folder / name / f"member-{j}", seen, labels, fit, validation,
            config.diagnoses, network,
            settings.model_copy(update={"seed": settings.seed + j}),
            first if "pretrain" in pool and name != "pretrain" else None,
        )  # fmt: skip

# %% [markdown]
# ## How they learned

# %% tags=["hide-input"]
places = {key: folder / key[0] / f"member-{key[1]}" for key in stages}
done = [key for key, place in places.items() if (place / "config.json").is_file()]
histories = {key: pd.read_csv(places[key] / "history.tsv", sep="\t") for key in done}
plot_learning_curves(histories) if done else "no scan in this stage"

# %% [markdown]
# **Learning curves.** Cross-entropy of the scans learned from (grey) and of the
# scans that stop the training (blue) by epoch, one line for each network. The red dot
# is the epoch whose weights are kept. A blue curve that turns up while the grey one
# falls is overfitting; training stops when the loss has not improved for as many epochs
# as `training.patience` says.

# %%
columns = ["n_fit", "n_validation", "n_epochs", "best_epoch", "validation_loss"]
columns += ["n_parameters", "seconds", "inputs", "environment"]
facts = [read_config(places[key]) for key in done]
index = pd.MultiIndex.from_tuples(done, names=["model", "network"])
records = pd.DataFrame(facts, index=index, columns=columns).reset_index()
table = records.drop(columns=["inputs", "environment"])

# %% tags=["hide-input"]
by_model = table.groupby("model", sort=False)
shown = by_model[["n_fit", "n_validation", "n_epochs", "best_epoch"]].mean().round(0)
shown.insert(0, "networks", by_model.size())
shown["validation_loss"] = by_model["validation_loss"].mean()
shown["seconds"] = by_model["seconds"].sum()
shown = shown.reset_index().rename(columns=lambda name: name.replace("_", " "))
show.table(shown).format(
    {"validation loss": "{:.3f}", "seconds": "{:.0f}"}, precision=0
)

# %% [markdown]
# Scans, epochs and losses are means over the networks of a model, seconds their sum.
#
# ## What it ran on
#
# The same study file gives the same predictions, byte for byte, on the same kind of
# processor with the same versions and threads. Each network's folder
# `models/<model>/member-<j>` keeps its settings and seeds, a hash of everything it
# learned from, and this:

# %% tags=["hide-input"]
made_with = records["environment"].iloc[0] if done else {}
facts_of_run = {key: str(value) for key, value in made_with.items()}
show.table(pd.DataFrame(facts_of_run.items(), columns=["what", "found"]))

# %% [markdown]
# ## Summary
#
# - Each network was stopped by scans that it is not judged on, unless
#   `training.early_stopping_on` is `test_fold`.
# - The weights of the best validation epoch are kept, as
#   `models/<model>/member-<j>/weights.safetensors`.
# - A model speaks through the mean logit of its networks.

# %%
if stage == "all" and (variant, recipe) == ("study", "study"):
    page.write_table(config, "training.tsv", table)
    numbers = {
        "n_parameters": int(records["n_parameters"].iloc[0]),
        "training_seconds": records["seconds"].sum(),
        "environment": made_with,
        "inputs": {f"{r.model}/{r.network}": r.inputs for r in records.itertuples()},
        "models": table.groupby("model").mean().to_dict("index"),
    }
    page.write_result(config, "training", numbers, claims={})
