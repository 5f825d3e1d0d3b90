"""Two diagnoses against each other: hand-worked numbers, and what has to hold for all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datnet_core.metrics.auc import delong_difference, delong_interval
from datnet_core.metrics.pairs import pairwise_auc, pairwise_scores

NAMES = ("IPD", "MSA", "PSP")
HALVES = [[0.5, 0.2, 0.3], [0.8, 0.1, 0.1]]


def test_the_odds_decide_by_hand():
    # p_MSA / p_PSP: MSA 2, 1; PSP 0.4, 1. Pairs: 2 beats both, 1 beats 0.4 and ties 1: 3.5 / 4.
    # p_MSA alone: 0.6 beats 0.2 and 0.3, 0.05 beats none: 2 / 4.
    y_true = ["MSA", "MSA", "PSP", "PSP", "IPD"]
    proba = [[0.1, 0.6, 0.3], [0.9, 0.05, 0.05], [0.3, 0.2, 0.5], [0.4, 0.3, 0.3], [0, 1, 0]]
    auc, low, high = pairwise_auc(y_true, proba, NAMES, "MSA", "PSP")
    assert auc == 3.5 / 4
    # V+ = (1, 3/4), V- = (1, 3/4), variances 1/32 over 2 each: sd = sqrt(1/32).
    assert (low, high) == pytest.approx((3.5 / 4 - 1.959964 * np.sqrt(1 / 32), 1))
    assert delong_interval([1, 1, 0, 0], [0.6, 0.05, 0.2, 0.3])[0] == 0.5


def test_a_probability_of_zero_is_the_smallest_and_two_of_them_are_no_preference():
    y_true = ["MSA", "PSP", "MSA", "PSP"]
    proba = [[1, 0, 0], [1, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5]]
    # Log odds 0 and +, against 0 and -: 1/2 for the two without a preference, else 1: 3.5 / 4.
    assert pairwise_auc(y_true, proba, NAMES, "MSA", "PSP")[0] == 3.5 / 4


def made_up(seed):
    rng = np.random.default_rng(seed)
    return np.array(NAMES)[np.arange(25) % 3], rng.dirichlet(np.ones(3), 25), rng


@given(st.integers(0, 10_000))
def test_diagnoses_change_places_freely_and_probabilities_give_the_complement(seed):
    y_true, proba, _ = made_up(seed)
    auc, low, high = pairwise_auc(y_true, proba, NAMES, "IPD", "PSP")
    # Labels and score turn round together: the same pairs are in the right order.
    turned = pairwise_auc(y_true, proba, NAMES, "PSP", "IPD")
    assert turned == pytest.approx((auc, low, high), abs=1e-12)
    # The score alone turns round: those pairs are in the wrong order.
    wrong = pairwise_auc(y_true, proba[:, ::-1], NAMES, "IPD", "PSP")
    assert wrong == pytest.approx((1 - auc, 1 - high, 1 - low), abs=1e-12)


@given(st.integers(0, 10_000))
def test_a_factor_on_the_probabilities_of_a_scan_and_other_scans_change_nothing(seed):
    y_true, proba, rng = made_up(seed)
    expected = pairwise_auc(y_true, proba, NAMES, "IPD", "PSP")
    scaled = proba * rng.uniform(0.01, 100, (25, 1))
    assert pairwise_auc(y_true, scaled, NAMES, "IPD", "PSP") == expected
    pair = y_true != "MSA"
    assert pairwise_auc(y_true[pair], proba[pair], NAMES, "IPD", "PSP") == expected


@pytest.mark.parametrize(
    ("y_true", "a", "b", "said"),
    [
        (["IPD", "PSP"], "IPD", "XYZ", "'IPD' and 'XYZ'; expected two of IPD, MSA, PSP"),
        (["IPD", "PSP"], "IPD", "IPD", "'IPD' and 'IPD'; expected two of"),
        (["IPD", "IPD"], "IPD", "PSP", "2 positives of 2; expected both classes"),
        (["IPD"], "IPD", "PSP", r"shape \(2, 3\); expected \(1, 3\)"),
    ],
)
def test_what_is_no_pair_is_refused(y_true, a, b, said):
    with pytest.raises(ValueError, match=said):
        pairwise_auc(y_true, HALVES, NAMES, a, b)


def test_a_difference_is_that_of_the_two_areas_and_turns_round_with_the_classifiers():
    y_true, one, rng = made_up(3)
    other = rng.dirichlet(np.ones(3), 25)
    positive, odds = pairwise_scores(y_true, one, NAMES, *NAMES[:2])
    others = pairwise_scores(y_true, other, NAMES, *NAMES[:2])[1]
    value, low, high = delong_difference(positive, odds, others)
    areas = [pairwise_auc(y_true, proba, NAMES, *NAMES[:2])[0] for proba in (one, other)]
    assert value == pytest.approx(areas[0] - areas[1])
    assert low < value < high
    turned = delong_difference(positive, others, odds)
    assert turned == pytest.approx((-value, -high, -low))
