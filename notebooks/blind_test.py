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
#         predictions/blind_test_yardsticks.tsv]
#     settings: [control, decisions.blind_test, decisions.blind_test_model, diagnoses,
#       images, network, training.accelerator, training.n_folds]
#     threads: 1
# ---

# %% [markdown]
# # Blind test
#
# This page reproduces Fig. 4: participants whom no model has seen; in the paper, those
# whose diagnosis was confirmed by follow-up. Each scan gets the mean softmax of the
# fold models, and the largest probability is the diagnosis (open points A5, A6). Beside
# it stand the yardsticks of {doc}`cross_validation`, and the participants with two
# scans are judged at baseline and at follow-up.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
alpha: float = 0.05  # two-sided P below which a difference is called one
n_bootstrap: int = 2000  # resamples of the participant-level bootstrap

# %% tags=["setup"]
from dataclasses import replace

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from datnet_core.metrics import (
    chi_square_correct,
    share_interval,
)
from datnet_core.training import load_model, predict
from datnet_images import Rows
from datnet_study import (
    accuracies,
    among,
    at_paper_specificity,
    aucs_side_by_side,
    class_proba,
    confusion,
    decision_differences,
    decision_table,
    decisions_apart,
    diagnostic_table,
    gains,
    gains_table,
    in_words,
    known_ages,
    open_page,
    pairs_of,
    read_claims,
    right_decisions,
    sensitivities,
    share_difference,
    show,
    side_by_side,
    visits,
    with_proba,
    yardstick_features,
)
from datnet_study.figures import (
    plot_confusion,
    plot_interval_panels,
    plot_rates,
    plot_roc_curves,
)
from datnet_study.titles import AGED, NETWORK, RATIOS, UNEVEN

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
    marks = nobody.assign(method="")
    page.write_table("predictions/blind_test_yardsticks.tsv", marks)
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
# The yardsticks: logistic regressions on binding ratios, as published, with asymmetry,
# of more regions and, where ages and controls allow, for age, fitted once on the whole
# training cohort (open point A8; see {doc}`cross_validation`).

# %%
affine, _ = page.grid()
learn = np.flatnonzero(scans["cohort"] == "training")
both = np.concatenate([learn, rows])
ages = known_ages(scans, config.control)
ages = None if ages is None else ages[both]
given = Rows(volumes, both), page.atlas(), affine, config.images, ages
features = yardstick_features(*given)
labels = scans["diagnosis"].to_numpy()[learn]
marks = {}
for title, x in features.items():
    known, new = np.split(x, [len(learn)])
    how = config.network.class_prior, config.control if title == AGED else None
    proba = class_proba(known, labels, new, classes, *how)
    marks[title] = with_proba(scans.loc[rows, keys], proba, classes)
stacked = pd.concat(marks, names=["method"]).reset_index("method")
page.write_table("predictions/blind_test_yardsticks.tsv", stacked)

# %% [markdown]
# ## One diagnosis against another
#
# Every participant counts once, with the first scan. Only the scans of two diagnoses
# count here, and the score is log p_a - log p_b.

# %%
groups = visits(predictions)
first = groups["all"]
people = predictions[first]
methods = {title: t[first] for title, t in ({NETWORK: predictions} | marks).items()}
several = people["diagnosis"].nunique() > 1
pairs = pairs_of(config.compared, people["diagnosis"])
one_only = Markdown("The blind test has one diagnosis only: there is nothing to tell.")
if several:
    aucs = aucs_side_by_side(methods, classes, pairs)
    differences = gains(methods, classes, pairs)
    of_auc = aucs[["auc", "auc_low", "auc_high"]].itertuples(index=False)
    texts = pd.Series([show.interval(*value) for value in of_auc], aucs.index)

# %%
if pairs:
    is_pair = aucs["of"].isin(pairs)
    shown = aucs[is_pair].assign(diagnosis=aucs["of"].map(in_words))
    chance = dict.fromkeys(shown["diagnosis"], 0.5)
    display(plot_interval_panels(shown, "auc", "AUC", chance, by_method=True))
    display(side_by_side(aucs[is_pair], texts[is_pair]))
else:
    display(Markdown("The blind test has no two groups of patients to tell apart."))

# %% [markdown]
# **Area under the ROC curve between two diagnoses, with 95% intervals** (DeLong), of
# the network and of the yardsticks, on participants whom none of them has seen. The
# dotted line is guessing. What the network has more or less than each mark on the same
# scans, with P values as they are and corrected over the pairs of a mark, and with the
# true difference that as many scans would show with a chance of 80%:

# %%
if pairs:
    display(gains_table(differences[differences["of"].isin(pairs)]))

# %% [markdown]
# ## Accuracy
#
# The participants with two scans are also judged at baseline and at follow-up. By
# `network.class_prior` (open point A14), the probabilities take a diagnosis to be as
# common as it is in the training cohort; the row *equally common* shows the accuracy
# without this. Where the blind test lacks a diagnosis that the network knows, such as
# controls, the row *of those there* has it choose among the others, as {doc}`fusion`.
#
# Where one diagnosis is common, naming it always has a high accuracy and is of no use:
# the row *always*. The mean of the sensitivities shows what accuracy hides, as every
# diagnosis counts the same in it.

# %%
right = right_decisions(predictions, classes)
decided = {NETWORK: right[first]}
if config.network.class_prior == "cohort":
    uniform = replace(config.network, class_prior="uniform")
    even = predictions.copy()
    even[p_columns] = proba_by_model(uniform).mean(axis=0)
    decided[f"{NETWORK}, equally common"] = right_decisions(even, classes)[first]
if len(there := set(people["diagnosis"])) < len(classes):
    chosen = right_decisions(among(people, classes, there), classes)
    decided[f"{NETWORK}, of those there"] = chosen
decided |= {title: right_decisions(methods[title], classes) for title in marks}
commonest = pd.Series(labels).mode()[0]
always = f"always {commonest}"
decided[always] = people["diagnosis"] == commonest
visit_names = [name for name in ("baseline", "follow-up") if groups[name].any()]
decided |= {f"{NETWORK}, {name}": right[groups[name]] for name in visit_names}

# %%
shares = decision_table(decided, predictions, n_bootstrap)
accuracies(shares)

# %% [markdown]
# How the decisions of the network differ from the others on the same participants, and
# those at baseline from those at follow-up of the same people. *McNemar* is the exact
# test of scans on which only one side is right. The chi-square test, the paper's, takes
# the two sides as independent, which loses power here. Cross-validation has other
# people, so the chi-square test is the one for it; it counts the diagnoses that the
# blind test has, so no controls where it has none, as in the paper.

# %%
on_all = {title: decided[title] for title in (NETWORK, *marks, always)}
apart = decisions_apart(on_all, people, n_bootstrap)
decision_differences(apart)

# %%
out_of_fold = page.table("predictions/cross_validation.tsv")
alike_cv = out_of_fold[out_of_fold["diagnosis"].isin(predictions["diagnosis"])]
right_cv = right_decisions(alike_cv, classes)
p_cv = chi_square_correct(right[first], right_cv)
later = {}
if visit_names:
    before, after = (
        right[groups[name]].set_axis(predictions.loc[groups[name], "participant_id"])
        for name in visit_names
    )
    same = predictions[groups["baseline"]]
    both = {"follow-up": after.loc[before.index], "baseline": before}
    later = decisions_apart(both, same, n_bootstrap)
    display(decision_differences(later, "follow-up minus"))
other = show.signed(*share_difference(right[first], right_cv))
Markdown(f"Blind test minus cross-validation: {other} (Newcombe), P = {p_cv:.2g}.")

# %% [markdown]
# Accuracy and confusion matrix go by the largest probability, whatever `decisions`
# says.

# %% figure="fig-blind-test-confusion"
plot_confusion(confusion(people, classes))

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

# %%
if several:
    named = {"all": NETWORK} | {n: f"{NETWORK}, {n}" for n in ("baseline", "follow-up")}
    shown = {named[title]: table for title, table in tables.items()}
    shown |= {t: diagnostic_table(methods[t], classes) for t in (RATIOS, UNEVEN)}
    display(plot_rates(shown, classes))
else:
    display(one_only)

# %% [markdown]
# **Sensitivity, specificity, PPV and NPV** (as the paper's Fig. 4) with 95%
# intervals: the network on all participants, on those with two scans at baseline
# and at follow-up, and binding ratios on all.

# %% tags=["remove-input"]
missed = {}
if several:
    shares_found = {title: table["sensitivity"] for title, table in shown.items()}
    missed = {t: found.index[found == 0] for t, found in shares_found.items()}
nobody = [f"{t}: {', '.join(names)}" for t, names in missed.items() if len(names)]
text = f"A sensitivity of 0 means that nobody is found. {'; '.join(nobody)}."
Markdown(text) if nobody else None

# %%
if several:
    display(plot_roc_curves(methods, classes))
    is_rest = ~aucs["of"].isin(pairs)
    display(side_by_side(aucs[is_rest], texts[is_rest]))
    display(gains_table(differences[~differences["of"].isin(pairs)]))
else:
    display(one_only)

# %% [markdown]
# **One-vs-rest ROC curves** of the blind test, one scan per participant; the AUCs with
# their 95% intervals (DeLong), and the network minus each yardstick.
#
# At the specificity that the paper reports, the sensitivity is (95%, Wilson, taking the
# cutoff as given, which was found on these scans):

# %%
paper = read_claims(page.path("data_manifest/claims.tsv"))
at_paper = at_paper_specificity(methods, paper, "blind")
if at_paper.empty:
    display(Markdown("The blind test has none of the paper's diagnoses to compare."))
else:
    display(sensitivities(at_paper))

# %% [markdown]
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
p_br = apart[RATIOS]["chi_square"]
better = "better" if apart[RATIOS]["accuracy"][0] > 0 else "worse"
claims["blind.vs_br"] = {
    "value": f"DAT-Net {better}" if p_br < alpha else "no difference",
    "p": p_br,
}
claims["blind.vs_cv"] = {
    "value": "difference" if p_cv < alpha else "no difference",
    "p": p_cv,
}

# %%
accuracy = {"all": share_interval(right[first])}
accuracy |= {name: share_interval(right[groups[name]]) for name in visit_names}
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
if later:
    claims["blind.followup.accuracy"]["p"] = later["baseline"]["chi_square"]
show.claims_table(page, claims)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. No scan and no label of the blind test had a
# part in any model, cutoff or stopping rule. Follow-up scans are of the same people
# later on: more advanced, not a second sample. What the probabilities are worth is on
# {doc}`calibration`.

# %%
result = f"In {len(people)} participants whom no model has seen, {page.where}"
if pairs:
    of_pair = aucs[aucs["of"] == pairs[0]].set_index("method")
    of_pair = of_pair[["auc", "auc_low", "auc_high"]]
    before = cross_validation["auc"].get(f"{NETWORK}.{in_words(pairs[0])}")
    rows = differences[differences["of"] == pairs[0]].set_index("method")
    gain = rows.loc[UNEVEN, ["difference", "low", "high"]]
    words = show.direction(
        *gain[1:],
        more="the network is better",
        less="the network is worse",
        even="not told apart",
    )
    result += (
        f", the network's AUC for {in_words(pairs[0])} is "
        f"{show.interval(*of_pair.loc[NETWORK], 2)}, in cross-validation "
        f"{show.interval(*np.array(before, dtype=float), 2)}; {UNEVEN} have "
        f"{show.interval(*of_pair.loc[UNEVEN], 2)} here, {words}: "
        f"difference {show.signed(*gain)}."
    )

# %%
percent = "{:.0%} ({:.0%} to {:.0%})".format
share = shares.loc[NETWORK]
result += (
    f"{' It' if pairs else ', the network'} is right in {percent(*share.iloc[1:4])}, "
)
words = show.direction(
    *apart[always]["accuracy"][1:],
    more="more often than",
    less="less often than",
    even="not clearly more often than",
)
result += f"{words} by naming {commonest} always ({shares['accuracy'][always]:.0%})"
if several:
    result += (
        f"; its mean sensitivity is {percent(*share.iloc[4:7])}, against "
        f"{shares['mean_sensitivity'][always]:.0%}"
    )
result += "."

# %%
found = decided[NETWORK].groupby(people["diagnosis"]).agg(["sum", "count", "mean"])
worst = found["mean"].idxmin()
hits, of = found.loc[worst, ["sum", "count"]].astype(int)
called = confusion(people, classes)[worst].sum()
if several:
    wrong = f"{called - hits} of its {called} calls of {worst} are wrong"
    result += f" It finds {worst} least often, in {hits} of {of}; "
    result += f"{wrong if called else f'it calls nobody {worst}'}."

# %%
numbers = {
    "models": models,
    "accuracy": accuracy,
    "decisions": shares.to_dict("index"),
    "network_minus": apart,
    "follow_up_minus": later,
    "p_against_cross_validation": p_cv,
    "n_scans_of_cross_validation": len(alike_cv),
    "at_paper_specificity": at_paper.to_dict("records"),
    "confusion": confusion(people, classes).to_dict("index"),
    "tables": {title: table.to_dict("index") for title, table in tables.items()},
}

# %%
if several:
    numbers["auc"] = {
        f"{r.method}.{in_words(r.of)}": (r.auc, r.auc_low, r.auc_high)
        for r in aucs.itertuples()
    }
    numbers["auc_network_minus"] = {
        f"{r.method}.{in_words(r.of)}": (r.difference, r.low, r.high, r.p)
        for r in differences.itertuples()
    }
page.close(numbers, claims, result)
