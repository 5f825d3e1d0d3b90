# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, predictions/cross_validation.tsv, predictions/blind_test.tsv,
#       predictions/blind_test_by_model.tsv, data_manifest/claims.tsv]
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
# patients only, they tell it from controls.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
alpha: float = 0.05  # two-sided P below which a difference is called one

# %% tags=["setup"]
import pandas as pd
from IPython.display import Markdown, display

from datnet_core.metrics import (
    chi_square_correct,
    share_interval,
)
from datnet_study import (
    diagnostic_table,
    fit_fusion,
    fused_proba,
    fusion_features,
    importances,
    open_page,
    right_decisions,
    show,
    visits,
)
from datnet_study.figures import plot_importances, plot_rates

page = open_page("fusion", study, into)
config = page.settings
classes, groups_compared = config.diagnoses, config.compared
TESTED = "predictions/blind_test.tsv"
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
out_of_fold, blind = (
    table[table["diagnosis"].isin(groups_compared)].reset_index(drop=True)
    for table in map(page.table, ("predictions/cross_validation.tsv", TESTED))
)
x_train = fusion_features(out_of_fold, scans, classes)
known = x_train.groupby(out_of_fold["diagnosis"]).count().min() > 0
clinical = [CLINICAL[name] for name in x_train.columns[known] if name in CLINICAL]
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
model, learned = fit_fusion(x_train, out_of_fold["diagnosis"], config.fusion)
proba = pd.DataFrame(0.0, index=blind.index, columns=[f"p_{name}" for name in classes])
by_model = page.table("predictions/blind_test_by_model.tsv")
by_model = by_model[by_model["diagnosis"].isin(groups_compared)]
proba[[f"p_{name}" for name in learned]] = fused_proba(model, by_model, scans, classes)
predictions = blind[["participant_id", "session_id", "diagnosis", "fold"]].join(proba)
page.write_table("predictions/fusion.tsv", predictions)

# %% [markdown]
# ## Imaging alone against imaging with clinical data

# %%
groups = visits(predictions)
right = {
    "imaging": right_decisions(blind, classes),
    "imaging + clinical": right_decisions(predictions, classes),
}

# %%
accuracy = {
    (title, group): share_interval(values[chosen])
    for group, chosen in groups.items()
    for title, values in right.items()
    if chosen.any()
}
first = groups["all"]
p_fusion = chi_square_correct(
    right["imaging"][first], right["imaging + clinical"][first]
)

# %%
show.table(
    pd.DataFrame(
        [
            (group, title, show.interval(*value))
            for (title, group), value in accuracy.items()
        ],
        columns=["scans", "features", "accuracy (95%)"],
    )
)

# %%
tables = {
    title: diagnostic_table(table[first], classes)
    for title, table in {
        "imaging": blind,
        "imaging + clinical": predictions,
    }.items()
    if table.loc[first, "diagnosis"].nunique() > 1
}

# %%
if tables:
    display(plot_rates(tables, groups_compared))
else:
    display(Markdown("The blind test has one diagnosis only: there are no rates."))

# %% [markdown]
# **Sensitivity, specificity, PPV and NPV** (as the paper's Fig. 8) with 95%
# intervals on the blind test, from the scan alone and with clinical data.
#
# ## What the trees rely on

# %%
readable = {f"p_{name}": f"P({name})" for name in classes} | CLINICAL
shares = importances(model, x_train).rename(readable)

# %% figure="fig-fusion-importances"
plot_importances(shares)

# %% [markdown]
# **Feature importances** (as the paper's Fig. 8E): the mean gain of a split on the
# feature, as a share of the sum over features. 0 means that no tree uses the
# feature.
#
# ## Paper and this study

# %%
value, low, high = accuracy["imaging + clinical", "all"]
claims = {
    "fusion.accuracy": {"value": value, "low": low, "high": high, "p": p_fusion},
    "fusion.importance.top3": {"value": ", ".join(shares.index[:3])},
    "fusion.importance.next": {"value": ", ".join(shares.index[3:5])},
    "fusion.importance.sex": {"why": "a diagnosis without any known sex"},
}
if len(shares) < 4:
    claims["fusion.importance.next"] = {"why": f"{len(shares)} features only"}
if "sex" in shares:
    claims["fusion.importance.sex"] = {"value": float(shares["sex"])}
show.claims_table(page, claims)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. The fusion learned from out-of-fold
# probabilities and was judged on untouched participants. Importance by gain says what
# the trees use, not what would help if it were alone.

# %%
imaging = accuracy["imaging", "all"]
words = "does not change the accuracy by more than chance"
if p_fusion < alpha:
    words = "raises the accuracy" if value > imaging[0] else "lowers the accuracy"
result = (
    f"Adding {', '.join(clinical)} {words} {page.where}: "
    f"{show.interval(value, low, high)} "
    f"against {show.interval(*imaging)} from the scan alone (95%, P = {p_fusion:.2g}); "
    f"the trees rely most on {shares.index[0]}."
)

# %%
numbers = {
    "accuracy": {
        f"{title}, {group}": value for (title, group), value in accuracy.items()
    },
    "p_imaging_vs_fusion": p_fusion,
    "importances": shares.to_dict(),
    "tables": {title: table.to_dict("index") for title, table in tables.items()},
}
page.close(numbers, claims, result)
