# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [predictions/cross_validation.tsv,
#       predictions/cross_validation_yardsticks.tsv, predictions/blind_test.tsv,
#       predictions/blind_test_yardsticks.tsv, predictions/blind_test_by_model.tsv]
#     settings: [control, decisions.blind_test_model, diagnoses]
#     threads: 1
# ---

# %% [markdown]
# # What the probabilities are worth
#
# A reader who is told "70% MSA" wants to know whether this is right in seven of ten
# such scans, and what to do about it. This page asks whether the probabilities of the
# network and of binding ratios mean what they say, what acting on them would bring,
# which diagnoses are likely enough for a scan, and what is gained by referring the
# scans on which the network is unsure. It judges the blind test where there is one, and
# the out-of-fold predictions of {doc}`cross_validation` otherwise. It has no
# counterpart in the paper.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
n_bins: int = 6  # groups of scans, by probability, of a reliability curve
coverage: float = 0.9  # share of sets that are to hold the right diagnosis
largest_threshold: float = 0.8  # where decision curves end
n_bootstrap: int = 2000  # resamples of the participant-level bootstrap

# %% tags=["setup"]
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from datnet_core.metrics import (
    conformal_sets,
    group_mean_interval,
    set_summary,
    share_interval,
)
from datnet_study import (
    brier_score,
    by_method,
    calibration_line,
    fitted_temperature,
    net_benefit,
    open_page,
    referral,
    reliability,
    right_decisions,
    show,
    with_temperature,
)
from datnet_study.figures import (
    plot_net_benefit,
    plot_referral,
    plot_reliability,
)
from datnet_study.titles import NETWORK, RATIOS, UNEVEN

page = open_page("calibration", study, into)
config = page.settings
classes = config.diagnoses
p_columns = [f"p_{name}" for name in classes]

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## Whose probabilities


# %%
def judges(cohort):
    """Predictions of the network and of the yardsticks, by title, first scans."""
    marks = by_method(page.table(f"predictions/{cohort}_yardsticks.tsv"))
    found = {NETWORK: page.table(f"predictions/{cohort}.tsv")}
    found |= {title: marks[title] for title in (RATIOS, UNEVEN) if title in marks}
    return {t: table.drop_duplicates("participant_id") for t, table in found.items()}


known, new = judges("cross_validation"), judges("blind_test")
is_blind = len(new[NETWORK]) > 0
judged, where = (new, "the blind test") if is_blind else (known, "cross-validation")
diagnosis = judged[NETWORK]["diagnosis"]
present = [name for name in classes if name in set(diagnosis)]
several = len(present) > 1
one_only = Markdown(f"There is one diagnosis only in {where}: nothing can be judged.")
Markdown(f"The {len(diagnosis)} participants of **{where}** are judged here.")

# %%
by_fold_models = config.decisions.blind_test_model != "refit"
by_model = page.table("predictions/blind_test_by_model.tsv")
of_models = [  # what each says of the participants of the blind test
    part.drop_duplicates("participant_id")[p_columns].to_numpy()
    for _, part in by_model.groupby("model", sort=False)
]

# %% [markdown]
# ## Do they mean what they say?

# %%
curves = {
    (title, name): reliability(diagnosis == name, table[f"p_{name}"], n_bins)
    for name in present
    for title, table in judged.items()
    if title != RATIOS and several
}
display(plot_reliability(curves) if curves else one_only)

# %% [markdown]
# **Reliability curves**: how often a diagnosis is the label, by the probability that it
# was given, in groups of about as many scans, with 95% intervals (Wilson). On the
# dotted line, probabilities mean what they say; below it, they promise too much.
#
# In numbers: the *slope* of the log odds on those that were given is 1 for
# probabilities that mean what they say, below 1 for too extreme ones; the *intercept*
# is then 0.

# %%
lines = {
    (title, name): calibration_line(diagnosis == name, table[f"p_{name}"])
    for title, table in judged.items()
    for name in present
    if several
}
rows = [
    {"classifier": title, "diagnosis": name}
    | {f"{part} (95%)": show.interval(*line[part], 2) for part in line}
    for (title, name), line in lines.items()
]
display(show.table(pd.DataFrame(rows), of_groups=True) if lines else one_only)

# %% [markdown]
# A dash means that the scores of the two groups do not overlap, or that too few scans
# are there: then there is no line.
#
# The *Brier score* is the mean squared distance of the probabilities from what is the
# case, 0 at best. Beside it stands that of naming everybody's probability by how common
# the diagnoses are in the training cohort. A *temperature* above 1 makes probabilities
# less sure, below 1 surer. For the blind test it comes from the out-of-fold
# probabilities of all folds, for cross-validation from those of the other folds. (In
# the latter case the models of the other folds did learn from the scan, so its label
# has a small part in the temperature; the blind test has no such tie.) Of the network,
# each fold model gets the temperature before the mean over them is taken, for it comes
# from single models.


# %%
def tempered(title):
    """Probabilities after a temperature from other people's scores, and that."""
    table, own = judged[title], known[title]
    proba = table[p_columns].to_numpy()
    parts = [np.full(len(table), True)]
    if not is_blind:
        parts = [(table["fold"] == k).to_numpy() for k in np.unique(table["fold"])]
    fitted = []
    each = of_models if is_blind and title == NETWORK and by_fold_models else []
    for part in parts:
        learn = own if is_blind else own[~part]
        labels = learn["diagnosis"]
        t = fitted_temperature(labels, learn[p_columns].to_numpy(), classes)
        proba[part] = with_temperature(proba[part], t)
        if each:
            proba = np.mean([with_temperature(p, t) for p in each], axis=0)
        fitted.append(t)
    return proba, float(np.mean(fitted))


# %%
shares = known[NETWORK]["diagnosis"].value_counts(normalize=True)
common = np.tile([shares.get(name, 0.0) for name in classes], (len(diagnosis), 1))
scores = {"how common each is": {"brier": brier_score(diagnosis, common, classes)}}
for title, table in judged.items():
    proba, temperature = tempered(title)
    scores[title] = {
        "brier": brier_score(diagnosis, table[p_columns], classes),
        "temperature": temperature,
        "brier_tempered": brier_score(diagnosis, proba, classes),
    }
headings = {
    "brier": "Brier score",
    "temperature": "temperature",
    "brier_tempered": "Brier score after it",
}
shown = pd.DataFrame(scores).T.rename(columns=headings).map("{:.3f}".format)
show.table(
    shown.replace("nan", "–").rename_axis("probabilities").reset_index(), of_groups=True
)

# %% [markdown]
# ## What acting on them brings
#
# Whoever acts on a diagnosis (refers, treats, includes in a trial) from a certain
# probability up, the *threshold*, says by it how many actions in vain one right action
# is worth. The *net benefit* {cite}`vickers2006` counts right actions and takes off
# those in vain at this price.

# %%
thresholds = np.linspace(0.02, largest_threshold, 80)
benefits = {
    (title, name): net_benefit(diagnosis == name, table[f"p_{name}"], thresholds)
    for name in config.compared
    for title, table in judged.items()
    if name in present and several
}
display(plot_net_benefit(benefits) if benefits else one_only)

# %% [markdown]
# **Decision curves**: net benefit by threshold, each diagnosis on its own scale. A
# classifier is of use where its line lies above both *act on everybody* and *act on
# nobody*. Lines are of these scans, without an interval.
#
# ## Sets of diagnoses
#
# A network that is unsure should say so. A conformal set holds every diagnosis that is
# likely enough, so that the right one is in the set as often as asked for, if the blind
# test is like the training cohort. What is not in a set is unlikely, not excluded; the
# table says how often the right one is in it. A score of a new scan is compared with
# out-of-fold scores of the same model only, for the mean over the models is less sure
# than each of them. The known scans are those of the diagnoses that the blind test has.
# A network that was trained once more on all scans (`decisions.blind_test_model:
# refit`) has no such scores, so there are no sets for it.

# %%
conformal = pd.DataFrame()
has_sets = is_blind and by_fold_models
if has_sets:
    truth = diagnosis.reset_index(drop=True)
    alike = known[NETWORK][known[NETWORK]["diagnosis"].isin(present)]
    model = alike["fold"].astype(int)
    sets = conformal_sets(
        alike["diagnosis"], alike[p_columns], model, of_models, classes, coverage
    )
    conformal = pd.DataFrame(set_summary(truth, sets, classes))
    conformal["size"] = sets.sum(axis=1)

# %%
of_groups = {"all": slice(None)} if has_sets else {}
of_groups |= {name: truth == name for name in present if has_sets}
rows = []
for name, members in of_groups.items():
    part = conformal.loc[members]
    found = {"diagnosis": name, "participants": str(len(part))}
    found["right one in the set (95%)"] = show.interval(
        *share_interval(part["covered"])
    )
    found["diagnoses in the set"] = f"{part['size'].mean():.2f}"
    single, right = int(part["single"].sum()), int(part["single_right"].sum())
    found["one only, of these right"] = f"{single}, {right}"
    found["empty"] = str(int(part["empty"].sum()))
    rows.append(found)
rows_of_sets = rows
no_blind = Markdown("There is no blind test by the fold models, so there are no sets.")
display(show.table(pd.DataFrame(rows), of_groups=True) if rows else no_blind)

# %% [markdown]
# Only the first row is promised: a diagnosis may be covered less often than others. A
# set with all diagnoses in it is always right and says nothing, so a small set counts
# only with the coverage beside it.
#
# ## What if the unsure scans are referred?

# %%
right = {title: right_decisions(table, classes) for title, table in judged.items()}
referrals = {
    title: referral(table[p_columns], right[title]) for title, table in judged.items()
}
plot_referral(referrals)

# %% [markdown]
# **Accuracy of the scans that are kept, by the share of the least sure that is
# referred**, such as to a second reader or another examination; the band is the 95%
# interval (Wilson) of the network. A curve that rises says that the classifier knows
# when it errs. At the right end few scans are left, and the curve jumps.

# %%
rows = []
for title, curve in referrals.items():
    for share in (0, 0.2, 0.4):
        enough = curve[curve["referred"] >= share - 1e-9]
        if enough.empty:  # of so few scans, a share of this size is all
            continue
        at = enough.iloc[0]
        kept = show.interval(*at[["accuracy", "low", "high"]])
        rows.append((title, f"{at['referred']:.0%}", kept))
        caught = at["errors_caught"]
        rows[-1] += ("–" if np.isnan(caught) else f"{caught:.0%}",)
columns = ["classifier", "referred", "accuracy of the rest (95%)", "errors caught"]
show.table(pd.DataFrame(rows, columns=columns), of_groups=True)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. Slopes, scores and curves are those of one
# cohort with its mix of diagnoses; where these are more or less common, probabilities
# have to be changed first. But for what is said of the temperature, nothing here was
# chosen by the labels of the scans that are judged.


# %%
def squares(table):
    """Brier score of each scan."""
    is_class = diagnosis.to_numpy()[:, None] == np.array(classes)
    return ((table[p_columns].to_numpy() - is_class) ** 2).sum(axis=1)


person, everybody = judged[NETWORK]["participant_id"], np.full(len(diagnosis), "all")
change = squares(judged[NETWORK]) - squares(judged[UNEVEN])
change = group_mean_interval(change, everybody, person, n_bootstrap, 0)
words = show.direction(
    *change[1:], more="worse", less="better", even="not told apart from it"
)
network = scores[NETWORK]

# %%
towards = "less sure" if network["temperature"] > 1 else "surer"
result = (
    f"In {where}, {page.where}, the network has a Brier score of "
    f"{network['brier']:.3f}; "
    f"the {UNEVEN} have {scores[UNEVEN]['brier']:.3f}, the difference is "
    f"{show.signed(*change)} (95%): {words}. Out-of-fold scores would make the network "
    f"{towards} (temperature {network['temperature']:.2f}); after that its score is "
    f"{network['brier_tempered']:.3f}."
)
if has_sets:
    covered = show.interval(*share_interval(conformal["covered"]))
    result += (
        f" Sets that ask for {coverage:.0%} coverage hold the right diagnosis in "
        f"{covered} with {conformal['size'].mean():.1f} diagnoses on average."
    )

# %%
numbers = {
    "judged": where,
    "scores": scores,
    "brier_network_minus_asymmetry": change,
    "lines": {".".join(key): value for key, value in lines.items()},
    "conformal": {"coverage": coverage, "sets": rows_of_sets} if has_sets else None,
    "referral": {t: curve.to_dict("records") for t, curve in referrals.items()},
}
page.close(numbers, result=result)
