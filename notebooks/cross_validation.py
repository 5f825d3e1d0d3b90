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
#         predictions/cross_validation_binding.tsv]
#     settings: [control, decisions.cross_validation, diagnoses, images, network,
#       training.accelerator]
#     threads: 1
# ---

# %% [markdown]
# # Cross-validation
#
# This page reproduces Fig. 3 and the first row of numbers in the paper's abstract:
# how well DAT-Net tells each diagnosis from all others in the training cohort, for
# all participants and by symptom duration. Every scan is judged by the one fold model
# that never saw it.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
short_duration_years: float = 2.0  # longest duration that counts as short, years
n_bootstrap: int = 2000  # resamples of the participant-level bootstrap
alpha: float = 0.05  # two-sided P below which a difference is called one

# %% tags=["setup"]
import itertools

import numpy as np
import pandas as pd
from IPython.display import Markdown

from datnet_core.metrics import (
    bootstrap_interval,
    chi_square_correct,
    delong_interval,
    delong_test,
    fold_auc,
    fold_difference,
    pairwise_auc,
    share_interval,
)
from datnet_core.training import predict_folds
from datnet_images import (
    regional_binding,
    sides,
)
from datnet_study import (
    diagnostic_table,
    open_page,
    out_of_fold_proba,
    right_decisions,
    show,
    youden_cutoffs,
)
from datnet_study.figures import plot_rates, plot_roc_curves

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
# The yardstick is what is in use today: the binding ratios of left and right
# putamen and caudate, turned into a diagnosis by a logistic regression (open point
# A8), fitted on the same folds. How common both take a diagnosis to be, by default as
# among the scans that they learned from, is `network.class_prior` (open point A14).

# %%
affine, _ = page.grid()
atlas = page.atlas()
reference = config.images.reference_region
regions = config.images.regions
ratios = regional_binding(volumes[rows], atlas, affine, reference, regions)
ratios = ratios[sides(regions)]
diagnosis = scans["diagnosis"].to_numpy()[rows]
proba = out_of_fold_proba(
    ratios.to_numpy(), diagnosis, fold[rows], classes, config.network.class_prior
)
yardstick = scans.loc[rows, keys].assign(**dict(zip(p_columns, proba.T, strict=True)))
page.write_table("predictions/cross_validation_binding.tsv", yardstick)

# %% [markdown]
# ## ROC curves

# %% figure="fig-cross-validation-roc"
panels = {"DAT-Net": predictions, "binding ratios": yardstick}
plot_roc_curves(panels, classes)

# %% [markdown]
# **One-vs-rest ROC curves** (as the paper's Fig. 3) of the network and of the
# binding ratios, out of fold. The further a curve bends to the upper left, the
# better; the dotted line is guessing.

# %%
aucs = {}
for title, table in panels.items():
    for name in classes:
        judged = (table["diagnosis"] == name, table[f"p_{name}"])
        auc, low, high = delong_interval(*judged)
        person = table["participant_id"]
        aucs[title, name] = {
            "auc": auc,
            "low": low,
            "high": high,
            "bootstrap": bootstrap_interval(*judged, person, n_bootstrap, 0),
            "over_folds": fold_auc(*judged, table["fold"]),
        }
auc_table = pd.DataFrame(aucs).T.rename_axis(["method", "diagnosis"])

# %%
pooled = auc_table[["auc", "low", "high"]].to_numpy()
shown = pd.DataFrame(index=auc_table.index)
shown["AUC, pooled (95%, DeLong)"] = [show.interval(*value) for value in pooled]
shown["95%, bootstrap"] = [
    "{:.3f} to {:.3f}".format(*pair) for pair in auc_table["bootstrap"]
]
shown["AUC, mean of folds (95%)"] = [
    show.interval(*value) for value in auc_table["over_folds"]
]
show.table(shown.reset_index())

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
# ## Does the network beat the binding ratios?
#
# DeLong's test compares the pooled AUCs on the same scans, as in the paper; like the
# interval, it takes the models as given. The last column allows for their training.

# %%
pairs = {
    c: (predictions["diagnosis"] == c, predictions[f"p_{c}"], yardstick[f"p_{c}"])
    for c in classes
}
comparison = {c: delong_test(*pair) for c, pair in pairs.items()}
gain = {
    c: aucs["DAT-Net", c]["auc"] - aucs["binding ratios", c]["auc"] for c in classes
}
gain_over_folds = {
    c: fold_difference(*pair, predictions["fold"]) for c, pair in pairs.items()
}

# %%
show.table(
    pd.DataFrame(
        {
            "diagnosis": classes,
            "network - binding ratios, pooled": [f"{gain[c]:+.3f}" for c in classes],
            "P (DeLong)": [f"{comparison[c]:.2g}" for c in classes],
            "mean of folds (95%)": [
                "{:+.3f} ({:+.3f} to {:+.3f})".format(*gain_over_folds[c])
                for c in classes
            ],
        }
    )
)

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
plot_rates(tables, classes)

# %% [markdown]
# **Sensitivity, specificity, PPV and NPV by symptom duration** (as the paper's Fig.
# 3), with 95% intervals. Controls, who have no symptoms, are among the negatives of
# every group; a duration that no patient has is left out. Compare neighbouring bars;
# PPV and NPV also follow the mix of diagnoses, which differs between short and long
# duration.

# %%
correct = right_decisions(predictions, classes)
right = {title: correct[who] for title, who in patients.items()}
empty = [title for title in by_duration if title not in patients]
no_duration = f"no patient with a known symptom duration {' or '.join(empty)}"
durations_p = np.nan if empty else chi_square_correct(right[short], right[long])

# %%
show.table(
    pd.DataFrame(
        [
            (title, len(decisions), show.interval(*share_interval(decisions)))
            for title, decisions in right.items()
        ],
        columns=["patients", "scans", "right diagnosis (95%)"],
    )
)

# %%
Markdown(
    f"There is {no_duration}, so durations are not compared."
    if empty
    else f"{short} against {long}: chi-square **P = {durations_p:.2g}**."
)

# %% [markdown]
# A diagnosis counts as right here when its probability is the largest of all.
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
# By symptom duration, the claims are about which group has the larger AUC.

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
of_durations = [table for title, table in tables.items() if title != "all"]
for claim, name in duration_of.items():
    by_group = [table.loc[name, "auc"] for table in of_durations if name in table.index]
    if len(by_group) == 2:
        order = "long > short" if by_group[1] > by_group[0] else "short > long"
        claims[claim] = {"value": order}
    elif name in classes:
        claims[claim] = {"why": no_duration if empty else "a duration has no AUC"}
show.claims_table(page, claims)

# %% [markdown]
# ## One diagnosis against another
#
# One against the rest hides how two diagnoses that resemble each other are told apart.
# Here only the scans of two diagnoses count, and the score is log p_a - log p_b.

# %%
pairwise = {}
for title, table in panels.items():
    for a, b in itertools.combinations(config.compared, 2):
        if {a, b} <= set(table["diagnosis"]):
            pairwise[title, f"{a} vs {b}"] = pairwise_auc(
                table["diagnosis"], table[p_columns], classes, a, b
            )
pairwise_table = pd.DataFrame(
    {"method": title, "pair": pair, "AUC (95%, DeLong)": show.interval(*value)}
    for (title, pair), value in pairwise.items()
)

# %% [markdown]
# An AUC of 0.5 is guessing; the intervals take the models as given.

# %%
show.table(pairwise_table)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. The intervals over folds allow for other
# scans to learn from, those of DeLong do not. Where two methods are not told apart,
# they need not be equal. The Youden cutoffs are stored for the blind test, which uses
# them if `decisions.blind_test` is `youden`.

# %%
sizes = [
    f"{name} {show.interval(*aucs['DAT-Net', name]['over_folds'], 2)}"
    for name in config.compared
]
against = {}
for name in config.compared:
    words = show.direction(
        *gain_over_folds[name][1:],
        more="better than the binding ratios",
        less="worse than the binding ratios",
        even="not told apart from the binding ratios",
    )
    against.setdefault(words, []).append(name)
verdicts = [f"{words} for {', '.join(names)}" for words, names in against.items()]
result = (
    f"Out of fold, {page.where}, the network reaches a mean AUC of "
    f"{', '.join(sizes)} (95% interval over folds); it is {', '.join(verdicts)}."
)
if empty:
    result += f" There is {no_duration}, so symptom durations are not compared."

# %%
numbers = {
    "auc": {f"{title}.{name}": value for (title, name), value in aucs.items()},
    "pairwise_auc": {
        f"{title}.{pair}": value for (title, pair), value in pairwise.items()
    },
    "delong_p_network_vs_binding": comparison,
    "over_folds_network_vs_binding": gain_over_folds,
    "cutoffs": youden,
    "duration_chi_square_p": durations_p,
    "tables": {title: table.to_dict("index") for title, table in tables.items()},
}
page.close(numbers, claims, result)
