# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, predictions/cross_validation.tsv, predictions/blind_test.tsv,
#       predictions/cross_validation_yardsticks.tsv,
#       predictions/blind_test_yardsticks.tsv, predictions/blind_test_by_model.tsv,
#       data_manifest/claims.tsv]
#     writes:
#       participants: [predictions/fusion.tsv]
#     settings: [control, diagnoses, fusion]
#     threads: 1
# ---

# %% [markdown]
# # Fusion with clinical data
#
# This page reproduces Fig. 8: gradient-boosted trees (XGBoost) join the network's
# probabilities with age, sex, symptom duration, UPDRS and Hoehn and Yahr stage.
# They learn on the training cohort and are judged on the blind test, patients only,
# since controls have no clinical scores (open point A10); where there is one group of
# patients only, they tell it from controls. Beside the published fusion stand what the
# paper has not: the clinical data alone, and a logistic regression in place of trees.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
n_bootstrap: int = 2000  # resamples of the participant-level bootstrap
n_draws: int = 8  # fits on other draws of participants, for the importances

# %% tags=["setup"]
import pandas as pd
from IPython.display import Markdown, display

from datnet_core.metrics import share_interval
from datnet_study import (
    accuracies,
    among,
    by_method,
    decision_differences,
    decision_table,
    decisions_apart,
    diagnostic_table,
    fit_fusion,
    fit_logistic_fusion,
    fused_verdicts,
    fusion_features,
    importance_spread,
    importances,
    open_page,
    right_decisions,
    show,
    visits,
)
from datnet_study.figures import plot_importances, plot_rates
from datnet_study.titles import NETWORK, RATIOS, UNEVEN

page = open_page("fusion", study, into)
config = page.settings
classes, groups_compared = config.diagnoses, config.compared
CLINICAL = {
    "age": "age",
    "sex": "sex",
    "symptom_duration_years": "symptom duration",
    "updrs": "UPDRS",
    "hoehn_yahr": "Hoehn-Yahr",
}

# %% tags=["remove-input"]
show.notice(page)

# %% tags=["remove-input"]
scans = page.scans()


def patients(name):
    """Predictions of a page for the groups that are compared."""
    table = page.table(f"predictions/{name}.tsv")
    return table[table["diagnosis"].isin(groups_compared)].reset_index(drop=True)


out_of_fold, blind = patients("cross_validation"), patients("blind_test")
x_train = fusion_features(out_of_fold, scans, classes)
known = x_train.groupby(out_of_fold["diagnosis"]).count().min() > 0
clinical = [name for name in x_train.columns[known] if name in CLINICAL]
lacking = [
    f"no {', '.join(groups_compared)} of certainty 'confirmed'" if blind.empty else "",
    "" if clinical else "no clinical data of every diagnosis",
]
if any(lacking):
    page.write_table("predictions/fusion.tsv", blind.iloc[:0])
    page.end(" and ".join(filter(None, lacking)), "nothing is joined with the images")

# %% [markdown]
# ## What the trees see
#
# The probabilities of the training scans are out-of-fold: from the model that never
# saw the scan. Probabilities of scans that a network was trained on would look
# surer than they are, and the trees would learn to trust them too much. On the blind
# test, too, the trees see the probabilities of one model at a time, and their verdicts
# are averaged: a mean over models is less sure than each of them, and the trees have
# never seen one. A score that a whole group lacks would give the group away, so it is
# left out.

# %%
x_train = x_train.loc[:, known]
labels = out_of_fold["diagnosis"]
of_models = [
    fusion_features(part, scans, classes).set_axis(blind.index)
    for _, part in patients("blind_test_by_model").groupby("model", sort=False)
]


def judged(fit, x, new):
    """Predictions of the blind test by a fusion that learned from features x."""
    table = blind[["participant_id", "session_id", "diagnosis", "fold"]]
    return table.join(fused_verdicts(*fit(x), new, classes))


# %% [markdown]
# Every classifier below has the same participants and the same diagnoses to choose
# from: *DAT-Net* and the *binding ratios* may not name a group that the fusion does not
# know (controls), which alone can make a fusion look better than the scan. (On
# {doc}`blind_test`, *of those there* is the same row if no controls are in the blind
# test and all patient groups are.) *Trees* is XGBoost as
# published; the *regression* is a logistic one on the logarithms of the probabilities
# and the clinical data. Both learn anew how common each diagnosis is among patients and
# how far to trust the network, so what clinical data add is the difference to the image
# alone *by the same means*.


# %%
def trees(x):
    """XGBoost as published."""
    return fit_fusion(x, labels, config.fusion)


def regression(x):
    """Logistic regression."""
    return fit_logistic_fusion(x, labels)


image = [name for name in x_train if name not in clinical]
BOTH, CLINIC, IMAGE = "image and clinical", "clinical alone", "image alone"
seen = {IMAGE: image, CLINIC: clinical, BOTH: [*image, *clinical]}
fused = {
    f"{what}, {how.__name__}": judged(how, x_train[columns], of_models)
    for what, columns in seen.items()
    for how in (trees, regression)
}
FUSION, ALONE, SCAN = (f"{what}, trees" for what in (BOTH, CLINIC, IMAGE))
page.write_table("predictions/fusion.tsv", fused[FUSION])

# %% [markdown]
# The same regression with binding ratios in place of the network says what the network
# is worth once the clinical data are there.

# %%
marks = {
    cohort: by_method(patients(f"{cohort}_yardsticks"))
    for cohort in ("cross_validation", "blind_test")
}
ratios = fusion_features(marks["cross_validation"][UNEVEN], scans, classes)
new = marks["blind_test"]
of_ratios = fusion_features(new[UNEVEN], scans, classes).set_axis(blind.index)
with_ratios = f"{UNEVEN} and clinical, regression"
methods = {NETWORK: among(blind, classes, groups_compared)}
methods |= {t: among(new[t], classes, groups_compared) for t in (RATIOS, UNEVEN)}
methods |= fused
x = ratios[[*image, *clinical]]
methods[with_ratios] = judged(regression, x, [of_ratios])

# %% [markdown]
# ## Image alone, clinical data alone, and both

# %%
first = visits(blind)["all"]
people = blind[first]
right = {
    title: right_decisions(table, classes)[first] for title, table in methods.items()
}
commonest = labels.mode()[0]
right[f"always {commonest}"] = people["diagnosis"] == commonest
shares = decision_table(right, people, n_bootstrap)
accuracies(shares)

# %% [markdown]
# What the published fusion has more or less than each of the others, on the same
# participants. *McNemar* is the exact test of those on which only one side is right;
# the chi-square test, the paper's, takes the two as independent.

# %%
apart = decisions_apart({FUSION: right[FUSION]} | right, people, n_bootstrap)
decision_differences(apart, f"{FUSION}, minus")

# %% [markdown]
# The participants with two scans, at baseline and at follow-up:

# %%
groups = visits(blind)
by_visit = {}
for group in ("baseline", "follow-up"):
    for title in (NETWORK, FUSION):
        if groups[group].any():
            values = right_decisions(methods[title], classes)[groups[group]]
            by_visit[f"{title}, {group}"] = values
visits_table = decision_table(by_visit, blind, n_bootstrap)
none = Markdown("No participant has two scans.")
accuracies(visits_table) if by_visit else none

# %%
tables = {
    title: diagnostic_table(methods[title][first], classes)
    for title in (NETWORK, ALONE, FUSION)
    if people["diagnosis"].nunique() > 1
}

# %%
if tables:
    display(plot_rates(tables, groups_compared))
else:
    display(Markdown("The blind test has one diagnosis only: there are no rates."))

# %% [markdown]
# **Sensitivity, specificity, PPV and NPV** (as the paper's Fig. 8) with 95%
# intervals on the blind test, from the scan alone, from clinical data alone, and from
# both.
#
# ## What the trees rely on
#
# The trees have nothing random in them, so another seed would change nothing. Their
# fits on other draws of the participants (bootstrap) show how firm an importance is.
# *Gain*, the paper's, says what the trees use; *contribution* how far a feature moves
# the verdict on participants who were not drawn; *permutation* how much worse the
# verdict on them gets when the feature is shuffled. Features that tell the same, such
# as probabilities that add up to one, stand in for each other and look small each.

# %%
readable = {f"p_{name}": f"P({name})" for name in classes} | CLINICAL
model, _ = trees(x_train)
gain = importances(model, x_train).rename(readable)
persons = out_of_fold["participant_id"]
spread = importance_spread(x_train, labels, persons, config.fusion, n_draws)
spread["feature"] = spread["feature"].map(readable)
order = {name: k for k, name in enumerate(gain.index)}
spread = spread.sort_values("feature", key=lambda of: of.map(order), kind="stable")

# %%
AXES = {
    "gain": "gain (share)",
    "contribution": "contribution (share)",
    "permutation": "loss of log p if permuted",
}
if spread.empty:
    display(Markdown("Too few participants: no draw of them has every diagnosis."))
else:
    display(plot_importances(spread, AXES))

# %% [markdown]
# **Importance of each feature for the trees** (the paper's Fig. 8E shows gain): mean
# (point) and range (line) over fits on other draws of the participants, the most
# important of the fit on all of them above. A range that reaches 0 means that the trees
# may do without the feature.

# %%
of_image = spread["feature"].isin([readable[name] for name in image])
per_draw = spread[of_image].pivot_table(
    index="draw", columns="measure", values="value", aggfunc="sum"
)
held = {name: per_draw[name].agg(["mean", "min", "max"]) for name in per_draw}
leading = spread[spread["measure"] == "gain"]
leading = leading.loc[leading.groupby("draw")["value"].idxmax(), "feature"]
shown = pd.DataFrame(held).T.rename_axis("what all image features add up to")
shown = shown.reset_index().round(3).astype(str)
show.table(shown, of_groups=True, not_people=list(shown))

# %% [markdown]
# ## Paper and this study

# %%
value, low, high = share_interval(right[FUSION])
p_fusion = apart[NETWORK]["chi_square"]
claims = {
    "fusion.accuracy": {"value": value, "low": low, "high": high, "p": p_fusion},
    "fusion.importance.top3": {"value": ", ".join(gain.index[:3])},
    "fusion.importance.next": {"value": ", ".join(gain.index[3:5])},
    "fusion.importance.sex": {"why": "a diagnosis without any known sex"},
}
if len(gain) < 4:
    claims["fusion.importance.next"] = {"why": f"{len(gain)} features only"}
if "sex" in gain:
    claims["fusion.importance.sex"] = {"value": float(gain["sex"])}
show.claims_table(page, claims)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. The fusion learned from out-of-fold
# probabilities and was judged on untouched participants. Importances say what the trees
# use, not what would help if it were alone; for that, see *clinical alone*.

# %%
less = {title: apart[title]["accuracy"] for title in (SCAN, ALONE)}
words = show.direction(
    *less[SCAN][1:],
    more="raises the accuracy",
    less="lowers the accuracy",
    even="does not change the accuracy by more than chance",
)
over_clinic = show.direction(
    *less[ALONE][1:],
    more="better than the clinical data alone",
    less="worse than the clinical data alone",
    even="not told apart from the clinical data alone",
)

# %%
share = {title: show.interval(*row) for title, *row in shares.iloc[:, 1:4].itertuples()}
p_of = {title: show.p_value(apart[title]["mcnemar"]) for title in less}
names = ", ".join(CLINICAL[name] for name in clinical)
result = (
    f"Adding {names} {words} of the trees {page.where}: {share[FUSION]} against "
    f"{share[SCAN]} from the image alone (95%), difference {show.signed(*less[SCAN])}, "
    f"exact P = {p_of[SCAN]}. Both are {over_clinic}, {share[ALONE]}, difference "
    f"{show.signed(*less[ALONE])}, P = {p_of[ALONE]}. The network by itself, among the "
    f"same diagnoses, has {share[NETWORK]}, the {UNEVEN} {share[UNEVEN]}. "
    f"By gain, the trees rely most on {gain.index[0]}"
)
if len(leading):
    same = (leading == gain.index[0]).sum()
    result += f", in {same} of {len(leading)} draws of participants too"
result += "."

# %%
numbers = {
    "decisions": shares.to_dict("index"),
    "decisions_of_visits": visits_table.to_dict("index") if by_visit else {},
    "fusion_minus": apart,
    "importances": gain.to_dict(),
    "importance_spread": spread.to_dict("records"),
    "image_features": {name: list(of) for name, of in held.items()},
    "tables": {title: table.to_dict("index") for title, table in tables.items()},
}
page.close(numbers, claims, result)
