# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     only_if: phantom
#     reads: [scans.tsv, dataset/truth/scans.tsv, predictions/oracle.tsv,
#       predictions/region_means.tsv, predictions/cross_validation.tsv,
#       predictions/cross_validation_binding.tsv, predictions/blind_test.tsv,
#       predictions/blind_test_binding.tsv]
#     settings: [diagnoses, network]
#     threads: 1
# ---

# %% [markdown]
# # Against the truth
#
# The scans of this study are a phantom, so the truth is known, and so is how well the
# best possible classifier does. This page sets the network between marks: binding
# ratios, which are in use today; a classifier that is told the right regions and need
# not find them; and the oracle, which nothing can beat. It has no counterpart in the
# paper.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
import numpy as np
import pandas as pd

from datnet_core.metrics import confusion, diagnostic_table, right_decisions
from datnet_phantom import BINDING_COLUMNS
from datnet_study import (
    class_proba,
    open_page,
    out_of_fold_proba,
    show,
    sides_unordered,
)
from datnet_study.figures import plot_interval_panels

page = open_page("truth", study, into)
config = page.settings
keys = ["participant_id", "session_id"]

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## Classifiers and what they see
#
# All judge the same first scans. The oracles of the page {doc}`phantom` did not need to
# learn. All others learned from labels, never from those of the fold they judge.
#
# The classifier that is *told the regions* has the means of the same regions as the
# oracle, both sides averaged and their difference. It is a logistic regression on the
# training cohort, without the pre-training cohort. What the network lacks to it is
# mostly the price of finding the regions. What it lacks to the oracle is partly scans
# to learn from, partly its straight boundaries.
#
# The oracle knows how common each diagnosis is in the cohort that it judges; the others
# know how common it is in the training cohort, also in the blind test.

# %%
means = page.table("predictions/region_means.tsv")
scans = page.scans().merge(means, on=keys, validate="1:1")
left, right = (scans[list(BINDING_COLUMNS[side::2])].to_numpy() for side in (0, 1))
features = sides_unordered(left, right)
labels, fold = scans["diagnosis"].to_numpy(), scans["fold"].to_numpy()
training = (scans["cohort"] == "training").to_numpy()
blind = (scans["cohort"] == "blind_test").to_numpy()
names, prior = config.diagnoses, config.network.class_prior

# %%
proba = np.full((len(scans), len(names)), np.nan)
proba[training] = out_of_fold_proba(
    features[training], labels[training], fold[training], names, prior
)
proba[blind] = class_proba(
    features[training], labels[training], features[blind], names, prior
)
told = scans.join(pd.DataFrame(proba, columns=[f"p_{name}" for name in names]))

# %%
oracle = page.table("predictions/oracle.tsv")
truth = pd.read_csv(page.path("dataset/truth/scans.tsv"), sep="\t")
judged = {"": ("cross_validation", "training"), ", blind test": ("blind_test",) * 2}
found = {}
for suffix, (source, cohort) in judged.items():
    for title, name in {
        "binding ratios": f"{source}_binding",
        "DAT-Net": source,
    }.items():
        part = page.table(f"predictions/{name}.tsv")
        found[title + suffix] = part.drop_duplicates("participant_id")
    found[f"told the regions{suffix}"] = told[told["cohort"] == cohort]
    mine = oracle[oracle["judged"] == cohort.replace("_", " ")]
    for seen, part in mine.groupby("oracle"):
        found[f"oracle, {seen}{suffix}"] = part

# %% [markdown]
# ## Area under the curve
#
# One diagnosis against all others, by label. In the blind test there are no controls.

# %%
classes = [
    name for name in config.diagnoses if name in set(found["DAT-Net"]["diagnosis"])
]
in_blind = [
    name for name in classes if name in set(found["DAT-Net, blind test"]["diagnosis"])
]
tables = {
    title: diagnostic_table(part, tuple(in_blind if "blind" in title else classes))
    for title, part in found.items()
}
aucs = pd.concat(tables, names=["classifier"])[["auc", "auc_low", "auc_high"]]
aucs = aucs.reset_index()

# %% tags=["hide-input"]
plot_interval_panels(
    aucs.rename(columns={"classifier": "method"}),
    "auc",
    "AUC",
    dict.fromkeys(classes, 0.5),
)

# %% [markdown]
# **Area under the ROC curve with its 95% interval** (DeLong), cross-validation above,
# blind test below. A network that has learned the pattern lies between the binding
# ratios and the oracle that sees the true binding. If it lies above the oracle that
# sees region means, it uses more of the image than those. What is missing to the
# classifier that is told the regions is room that is left. In cross-validation, the
# intervals take the models as given (see {doc}`cross_validation`).

# %%
shown = aucs.assign(
    auc=[show.interval(r.auc, r.auc_low, r.auc_high) for r in aucs.itertuples()]
)
wide = shown.pivot(index="classifier", columns="diagnosis", values="auc")
wide = wide.reindex(index=list(found), columns=classes).fillna("–")
show.table(wide.reset_index())

# %% [markdown]
# ## By the truth instead of the label
#
# A wrong label counts against a classifier that is right. How often the most probable
# diagnosis is the label, and how often it is the truth:

# %%
decisions = {}
for title, part in found.items():
    labels = tuple(in_blind if "blind" in title else classes)
    true = part.merge(truth[[*keys, "true_diagnosis"]], on=keys, validate="1:1")
    by_truth = true.assign(diagnosis=true["true_diagnosis"])
    decisions[title] = {
        "scans": len(part),
        "is the label": right_decisions(part, labels).mean(),
        "is the truth": right_decisions(by_truth, labels).mean(),
    }
shares = pd.DataFrame(decisions).T
formats = {"scans": "{:.0f}", "is the label": "{:.1%}", "is the truth": "{:.1%}"}
show.table(shares.rename_axis("classifier").reset_index()).format(formats)

# %% [markdown]
# ## Who is taken for whom
#
# The oracle's errors are those that the data force on everybody. Errors of the network
# that the oracle does not make are its own.

# %%
side_by_side = pd.concat(
    {
        title: confusion(found[title], tuple(classes))
        for title in ("DAT-Net", "oracle, true binding")
    },
    axis=1,
)
side_by_side.columns = [f"{title}: {name}" for title, name in side_by_side.columns]
show.table(side_by_side.reset_index())

# %% [markdown]
# Rows are labels, columns the most probable diagnosis, training cohort.

# %% [markdown]
# ## Summary
#
# - Every result is set beside binding ratios and the best possible one.
# - Wrong labels cost every classifier something, the oracle too.
# - What is left between network and oracle is either in the images and not found, or
#   lost by scanner, noise and normalisation.

# %%
numbers = {
    "auc": {f"{r.classifier}.{r.diagnosis}": r.auc for r in aucs.itertuples()},
    "decisions": decisions,
}
page.close(numbers)
