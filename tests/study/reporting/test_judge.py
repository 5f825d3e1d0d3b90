"""What is known of people travels as rounded numbers of groups."""

import numpy as np
import pytest

from datnet_study.reporting.judge import FEWEST, STEPS, counted, quantiles, share_below


@pytest.mark.parametrize("n", [10, 23, 57, 400])
def test_no_step_of_a_distribution_holds_fewer_than_five_people(n, rng):
    values = rng.normal(size=n)
    steps = quantiles(values)
    assert 1 <= len(steps) < STEPS
    counts = np.histogram(values, [-np.inf, *steps, np.inf])[0]
    assert counts.min() >= FEWEST - 1  # of even steps, one may be a person short
    assert len(values) / (len(steps) + 1) >= FEWEST
    assert not set(np.round(steps, 3)) & {round(values.min(), 3), round(values.max(), 3)}


def test_missing_values_are_nobody():
    assert quantiles([np.nan] * 50 + [1.0] * 9) == ()


def test_a_share_lies_between_its_quantiles(rng):
    values = rng.normal(size=1000)
    for value in (-1.0, 0.0, 0.7):
        share = float(share_below(quantiles(values), value).rstrip("%")) / 100
        assert share == pytest.approx((values < value).mean(), abs=0.02)
    assert share_below(quantiles(values), 9.0) == ">95%"


@pytest.mark.parametrize(("n", "word"), [(0, "0"), (1, "<5"), (4, "<5"), (5, "5"), (120, "120")])
def test_small_counts_are_only_small(n, word):
    assert counted(n) == word
