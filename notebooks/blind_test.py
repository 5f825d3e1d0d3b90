# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, models/fold-*, models/refit*,
#       cross_validation.json, predictions/cross_validation.tsv, data_manifest/atlas/*,
#       data_manifest/claims.tsv]
#     writes:
#       participants: [predictions/blind_test.tsv, predictions/blind_test_by_model.tsv,
#         predictions/blind_test_binding.tsv]
#     settings: [decisions.blind_test, decisions.blind_test_model, diagnoses, images,
#       network, training.accelerator, training.n_folds]
#     threads: 1
# ---

# %% [markdown]
# # Blind test
#
# This page reproduces Fig. 4: participants whom no model has seen; in the paper, those
# whose diagnosis was confirmed by follow-up. Each scan gets the mean softmax of the
# fold models, and the largest probability is the diagnosis (open points A5, A6). Beside
# it stands binding-ratio quantification, and the participants with two scans are
# judged at baseline and at follow-up.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
alpha: float = 0.05  # two-sided P below which a difference is called one
coverage: float = 0.9  # share of sets that are to hold the right diagnosis

# %% tags=["setup"]
from dataclasses import replace

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from datnet_core.metrics import (
    chi_square_correct,
    conformal_threshold,
    prediction_sets,
    set_summary,
    share_interval,
)
from datnet_core.training import load_model, predict
from datnet_images import (
    regional_binding,
    sides,
)
from datnet_study import (
    class_proba,
    confusion,
    diagnostic_table,
    open_page,
    right_decisions,
    show,
    visits,
)
from datnet_study.figures import plot_confusion, plot_rates, plot_roc_curves

page = open_page("blind_test", study, into)
config = page.settings
classes = config.diagnoses
p_columns = [f"p_{name}" for name in classes]

# %% tags=["remove-input"]
show.notice(page)

# %% tags=["remove-input"]
scans = page.scans()
keys = ["participant_id", "session_id", "diagnosis"]
rows = np.flatnonzero(scans["cohort"] == "blind_test")
if len(rows) == 0:
    nobody = pd.DataFrame(columns=[*keys, "fold", *p_columns])
    page.write_table("predictions/blind_test.tsv", nobody)
    page.write_table("predictions/blind_test_by_model.tsv", nobody.assign(model=""))
    page.write_table("predictions/blind_test_binding.tsv", nobody)
    page.end("no participant of certainty 'confirmed'", "there is no blind test")

# %% [markdown]
# ## Predictions

# %%
volumes = page.volumes()
field = page.field()
seen = page.seen()  # what the network gets
cross_validation = page.result("cross_validation")["numbers"]
models = [f"fold-{k}" for k in range(config.training.n_folds)]
if config.decisions.blind_test_model == "refit":
    models = ["refit"]


# %%
accelerator = config.training.accelerator


def proba_by_model(network):
    """Probability by each model, (n_models, n_scans, n_classes)."""
    folders = [page.models() / name for name in models]
    return np.stack(
        [predict(load_model(at, network, accelerator), seen, rows) for at in folders]
    )


# %%
by_model = proba_by_model(config.network)
predictions, *single = [
    scans.loc[rows, keys].assign(fold=pd.NA, **dict(zip(p_columns, p.T, strict=True)))
    for p in (by_model.mean(axis=0), *by_model)
]
page.write_table("predictions/blind_test.tsv", predictions)
single = [table.assign(model=name) for table, name in zip(single, models, strict=True)]
page.write_table("predictions/blind_test_by_model.tsv", pd.concat(single))

# %% [markdown]
# Binding-ratio quantification: a logistic regression on the four striatal binding
# ratios, fitted once on the whole training cohort (open point A8).

# %%
affine, _ = page.grid()
atlas = page.atlas()
training_rows = np.flatnonzero(scans["cohort"] == "training")
ratios = regional_binding(
    volumes[np.concatenate([training_rows, rows])],
    atlas,
    affine,
    config.images.reference_region,
    config.images.regions,
)[sides(config.images.regions)].to_numpy()
known, new = np.split(ratios, [len(training_rows)])
labels = scans["diagnosis"].to_numpy()[training_rows]
proba = class_proba(known, labels, new, classes, config.network.class_prior)
yardstick = scans.loc[rows, keys].assign(**dict(zip(p_columns, proba.T, strict=True)))
page.write_table("predictions/blind_test_binding.tsv", yardstick)

# %% [markdown]
# ## Accuracy
#
# Every participant counts once, with the first scan; the participants with two
# scans are then judged at baseline and at follow-up. By `network.class_prior` (open
# point A14), the probabilities take a diagnosis to be as common as it is in the
# training cohort; the row *equally common* shows the accuracy without this.
#
# Where one diagnosis is common, naming it always has a high accuracy and is of no use:
# the last row. The mean of the sensitivities shows what accuracy hides, as every
# diagnosis counts the same in it.

# %%
groups = visits(predictions)
right = right_decisions(predictions, classes)
right_yardstick = right_decisions(yardstick, classes)
first = groups["all"]

# %%
decided = {title: right[chosen] for title, chosen in groups.items() if chosen.any()}
if config.network.class_prior == "cohort":
    uniform = replace(config.network, class_prior="uniform")
    even = predictions.copy()
    even[p_columns] = proba_by_model(uniform).mean(axis=0)
    decided["all, equally common"] = right_decisions(even, classes)[first]
decided["binding ratios, all"] = right_yardstick[first]
commonest = scans["diagnosis"][training_rows].mode()[0]
decided[f"always {commonest}, all"] = predictions["diagnosis"][first] == commonest
accuracy = {title: share_interval(values) for title, values in decided.items()}
out_of_fold = page.table("predictions/cross_validation.tsv")
alike_cv = out_of_fold[out_of_fold["diagnosis"].isin(predictions["diagnosis"])]
mean_sensitivity = {
    title: values.groupby(predictions["diagnosis"]).mean().mean()
    for title, values in decided.items()
}

# %%
p_values = {
    "network against binding ratios": chi_square_correct(
        right[first], right_yardstick[first]
    ),
    "blind test against cross-validation": chi_square_correct(
        right[first], right_decisions(alike_cv, classes)
    ),
}
if groups["follow-up"].any():
    p_values["baseline against follow-up"] = chi_square_correct(
        right[groups["baseline"]], right[groups["follow-up"]]
    )

# %%
show.table(
    pd.DataFrame(
        [
            (title, show.interval(*value), f"{mean_sensitivity[title]:.3f}")
            for title, value in accuracy.items()
        ],
        columns=["scans", "accuracy (95%)", "mean sensitivity"],
    )
)

# %%
show.table(
    pd.DataFrame(
        [(k, f"{p:.2g}") for k, p in p_values.items()],
        columns=["chi-square test", "P"],
    )
)

# %% [markdown]
# The chi-square tests are the paper's; cross-validation counts the diagnoses that the
# blind test has, so no controls where it has none, as in the paper. They treat the
# two sides as independent. Where the same participants stand on both sides this loses
# power, and a large P is no evidence of equality. Accuracy and confusion matrix go by
# the largest probability, whatever `decisions` says.

# %% figure="fig-blind-test-confusion"
plot_confusion(confusion(predictions[first], classes))

# %% [markdown]
# **Confusion matrix** of the blind test, one scan per participant. Rows add up to
# the participants of a diagnosis; whatever is off the diagonal is a wrong
# diagnosis.
#
# ## Sensitivity and specificity

# %%
cutoffs = (
    cross_validation["cutoffs"] if config.decisions.blind_test == "youden" else None
)
tables = {
    title: diagnostic_table(predictions[chosen], classes, cutoffs)
    for title, chosen in groups.items()
    if predictions.loc[chosen, "diagnosis"].nunique() > 1
}
if "all" in tables:
    tables["binding ratios"] = diagnostic_table(yardstick[first], classes)

# %%
if tables:
    display(plot_rates(tables, classes))
else:
    display(Markdown("The blind test has one diagnosis only: there are no rates."))

# %% [markdown]
# **Sensitivity, specificity, PPV and NPV** (as the paper's Fig. 4) with 95%
# intervals: the network on all participants, on those with two scans at baseline
# and at follow-up, and binding-ratio quantification on all.

# %%
panels = {"DAT-Net": predictions[first], "binding ratios": yardstick[first]}
if tables:
    display(plot_roc_curves(panels, classes))
else:
    display(Markdown("The blind test has one diagnosis only: there is no ROC curve."))

# %% [markdown]
# **One-vs-rest ROC curves** of the blind test, one scan per participant.
#
# ## Sets of diagnoses
#
# A network that is unsure should say so. A conformal set holds every diagnosis whose
# probability passes a threshold; the threshold is set on the out-of-fold
# probabilities of the same diagnoses in cross-validation, so that the right diagnosis
# is in the set as often as asked for. This holds if the blind test is like the training
# cohort. The paper has no such sets.

# %%
threshold = conformal_threshold(
    alike_cv["diagnosis"], alike_cv[p_columns].to_numpy(), classes, coverage
)
sets = prediction_sets(predictions.loc[first, p_columns], threshold)
found = set_summary(predictions.loc[first, "diagnosis"], sets, classes)
names = {
    "covered": "right diagnosis in the set",
    "single": "one diagnosis only",
    "single_right": "one diagnosis only, and right",
    "empty": "no diagnosis",
}
conformal_shares = {key: share_interval(found[key]) for key in names}

# %%
show.table(
    pd.DataFrame(
        [(names[key], show.interval(*v)) for key, v in conformal_shares.items()],
        columns=[f"sets at {coverage:.0%} coverage", "share (95%)"],
    )
)

# %% [markdown]
# The first row should reach the coverage that was asked for. The second says how
# often the network is sure enough to name one diagnosis alone.
#
# ## Paper and this study

# %%
rate_of = {
    "blind.sens.ipd": ("IPD", "sensitivity"),
    "blind.sens.msa": ("MSA", "sensitivity"),
    "blind.sens.psp": ("PSP", "sensitivity"),
    "blind.spec.ipd": ("IPD", "specificity"),
    "blind.spec.msa": ("MSA", "specificity"),
    "blind.spec.psp": ("PSP", "specificity"),
}
claims = show.claims_of(tables["all"], rate_of) if tables else {}

# %%
p_cv = p_values["blind test against cross-validation"]
claims["blind.vs_cv"] = {
    "value": "difference" if p_cv < alpha else "no difference",
    "p": p_cv,
}
p_br = p_values["network against binding ratios"]
better = (
    "DAT-Net better"
    if right[first].mean() > right_yardstick[first].mean()
    else "DAT-Net worse"
)
claims["blind.vs_br"] = {
    "value": better if p_br < alpha else "no difference",
    "p": p_br,
}

# %%
accuracy_of = {
    "blind.accuracy": "all",
    "blind.baseline.accuracy": "baseline",
    "blind.followup.accuracy": "follow-up",
}
for claim, title in accuracy_of.items():
    if title in accuracy:
        claims[claim] = dict(
            zip(("value", "low", "high"), accuracy[title], strict=True)
        )
    else:
        claims[claim] = {"why": "no participant with two scans"}
if groups["follow-up"].any():
    claims["blind.followup.accuracy"]["p"] = p_values["baseline against follow-up"]
show.claims_table(page, claims)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. No scan and no label of the blind test had a
# part in any model, cutoff or stopping rule. Follow-up scans are of the same people
# later on: more advanced, not a second sample. The chi-square tests take the two sides
# as independent, which loses power where the same people stand on both.

# %%
words = "not told apart from"
if p_br < alpha:
    better = right[first].mean() > right_yardstick[first].mean()
    words = "better than" if better else "worse than"
naming = f"always {commonest}, all"
result = (
    f"The network is right, {page.where}, in a share of "
    f"{show.interval(*accuracy['all'])} (95%) of {first.sum()} participants whom no "
    f"model has seen, {words} the binding ratios with "
    f"{show.interval(*accuracy['binding ratios, all'])} (P = {p_br:.2g}); always "
    f"saying {commonest} would be right in {accuracy[naming][0]:.3f}."
)

# %%
numbers = {
    "models": models,
    "accuracy": accuracy,
    "mean_sensitivity": mean_sensitivity,
    "p_values": p_values,
    "n_scans_of_cross_validation": len(alike_cv),
    "conformal": {"coverage": coverage, "threshold": threshold} | conformal_shares,
    "confusion": confusion(predictions[first], classes).to_dict("index"),
    "tables": {title: table.to_dict("index") for title, table in tables.items()},
}
page.close(numbers, claims, result)
