"""Cutoffs and rates against hand-worked numbers and a slow oracle."""

import numpy as np
import pytest
from helpers import scored_labels
from hypothesis import given

from datnet_core.metrics.rates import (
    diagnostic_rates,
    share_interval,
    youden_cutoff,
)


def test_youden_cutoff_by_hand():
    # cutoff 5: 1/3 + 3/3 - 1 = 1/3; 4: 1/3 + 2/3 - 1 = 0; 3: 3/3 + 2/3 - 1 = 2/3; 1: 3/3 + 0/3 - 1
    assert youden_cutoff([1, 0, 1, 1, 0, 0], [5, 4, 3, 3, 1, 1]) == 3
    # every cutoff has J = 0: the highest score, not infinity
    assert youden_cutoff([1, 0, 1, 0], [2, 2, 1, 1]) == 2


@given(scored_labels())
def test_no_cutoff_beats_the_youden_cutoff(data):
    y_true, y_score = data

    def youden(cutoff):
        called = y_score >= cutoff
        return called[y_true].mean() + (~called)[~y_true].mean() - 1

    cutoff = youden_cutoff(y_true, y_score)
    assert cutoff in y_score
    assert youden(cutoff) == pytest.approx(max(youden(c) for c in y_score), abs=1e-12)


def test_rates_by_hand():
    # 10 positives, 9 called; 20 negatives, 4 called: TP 9, FN 1, FP 4, TN 16.
    y_true = np.repeat([1, 0], [10, 20])
    y_pred = np.repeat([1, 0, 1, 0], [9, 1, 4, 16])
    table = diagnostic_rates(y_true, y_pred)
    assert list(table.index) == ["sensitivity", "specificity", "ppv", "npv"]
    assert table["hits"].tolist() == [9, 16, 9, 16]
    assert table["of"].tolist() == [10, 20, 13, 17]
    assert table["value"].tolist() == pytest.approx([0.9, 0.8, 9 / 13, 16 / 17])
    # Wilson, z^2 = 3.841459, 9/10: centre (0.9 + 0.1920729)/1.3841459 = 0.7889868;
    # half 1.959964 * sqrt(0.09/10 + 3.841459/400)/1.3841459 = 0.1931345
    assert table.loc["sensitivity", "low"] == pytest.approx(0.5958500, abs=2e-6)
    assert table.loc["sensitivity", "high"] == pytest.approx(0.9821238, abs=2e-6)


def test_an_undefined_rate_is_nan_and_not_zero():
    table = diagnostic_rates([0, 0, 0], [0, 0, 0])
    undefined = table.loc[["sensitivity", "ppv"]]
    assert (undefined[["hits", "of"]] == 0).all(axis=None)
    assert undefined[["value", "low", "high"]].isna().all(axis=None)
    assert table.loc[["specificity", "npv"], "value"].tolist() == [1, 1]


def test_the_interval_of_an_extreme_rate_holds_the_rate():
    for n in range(1, 300):
        assert share_interval(np.ones(n))[2] == 1
        assert share_interval(np.zeros(n))[1] == 0


def test_the_share_of_right_decisions_lies_in_its_interval():
    value, low, high = share_interval([True, False, True])
    assert value == pytest.approx(2 / 3) and low < value < high
    assert np.isnan(share_interval([])).all()


@pytest.mark.parametrize("right", [[1, np.nan, 0, 0], [0.2, 1], ["yes", "no"]])
def test_what_is_no_decision_is_refused_and_not_counted_as_right(right):
    with pytest.raises(ValueError, match="expected True/False or 1/0"):
        share_interval(right)
