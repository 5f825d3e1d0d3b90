"""Fusion: features, coding, and what the trees rely on."""

import numpy as np
import pandas as pd
import pytest

from datnet_core.fusion import fit_fusion, fusion_features, importances
from datnet_core.study import Fusion

CLASSES = ("IPD", "MSA", "PSP", "NC")


@pytest.fixture
def tables(rng):
    n = 90
    keys = {"participant_id": [f"sub-{k}" for k in range(n)], "session_id": "ses-a"}
    diagnosis = np.array(["IPD", "MSA", "PSP"])[np.arange(n) % 3]
    proba = rng.dirichlet(np.ones(4), n)
    proba[np.arange(n), np.arange(n) % 3] += 1
    scans = pd.DataFrame(keys).assign(
        age=rng.normal(60, 8, n),
        sex=np.where(np.arange(n) % 2, "M", "F"),
        symptom_duration_years=rng.random(n) * 5,
        updrs=np.nan,
        hoehn_yahr=2.0,
    )
    columns = {f"p_{name}": proba[:, k] / 2 for k, name in enumerate(CLASSES)}
    return pd.DataFrame(keys).assign(diagnosis=diagnosis, **columns), scans


def test_there_are_nine_features_in_the_order_of_the_predictions(tables):
    predictions, scans = tables
    features = fusion_features(predictions, scans.sample(frac=1, random_state=1), CLASSES)
    assert features.shape == (90, 9)
    np.testing.assert_allclose(features["age"], scans["age"])
    assert features["sex"].tolist() == (scans["sex"] == "M").astype(float).tolist()
    assert features["updrs"].isna().all()


def test_it_learns_what_the_probabilities_say_and_ignores_a_constant(tables):
    predictions, scans = tables
    features = fusion_features(predictions, scans, CLASSES)
    model, classes = fit_fusion(features, predictions["diagnosis"], Fusion(n_estimators=20))
    assert classes == ("IPD", "MSA", "PSP")
    called = np.array(classes)[model.predict_proba(features).argmax(1)]
    assert (called == predictions["diagnosis"]).mean() > 0.95
    shares = importances(model, features)
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert shares["hoehn_yahr"] == shares["updrs"] == 0
    assert shares.index[0].startswith("p_") and shares.is_monotonic_decreasing


@pytest.mark.parametrize(
    "change", [{"n_estimators": 5}, {"max_depth": 1}, {"learning_rate": 0.3}], ids=str
)
def test_every_setting_changes_the_probabilities(tables, change):
    predictions, scans = tables
    features = fusion_features(predictions, scans, CLASSES)
    base = Fusion(n_estimators=20)
    noisy = np.arange(90) % 4 == 0  # wrong labels, which only deep trees can learn
    diagnosis = np.where(noisy, "PSP", predictions["diagnosis"])
    outputs = [
        fit_fusion(features, diagnosis, settings)[0].predict_proba(features)
        for settings in (base, base.model_copy(update=change))
    ]
    assert not np.allclose(*outputs)


def test_a_scan_without_a_row_in_the_table_is_refused(tables):
    predictions, scans = tables
    twice = pd.concat([scans, scans.iloc[:1]])
    with pytest.raises(pd.errors.MergeError):
        fusion_features(predictions, twice, CLASSES)
