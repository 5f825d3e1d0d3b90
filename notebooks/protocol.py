# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, models/test_fold/*, models/no_pretraining/*,
#       predictions/cross_validation.tsv]
#     writes:
#       participants: ["predictions/cross_validation_{variant}.tsv"]
#     settings: [diagnoses, images, network, training.accelerator,
#       training.early_stopping_on, training.pretrain]
#     threads: 1
# ---

# %% [markdown]
# # What the protocol is worth
#
# In the paper's public code, the scans of a fold that are evaluated also choose when
# the training stops. This page measures how optimistic that is: the same networks learn
# from the same scans in the same folds, only the scans that stop the training differ
# (open point A7). It also measures what pre-training on uncertain diagnoses adds.
# Neither comparison is in the paper.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
import pandas as pd

from datnet_core.metrics import delong_difference, fold_difference, right_decisions
from datnet_core.training import predict_folds
from datnet_study import open_page, show
from datnet_study.figures import plot_roc_curves

page = open_page("protocol", study, into)
config = page.settings
classes = config.diagnoses
p_columns = [f"p_{name}" for name in classes]

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## Out-of-fold predictions of each protocol
#
# *As in this study* is the page on cross-validation. *Stopped on the test fold* learns
# from the same scans, and keeps the epoch that is best on the very scans it is then
# judged by. (The public code also learns from the scans that are our inner validation
# split; this is left out here, so that one thing changes at a time.) *Without
# pre-training* starts from random weights.

# %%
scans = page.scans()
volumes = page.volumes()
field = page.field()
seen = page.seen()  # what the network gets
fold = scans["fold"].to_numpy()

# %%
titles = {
    "test_fold": "stopped on the test fold",
    "no_pretraining": "without pre-training",
}
titles = {variant: titles[variant] for variant in page.variants}
found = {"as in this study": page.table("predictions/cross_validation.tsv")}
for variant, title in titles.items():
    predictions = found["as in this study"].copy()
    predictions[p_columns] = predict_folds(
        page.models(variant),
        config.network,
        seen,
        fold=fold,
        accelerator=config.training.accelerator,
    )
    found[title] = predictions
    page.write_table(f"predictions/cross_validation_{variant}.tsv", predictions)

# %%
plot_roc_curves(found, classes)

# %% [markdown]
# **One-vs-rest ROC curves**, out of fold, of the same scans under each protocol. Curves
# of the second panel that lie higher than those of the first are not a better network,
# but a kinder judge.
#
# ## Differences
#
# Area under the curve of a protocol minus that of this study: of the pooled scores,
# with the 95% interval of DeLong for paired scores, and as the mean of the folds, with
# the interval over folds {cite}`nadeau2003`. The rows *stopped on the test fold*
# estimate how much the shortcut flatters.

# %%
ours = found["as in this study"]
difference, over_folds = {}, {}
for title in titles.values():
    for name in classes:
        column = f"p_{name}"
        pair = (ours["diagnosis"] == name, found[title][column], ours[column])
        difference[title, name] = delong_difference(*pair)
        over_folds[title, name] = fold_difference(*pair, ours["fold"])
accuracy = {
    title: right_decisions(part, classes).mean() for title, part in found.items()
}

# %%
shown = "{:+.3f} ({:+.3f} to {:+.3f})".format
rows = [
    {"protocol": title, "AUC": kind} | {c: shown(*by[title, c]) for c in classes}
    for title in titles.values()
    for kind, by in {"pooled": difference, "mean of folds": over_folds}.items()
]
show.table(pd.DataFrame(rows))

# %%
gained = {title: accuracy[title] - accuracy["as in this study"] for title in accuracy}
show.table(
    pd.DataFrame(
        [(title, f"{gained[title]:+.1%}") for title in titles.values()],
        columns=["protocol", "difference of accuracy"],
    )
)

# %% [markdown]
# The pooled interval takes the models as given. The interval over folds also allows,
# roughly, for what other scans to learn from would change. One run stands for each
# protocol: what another seed would change in all folds alike is in neither.

# %% [markdown]
# ## Summary
#
# - The published shortcut is a switch, `training.early_stopping_on: test_fold`; its
#   effect is measured above and used nowhere else.
# - Pre-training is judged on the same folds.
# - An interval that covers zero is no proof that a protocol makes no difference.

# %%
numbers = {
    "difference": {".".join(key): value for key, value in difference.items()},
    "over_folds": {".".join(key): value for key, value in over_folds.items()},
    "accuracy": accuracy,
}
page.close(numbers)
