# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     only_if: phantom
#     reads: [scans.tsv, dataset/truth/scans.tsv, predictions/oracle.tsv,
#       predictions/region_means.tsv, predictions/cross_validation.tsv,
#       predictions/cross_validation_yardsticks.tsv, predictions/blind_test.tsv,
#       predictions/blind_test_yardsticks.tsv, ceiling*.tsv, predictions/ceiling*.tsv,
#       data_manifest/phantom*.yaml]
#     settings: [ceiling, control, diagnoses, network, phantom]
#     threads: 1
# ---

# %% [markdown]
# # Against the truth
#
# The scans of this study are a phantom, so the truth is known, and so is how well the
# best possible classifier does. This page sets the network between marks: binding
# ratios, which are in use today, also with the difference between the sides; a
# classifier that is told the right regions and need not find them; and the oracle,
# which nothing can beat in the long run (in a cohort of this size it may happen by
# chance). It has no counterpart in the paper.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
from itertools import combinations

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from datnet_phantom import BINDING_COLUMNS, read_calibration
from datnet_phantom.density import like_patients
from datnet_study import (
    auc_differences,
    aucs_side_by_side,
    by_method,
    class_proba,
    confusion,
    in_words,
    open_page,
    out_of_fold_proba,
    right_decisions,
    show,
    side_by_side,
    sides_unordered,
)
from datnet_study.figures import plot_interval_panels
from datnet_study.titles import CEILING, MEASURED, NETWORK, ORACLE, TOLD, UNEVEN

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
# *Binding ratios*, also *with asymmetry* and *of more regions*, are the yardsticks of
# {doc}`cross_validation` and {doc}`blind_test`.
#
# The classifier that is *told the regions* has the means of the same regions as the
# oracle, both sides averaged and their difference. It is a logistic regression on the
# training cohort, without the pre-training cohort. Where the network does worse than
# it, the price of finding the regions may be the reason. What it lacks to the oracle
# that sees region means is partly scans to learn from, partly its straight boundaries.
#
# The oracle knows how common each diagnosis is in the cohort that it judges; the others
# know how common it is in the training cohort, also in the blind test.

# %%
measured = page.table("predictions/region_means.tsv")  # first scans
scans = page.scans().merge(measured[keys], on=keys)
means = scans[keys].merge(measured, on=keys, validate="1:1")
left, right = (means[list(BINDING_COLUMNS[side::2])].to_numpy() for side in (0, 1))

# %%
labels, fold = scans["diagnosis"].to_numpy(), scans["fold"].to_numpy()
training = (scans["cohort"] == "training").to_numpy()
blind = (scans["cohort"] == "blind_test").to_numpy()
names, prior = config.diagnoses, config.network.class_prior


# %%
def learned(x):
    """Scans with what a regression makes of their features, shape (n_scans, n)."""
    proba = np.full((len(scans), len(names)), np.nan)
    proba[training] = out_of_fold_proba(
        x[training], labels[training], fold[training], names, prior
    )
    if blind.any():
        learn = x[training], labels[training]
        proba[blind] = class_proba(*learn, x[blind], names, prior)
    return scans.join(pd.DataFrame(proba, columns=[f"p_{name}" for name in names]))


told = learned(sides_unordered(left, right))

# %% [markdown]
# Where the study file asks for it (`ceiling`), an *image ceiling* stands between the
# two oracles: a network of the study's own layout that learned from as many simulated
# scans of the study's own generator as it takes until more add nothing, with the true
# diagnosis. It estimates the best that images of this kind allow, and is a yardstick:
# nobody has so many scans, and nothing else in this study is made with it. The gain by
# which it stopped is that on simulated scans that it never learned from.

# %%
if config.ceiling:
    steps = page.table("ceiling.tsv")
    gain = steps["gain"].map("{:+.4f}".format).mask(steps["gain"].isna(), "–")
    shown = steps.assign(gain=gain, auc=steps["auc"].map("{:.4f}".format))
    display(show.table(shown.rename(columns={"auc": "mean AUC"})))

# %% [markdown]
# All predictions, by classifier and cohort. A cohort with one diagnosis is not judged.

# %%
oracle = page.table("predictions/oracle.tsv")
truth = pd.read_csv(page.path("dataset/truth/scans.tsv"), sep="\t")
sources = {"training": "cross_validation"}
if pd.Series(labels[blind]).nunique() > 1:
    sources["blind_test"] = "blind_test"
suffix = {"training": "", "blind_test": ", blind test"}  # of the titles below

# %%
predictions = {}
for cohort, source in sources.items():
    marks = by_method(page.table(f"predictions/{source}_yardsticks.tsv"))
    for method, table in (
        marks | {NETWORK: page.table(f"predictions/{source}.tsv")}
    ).items():
        predictions[method, cohort] = table.drop_duplicates("participant_id")
    predictions[TOLD, cohort] = told[told["cohort"] == cohort]
    of_oracle = oracle[oracle["judged"] == cohort.replace("_", " ")]
    for view, table in of_oracle.groupby("oracle"):
        if config.ceiling and f"oracle, {view}" == ORACLE:
            table_of = page.table("predictions/ceiling.tsv")
            table_of = table_of[table_of["cohort"] == cohort]
            predictions[CEILING, cohort] = table_of.drop_duplicates("participant_id")
        predictions[f"oracle, {view}", cohort] = table
titles = {(method, cohort): method + suffix[cohort] for method, cohort in predictions}

# %% [markdown]
# ## Area under the curve
#
# Two patient groups against each other, by log p_a − log p_b, among the scans of the
# two alone; one against the rest can hide that two groups are not told apart.

# %%
present = {
    cohort: tuple(
        name
        for name in config.diagnoses
        if name in set(predictions[NETWORK, cohort]["diagnosis"])
    )
    for cohort in sources
}
classes = present["training"]
pairs = {
    cohort: list(combinations([n for n in config.patients if n in there], 2))
    for cohort, there in present.items()
}

# %%
aucs = pd.concat(
    aucs_side_by_side(
        {method: t for (method, of), t in predictions.items() if of == cohort},
        present[cohort],
        pairs[cohort],
    ).assign(cohort=cohort)
    for cohort in sources
)
aucs["diagnosis"] = aucs["of"].map(in_words)
aucs["is_pair"] = aucs["of"].map(lambda of: not isinstance(of, str))


# %%
def drawn(cohort, is_pair):
    """AUCs of a cohort as a figure; nothing where there are none."""
    rows = aucs[(aucs["cohort"] == cohort) & (aucs["is_pair"] == is_pair)]
    guessing = dict.fromkeys(rows["diagnosis"], 0.5)
    return plot_interval_panels(rows, "auc", "AUC", guessing, by_method=True)


def listed(is_pair):
    """AUCs of all cohorts as a table; nothing where there are none."""
    rows = aucs[aucs["is_pair"] == is_pair]
    methods = rows["method"] + rows["cohort"].map(suffix)
    texts = [show.interval(r.auc, r.auc_low, r.auc_high) for r in rows.itertuples()]
    return side_by_side(rows.assign(method=methods), texts)


# %%
shown = [drawn(cohort, True) for cohort in sources if pairs[cohort]]
if not shown:
    shown = [Markdown("There are no two groups of patients to tell apart.")]
display(*shown)

# %% [markdown]
# **AUC between two groups of patients, with 95% intervals** (DeLong), cross-validation
# above, blind test below (where there is one). A network that has learned the pattern
# lies between the binding ratios and the oracle that sees the true binding. If it lies
# above the oracle that sees region means, it uses more of the image than those. What is
# missing to the classifier that is told the regions is room that is left. The intervals
# take the models as given (see {doc}`cross_validation`).

# %%
if any(pairs.values()):
    display(listed(is_pair=True))

# %% [markdown]
# One diagnosis against all others, of those that occur in a cohort:

# %%
display(*[drawn(cohort, False) for cohort in sources])

# %% [markdown]
# **AUC of each diagnosis against the rest**, as above.

# %%
listed(is_pair=False)

# %% [markdown]
# Intervals that overlap do not say whether two classifiers differ, for they judge the
# same scans. The AUC of the network minus that of each mark does.


# %%
def network_minus(other, cohort):
    """AUC of the network minus another's, with its interval, by diagnosis and pair."""
    of_scan = [*keys, "diagnosis"]
    own = predictions[NETWORK, cohort].set_index(of_scan)
    mark = predictions[other, cohort].set_index(of_scan).reindex(own.index)
    tables = own.reset_index(), mark.reset_index()
    return auc_differences(*tables, present[cohort], pairs[cohort])


differences = {
    (other, cohort): network_minus(other, cohort)
    for other, cohort in predictions
    if other != NETWORK
}

# %%
signed = "{:+.3f} ({:+.3f} to {:+.3f})".format
rows = [
    {"DAT-Net minus": titles[key]}
    | {" against ".join(np.atleast_1d(of)): signed(*d) for of, d in found.items()}
    for key, found in differences.items()
]
show.table(pd.DataFrame(rows).fillna("–"))

# %% [markdown]
# Above 0, the network is better than this mark; where the interval (95%, DeLong for
# paired scores) contains 0, the two cannot be told apart in these scans.
#
# ## By the truth instead of the label
#
# A wrong label counts against a classifier that is right. How often the most probable
# diagnosis is the label, as on {doc}`cross_validation` and {doc}`blind_test`, and how
# often it is the truth. In a blind test without controls, all but the oracles may still
# call somebody healthy.

# %%
decisions = {}
no_chance = dict.fromkeys(
    (f"p_{name}" for name in names), 0.0
)  # where it does not occur
for (method, cohort), table in predictions.items():
    true = table.merge(truth[[*keys, "true_diagnosis"]], on=keys, validate="1:1")
    by_truth = true.assign(diagnosis=true["true_diagnosis"])
    by_label = right_decisions(table.fillna(no_chance), names)
    decisions[titles[method, cohort]] = {
        "scans": len(table),
        "mean sensitivity": by_label.groupby(table["diagnosis"]).mean().mean(),
        "the commonest": table["diagnosis"].value_counts(normalize=True).max(),
        "is the label": by_label.mean(),
        "is the truth": right_decisions(by_truth.fillna(no_chance), names).mean(),
    }
shares = pd.DataFrame(decisions).T
formats = dict.fromkeys(shares.columns, "{:.1%}") | {"scans": "{:.0f}"}
show.table(shares.rename_axis("classifier").reset_index()).format(formats)

# %% [markdown]
# A classifier that is right more often by the truth than by the label pays for wrong
# labels in all other numbers of this study. *Mean sensitivity* gives every diagnosis
# the same weight; *the commonest* is what a classifier gets right that calls everybody
# by the diagnosis that most scans of the cohort have.
#
# ## Who is taken for whom
#
# The oracle that sees the true binding has no scanner and no noise between: its errors
# come from the overlap of the diagnoses and from wrong labels. What the network gets
# wrong besides may be lost in the images or not found by it; these two cannot tell
# which. The oracle that sees region means has lost the same to scanner, noise and
# normalisation, so it is the fairer mark.

# %%
confused = pd.concat(
    {
        method: confusion(predictions[method, "training"], classes)
        for method in (NETWORK, MEASURED, ORACLE)
    },
    axis=1,
)
confused.columns = [f"{method}: {name}" for method, name in confused.columns]
show.table(confused.reset_index())

# %% [markdown]
# Rows are labels, columns the most probable diagnosis, training cohort.

# %%
of = pairs["training"][0] if pairs["training"] else classes[0]
about = in_words(of) if pairs["training"] else f"{of} against the rest"
marks = {
    UNEVEN: UNEVEN,
    TOLD: "a regression that is told the right regions",
    MEASURED: "Bayes' rule on the region means of the image",
    ORACLE: "the limit that the true binding sets, which no scan shows",
}
if config.ceiling:
    n_simulated = steps["scans"].max()
    marks[CEILING] = f"a network that learned from {n_simulated} simulated scans"

# %%
said = {"better than": [], "not told apart from": [], "worse than": []}
for mark, named in marks.items():
    found = differences[mark, "training"][of]
    better, even, worse = said
    words = show.direction(*found[1:], more=better, less=worse, even=even)
    said[words].append(f"{named}, difference {show.signed(*found)}")
told_all = " ".join(f"It is {words} {'; '.join(n)}." for words, n in said.items() if n)
own = aucs[(aucs["method"] == NETWORK) & (aucs["cohort"] == "training")]
(own,) = own.loc[own["of"] == of, ["auc", "auc_low", "auc_high"]].to_numpy()
result = (
    f"{about} {page.where}, in cross-validation: the network's AUC is "
    f"{show.interval(*own, 2)} (95%). {told_all}"
)
if "blind_test" not in sources:
    result += " No blind test with two diagnoses is there to compare them in."

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. What it does not show:
#
# - What is left between the network and the limit of the true binding is either in the
#   images and not found, or lost by scanner, noise and normalisation. The classifier
#   that is told the regions and the oracle that sees region means have lost the same,
#   and say roughly how the two divide.
# - The intervals take the models as given; other scans to learn from would change them.
# - The truth is that of the phantom. How much the sides differ in each diagnosis was
#   put in and not varied. How far the best possible classifier of real scans is from
#   the network, nobody knows.

# %%
numbers_path = page.path(f"data_manifest/{config.phantom.numbers}")
calibration = read_calibration(numbers_path, config.phantom.scanner)
given = calibration, config.control, config.phantom.identical_patients
like = {name: like_patients(name, *given) for name in classes}  # whose numbers are used
put_in = {
    name: {
        "asymmetry": calibration.asymmetry[of_whom],
        "loss": calibration.loss.get(of_whom, {}),
    }
    for name, of_whom in like.items()
}

# %%
numbers = {
    "auc": {
        f"{titles[r.method, r.cohort]}.{r.of}": r.auc
        for r in aucs[~aucs["is_pair"]].itertuples()
    },
    "pairwise": {
        ".".join([titles[r.method, r.cohort], *r.of]): (r.auc, r.auc_low, r.auc_high)
        for r in aucs[aucs["is_pair"]].itertuples()
    },
    "difference": {
        ".".join([titles[key], *np.atleast_1d(of)]): d
        for key, found in differences.items()
        for of, d in found.items()
    },
    "decisions": decisions,
    "put_in": put_in,
    "ceiling": steps.to_dict("records") if config.ceiling else None,
}
page.close(numbers, result=result)
