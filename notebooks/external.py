# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, models/fold-*, models/refit*,
#       predictions/cross_validation.tsv, predictions/cross_validation_yardsticks.tsv,
#       predictions/blind_test.tsv, predictions/blind_test_yardsticks.tsv,
#       data_manifest/atlas/*, data_manifest/claims.tsv]
#     writes:
#       participants: [predictions/external.tsv]
#     settings: [control, decisions.blind_test_model, diagnoses, images, network,
#       training.accelerator, training.n_folds]
#     threads: 1
# ---

# %% [markdown]
# # In another hospital
#
# A network that was trained in one hospital may have learned its camera. A study file
# that names a site as `test` (`sites`) keeps it out of everything: nobody of it
# teaches, stops or chooses anything, and the final models judge it here as they judge
# the blind test at home. This page asks how far the network and binding ratios fall, or
# do not, whether their probabilities still mean what they say, and how many
# participants it takes to tell. The paper has one hospital.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
half_width: float = 0.1  # of the interval of an AUC that participants are counted for
n_bootstrap: int = 2000  # resamples of the participant-level bootstrap

# %% tags=["setup"]
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from datnet_core.training import load_model, predict
from datnet_images import Rows
from datnet_study import (
    accuracies,
    aucs_side_by_side,
    away_from_home,
    beside_paper,
    brier_score,
    by_method,
    calibration_line,
    class_proba,
    decision_table,
    in_words,
    needed_for_auc,
    open_page,
    pairs_of,
    read_claims,
    right_decisions,
    share_difference,
    show,
    side_by_side,
    with_proba,
    yardstick_features,
)
from datnet_study.figures import plot_interval_panels
from datnet_study.titles import NETWORK, RATIOS, UNEVEN

page = open_page("external", study, into)
config = page.settings
classes = config.diagnoses
p_columns = [f"p_{name}" for name in classes]
keys = ["participant_id", "session_id", "diagnosis"]

# %% tags=["remove-input"]
show.notice(page)

# %% tags=["remove-input"]
scans = page.scans()
rows = np.flatnonzero(scans["cohort"] == "external")
if len(rows) == 0:
    nobody = pd.DataFrame(columns=[*keys, "site", "method", *p_columns])
    page.write_table("predictions/external.tsv", nobody)
    page.end("no site for tests only (`sites`)", "nothing is judged elsewhere")

# %% [markdown]
# ## Predictions
#
# The models and the binding ratios are those of {doc}`blind_test`: of the folds, or the
# one that was trained once more on all (`decisions.blind_test_model`); ratios are
# fitted on the whole training cohort. They know of the other site what its scans show,
# and nothing of its diagnoses: not how common they are, either.

# %%
refit = config.decisions.blind_test_model == "refit"
models = ["refit"] if refit else [f"fold-{k}" for k in range(config.training.n_folds)]
seen, device = page.seen(), config.training.accelerator
by_model = [
    predict(load_model(page.models() / name, config.network, device), seen, rows)
    for name in models
]
who = scans.loc[rows, [*keys, "site"]]
judged = {NETWORK: with_proba(who, np.mean(by_model, axis=0), classes)}

# %%
affine, _ = page.grid()
learn = np.flatnonzero(scans["cohort"] == "training")
both = np.concatenate([learn, rows])
volumes, labels = Rows(page.volumes(), both), scans["diagnosis"].to_numpy()[learn]
features = yardstick_features(volumes, page.atlas(), affine, config.images)
for title in (RATIOS, UNEVEN):
    known, new = np.split(features[title], [len(learn)])
    proba = class_proba(known, labels, new, classes, config.network.class_prior)
    judged[title] = with_proba(who, proba, classes)
stacked = pd.concat(judged, names=["method"]).reset_index("method")
page.write_table("predictions/external.tsv", stacked)

# %% [markdown]
# *Home* is the blind test of the sites that train, or their cross-validation where they
# have no blind test. Everybody counts with the first scan.


# %%
def at_home(cohort):
    """Predictions of the network and of binding ratios at home, by title."""
    marks = by_method(page.table(f"predictions/{cohort}_yardsticks.tsv"))
    return {NETWORK: page.table(f"predictions/{cohort}.tsv")} | {
        title: marks[title] for title in (RATIOS, UNEVEN) if title in marks
    }


is_blind = (scans["cohort"] == "blind_test").any()
own = at_home("blind_test" if is_blind else "cross_validation")
HOME = "home, blind test" if is_blind else "home, cross-validation"
sites = sorted(who["site"].unique())
places = {HOME: own}
for site in sites:
    places[site] = {t: table[table["site"] == site] for t, table in judged.items()}
places = {
    place: {t: table.drop_duplicates("participant_id") for t, table in of.items()}
    for place, of in places.items()
}

# %% [markdown]
# ## Are they enough?
#
# An AUC says something if its 95% interval is not wider than about ±0.1. How many
# participants of each diagnosis that takes depends on the AUC {cite}`hanley1982`; here
# it is counted for 0.8, and for the worst case, 0.5.

# %%
NEEDED = {auc: needed_for_auc(auc, half_width) for auc in (0.5, 0.8)}
there = {
    place: of[NETWORK]["diagnosis"].value_counts().reindex(classes, fill_value=0)
    for place, of in places.items()
}
counted = pd.DataFrame(there).T.rename_axis("site").astype(str).reset_index()
show.table(counted, of_groups=True)

# %%
enough = {
    site: [name for name in classes if there[site][name] >= NEEDED[0.8]]
    for site in sites
}
in_each = "; ".join(f"{s}: {', '.join(of) or 'none'}" for s, of in enough.items())
Markdown(
    f"An interval of ±{half_width:g} takes **{NEEDED[0.8]} participants of each of two "
    f"diagnoses** at an AUC of 0.8, {NEEDED[0.5]} at 0.5. Diagnoses with "
    f"{NEEDED[0.8]} or more: {in_each}."
)

# %% [markdown]
# ## One diagnosis against another


# %%
def aucs_of(method):
    """AUC of a classifier at each place, of pairs and of each against the rest."""
    parts = []
    for place, of in places.items():
        names = of[method]["diagnosis"]
        if names.nunique() > 1:
            pairs = pairs_of(config.compared, names)
            found = aucs_side_by_side({place: of[method]}, classes, pairs)
            parts.append(found)
    return pd.concat(parts) if parts else pd.DataFrame(columns=["method", "of", "auc"])


aucs = {method: aucs_of(method) for method in judged}
network = aucs[NETWORK].reset_index(drop=True)

# %%
is_pair = network["of"].map(lambda of: not isinstance(of, str)).astype(bool)
one_only = Markdown("Each place has one diagnosis only: there is nothing to tell.")
if is_pair.any():
    shown = network[is_pair].assign(diagnosis=network["of"].map(in_words))
    chance = dict.fromkeys(shown["diagnosis"], 0.5)
    display(plot_interval_panels(shown, "auc", "AUC", chance, by_method=True))
else:
    display(one_only)

# %% [markdown]
# **Area under the ROC curve of the network at home and elsewhere**, with 95% intervals
# (DeLong). In numbers, also for each diagnosis against the rest, which depends on how
# common the others are at a site, as the pairs do not:

# %%
for method, table in aucs.items():
    if len(table):
        of = table[["auc", "auc_low", "auc_high"]].itertuples(index=False)
        texts = [show.interval(*value) for value in of]
        display(side_by_side(table, texts, f"{method} at"))

# %% [markdown]
# Each site minus home; the people are others, so a difference needs more of them than a
# comparison of two classifiers. Where a phantom images some people at both sites, the
# interval is too wide: it takes them for others. *Would be shown from*: the true
# difference that as many scans would show with a chance of 80%.

# %%
apart = {method: away_from_home(table, HOME) for method, table in aucs.items()}
rows_apart = [
    {
        "classifier": method,
        "site minus home": row.method,
        "for": in_words(row.of),
        "AUC (95%)": show.signed(row.difference, row.low, row.high),
        "would be shown from": f"{row.detectable:.3f}",
    }
    for method, table in apart.items()
    for row in table.itertuples()
]
display(
    show.table(pd.DataFrame(rows_apart), of_groups=True) if rows_apart else one_only
)

# %% [markdown]
# ## Accuracy
#
# By the largest probability. Accuracy depends on how common the diagnoses are at a
# site; mean sensitivity gives each of them the same weight.

# %%
right, people = {}, {}
for place, of in places.items():
    for method, table in of.items():
        title = f"{method}, {place}"
        made = table.reset_index(drop=True)
        right[title], people[title] = right_decisions(made, classes), made
shares = pd.concat(
    [decision_table({t: r}, people[t], n_bootstrap) for t, r in right.items()]
)
display(accuracies(shares))

# %%
fallen = {
    (method, site): share_difference(
        right[f"{method}, {site}"], right[f"{method}, {HOME}"]
    )
    for method in judged
    for site in sites
}
rows_fallen = [
    {"classifier": method, "site minus home": site, "accuracy (95%)": show.signed(*d)}
    for (method, site), d in fallen.items()
]
show.table(pd.DataFrame(rows_fallen), of_groups=True)

# %% [markdown]
# ## Calibration
#
# A *slope* below 1 says that probabilities are too extreme there; the *intercept* is
# then 0 if a diagnosis is as common as they say. The *Brier score* is 0 at best
# ({doc}`calibration`).

# %%
calibrated = {}
for place, of in places.items():
    table = of[NETWORK]
    line = {
        name: calibration_line(table["diagnosis"] == name, table[f"p_{name}"])
        for name in classes
        if 0 < (table["diagnosis"] == name).sum() < len(table)
    }
    score = brier_score(table["diagnosis"], table[p_columns], classes)
    calibrated[place] = {"brier": score, "lines": line}
rows_of = [
    {"at": place, "Brier score": f"{of['brier']:.3f}", "diagnosis": name}
    | {f"{part} (95%)": show.interval(*line[part], 2) for part in line}
    for place, of in calibrated.items()
    for name, line in of["lines"].items()
]
display(show.table(pd.DataFrame(rows_of), of_groups=True) if rows_of else one_only)

# %% [markdown]
# ## Beside the paper
#
# The paper says nothing of another hospital, so these are no claims of it and get no
# verdict; {doc}`claims` shows the same rows.

# %%
rest = network[~is_pair]
by_site = {
    site: {
        row.of: (row.auc, row.auc_low, row.auc_high)
        for row in rest[rest["method"] == site].itertuples()
    }
    for site in sites
}
share_of = {
    site: tuple(shares.loc[f"{NETWORK}, {site}"].iloc[1:4].astype(float))
    for site in sites
}
known = read_claims(page.path("data_manifest/claims.tsv"))
beside = beside_paper(known, by_site, share_of)
show.table(pd.DataFrame(beside), of_groups=True, not_people=list(beside[0]))

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. The site had no part in any training,
# stopping rule, cutoff or choice, and uncertain diagnoses of it are not judged. One
# site is one draw of all hospitals: the intervals are about its participants, not about
# the next hospital.

# %%
pairs = apart[NETWORK][apart[NETWORK]["of"].map(lambda of: not isinstance(of, str))]
begin = f"No two diagnoses are there both at home and at a site {page.where}"
if len(pairs):
    at = {(r.method, r.of): r for r in network.itertuples()}
    of = pairs["of"].iloc[0]  # the first two groups of patients
    found = []
    for row in pairs[pairs["of"] == of].itertuples():
        r, change = at[row.method, of], (row.difference, row.low, row.high)
        value = show.interval(r.auc, r.auc_low, r.auc_high)
        found.append(f"{value} at the site {row.method}, {show.signed(*change)}")
    begin = f"{page.where.capitalize()}, the network tells {in_words(of)} with an AUC "
    begin += f"of {at[HOME, of].auc:.3f} ({HOME}); {'; '.join(found)} (95%)"

# %%
worst = min(sites, key=lambda site: fallen[NETWORK, site][0])
large = [f"{len(enough[site])} at {site}" for site in sites]
result = (
    f"{begin}. Beside home, accuracy is lowest at {worst}: right in a share of "
    f"{show.interval(*share_of[worst])} of {len(people[f'{NETWORK}, {worst}'])} "
    f"participants, {show.signed(*fallen[NETWORK, worst])} against home; there, "
    f"{RATIOS} change by {show.signed(*fallen[RATIOS, worst])}. An AUC to "
    f"±{half_width:g} takes {NEEDED[0.8]} participants of each diagnosis (at 0.8); of "
    f"{len(classes)} diagnoses have as many: {', '.join(large)}."
)

# %%
numbers = {
    "home": HOME,
    "participants": {place: n.to_dict() for place, n in there.items()},
    "needed": {str(auc): n for auc, n in NEEDED.items()},
    "auc": {
        f"{method}.{row.method}.{in_words(row.of)}": (
            row.auc,
            row.auc_low,
            row.auc_high,
        )
        for method, table in aucs.items()
        for row in table.itertuples()
    },
    "auc_minus_home": {m: t.to_dict("records") for m, t in apart.items()},
    "decisions": shares.to_dict("index"),
    "accuracy_minus_home": {".".join(key): value for key, value in fallen.items()},
    "calibration": calibrated,
    "beside_paper": beside,
}
page.close(numbers, result=result)
