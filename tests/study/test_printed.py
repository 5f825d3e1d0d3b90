"""Intervals of printed numbers against simulation and published worked examples."""

import numpy as np
import pytest

from datnet_core.metrics.rates import share_interval
from datnet_study.printed import hanley_mcneil_interval, independent_difference


def share(hits, of):
    return share_interval(np.arange(of) < hits)


def test_the_width_is_the_spread_of_aucs_of_exponential_scores(rng):
    # Positives with mean 4, negatives with mean 1: the AUC is 4 / (4 + 1).
    m, n = 15, 40
    positive = rng.exponential(4, (4000, m, 1))
    aucs = (positive > rng.exponential(1, (4000, 1, n))).mean(axis=(1, 2))
    auc, low, high = hanley_mcneil_interval(0.8, m, n)
    assert aucs.mean() == pytest.approx(auc, abs=0.005)
    assert (high - low) / (2 * 1.959964) == pytest.approx(aucs.std(), rel=0.04)


def test_an_interval_of_an_auc_ends_at_0_and_1_and_narrows_with_size():
    assert hanley_mcneil_interval(0.998, 43, 279)[2] == 1
    assert hanley_mcneil_interval(0.02, 5, 5)[1] == 0
    assert hanley_mcneil_interval(1.0, 5, 7) == (1, 1, 1)
    small, large = (hanley_mcneil_interval(0.8, n, n) for n in (20, 200))
    assert small[1] < large[1] < 0.8 < large[2] < small[2]
    assert hanley_mcneil_interval(0.8, 30, 60) != hanley_mcneil_interval(0.8, 60, 30)


@pytest.mark.parametrize("given", [(1.2, 5, 5), (-0.1, 5, 5), (0.5, 0, 5), (0.5, 5, 0)])
def test_an_auc_without_groups_is_refused(given):
    with pytest.raises(ValueError, match="expected an AUC from 0 to 1 and two groups"):
        hanley_mcneil_interval(*given)


@pytest.mark.parametrize(
    ("hits", "of", "expected"),
    [  # examples (a), (b) and (e) of Newcombe 1998, table II, method 10
        ((56, 48), (70, 80), (0.2, 0.0524, 0.3339)),
        ((9, 3), (10, 10), (0.6, 0.1705, 0.8090)),
        ((5, 0), (56, 29), (0.0893, -0.0381, 0.1926)),
    ],
)
def test_differences_of_shares_are_those_of_newcombe(hits, of, expected):
    found = independent_difference(*(share(h, n) for h, n in zip(hits, of, strict=True)))
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_difference_turns_round_with_its_terms_and_an_exact_number_adds_nothing():
    a, b = (0.7, 0.6, 0.75), (0.5, 0.4, 0.65)
    difference, low, high = independent_difference(a, b)
    assert independent_difference(b, a) == pytest.approx((-difference, -high, -low))
    assert independent_difference(a, (0.5, 0.5, 0.5)) == pytest.approx((0.2, 0.1, 0.25))


@pytest.mark.parametrize("wrong", [(0.5, 0.6, 0.7), (np.nan, 0.1, 0.2), (0.5, np.nan, 0.7)])
def test_a_value_outside_its_interval_is_refused(wrong):
    for given in ((wrong, (0.5, 0.4, 0.6)), ((0.5, 0.4, 0.6), wrong)):
        with pytest.raises(ValueError, match="expected a value inside it"):
            independent_difference(*given)
