"""Conformal sets: hand-worked thresholds, and coverage by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datnet_core.metrics.conformal import conformal_threshold, prediction_sets, set_summary

NAMES = ("IPD", "MSA", "PSP")


def two_class(right):
    """Probabilities of the right and of the other diagnosis."""
    return np.column_stack([right, 1 - np.asarray(right)])


def test_the_threshold_is_worked_out_by_hand():
    right = np.array([0.95, 0.9, 0.8, 0.7, 0.6, 0.55, 0.5, 0.4, 0.3])
    # n = 9, k = ceil(10 * 0.8) = 8: the 8th smallest score is 1 - 0.4.
    assert conformal_threshold(["A"] * 9, two_class(right), "AB", 0.8) == pytest.approx(0.4)
    # k = ceil(10 * 0.9) = 9, exactly the last one.
    assert conformal_threshold(["A"] * 9, two_class(right), "AB", 0.9) == pytest.approx(0.3)


def test_too_few_participants_give_full_sets():
    threshold = conformal_threshold(["A"] * 3, two_class([0.9, 0.9, 0.9]), "AB", 0.9)
    assert threshold == -np.inf
    assert prediction_sets(two_class([0.9]), threshold).all()


def test_sets_are_counted_by_hand():
    proba = np.array([[0.7, 0.2, 0.1], [0.4, 0.4, 0.2], [0.1, 0.8, 0.1], [0.34, 0.33, 0.33]])
    sets = prediction_sets(proba, 0.4)
    assert sets.tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]]
    found = set_summary(["IPD", "MSA", "PSP", "IPD"], sets, NAMES)
    assert found["covered"].tolist() == [True, True, False, False]
    assert found["single"].tolist() == [True, False, True, False]
    assert found["single_right"].tolist() == [True, False, False, False]
    assert found["empty"].tolist() == [False, False, False, True]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), coverage=st.sampled_from([0.7, 0.8, 0.9]))
def test_more_coverage_never_makes_a_set_smaller(seed, coverage):
    rng = np.random.default_rng(seed)
    proba, truth = rng.dirichlet(np.ones(3), 40), rng.choice(NAMES, 40)
    low = conformal_threshold(truth, proba, NAMES, coverage)
    high = conformal_threshold(truth, proba, NAMES, coverage + 0.05)
    assert high <= low


def test_new_participants_are_covered_as_often_as_promised():
    rng = np.random.default_rng(0)
    cohorts = rng.dirichlet([1.0, 1.0, 0.5], (400, 60))
    drawn = (rng.random((400, 60, 1)) > cohorts.cumsum(axis=2)[:, :, :2]).sum(axis=2)
    covered = []
    for proba, truth in zip(cohorts, np.array(NAMES)[drawn], strict=True):
        threshold = conformal_threshold(truth[:40], proba[:40], NAMES, 0.8)
        sets = prediction_sets(proba[40:], threshold)
        covered.append(set_summary(truth[40:], sets, NAMES)["covered"].mean())
    # At least 0.8 and at most 0.8 + 1 / 41 = 0.824 on average; standard error about 0.005.
    assert 0.785 < np.mean(covered) < 0.84


@pytest.mark.parametrize("coverage", [0, 1, 1.2])
def test_an_impossible_coverage_is_refused(coverage):
    with pytest.raises(ValueError, match="coverage"):
        conformal_threshold(["A"], two_class([0.5]), "AB", coverage)


def test_an_unknown_diagnosis_is_named():
    with pytest.raises(ValueError, match="XY"):
        conformal_threshold(["XY"], two_class([0.5]), "AB")
