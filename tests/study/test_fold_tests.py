"""Regions against a null by hand, and agreement that is no more than that of any two maps."""

import numpy as np
import pytest
from scipy import stats

from datnet_core.metrics.folds import fold_ratio
from datnet_study import own_over_others, ratios_by_region


def test_the_test_by_hand():
    # Logarithms 0, 1, 2: mean 1, SD 1, error sqrt(1/3 + 1/2) with 2 degrees of freedom.
    values, ones = np.exp([0.0, 1, 2]), np.ones(3)
    found = ratios_by_region({"a": values}, {"a": ones}).loc["a"]
    expected = 2 * stats.t.sf(1 / np.sqrt(1 / 3 + 1 / 2), 2)
    assert found[["p", "holm"]].tolist() == pytest.approx([expected, expected])
    assert tuple(found[["ratio", "low", "high"]]) == pytest.approx(fold_ratio(values, ones))


def test_p_is_below_five_percent_where_the_interval_leaves_out_one(rng):
    values = {str(k): rng.gamma(20, 1 + k / 20, 6) for k in range(30)}
    found = ratios_by_region(values, dict.fromkeys(values, np.full(6, 20.0)))
    outside = (found["low"] > 1) | (found["high"] < 1)
    assert (outside == (found["p"] < 0.05)).all() and 0 < outside.sum() < 30
    assert found["ratio"].is_monotonic_decreasing


def test_a_region_just_beyond_its_interval_does_not_count_among_five():
    weak, none = np.exp([[0.04, 0.1, 0.2, 0.3, 0.4, 0.26], [-0.1, 0.1, -0.1, 0.1, -0.1, 0.1]])
    values = {"weak": weak, **dict.fromkeys("abcd", none)}
    found = ratios_by_region(values, dict.fromkeys(values, np.ones(6))).loc["weak"]
    assert found["low"] > 1 and found["p"] < 0.05
    assert found["holm"] == pytest.approx(5 * found["p"]) and found["holm"] > 0.05


def test_without_two_folds_there_is_no_test():
    found = ratios_by_region({"a": [2.0, 0.0], "b": [0.0, 0.0]}, {"a": [1, 1], "b": [1, 1]})
    assert found[["p", "holm"]].isna().all(axis=None) and found.loc["a", "ratio"] == 2


def test_maps_of_their_own_are_told_from_maps_that_are_all_alike(rng):
    common, apart = rng.standard_normal((1, 1, 900)), rng.standard_normal((1, 3, 900))
    noise = 0.5 * rng.standard_normal((6, 3, 900))
    names = ("IPD", "MSA", "PSP")
    alike = own_over_others(common + noise, names)
    assert (alike["low"] < 0).any() and (alike["difference"].abs() < 0.05).all()
    told = own_over_others(common + apart + noise, names)
    assert list(told.index) == list(names) and (told["low"] > 0.2).all()
    assert told["difference"].tolist() == pytest.approx((told["own"] - told["other"]).tolist())


def test_two_folds_or_one_group_have_no_interval(rng):
    two = own_over_others(rng.random((2, 2, 9)), "ab")
    assert two[["low", "high"]].isna().all(axis=None) and two["difference"].notna().all()
    one = own_over_others(rng.random((4, 1, 9)), "a")
    assert one[["other", "difference", "low", "high"]].isna().all(axis=None)
