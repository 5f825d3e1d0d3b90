"""Late fusion: weights that add up, sources that are not there, labels that stay away."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from small_fusion import toy

from datnet_study.fusion import cross_fitted, fit_logistic_fusion, verdicts
from datnet_study.late_fusion import (
    LateFusionSettings,
    fit_late_fusion,
    without,
)

QUICK = LateFusionSettings(n_hidden=6, n_members=2, n_steps=40, learning_rate=0.05)
SOURCES = {
    "gate": {"image": ["p_x", "p_y"], "clinic": ["updrs", "age", "sex"]},
    "attention": {"image": ["p_x", "p_y"], "UPDRS": ["updrs"], "age": ["age"], "sex": ["sex"]},
}
CHANGES = {
    "n_hidden": 3, "n_members": 1, "n_steps": 9, "learning_rate": 0.003, "weight_decay": 1.0,
    "modality_dropout": 0.0, "seed": 1,
}  # fmt: skip


@pytest.fixture(params=["gate", "attention"])
def how(request):
    return request.param


def problem(rng, n=60):
    """The toy problem with a second probability and a few missing values."""
    features, diagnosis = toy(rng, n)
    features["p_y"] = 1 - features["p_x"]
    features.loc[::9, "updrs"] = np.nan
    return features, diagnosis


def fitted(features, diagnosis, how, **changes):
    return fit_late_fusion(features, diagnosis, SOURCES[how], how, replace(QUICK, **changes))


def test_a_toy_problem_that_needs_both_sources_is_learned(rng, how):
    features, diagnosis = problem(rng)
    model, classes = fitted(features, diagnosis, how)
    assert classes == ("A", "B", "C")
    new, truth = problem(np.random.default_rng(8))
    proba = model.predict_proba(new)
    np.testing.assert_allclose(proba.sum(1), 1)
    right = np.array(classes)[proba.argmax(1)] == truth
    assert right[new["updrs"].notna()].mean() > 0.95


def test_weights_are_not_negative_and_add_up_to_one(rng, how):
    features, diagnosis = problem(rng)
    model, _ = fitted(features, diagnosis, how)
    weights = model.source_weights(features)
    assert weights.shape == (60, len(SOURCES[how]))
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(1), 1)
    assert weights[:, 0].std() > 0.01  # a gate, not a constant


def test_a_source_that_is_not_there_has_no_weight_and_the_others_have_all(rng, how):
    features, diagnosis = problem(rng)
    model, _ = fitted(features, diagnosis, how)
    weights = model.source_weights(without(features, ["p_x"]))  # half an image is none
    assert (weights[:, 0] == 0).all()
    np.testing.assert_allclose(weights[:, 1:].sum(1), 1)
    blank = without(features, ["updrs", "age", "sex"])
    assert model.source_weights(blank)[:, 0].tolist() == [1.0] * 60


def test_what_stands_behind_a_mask_has_no_influence(rng, how):
    # The half of an image that is left, whatever it is, is part of a source that is not there.
    features, diagnosis = problem(rng)
    model, _ = fitted(features, diagnosis, how)
    one = model.predict_proba(without(features, ["p_x"]).assign(p_y=0.1))
    other = model.predict_proba(without(features, ["p_x"]).assign(p_y=0.9))
    assert one.tobytes() == other.tobytes()


def test_a_scan_without_anything_has_one_verdict_that_is_no_nan(rng, how):
    features, diagnosis = problem(rng)
    model, _ = fitted(features, diagnosis, how)
    nothing = without(features, list(model.feature_names_in_))
    proba = model.predict_proba(nothing)
    assert np.isfinite(proba).all() and (proba == proba[0]).all()
    assert (model.source_weights(nothing) == 0).all()


def test_the_label_and_the_values_of_a_judged_scan_reach_nobody_who_judges_it(rng, how):
    features, diagnosis = problem(rng)
    fold = np.arange(60) % 3

    def fit(x, y):
        return fitted(x, y, how, n_steps=5)

    before = cross_fitted(fit, features, diagnosis, fold, ("A", "B", "C"))
    changed = diagnosis.copy()
    changed[4] = "A" if diagnosis[4] != "A" else "B"
    after = cross_fitted(fit, features, changed, fold, ("A", "B", "C"))
    same = before[fold == fold[4]].to_numpy()
    assert same.tobytes() == after[fold == fold[4]].to_numpy().tobytes()
    assert not np.array_equal(before[fold != fold[4]], after[fold != fold[4]])
    other = features.copy()
    other.loc[4, "updrs"] = 99.0
    moved = cross_fitted(fit, features, diagnosis, fold, ("A", "B", "C"), seen=other)
    assert before.drop(index=4).equals(moved.drop(index=4))
    assert not np.array_equal(before.loc[4], moved.loc[4])


def test_no_scan_has_to_do_with_those_judged_beside_it(rng, how):
    features, diagnosis = problem(rng)
    model, _ = fitted(features, diagnosis, how)
    whole, one = model.predict_proba(features), model.predict_proba(features.iloc[[7]])
    np.testing.assert_allclose(whole[7], one[0], rtol=1e-12)


def test_networks_side_by_side_learn_as_alone(rng, how):
    features, diagnosis = problem(rng)
    kept = {"modality_dropout": 0.0, "n_steps": 5}
    one, two = (fitted(features, diagnosis, how, n_members=m, **kept)[0] for m in (1, 2))
    two.embed[0].data[0] = 7.0  # of the first network
    found = two(*two.inputs(features))[0]
    assert found.shape == (2, 60, 3)
    assert one(*one.inputs(features))[0].shape == (1, 60, 3)
    two.embed[0].data[0] = -7.0
    again = two(*two.inputs(features))[0]
    assert (found[1] == again[1]).all() and not (found[0] == again[0]).all()


def test_dropout_teaches_what_to_do_without_the_best_score(rng):
    # One score tells nearly all, the other half as much: who never missed the first leans on it.
    diagnosis = np.array(["A", "B"])[np.arange(80) % 2]
    sign = np.where(diagnosis == "A", 1.0, -1.0)
    scores = {"updrs": sign + rng.normal(0, 0.3, 80), "age": sign + rng.normal(0, 1, 80)}
    features = pd.DataFrame({"p_x": 0.5 + rng.normal(0, 0.01, 80)} | scores)
    sources = {"image": ["p_x"], "clinic": ["updrs", "age"]}
    loss = {}
    for p in (0.0, 0.3):
        settings = replace(QUICK, modality_dropout=p)
        model, _ = fit_late_fusion(features, diagnosis, sources, "gate", settings)
        proba = model.predict_proba(without(features, ["updrs"]))
        loss[p] = -np.log(proba[np.arange(80), (diagnosis == "B").astype(int)]).mean()
    assert loss[0.3] < loss[0.0]


def test_the_same_seed_gives_the_same_bytes(rng, how):
    features, diagnosis = problem(rng)
    one, other = (fitted(features, diagnosis, how)[0].predict_proba(features) for _ in range(2))
    assert one.tobytes() == other.tobytes()


def test_another_unit_of_a_value_changes_nothing_much(rng, how):
    features, diagnosis = problem(rng)
    scaled = features.assign(age=features["age"] * 12 + 5, updrs=features["updrs"] * 2)
    one, other = (fitted(x, diagnosis, how, n_steps=20)[0].predict_proba(x)
                  for x in (features, scaled))  # fmt: skip
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_every_setting_is_tested():
    assert set(CHANGES) == {field.name for field in fields(LateFusionSettings)}


@pytest.mark.parametrize("setting", CHANGES)
def test_a_setting_changes_the_probabilities(rng, setting, how):
    features, diagnosis = problem(rng)
    one, _ = fitted(features, diagnosis, how, n_steps=12)
    other, _ = fitted(features, diagnosis, how, **{"n_steps": 12, setting: CHANGES[setting]})
    difference = one.predict_proba(features) - other.predict_proba(features)
    assert np.abs(difference).max() > 1e-3


def test_an_unknown_way_and_a_scan_without_values_are_refused(rng):
    features, diagnosis = problem(rng)
    with pytest.raises(ValueError, match="how is 'sum'; expected 'gate' or 'attention'"):
        fit_late_fusion(features, diagnosis, SOURCES["gate"], "sum", QUICK)
    features.loc[[3, 5]] = np.nan
    with pytest.raises(ValueError, match=r"2 scan\(s\) have no value in any of .*image.*clinic"):
        fitted(features, diagnosis, "gate")


def test_a_value_that_nobody_has_or_all_have_alike_does_no_harm(rng, how):
    features, diagnosis = problem(rng)
    model, _ = fitted(features.assign(age=50.0, sex=np.nan), diagnosis, how)
    assert np.isfinite(model.predict_proba(features)).all()


def test_verdicts_are_means_over_networks_with_a_column_for_each_class(rng):
    features, diagnosis = problem(rng)
    columns = ["p_x", "p_y", "updrs"]
    model, learned = fit_logistic_fusion(features[columns], diagnosis)
    other = features.assign(p_x=0.5)
    found = verdicts(model, learned, [features, other], ("C", "A", "B", "D"))
    assert list(found) == ["p_C", "p_A", "p_B", "p_D"]
    assert (found["p_D"] == 0).all()
    each = [model.predict_proba(table[columns])[:, 0] for table in (features, other)]
    np.testing.assert_allclose(found["p_A"], np.mean(each, axis=0))
