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

# %%
import numpy as np
import pandas as pd

from datnet_core import figures, model_files, report, training
from datnet_core.manifest import split_inner
from datnet_core.study import read_study
from datnet_core.volumes import field_of_view

config = read_study(study)

# %% tags=["remove-input"]
report.notice(config)

# %% [markdown]
# ## Scans and labels

# %%
scans = report.read_table(config, "scans.tsv")
volumes = np.load(report.upstream(config, "volumes.npy"), mmap_mode="r")
field = field_of_view(config.images.grid_mm, config.network.field_mm)
seen = volumes[(slice(None), *field)]  # what the network gets
labels = scans["diagnosis"].map(config.diagnoses.index).to_numpy()
models = config.results / "models"
settings = training.variant_settings(config.training, variant)
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

# %%
stages = {}
for name, rows in pool.items():
    seed = [
        settings.seed,
        *name.encode(),
    ]  # the same whatever other stages there are
    fit, inner = split_inner(scans.iloc[rows], settings.inner_fraction, seed)
    stages[name] = (rows[fit], rows[inner])
    if settings.early_stopping_on == "test_fold" and name.startswith("fold-"):
        stages[name] = (
            rows,
            np.flatnonzero(scans["fold"] == int(name.removeprefix("fold-"))),
        )
if stage not in ("all", "pretrain", *stages):
    raise ValueError(f"stage {stage!r} is not one of all, {', '.join(stages)}")

# %% [markdown]
# ## Training
#
# A finished model is kept, an interrupted one goes on from its last epoch.

# %%
for name, (fit, validation) in stages.items():
    if stage in ("all", name):
        start = (
            models / "pretrain" if "pretrain" in stages and name != "pretrain" else None
        )
        training.fit(
            folder / name, seen, labels, fit, validation,
            config.diagnoses, config.network, settings, start,
        )  # fmt: skip

# %% [markdown]
# ## How they learned

# %% tags=["hide-input"]
done = [name for name in stages if (folder / name / "config.json").is_file()]
histories = {
    name: pd.read_csv(folder / name / "history.tsv", sep="\t") for name in done
}
figures.learning_curves(histories) if done else "no scan in this stage"

# %% [markdown]
# **Learning curves.** Cross-entropy of the scans learned from (grey) and of the
# inner validation scans (blue) by epoch. The red dot is the epoch whose weights are
# kept. A blue curve that turns up while the grey one falls is overfitting; training
# stops when the validation loss has not improved for as many epochs as
# `training.patience` says.

# %%
columns = [
    "n_fit",
    "n_validation",
    "n_epochs",
    "best_epoch",
    "validation_loss",
    "seconds",
]
facts = [model_files.read_config(folder / name) for name in done]
records = pd.DataFrame(facts, index=done, columns=[*columns, "n_parameters", "torch"])
table = records[columns].rename_axis("model").reset_index()
report.table(table.rename(columns=lambda name: name.replace("_", " "))).format(
    {"validation loss": "{:.3f}", "seconds": "{:.0f}"}
)

# %% [markdown]
# ## Summary
#
# - Each model was stopped by scans that it is not judged on, unless
#   `training.early_stopping_on` is `test_fold`.
# - The weights of the best validation epoch are kept as
#   `models/<stage>/weights.safetensors`.
# - The same study file gives the same models again on the same machine.

# %%
if stage == "all" and variant == "study":
    report.write_table(config, "training.tsv", table)
    numbers = {
        "n_parameters": int(records["n_parameters"].iloc[0]),
        "training_seconds": records["seconds"].sum(),
        "torch": records["torch"].iloc[0],
        "models": table.set_index("model").to_dict("index"),
    }
    report.write_result(config, "training", numbers, claims={})
