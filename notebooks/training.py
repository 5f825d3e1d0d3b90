# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, models/pretrain*, models/fold-*, models/refit*]
#     writes:
#       aggregates: [training.tsv]
#     settings: [diagnoses, images, network, training]
#     threads: 1
# ---

# %% [markdown]
# # Training
#
# DAT-Net is trained as the paper describes it: first on the pre-training cohort with
# its uncertain diagnoses, where there is one, then, from those weights, once per fold
# of the training cohort. (A study may ask for simulated people before or instead of
# that cohort: `training.pretrain_on`.) This page shows who taught which model, how each
# learned and when it stopped. What differs from the paper's public code: unless a study
# asks for it, the scans that are evaluated later never stop the training (open point
# A7).

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
from importlib.metadata import version

import numpy as np
import pandas as pd
from IPython.display import Markdown

from datnet_core.training import judged_rows, read_config
from datnet_study import open_page, show, teachers_of, train_missing
from datnet_study.figures import plot_learning_curves

page = open_page("training", study, into)
config = page.settings

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## Who teaches which model
#
# A fold model learns from the scans of all other folds, never from the scans that it
# judges. What ends its training is a choice, `training.early_stopping_on`: an inner
# validation split of the scans it learns from (`inner`), nothing but the number of
# epochs (`none`), or, as in the published code, the scans that it judges (`test_fold`).
#
# A model is the mean logit of its networks (`network.n_members`), for the scan and for
# its mirror image (`network.both_sides`). Where there is an inner validation split,
# each network has its own, so that a scan that stops one of them can teach another; and
# each starts from a pre-trained network of its own where there is one.

# %%
scans = page.scans()
fits = train_missing(
    study, page.scans()
)  # only what is missing; in a finished study, nothing
rows = {
    (fit.model, fit.member): teachers_of(fit, scans, config.training) for fit in fits
}

# %%
person = scans["participant_id"].to_numpy()
who = []
for (model, member), (learn, stop) in rows.items():
    judged = judged_rows(model, scans["fold"].to_numpy())
    both = set(person[judged]) & (set(person[learn]) | set(person[stop]))
    who.append((model, member, len(learn), len(stop), len(judged), len(both)))
columns = ["model", "network", "learns from", "stopped by", "judges"]
who = pd.DataFrame(who, columns=[*columns, "participants on both sides"])
by_model = who.groupby("model", sort=False)
overview = by_model[[*columns[2:], "participants on both sides"]].mean().round(0)
show.table(
    overview.reset_index(), of_groups=True, not_people=["participants on both sides"]
).format(precision=0)

# %% [markdown]
# Numbers of scans, means over the networks of a model. The last column counts the
# participants whom a model judges and who also taught or stopped it; above 0, its
# verdicts are too kind.
#
# ## How they learned
#
# The loss of every network, epoch by epoch.

# %%
folders = {(fit.model, fit.member): page.models().parent / fit.folder for fit in fits}
histories = {
    key: pd.read_csv(folder / "history.tsv", sep="\t")
    for key, folder in folders.items()
}

# %% figure="fig-training-curves"
plot_learning_curves(histories)

# %% [markdown]
# **Learning curves.** Cross-entropy of the scans learned from (grey) and, where there
# are any, of the scans that stop the training (blue) by epoch, one line for each
# network. The red dot is the epoch whose weights are kept. A blue curve that turns up
# while the grey one falls is overfitting; training stops when the loss has not improved
# for as many epochs as `training.patience` says. Without a blue curve nothing stops it,
# and the weights of the last epoch are kept.
#
# The same in numbers, by model.

# %%
columns = ["n_fit", "n_validation", "n_epochs", "best_epoch", "validation_loss"]
columns += ["n_parameters", "seconds", "inputs", "environment"]
facts = [read_config(folder) for folder in folders.values()]
index = pd.MultiIndex.from_tuples(folders, names=["model", "network"])
records = pd.DataFrame(facts, index=index, columns=columns).reset_index()
table = records.drop(columns=["inputs", "environment"])
table["validation_loss"] = table["validation_loss"].astype(float)
table["train_loss"] = [history["train_loss"].iloc[-1] for history in histories.values()]
page.write_table("training.tsv", table)

# %%
by_model = table.groupby("model", sort=False)
overview = by_model[["n_fit", "n_validation", "n_epochs", "best_epoch"]].mean().round(0)
overview.insert(0, "networks", by_model.size())
stopped = table["validation_loss"].notna().any()
loss = "validation_loss" if stopped else "train_loss"
overview[loss.replace("train_", "training_")] = by_model[loss].mean()
overview["seconds"] = by_model["seconds"].sum()
overview = overview.reset_index().rename(columns=lambda name: name.replace("_", " "))
not_people = ["networks", "n epochs", "best epoch", "seconds"]
show.table(overview, of_groups=True, not_people=not_people).format(
    {f"{name} loss": "{:.3f}" for name in ("training", "validation")}, precision=0
)

# %% [markdown]
# Scans, epochs and losses are means over the networks of a model, seconds their sum.
# Where scans stop the training, the loss is theirs, and a best epoch that is also the
# last one says that more epochs might have helped; else it is that of the scans learned
# from, in the last epoch.
#
# ## What it ran on
#
# The same study file gives the same predictions, byte for byte, on the same kind of
# processor with the same versions and threads. Each network's folder
# `models/<model>/member-<j>` keeps its settings and seeds, a hash of everything it
# learned from, and this; the last line is XGBoost as it is now, of which no network is
# made, but one classifier of {doc}`fusion`:

# %%
made_with = records["environment"].iloc[0] | {"XGBoost": version("xgboost-cpu")}
facts_of_run = {key: str(value) for key, value in made_with.items()}
show.table(pd.DataFrame(facts_of_run.items(), columns=["what", "value"]))

# %% [markdown]
# The versions belong to the numbers: other ones may give slightly different weights.
#
# The loss is judged beside that of a guess that gives every diagnosis the same
# probability.

# %%
folds = table[who["judges"] > 0]
losses, epochs = folds["validation_loss"], folds["best_epoch"] + 1
guess = np.log(len(config.diagnoses))
both_sides = int(np.sum(who["participants on both sides"]))
separate = (
    "No participant is judged by a network that they taught or stopped."
    if both_sides == 0
    else f"In {both_sides} cases a participant taught or stopped a network that judges "
    "them, so what these networks reach is flattered."
)
stuck = ((folds["best_epoch"] == 0) & (folds["n_epochs"] > 1)).sum()
longer = (
    f" {stuck} of them did not improve after the first epoch and learned next to "
    "nothing; with few scans, a larger `training.patience` may help."
    if stuck
    else ""
)

# %%
learned = folds["train_loss"]
lowest = (
    f"had their lowest loss after {epochs.min():.0f} to {epochs.max():.0f} epochs "
    f"{page.where}: a cross-entropy of {losses.min():.2f} to {losses.max():.2f} in the "
    f"scans that stop them, which is better than an even guess ({guess:.2f}) in "
    f"{(losses < guess).sum()} of {len(folds)}"
)
to_the_end = (
    f"learned for {epochs.max():.0f} epochs {page.where}, with no scan to stop them: "
    f"their cross-entropy in the scans learned from ended at {learned.min():.2f} to "
    f"{learned.max():.2f} (an even guess has {guess:.2f})"
)
how = to_the_end if losses.isna().all() else lowest
result = f"The {len(folds)} networks of the folds {how}.{longer} {separate}"

# %% [markdown]
# ## Summary
#
# The result stands below in words. How sure it is, and what it does not show:
#
# - The range is over networks, which learn from overlapping scans; it is no interval.
# - The loss is that of the scans that chose the epoch, or that were learned from, so it
#   is on the kind side. What the networks are worth is on {doc}`cross_validation` and
#   {doc}`blind_test`.
# - The weights are kept as `models/<model>/member-<j>/weights.safetensors`.

# %% tags=["remove-input"]
Markdown(result)

# %%
numbers = {
    "n_parameters": int(records["n_parameters"].iloc[0]),
    "training_seconds": records["seconds"].sum(),
    "environment": made_with,
    "inputs": {f"{r.model}/{r.network}": r.inputs for r in records.itertuples()},
    "models": table.groupby("model").mean().to_dict("index"),
    "participants_on_both_sides": both_sides,
}
page.close(numbers, result=result)
