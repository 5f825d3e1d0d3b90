"""Tests between groups: the paper's numbers, hand-worked ones, and many features at once."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

from datnet_core.metrics.groups import (
    chi_square_correct,
    mann_whitney,
    mann_whitney_features,
    mcnemar_exact,
    rank_sum_p,
)


def correct(hits, of):
    return np.arange(of) < hits


@pytest.mark.parametrize(
    ("a", "b", "printed"), [((86, 96), (89, 96), 0.45), ((246, 280), (250, 280), 0.60)]
)
def test_chi_square_gives_the_p_values_of_the_paper(a, b, printed):
    assert round(chi_square_correct(correct(*a), correct(*b)), 2) == printed


def test_chi_square_by_hand():
    # 10/20 against 16/20: 26 right of 40, expected 13 and 7 per set, differences 3.
    # chi2 = 2 * (9/13 + 9/7) = 3.956044; P = erfc(sqrt(3.956044 / 2)) = 0.0467033
    assert chi_square_correct(correct(10, 20), correct(16, 20)) == pytest.approx(
        0.0467033, abs=1e-7
    )


def test_chi_square_without_any_error_is_one():
    assert chi_square_correct([1, 1, 1], [True, True]) == 1
    assert chi_square_correct([0], [0, 0]) == 1
    assert chi_square_correct([1, 1], [0, 0]) == pytest.approx(0.0455, abs=1e-4)  # chi2 = 4
    with pytest.raises(ValueError, match="sets of 0 and 1"):
        chi_square_correct([], [1])


def test_the_exact_test_of_paired_decisions_by_hand():
    # 7 against 1 of the 8 scans on which they differ: 2 (1 + 8) / 2**8.
    a, b = np.r_[np.ones(7), 0, np.ones(20)], np.r_[np.zeros(7), 1, np.ones(20)]
    assert mcnemar_exact(a, b) == mcnemar_exact(b, a) == pytest.approx(18 / 256)
    assert mcnemar_exact([1, 0, 1], [1, 0, 1]) == 1
    assert mcnemar_exact([1, 0], [0, 1]) == 1  # 1 against 1
    with pytest.raises(ValueError, match="one length"):
        mcnemar_exact([1], [1, 0])


def test_mann_whitney_by_hand():
    # A 1 2 3 below B 4 5 6 7: of C(7, 3) = 35 orders one is as extreme, so P = 2/35.
    values = [1, 2, 3, 4, 5, 6, 7, 2, 4]
    groups = list("AAABBBBCC")
    table = mann_whitney(values, groups, [("A", "B"), ("A", "C")])
    first = table.iloc[0]
    assert first[["group_a", "group_b", "n_a", "n_b"]].tolist() == ["A", "B", 3, 4]
    assert first[["median_a", "median_b"]].tolist() == [2, 5.5]
    assert first["p"] == pytest.approx(2 / 35)
    assert first["rank_biserial"] == -1
    # A 1 2 3 against C 2 4: above in 1 of 6 pairs, below in 4, one tie: (1 - 4) / 6.
    assert table["rank_biserial"][1] == pytest.approx(-1 / 2)


def test_mann_whitney_of_one_value_everywhere_is_one_without_an_effect():
    table = mann_whitney(np.ones(9), list("AAAABBBBB"), [("A", "B")])
    assert table[["rank_biserial", "p"]].to_numpy().tolist() == [[0, 1]]


def test_the_effect_size_counts_pairs(rng):
    values, groups = rng.integers(0, 6, 31), np.array(["A", "B"])[rng.integers(0, 2, 31)]
    a, b = values[groups == "A"][:, None], values[groups == "B"]
    (found,) = mann_whitney(values, groups, [("A", "B")])["rank_biserial"]
    assert found == pytest.approx((a > b).mean() - (a < b).mean())


@pytest.mark.parametrize(
    ("values", "groups", "said"),
    [
        ([1, 2, np.nan], "AAB", "1 of 3 values are NaN"),
        ([1, 2, 3], "AAA", "no value in group"),
        ([1, 2], "AAB", "one length"),
    ],
)
def test_mann_whitney_refuses_gaps(values, groups, said):
    with pytest.raises(ValueError, match=said):
        mann_whitney(values, list(groups), [("A", "B")])


@pytest.mark.parametrize("n", [12, 60])  # SciPy is exact up to 8 of a group without ties
def test_many_features_at_once_equal_one_after_the_other(rng, n):
    names = np.array(["A", "B", "C"])[np.arange(n) % 3]
    table = pd.DataFrame({"plain": rng.random(n), "tied": rng.integers(0, 3, n), "flat": 1})
    pairs = [("A", "B"), ("B", "C")]
    tests = mann_whitney_features(table, names, pairs)
    assert tests["feature"].tolist() == ["plain", "plain", "tied", "tied", "flat", "flat"]
    for row in tests.itertuples():
        a, b = (table[row.feature][names == group] for group in (row.group_a, row.group_b))
        assert row.p == mannwhitneyu(a, b).pvalue
        assert (row.n_a, row.n_b) == (len(a), len(b))
        assert (row.median_a, row.median_b) == (a.median(), b.median())


def test_many_features_refuse_gaps_by_name():
    table = pd.DataFrame({"whole": [1.0, 2, 3], "holed": [1.0, np.nan, np.nan]})
    with pytest.raises(ValueError, match="^2 of 3 values are NaN in holed; drop them"):
        mann_whitney_features(table, list("AAB"), [("A", "B")])


def test_many_tests_with_gaps_and_ties_equal_one_after_the_other(rng):
    a, b = rng.integers(0, 4, (20, 3, 12)) * 1.0, rng.random((20, 3, 15)) * 4
    b[:10] = np.round(b[:10])
    a[rng.random(a.shape) < 0.2] = np.nan
    found = rank_sum_p(a, b)
    assert found.shape == (20, 3)
    for i in np.ndindex(found.shape):
        one = mannwhitneyu(a[i][~np.isnan(a[i])], b[i], method="asymptotic").pvalue
        assert found[i] == pytest.approx(one)
    assert np.isnan(rank_sum_p(np.full((1, 2), np.nan), b[0, :1]))
    assert rank_sum_p(np.ones(3), np.ones(4)) == 1
