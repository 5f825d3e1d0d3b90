"""Conformal sets: hand-worked thresholds, and coverage by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datnet_core.metrics.conformal import conformal_sets, set_summary

NAMES = ("IPD", "MSA", "PSP")


def two_class(right):
    """Probabilities of the right and of the other diagnosis."""
    return np.column_stack([right, 1 - np.asarray(right)])


def sets_of_one(right, new, coverage):
    """Sets of new participants from one model and known participants of diagnosis A."""
    known = two_class(right)
    return conformal_sets(["A"] * len(known), known, [0] * len(known), [new], "AB", coverage)


def test_the_smallest_probability_in_a_set_is_worked_out_by_hand():
    right = [0.95, 0.9, 0.8, 0.7, 0.6, 0.55, 0.5, 0.4, 0.3]
    # n = 9, k = ceil(10 * 0.8) = 8: a diagnosis is in if fewer than 8 known ones are surer.
    # Of 0.41 and of 0.4, seven are surer; of 0.39, eight.
    sets = sets_of_one(right, two_class([0.41, 0.4, 0.39]), 0.8)
    assert sets[:, 0].tolist() == [True, True, False]
    # k = ceil(10 * 0.9) = 9: of 0.3, eight are surer, of 0.29 nine.
    assert sets_of_one(right, two_class([0.3, 0.29]), 0.9)[:, 0].tolist() == [True, False]


def test_too_few_participants_give_full_sets():
    assert sets_of_one([0.9, 0.9, 0.9], two_class([0.9]), 0.9).all()


def test_a_score_is_compared_with_those_of_the_same_model_by_hand():
    # Fold 0 left scores of 0.1 and 0.2, fold 1 of 0.6 and 0.7. n = 4, k = ceil(5 * 0.5) = 3.
    known, fold = two_class([0.9, 0.8, 0.4, 0.3]), [0, 0, 1, 1]
    # A new score of 0.5 by model 0 has two below, of 0.5 by model 1 none: 2 < 3, so it is in.
    # 0.5 by model 0 (two) and 0.65 by model 1 (one): 3, so it is out.
    by_model = [two_class([0.5, 0.5]), two_class([0.5, 0.35])]
    sets = conformal_sets(["A"] * 4, known, fold, by_model, "AB", 0.5)
    assert sets[:, 0].tolist() == [True, False]


def test_several_models_equal_a_slow_count_over_the_known(rng):
    known, new = rng.dirichlet(np.ones(3), 30), rng.dirichlet(np.ones(3), (4, 7))
    truth, fold = rng.choice(NAMES, 30), rng.integers(0, 4, 30)
    sets = conformal_sets(truth, known, fold, new, NAMES, 0.8)
    k = 25  # ceil(31 * 0.8) = ceil(24.8)
    for person in range(7):
        for column in range(3):
            below = sum(
                1 - known[i, NAMES.index(truth[i])] < 1 - new[fold[i], person, column]
                for i in range(30)
            )
            assert sets[person, column] == (below < k)


def test_sets_are_counted_by_hand():
    sets = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]], dtype=bool)
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
    given_sets = truth, proba, np.zeros(40), [rng.dirichlet(np.ones(3), 9)], NAMES
    small, large = (conformal_sets(*given_sets, share) for share in (coverage, coverage + 0.05))
    assert (large | ~small).all()


def test_new_participants_are_covered_as_often_as_promised():
    rng = np.random.default_rng(0)
    cohorts = rng.dirichlet([1.0, 1.0, 0.5], (400, 60))
    drawn = (rng.random((400, 60, 1)) > cohorts.cumsum(axis=2)[:, :, :2]).sum(axis=2)
    covered = []
    for proba, truth in zip(cohorts, np.array(NAMES)[drawn], strict=True):
        known = truth[:40], proba[:40], np.zeros(40)
        sets = conformal_sets(*known, proba[None, 40:], NAMES, 0.8)
        covered.append(set_summary(truth[40:], sets, NAMES)["covered"].mean())
    # At least 0.8 and at most 0.8 + 1 / 41 = 0.824 on average; standard error about 0.005.
    assert 0.785 < np.mean(covered) < 0.84


def test_a_mean_of_models_that_differ_in_how_sure_they_are_keeps_the_coverage():
    # Half of the models sharpen their probabilities. Each known person has one model's score; a
    # threshold for the mean over models would be that of another thing.
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(200):
        truth = rng.choice(["A", "B"], 80)
        logit = np.where(truth == "A", 1, -1) + rng.normal(0, 1.5, 80)
        sharp = np.array([1.0, 4.0])
        p = 1 / (1 + np.exp(-logit * sharp[:, None]))  # (models, people)
        by_model = np.stack([p, 1 - p], axis=2)
        fold = np.arange(40) % 2
        known = by_model[fold, np.arange(40)]
        sets = conformal_sets(truth[:40], known, fold, by_model[:, 40:], "AB", 0.8)
        covered.append(set_summary(truth[40:], sets, "AB")["covered"].mean())
    assert 0.76 < np.mean(covered) < 0.88


@pytest.mark.parametrize("coverage", [0, 1, 1.2])
def test_an_impossible_coverage_is_refused(coverage):
    with pytest.raises(ValueError, match="coverage"):
        sets_of_one([0.5], two_class([0.5]), coverage)


def test_an_unknown_diagnosis_is_named():
    with pytest.raises(ValueError, match="XY"):
        conformal_sets(["XY"], two_class([0.5]), [0], [two_class([0.5])], "AB")
