"""DeLong's statistics against hand-worked numbers, slow oracles and R's pROC."""

from math import erfc

import numpy as np
import pytest
from helpers import pair_kernel, scored_labels
from hypothesis import given
from sklearn.metrics import roc_auc_score

from datnet_core.metrics.auc import (
    delong_difference,
    delong_error,
    delong_interval,
    delong_test,
)

# Subarachnoid haemorrhage data of R's pROC (41 poor outcomes, then 72 good): the WFNS grade, and
# S100b as ranks that keep every order and tie between the two outcomes.
WFNS = (
    "32455552521254425552525245441442255225555"
    "111151221221112121134141551124112212122111121211324214115422111312244111"
)
S100B = (
    "8 5 11 7 25 30 28 2 19 4 2 23 21 27 30 15 30 30 30 2 30 17 0 4 13 30 15 30 3 15 8 5 6 13 30 9 "
    "30 18 30 30 25 8 9 5 1 26 12 5 5 1 3 1 4 6 2 12 2 6 8 12 1 11 9 20 4 29 26 11 2 24 26 6 3 4 3 "
    "1 8 5 9 10 1 1 4 1 4 3 11 4 3 19 6 16 2 5 18 2 1 14 22 5 10 3 9 5 2 1 12 10 26 12 10 29 27"
)


def variance_of_mean(kernel):
    """Slow oracle: DeLong's variance from the structural components."""
    m, n = kernel.shape
    mean = sum(sum(row) for row in kernel) / (m * n)
    by_positive = sum((sum(row) / n - mean) ** 2 for row in kernel) / (m - 1)
    by_negative = sum((sum(col) / m - mean) ** 2 for col in kernel.T) / (n - 1)
    return by_positive / m + by_negative / n


@given(scored_labels())
def test_auc_equals_the_pair_count(data):
    assert delong_interval(*data)[0] == pytest.approx(pair_kernel(*data).mean(), abs=1e-14)


@given(scored_labels())
def test_auc_of_reversed_scores_is_the_complement(data):
    y_true, y_score = data
    total = delong_interval(y_true, y_score)[0] + delong_interval(y_true, -y_score)[0]
    assert total == pytest.approx(1, abs=1e-14)


@given(scored_labels())
def test_a_monotone_map_of_the_scores_changes_nothing(data):
    y_true, y_score = data
    assert delong_interval(y_true, np.exp(3 * y_score)) == delong_interval(y_true, y_score)


@given(scored_labels())
def test_the_delong_interval_equals_the_slow_one(data):
    kernel = pair_kernel(*data)
    half = 1.959963984540054 * np.sqrt(variance_of_mean(kernel))
    _, low, high = delong_interval(*data)
    assert low == pytest.approx(max(kernel.mean() - half, 0), abs=1e-12)
    assert high == pytest.approx(min(kernel.mean() + half, 1), abs=1e-12)


@given(scored_labels(n_scores=2))
def test_the_delong_test_equals_the_slow_one(data):
    y_true, a, b = data
    kernel = pair_kernel(y_true, a) - pair_kernel(y_true, b)
    variance = variance_of_mean(kernel)
    p = delong_test(y_true, a, b)
    if variance < 1e-20:
        assert np.isnan(p) or p == 1
    else:
        # 2 * (1 - Phi(z)) = erfc(z / sqrt 2)
        z = abs(kernel.mean()) / np.sqrt(variance)
        assert p == pytest.approx(erfc(z / np.sqrt(2)), abs=1e-9)
    assert p == pytest.approx(delong_test(y_true, b, a), nan_ok=True)


@given(scored_labels(n_scores=2))
def test_a_difference_of_aucs_is_that_of_the_slow_count_with_its_interval(data):
    y_true, a, b = data
    kernel = pair_kernel(y_true, a) - pair_kernel(y_true, b)
    difference, low, high = delong_difference(y_true, a, b)
    assert difference == pytest.approx(kernel.mean(), abs=1e-12)
    variance = variance_of_mean(kernel)
    if np.isfinite(variance) and variance > 1e-20:
        half = 1.959963984540054 * np.sqrt(variance)
        expected = max(difference - half, -1), min(difference + half, 1)
        assert (low, high) == pytest.approx(expected, abs=1e-9)
        assert delong_error(y_true, a, b) == pytest.approx((difference, np.sqrt(variance)))
    swapped = delong_difference(y_true, b, a)
    assert swapped[0] == pytest.approx(-difference, abs=1e-12)


def test_the_interval_of_a_difference_excludes_zero_where_the_test_does():
    y_true = np.arange(113) < 41
    wfns, s100b = np.array(list(WFNS), dtype=int), np.array(S100B.split(), dtype=int)
    difference, low, high = delong_difference(y_true, wfns, s100b)
    assert difference == pytest.approx(0.823678861788618 - 0.731368563685637)
    assert 0 < low < difference < high  # P is 0.027


def test_delong_by_hand():
    # positives 3, 4 and negatives 1, 3, 2. Pairs: 3 beats 1 and 2, ties 3: 2.5/3; 4 beats all.
    # AUC = 5.5/6. V+ = (2.5/3, 1), variance (1/6)^2/2 = 1/72, over m = 2: 1/144.
    # V- = (1, 3/4, 1), mean 11/12, variance (1/144 + 4/144 + 1/144)/2 = 1/48, over n = 3: 1/144.
    # var = 2/144, sd = 0.1178511; 0.9166667 - 1.959964 * 0.1178511 = 0.6856828; upper end cut.
    auc, low, high = delong_interval([0, 1, 0, 1, 0], [1, 3, 3, 4, 2])
    assert (auc, low, high) == pytest.approx((5.5 / 6, 0.6856828, 1), abs=1e-6)


def test_the_variance_and_paired_test_equal_those_of_proc():
    y_true = np.arange(113) < 41
    wfns, s100b = np.array(list(WFNS), dtype=int), np.array(S100B.split(), dtype=int)
    z = 1.959963984540054
    for score, auc, variance in [
        (wfns, 0.823678861788618, 0.00146991470882363),
        (s100b, 0.731368563685637, 0.00266868245717244),
    ]:
        ours, low, high = delong_interval(y_true, score)
        assert ours == pytest.approx(auc, rel=1e-12)
        assert ((high - low) / (2 * z)) ** 2 == pytest.approx(variance, rel=1e-9)
    assert delong_test(y_true, wfns, s100b) == pytest.approx(0.0271757822291882, rel=1e-9)


def test_many_float32_scores_do_not_push_the_auc_above_one():
    y_true = np.arange(20_000) % 2 == 0
    y_score = (np.arange(20_000) + 30_000 * y_true).astype(np.float32)
    auc, low, high = delong_interval(y_true, y_score)
    assert auc == roc_auc_score(y_true, y_score) == low == high == 1


@pytest.mark.parametrize("scale", [1, -1])
def test_identical_scores_give_half_and_p_one(scale):
    y_true = np.array([1, 0, 0, 1, 0])
    assert delong_interval(y_true, np.full(5, 0.3))[0] == 0.5
    assert delong_test(y_true, scale * y_true, scale * y_true) == 1
    assert delong_test(y_true, np.arange(5), np.arange(5) / 3) == 1


def test_unknown_variance_is_nan_not_zero():
    auc, low, high = delong_interval([1, 0, 0], [2.0, 1.0, 3.0])  # one positive
    assert auc == 0.5 and np.isnan([low, high]).all()
    assert np.isnan(delong_test([1, 0, 0], [2, 1, 3], [2, 1, 1]))
    assert np.isnan(delong_test([1, 1, 1, 0, 0, 0], [2, 2, 2, 1, 1, 1], np.zeros(6)))
