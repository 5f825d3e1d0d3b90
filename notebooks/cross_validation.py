# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, models/fold-*, data_manifest/atlas/*,
#       data_manifest/claims.tsv]
#     writes:
#       participants: [predictions/cross_validation.tsv,
#         predictions/cross_validation_yardsticks.tsv]
#     settings: [control, decisions.cross_validation, diagnoses, images, network,
#       training.accelerator]
#     threads: 1
# ---

# %% [markdown]
# # Cross-validation
#
# This page reproduces Fig. 3 and the first row of numbers in the paper's abstract: how
# well DAT-Net tells the diagnoses apart in the training cohort, for all participants
# and by symptom duration. Every scan is judged by the one fold model that never saw it.
# Beside the paper's one against the rest stand two diagnoses at a time, and beside its
# binding ratios those that a reader uses, with the difference between the sides.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
short_duration_years: float = 2.0  # longest duration that counts as short, years
n_bootstrap: int = 2000  # resamples of the participant-level bootstrap
alpha: float = 0.05  # two-sided P below which a difference is called one

# %% tags=["setup"]
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from datnet_core.metrics import (
    bootstrap_interval,
    chi_square_correct,
    fold_auc,
    fold_difference,
)
from datnet_core.training import predict_folds
from datnet_images import Rows
from datnet_study import (
    accuracies,
    at_paper_specificity,
    auc_between_subsets,
    aucs_side_by_side,
    decision_differences,
    decision_table,
    decisions_apart,
    diagnostic_table,
    gains,
    gains_table,
    in_words,
    known_ages,
    open_page,
    out_of_fold_proba,
    pair_sentence,
    pairs_of,
    read_claims,
    right_decisions,
    sensitivities,
    share_difference,
    show,
    side_by_side,
    with_proba,
    yardstick_features,
    youden_cutoffs,
)
from datnet_study.figures import (
    plot_interval_panels,
    plot_rates,
    plot_roc_curves,
)
from datnet_study.titles import AGED, NETWORK, UNEVEN

page = open_page("cross_validation", study, into)
config = page.settings
classes = config.diagnoses
p_columns = [f"p_{name}" for name in classes]

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## Out-of-fold predictions

# %%
scans = page.scans()
volumes = page.volumes()
field = page.field()
seen = page.seen()  # what the network gets
rows = np.flatnonzero(scans["cohort"] == "training")
fold = scans["fold"].to_numpy()
keys = ["participant_id", "session_id", "diagnosis", "fold"]

# %%
predictions = scans.loc[rows, keys].copy()
predictions[p_columns] = predict_folds(
    page.models(),
    config.network,
    seen,
    fold=fold,
    accelerator=config.training.accelerator,
)
page.write_table("predictions/cross_validation.tsv", predictions)

# %% [markdown]
# What the network has to beat, turned into a diagnosis by a logistic regression in the
# same folds (open point A8):
#
# - *binding ratios*, as published: left and right putamen and caudate. A regression of
#   these four cannot see how much the sides differ, which every reader looks at.
# - *with asymmetry*: the same, as mean and absolute difference of the sides.
# - *of more regions*: the same, with anterior and posterior putamen and the midbrain.
# - *for age*: those with asymmetry, in SD of the controls of the same age among the
#   scans that are learned from; only where every age is known and each fold leaves ten
#   controls.
#
# How common all of them take a diagnosis to be, by default as among the scans that they
# learned from, is `network.class_prior` (open point A14).

# %%
affine, _ = page.grid()
diagnosis = scans["diagnosis"].to_numpy()[rows]
ages = known_ages(scans, config.control)
ages = None if ages is None else ages[rows]
given = Rows(volumes, rows), page.atlas(), affine, config.images, ages
features = yardstick_features(*given)
methods = {NETWORK: predictions}
for title, x in features.items():
    how = config.network.class_prior, config.control if title == AGED else None
    proba = out_of_fold_proba(x, diagnosis, fold[rows], classes, *how)
    methods[title] = with_proba(scans.loc[rows, keys], proba, classes)
marks = {title: methods[title] for title in features}
stacked = pd.concat(marks, names=["method"]).reset_index("method")
page.write_table("predictions/cross_validation_yardsticks.tsv", stacked)

# %% [markdown]
# ## One diagnosis against another
#
# One against the rest hides how two diagnoses that resemble each other are told apart.
# Here only the scans of two diagnoses count, and the score is log p_a - log p_b.

# %%
pairs = pairs_of(config.compared, diagnosis)
aucs = aucs_side_by_side(methods, classes, pairs)
differences = gains(methods, classes, pairs)
is_pair, is_pair_too = (
    table["of"].map(lambda of: of not in classes) for table in (aucs, differences)
)

# %% figure="fig-cross-validation-pairs"
shown = aucs[is_pair].assign(diagnosis=aucs["of"].map(in_words))
chance = dict.fromkeys(shown["diagnosis"], 0.5)
plot_interval_panels(shown, "auc", "AUC", chance, by_method=True)

# %% [markdown]
# **Area under the ROC curve between two diagnoses, with 95% intervals** (DeLong), of
# the network and of the yardsticks, out of fold. The dotted line is guessing. In a
# phantom, how much the sides differ in each diagnosis was put in and not varied, and
# so was what ratios gain by it ({doc}`summary` has the numbers).

# %%
texts = [show.interval(*r[["auc", "auc_low", "auc_high"]]) for _, r in aucs.iterrows()]
texts = pd.Series(texts, aucs.index)
side_by_side(aucs[is_pair], texts[is_pair])

# %% [markdown]
# Intervals that overlap do not say whether two classifiers differ, for they judge the
# same scans. Their difference does: the AUC of the network minus that of each mark,
# with DeLong's interval for paired scores. *Holm* keeps the chance of any false alarm
# among the tests of a mark below the level, *BH* the share of false alarms. The last
# column is the power: a true difference of that size would be shown with a chance of
# 80% (P < 0.05, uncorrected) by as many scans as these.


# %%
gains_table(differences[is_pair_too])

# %% [markdown]
# Where an interval contains 0, the two are not told apart in these scans, which is no
# proof that they are equal. All of these intervals take the models as given.
#
# ## One diagnosis against the rest

# %% figure="fig-cross-validation-roc"
plot_roc_curves(methods, classes)

# %% [markdown]
# **One-vs-rest ROC curves** (as the paper's Fig. 3) of the network and of the
# yardsticks, out of fold. The further a curve bends to the upper left, the better; the
# dotted line is guessing.

# %%
over_folds, bootstrap = {}, {}
for title, table in methods.items():
    for name in classes:
        judged = (table["diagnosis"] == name, table[f"p_{name}"])
        person = table["participant_id"]
        bootstrap[title, name] = bootstrap_interval(*judged, person, n_bootstrap, 0)
        over_folds[title, name] = fold_auc(*judged, table["fold"])

# %%
rest = aucs[~is_pair]
of_rest = [(r.method, r.of) for r in rest.itertuples()]
shown = rest[["method", "of"]].set_axis(["classifier", "diagnosis"], axis=1)
shown["AUC, pooled (95%, DeLong)"] = texts[~is_pair]
shown["95%, bootstrap"] = [
    "{:.3f} to {:.3f}".format(*bootstrap[key]) for key in of_rest
]
shown["AUC, mean of folds (95%)"] = [show.interval(*over_folds[key]) for key in of_rest]
show.table(shown, of_groups=True)

# %% [markdown]
# The first AUC pools the scans of all folds, as the paper's. Its intervals say what
# other participants would change for these models: **DeLong's**, the paper's, takes the
# scores as those of one model; the **bootstrap** draws participants, with both scans of
# those who have two. No width means that the scores of the two groups do not overlap.
#
# The second AUC is the mean of the folds, each judged by its own model. Its interval
# {cite}`nadeau2003` also allows, roughly, for what other scans to learn from would
# change: it is the one to ask whether a procedure finds anything at all. Where there is
# nothing to find, DeLong's excludes 0.5 too often for any classifier that learns (see
# {doc}`../methods`). An interval that contains 0.5 is no proof that nothing is found.
#
# The network minus the marks, as above:

# %%
gains_table(differences[~is_pair_too])

# %% [markdown]
# The same for the mean of the folds, which allows for the training of both:

# %%
by_fold = {
    (title, name): fold_difference(
        diagnosis == name,
        predictions[f"p_{name}"],
        methods[title][f"p_{name}"],
        fold[rows],
    )
    for title in marks
    for name in classes
}
shown = pd.DataFrame(by_fold.keys(), columns=["method", "of"])
signed = [show.signed(*value) for value in by_fold.values()]
side_by_side(shown, signed, f"{NETWORK} minus")

# %% [markdown]
# ## Right diagnoses
#
# A diagnosis counts as right here when its probability is the largest of all. Naming
# the commonest diagnosis always has a high accuracy and is of no use: the last row.
# *Mean sensitivity* shows what accuracy hides, as every diagnosis counts the same.

# %%
commonest = predictions["diagnosis"].mode()[0]
correct = {title: right_decisions(table, classes) for title, table in methods.items()}
correct[f"always {commonest}"] = predictions["diagnosis"] == commonest
decided = decision_table(correct, predictions, n_bootstrap)
accuracies(decided)

# %% [markdown]
# Both judge the same scans, so their difference comes from those on which only one is
# right. *McNemar* is the exact test of these; the chi-square test, the paper's, takes
# the two sides as independent, and loses power by it.

# %%
apart = decisions_apart(correct, predictions, n_bootstrap)
decision_differences(apart)

# %% [markdown]
# ## Sensitivity and specificity, and symptom duration
#
# A scan counts as positive above the Youden cutoff of its diagnosis, found on all
# out-of-fold predictions, as in the paper. The cutoff is chosen on the scans it is
# applied to, so these rates are slightly optimistic; the blind test is not
# affected.

# %%
youden = youden_cutoffs(predictions, classes)
cutoffs = youden if config.decisions.cross_validation == "youden" else None
duration = scans.loc[rows, "symptom_duration_years"]
control = predictions["diagnosis"] == config.control
short, long = f"≤ {short_duration_years:g} years", f"> {short_duration_years:g} years"
by_duration = {
    short: (duration <= short_duration_years) & ~control,
    long: (duration > short_duration_years) & ~control,
}
patients = {"all": ~control} | {k: who for k, who in by_duration.items() if who.any()}
tables = {
    title: diagnostic_table(predictions[who | control], classes, cutoffs)
    for title, who in patients.items()
    if predictions[who | control]["diagnosis"].nunique() > 1
}

# %% figure="fig-cross-validation-rates"
named = {t: NETWORK if t == "all" else f"{NETWORK}, {t}" for t in tables}
plot_rates({named[title]: table for title, table in tables.items()}, classes)

# %% [markdown]
# **Sensitivity, specificity, PPV and NPV by symptom duration** (as the paper's Fig.
# 3), with 95% intervals. Controls, who have no symptoms, are among the negatives of
# every group; a duration that no patient has is left out. Compare neighbouring points;
# PPV and NPV also follow the mix of diagnoses, which differs between short and long
# duration.

# %%
right = {title: correct[NETWORK][who] for title, who in patients.items()}
empty = [title for title in by_duration if title not in patients]
no_duration = f"no patient with a known symptom duration {' or '.join(empty)}"
durations_p = np.nan if empty else chi_square_correct(right[short], right[long])
judges = {NETWORK: correct[NETWORK], UNEVEN: correct[UNEVEN]}
by_patients = {
    f"{who}, {method}": decisions[patients[who]]
    for who in right
    for method, decisions in judges.items()
}

# %%
accuracies(decision_table(by_patients, predictions, n_bootstrap), "patients")

# %%
Markdown(
    f"There is {no_duration}, so durations are not compared."
    if empty
    else f"Accuracy of {short} minus {long}: "
    f"{show.signed(*share_difference(right[short], right[long]))} (95%, Newcombe), "
    f"chi-square **P = {durations_p:.2g}**; these are different people."
)

# %% [markdown]
# ## Sensitivity at the paper's specificity
#
# Sensitivity and specificity trade against each other, so two that are compared one by
# one say little. Here the cutoff is the one that gives the paper's specificity; each
# column says which, and what sensitivity the paper has there.

# %%
paper = read_claims(page.path("data_manifest/claims.tsv"))
at_paper = at_paper_specificity(methods, paper, "cv")
if at_paper.empty:
    display(Markdown("None of the paper's diagnoses is among those of this study."))
else:
    display(sensitivities(at_paper))

# %% [markdown]
# The intervals (95%, Wilson) take the cutoff as given, which was found on these scans.
#
# ## Paper and this study

# %%
rate_of = {
    "cv.auc.ipd": ("IPD", "auc"),
    "cv.auc.msa": ("MSA", "auc"),
    "cv.auc.psp": ("PSP", "auc"),
    "cv.auc.nc": ("NC", "auc"),
    "cv.sens.ipd": ("IPD", "sensitivity"),
    "cv.sens.msa": ("MSA", "sensitivity"),
    "cv.sens.psp": ("PSP", "sensitivity"),
    "cv.sens.nc": ("NC", "sensitivity"),
    "cv.spec.ipd": ("IPD", "specificity"),
    "cv.spec.msa": ("MSA", "specificity"),
    "cv.spec.psp": ("PSP", "specificity"),
    "cv.spec.nc": ("NC", "specificity"),
    "cv.ppv.nc": ("NC", "ppv"),
    "cv.npv.nc": ("NC", "npv"),
}
claims = show.claims_of(tables["all"], rate_of)

# %% [markdown]
# By symptom duration, the claims are about which group has the larger AUC, against the
# rest with controls in both. The interval is that of AUC (longer) minus AUC (shorter),
# from drawing participants; where it contains 0, the order may be chance.

# %%
compared = {
    "value": "no difference" if durations_p >= alpha else "difference",
    "p": durations_p,
}
claims["cv.duration.compare"] = {"why": no_duration} if empty else compared
duration_of = {
    "cv.duration.ipd": "IPD",
    "cv.duration.msa": "MSA",
    "cv.duration.psp": "PSP",
}
first = ~predictions.duplicated("participant_id")  # whose duration may change
subsets = [(first & (who | control)).to_numpy() for who in by_duration.values()]
groups = predictions["diagnosis"] + np.select(subsets, [short, long], "unknown")
groups = predictions["participant_id"].map(
    dict(zip(predictions["participant_id"][first], groups[first], strict=True))
)

# %%
for claim, name in duration_of.items():
    positive = (predictions["diagnosis"] == name).to_numpy()
    if name in classes and not all(
        set(positive[part]) == {True, False} for part in subsets
    ):
        claims[claim] = {"why": no_duration if empty else "a duration has no AUC"}
    elif name in classes:
        value, low, high = auc_between_subsets(
            positive,
            predictions[f"p_{name}"],
            subsets[::-1],  # the longer ones first
            groups=groups,
            participants=predictions["participant_id"],
            n_resamples=n_bootstrap,
        )
        order = "long > short" if value > 0 else "short > long"
        words = order if value else "short = long"
        claims[claim] = {"value": words, "low": low, "high": high}
show.claims_table(page, claims)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. The intervals over folds allow for other
# scans to learn from, those of DeLong do not. Where two methods are not told apart,
# they need not be equal. The Youden cutoffs are stored for the blind test, which uses
# them if `decisions.blind_test` is `youden`.

# %%
sizes = [
    f"{name} {show.interval(*over_folds[NETWORK, name], 2)}" for name in config.compared
]
first = pair_sentence(aucs, differences, pairs[0], UNEVEN)
share = {
    title: show.interval(*row) for title, *row in decided.iloc[:, 1:4].itertuples()
}
change = show.signed(*apart[UNEVEN]["mean_sensitivity"])
result = (
    f"Out of fold, {page.where}: {first} (95% intervals, for these models). Each "
    f"against the rest, the network reaches a mean AUC over the folds of "
    f"{', '.join(sizes)}. It is right in a share of {share[NETWORK]}, the {UNEVEN} in "
    f"{share[UNEVEN]}, always {commonest} in {decided['accuracy'].iloc[-1]:.3f}; the "
    f"difference to these ratios in mean sensitivity is {change}."
)
if empty:
    result += f" There is {no_duration}, so symptom durations are not compared."

# %%
of_gain = differences[["difference", "low", "high", "p", "holm", "bh"]]
numbers = {
    "auc": {
        f"{r.method}.{in_words(r.of)}": (r.auc, r.auc_low, r.auc_high)
        for r in aucs.itertuples()
    },
    "over_folds": {".".join(key): value for key, value in over_folds.items()},
    "network_minus": {
        f"{r.method}.{in_words(r.of)}": dict(of_gain.loc[r.Index])
        for r in differences.itertuples()
    },
    "over_folds_network_minus": {".".join(key): v for key, v in by_fold.items()},
}

# %%
numbers |= {
    "decisions": decided.to_dict("index"),
    "decisions_network_minus": apart,
    "at_paper_specificity": at_paper.to_dict("records"),
    "cutoffs": youden,
    "duration_chi_square_p": durations_p,
    "tables": {title: table.to_dict("index") for title, table in tables.items()},
}
page.close(numbers, claims, result)
