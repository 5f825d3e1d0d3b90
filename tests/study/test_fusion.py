"""Fusion: the nine features, a toy problem, a regression beside it, and every option's effect."""

import numpy as np
import pandas as pd
import pytest
from small_fusion import QUICK, toy

from datnet_study.fusion import (
    among,
    fit_fusion,
    fit_logistic_fusion,
    fused_verdicts,
    fusion_features,
)
from datnet_study.settings import Fusion

NAMES = ("IPD", "MSA", "PSP", "NC")
CHANGES = {"n_estimators": 3, "max_depth": 1, "learning_rate": 0.3}


@pytest.fixture
def scans():
    """Three participants, one with two scans; a control lacks the clinical scores."""
    return pd.DataFrame(
        {
            "participant_id": ["sub-1", "sub-1", "sub-2", "sub-3"],
            "session_id": ["ses-a", "ses-b", "ses-a", "ses-a"],
            "diagnosis": ["IPD", "IPD", "PSP", "NC"],
            "age": [60, 62, 70, 55],
            "sex": ["F", "F", "M", "M"],
            "symptom_duration_years": [1.5, 3.5, 2.0, np.nan],
            "updrs": [20.0, 30.0, np.nan, np.nan],
            "hoehn_yahr": [1.0, 2.0, 3.0, np.nan],
        }
    )


def predictions_of(scans):
    table = scans[["participant_id", "session_id", "diagnosis"]].copy()
    for k, name in enumerate(NAMES):
        table[f"p_{name}"] = (np.arange(len(table)) + k) / 100
    return table


def test_there_are_nine_features_in_the_order_of_the_paper(scans):
    features = fusion_features(predictions_of(scans), scans, NAMES)
    assert list(features.columns) == [
        "p_IPD", "p_MSA", "p_PSP", "p_NC",
        "age", "sex", "symptom_duration_years", "updrs", "hoehn_yahr",
    ]  # fmt: skip
    assert set(features.dtypes.astype(str)) == {"float64"}


def test_each_prediction_meets_the_clinical_data_of_its_own_scan(scans):
    # Hand-worked: rows 3, 1, 0 in this order; the second scan of sub-1 has its own scores.
    chosen = predictions_of(scans).iloc[[3, 1, 0]]
    features = fusion_features(chosen, scans.iloc[[2, 0, 3, 1]], NAMES)
    np.testing.assert_array_equal(
        features.to_numpy(),
        [
            [0.03, 0.04, 0.05, 0.06, 55, 1, np.nan, np.nan, np.nan],
            [0.01, 0.02, 0.03, 0.04, 62, 0, 3.5, 30, 2],
            [0.00, 0.01, 0.02, 0.03, 60, 0, 1.5, 20, 1],
        ],
    )


def test_only_the_probabilities_of_the_study_are_used(scans):
    features = fusion_features(predictions_of(scans), scans, ("NC", "IPD"))
    assert list(features.columns[:3]) == ["p_NC", "p_IPD", "age"]
    assert features.shape == (4, 7)


def test_missing_clinical_values_stay_missing_and_men_are_one(scans):
    scans["sex"] = ["F", "F", "M", None]
    features = fusion_features(predictions_of(scans), scans, NAMES)
    np.testing.assert_array_equal(features["sex"], [0, 0, 1, np.nan])
    np.testing.assert_array_equal(features["updrs"], [20, 30, np.nan, np.nan])


def test_a_prediction_without_a_row_in_the_scan_table_keeps_its_place(scans):
    features = fusion_features(predictions_of(scans), scans.drop(1), NAMES)
    assert len(features) == 4
    assert features.iloc[1, :4].tolist() == [0.01, 0.02, 0.03, 0.04]
    assert features.iloc[1, 4:].isna().all()


def test_the_tables_given_stay_as_they_are(scans):
    predictions, before = predictions_of(scans), scans.copy()
    fusion_features(predictions, scans, NAMES)
    pd.testing.assert_frame_equal(scans, before)
    pd.testing.assert_frame_equal(predictions, predictions_of(before))


def test_a_scan_that_stands_twice_is_refused(scans):
    twice = pd.concat([scans, scans.iloc[:1]])
    with pytest.raises(ValueError, match="not unique"):
        fusion_features(predictions_of(scans), twice, NAMES)
    with pytest.raises(ValueError, match="not unique"):
        fusion_features(predictions_of(twice), scans, NAMES)


def test_a_separable_toy_problem_is_learned(rng):
    features, diagnosis = toy(rng)
    model, classes = fit_fusion(features, diagnosis, QUICK)
    assert classes == ("A", "B", "C")
    new, truth = toy(np.random.default_rng(8))
    proba = model.predict_proba(new)
    np.testing.assert_allclose(proba.sum(1), 1, atol=1e-5)
    assert (np.array(classes)[proba.argmax(1)] == truth).mean() > 0.95


def test_columns_are_named_by_the_sorted_diagnoses_however_they_come(rng):
    features, diagnosis = toy(rng)
    renamed = pd.Series(diagnosis, index=np.arange(120) + 7).map({"A": "Z", "B": "M", "C": "B"})
    model, classes = fit_fusion(features, renamed, QUICK)
    assert classes == ("B", "M", "Z")
    assert (np.array(classes)[model.predict_proba(features).argmax(1)] == renamed).mean() > 0.95


def test_two_classes_give_two_columns(rng):
    features, diagnosis = toy(rng)
    two = diagnosis != "C"
    model, classes = fit_fusion(features[two], diagnosis[two], QUICK)
    proba = model.predict_proba(features[two])
    assert proba.shape == (80, 2)
    assert (np.array(classes)[proba.argmax(1)] == diagnosis[two]).all()


def test_one_undecided_network_among_several_does_not_turn_the_verdict():
    # Learned: NC up to 0.93, PD from 0.98. Five networks say 0.99 and one 0.54, so their mean of
    # 0.915 is on the side of NC, although the scan is like a PD to all that have learned.
    p_pd = np.r_[np.linspace(0, 0.93, 20), np.linspace(0.98, 1, 20)]
    names, labels = ("PD", "NC"), np.repeat(["NC", "PD"], 20)
    scans = pd.DataFrame({"participant_id": [f"sub-{k}" for k in range(42)], "session_id": "ses-1"})
    scans[["age", "symptom_duration_years", "updrs", "hoehn_yahr"]] = np.nan
    scans["sex"] = np.where(np.arange(42) % 2, "F", "M")
    keys = scans[["participant_id", "session_id"]]
    known = keys[:40].assign(p_PD=p_pd, p_NC=1 - p_pd)
    features = fusion_features(known, scans, names)[["p_PD", "p_NC", "sex"]]
    model, learned = fit_fusion(features, labels, QUICK)
    said = {f"fold-{k}": [0.54 if k == 1 else 0.99, 0.54 if k == 1 else 0.01] for k in range(6)}
    of_networks = [keys[40:].assign(p_PD=p, p_NC=1 - np.array(p)) for p in said.values()]
    assert np.mean([p[0] for p in said.values()]) == pytest.approx(0.915)
    tables = [fusion_features(part, scans, names) for part in of_networks]
    proba = fused_verdicts(model, learned, tables, names)
    assert proba.idxmax(axis=1).tolist() == ["p_PD", "p_NC"]
    mean = pd.concat(of_networks).groupby("participant_id", sort=False)[["p_PD", "p_NC"]].mean()
    alone = model.predict_proba(mean.iloc[:1].assign(sex=1.0))
    assert learned[alone[0].argmax()] == "NC"


def test_missing_values_are_learned_from_and_predicted(rng):
    features, diagnosis = toy(rng)
    features.loc[diagnosis == "A", "updrs"] = np.nan
    model, classes = fit_fusion(features, diagnosis, QUICK)
    assert (np.array(classes)[model.predict_proba(features).argmax(1)] == diagnosis).mean() > 0.95


def test_the_same_seed_gives_the_same_trees(rng):
    features, diagnosis = toy(rng)
    one, other = (fit_fusion(features, diagnosis, QUICK)[0] for _ in range(2))
    np.testing.assert_array_equal(one.predict_proba(features), other.predict_proba(features))


def test_the_regression_learns_the_same_columns_and_fills_what_is_missing(rng):
    features, diagnosis = toy(rng)
    features.loc[::9, "age"] = np.nan
    model, classes = fit_logistic_fusion(features, diagnosis)
    assert classes == ("A", "B", "C")
    assert list(model.feature_names_in_) == list(features)
    new, truth = toy(np.random.default_rng(8))
    assert (np.array(classes)[model.predict_proba(new).argmax(1)] == truth).mean() > 0.95


def test_the_regression_sees_the_odds_of_a_probability(rng):
    # p from 1e-4 to 1, as far apart in every power of ten: only the logarithm is a line.
    p = 10.0 ** -np.linspace(0, 4, 41)
    diagnosis = np.where(p > 0.01, "B", "A")
    model, _ = fit_logistic_fusion(pd.DataFrame({"p_B": p}), diagnosis)
    found = model.predict_proba(pd.DataFrame({"p_B": [1.0, 0.01, 1e-4]}))[:, 1]
    assert found[1] == pytest.approx(0.5, abs=0.1)
    assert found[0] == pytest.approx(1 - found[2], abs=0.05)


def test_a_classifier_that_may_not_name_all_shares_what_is_left():
    scans = pd.DataFrame({"p_A": [0.2, 0.0], "p_B": [0.2, 0.0], "p_NC": [0.6, 1.0], "x": 1})
    made = among(scans, ("A", "B", "NC"), ["A", "B"])
    assert made[["p_A", "p_B", "p_NC"]].to_numpy().tolist() == [[0.5, 0.5, 0], [0.5, 0.5, 0]]
    assert made["x"].tolist() == [1, 1] and scans["p_NC"].tolist() == [0.6, 1.0]


def test_every_option_is_tested():
    assert set(CHANGES) == set(Fusion.model_fields)


@pytest.mark.parametrize("option", ["n_estimators", "max_depth", "learning_rate"])
def test_an_option_changes_the_probabilities(rng, option):
    features, diagnosis = toy(rng)
    diagnosis[::7] = "A"  # noise that deeper trees can learn
    changed = QUICK.model_copy(update={option: CHANGES[option]})
    one, other = (fit_fusion(features, diagnosis, s)[0] for s in (QUICK, changed))
    difference = one.predict_proba(features) - other.predict_proba(features)
    assert np.abs(difference).max() > 0.01
