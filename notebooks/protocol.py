# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     only_if: protocols
#     reads: [scans.tsv, volumes.npy, models/inner/*, models/test_fold/*,
#       models/no_pretraining/*, predictions/cross_validation.tsv]
#     writes:
#       participants: ["predictions/cross_validation_{variant}.tsv"]
#     settings: [diagnoses, images, network, training.accelerator,
#       training.early_stopping_on, training.pretrain_on, protocols]
#     threads: 1
# ---

# %% [markdown]
# # What the protocol is worth
#
# In the paper's public code, the scans of a fold that are evaluated also choose when
# the training stops. This page measures how optimistic that is: two runs of networks
# learn from the same scans in the same folds, only the scans that stop the training
# differ (open point A7). It also measures what pre-training on uncertain diagnoses
# adds. Neither comparison is in the paper.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
import pandas as pd
from IPython.display import Markdown

from datnet_core.metrics import (
    delong_difference,
    fold_difference,
    mean_interval,
)
from datnet_core.training import predict_folds
from datnet_study import (
    open_page,
    right_decisions,
    show,
)
from datnet_study.figures import plot_roc_curves

page = open_page("protocol", study, into)
config = page.settings
classes = config.diagnoses
p_columns = [f"p_{name}" for name in classes]
OURS = "as in this study"
EVEN = "not clearly different"  # where the interval contains 0
TITLES = {
    "inner": "stopped on an inner split",
    "test_fold": "stopped on the test fold",
    "no_pretraining": "without pre-training",
}

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## Out-of-fold predictions of each protocol
#
# *As in this study* is the page on cross-validation. *Stopped on an inner split* leaves
# some of the scans it could learn from aside, and keeps the epoch that is best on them.
# *Stopped on the test fold* learns from the same scans as that, and keeps the epoch
# that is best on the very scans it is then judged by. (The public code also learns from
# the scans that are our inner validation split; this is left out here, so that one
# thing changes at a time.) *Without pre-training* starts from random weights.

# %%
scans = page.scans()
seen = page.seen()  # what the network gets
fold = scans["fold"].to_numpy()
titles = {variant: TITLES[variant] for variant in page.variants}
predictions = {OURS: page.table("predictions/cross_validation.tsv")}
for variant, title in titles.items():
    table = predictions[OURS].copy()
    table[p_columns] = predict_folds(
        page.models(variant),
        config.network,
        seen,
        fold=fold,
        accelerator=config.training.accelerator,
    )
    predictions[title] = table
    page.write_table(f"predictions/cross_validation_{variant}.tsv", table)

# %% figure="fig-protocol-roc"
plot_roc_curves(predictions, classes)

# %% [markdown]
# **One-vs-rest ROC curves**, out of fold, of the same scans under each protocol. Where
# *stopped on the test fold* lies above *stopped on an inner split*, this does not come
# from a better network, but from a kinder judge.
#
# ## Differences of the area under the curve
#
# Area under the curve (AUC) of a protocol minus that of another: of the pooled scores,
# with the 95% interval of DeLong for paired scores, and as the mean of the folds, with
# the interval over folds {cite}`nadeau2003`. Each is set beside the study's own; the
# shortcut stands beside the inner split where the study has that, for nothing else
# differs between the two: these rows estimate how much it flatters.

# %%
inner, shortcut = TITLES["inner"], TITLES["test_fold"]
beside = dict.fromkeys(titles.values(), OURS)
if inner in predictions and shortcut in beside:
    beside[shortcut] = inner
difference, over_folds = {}, {}
for title, other in beside.items():
    for name in classes:
        column = f"p_{name}"
        scores = (predictions[title][column], predictions[other][column])
        positive = predictions[OURS]["diagnosis"] == name
        difference[title, name] = delong_difference(positive, *scores)
        over_folds[title, name] = fold_difference(
            positive, *scores, predictions[OURS]["fold"]
        )

# %%
signed = "{:+.3f} ({:+.3f} to {:+.3f})".format
rows = [
    {"protocol": title, "minus": other, "AUC": kind}
    | {c: signed(*by[title, c]) for c in classes}
    for title, other in beside.items()
    for kind, by in {"pooled": difference, "mean of folds": over_folds}.items()
]
rows = pd.DataFrame(rows, columns=["protocol", "minus", "AUC", *classes])
show.table(rows, of_groups=True)

# %% [markdown]
# The pooled interval takes the models as given. The interval over folds also allows,
# roughly, for what other scans to learn from would change. One run stands for each
# protocol: what another seed would change in all folds alike is in neither.
#
# ## Differences of the accuracy
#
# How often the most probable diagnosis is the one on the label, in the same scans.

# %%
right = {title: right_decisions(t, classes) for title, t in predictions.items()}
accuracy = {title: is_right.mean() for title, is_right in right.items()}
person = predictions[OURS]["participant_id"]
gained = {
    title: mean_interval(
        (right[title].astype(float) - right[other]).groupby(person).mean()
    )
    for title, other in beside.items()
}
rows = [
    {
        "protocol": title,
        "beside": beside[title],
        "right only with the first": (right[title] & ~right[beside[title]]).sum(),
        "right only with the second": (right[beside[title]] & ~right[title]).sum(),
        "difference (95% interval)": "{:+.1%} ({:+.1%} to {:+.1%})".format(*by),
    }
    for title, by in gained.items()
]
show.table(pd.DataFrame(rows), of_groups=True)

# %% [markdown]
# Two columns count scans, the last one is the mean over participants with
# its bootstrap interval.


# %%
def in_words(title):
    """For which diagnoses the AUC of a protocol is higher or lower than another's."""
    verdicts = {"higher": [], "lower": [], EVEN: []}
    for name in classes:
        value, low, high = difference[title, name]
        words = show.direction(low, high, more="higher", less="lower", even=EVEN)
        verdicts[words].append(f"{name} {value:+.2f} ({low:+.2f} to {high:+.2f})")
    parts = [f"{words} for {', '.join(v)}" for words, v in verdicts.items() if v]
    other = f" (beside {beside[title]})" if beside[title] != OURS else ""
    return f"{title}{other}, the AUC is {' and '.join(parts)}"


# %%
where = "this phantom" if page.phantom else "this study"
result = (
    f"On the same scans of {where}, set against the study's own protocol (difference "
    f"with its 95% interval): {'; '.join(map(in_words, titles.values()))}."
    if titles
    else "Each of the protocols asked for is the study's own, so there is nothing to "
    "compare."
)
if "no_pretraining" not in page.variants:
    result += " Nothing was pre-trained, so what that is worth is not told."

# %% [markdown]
# ## Summary
#
# The result stands below in words. How sure it is, and what it does not show:
#
# - *Higher* and *lower* stand where the interval of DeLong does not contain 0. *Not
#   clearly different* is no proof that a protocol makes no difference.
# - The intervals take the models as given: what another seed would change in each
#   protocol is not in them.
# - The shortcut of the public code is a switch, `training.early_stopping_on:
#   test_fold`. Its effect is measured here and used nowhere else.

# %% tags=["remove-input"]
Markdown(result)

# %%
numbers = {
    "difference": {".".join(key): value for key, value in difference.items()},
    "over_folds": {".".join(key): value for key, value in over_folds.items()},
    "accuracy": accuracy,
}
page.close(numbers, result=result)
