"""Diagnostic statistics against hand-worked numbers and slow oracles."""

import numpy as np
import pandas as pd
import pytest
from helpers import pair_kernel, scored_labels
from hypothesis import given

from datnet_core.metrics.auc import delong_interval, delong_test
from datnet_core.metrics.bootstrap import bootstrap_interval, mean_interval
from datnet_core.metrics.groups import chi_square_correct, mann_whitney
from datnet_core.metrics.rates import diagnostic_rates, share_interval, youden_cutoff


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, int, float])
def test_the_type_of_the_labels_does_not_matter(dtype):
    y_true = np.array([0, 1, 1, 0, 1, 0, 0]).astype(dtype)
    y_score = np.array([1, 2, 3, 2, 5, 0, 4], dtype=np.float32)
    as_list = ([False, True, True, False, True, False, False], y_score.tolist())
    assert delong_interval(y_true, y_score) == delong_interval(*as_list)
    assert youden_cutoff(y_true, y_score) == youden_cutoff(*as_list)
    people = list("abcdefg")
    boot = bootstrap_interval(y_true, y_score, people, 50, 1)
    assert boot == bootstrap_interval(*as_list, people, 50, 1)
    pd.testing.assert_frame_equal(
        diagnostic_rates(y_true, y_true), diagnostic_rates(as_list[0], as_list[0])
    )


@pytest.mark.parametrize(
    ("y_true", "y_score", "said"),
    [
        ([1, 1], [0.1, 0.2], "2 positives of 2"),
        ([0, 0], [0.1, 0.2], "0 positives of 2"),
        ([], [], "both classes"),
        ([0, 1], [0.1, np.nan], "1 of 2 scores are NaN"),
        ([0, 1], [0.1, 0.2, 0.3], "shapes"),
        ([0, 1], [[0.1], [0.2]], "shapes"),
        ([1, 2], [0.1, 0.2], "expected True/False or 1/0"),
        (["PSP", "IPD"], [0.1, 0.2], "expected True/False or 1/0"),
        ([0, np.nan], [0.1, 0.2], "expected True/False or 1/0"),
    ],
)
def test_what_cannot_be_scored_is_refused(y_true, y_score, said):
    functions = (
        delong_interval,
        youden_cutoff,
        lambda y, s: delong_test(y, s, s),
        lambda y, s: bootstrap_interval(y, s, range(len(y)), 10, 0),
    )
    for function in functions:
        with pytest.raises(ValueError, match=said):
            function(y_true, y_score)


def test_the_bootstrap_equals_a_slow_one():
    # The slow one draws the same participants, stacks their scans and counts pairs.
    rng = np.random.default_rng(3)
    people = np.array([4, 0, 1, 1, 2, 3, 3, 5, 6, 6, 6])
    y_true = np.isin(people, [1, 4, 6])
    y_score = rng.integers(0, 5, 11) + y_true
    rng, aucs = np.random.default_rng(8), []
    drawn = np.hstack(
        [rng.multinomial(3, [1 / 3] * 3, size=40), rng.multinomial(4, [1 / 4] * 4, size=40)]
    )
    for times in drawn:
        scans = np.concatenate(
            [
                np.tile(np.flatnonzero(people == who), k)
                for who, k in zip([1, 4, 6, 0, 2, 3, 5], times, strict=True)
            ]
        )
        aucs.append(pair_kernel(y_true[scans], y_score[scans]).mean())
    expected = np.quantile(aucs, [0.05, 0.95])
    assert bootstrap_interval(y_true, y_score, people, 40, 8, 0.9) == pytest.approx(expected)


def test_the_bootstrap_is_near_delong_for_one_scan_each_and_wider_for_copies():
    rng = np.random.default_rng(11)
    y_true = np.arange(300) < 120
    y_score = rng.normal(size=300) + y_true
    _, low, high = delong_interval(y_true, y_score)
    once = bootstrap_interval(y_true, y_score, np.arange(300), 2000, seed=0)
    assert once == pytest.approx((low, high), abs=0.01)
    people, labels, scores = (np.tile(v, 2) for v in (np.arange(300), y_true, y_score))
    twice = bootstrap_interval(labels, scores, people, 2000, seed=0)
    assert twice == pytest.approx(once)  # a copied scan is no information
    assert np.diff(delong_interval(labels, scores)[1:]) < 0.8 * np.diff(twice)


def test_the_bootstrap_refuses_a_participant_of_two_classes():
    with pytest.raises(ValueError, match="one diagnosis"):
        bootstrap_interval([1, 0, 1, 0], [1, 2, 3, 4], ["a", "a", "b", "c"], 10, 0)
    with pytest.raises(ValueError, match="shapes"):
        bootstrap_interval([1, 0, 1, 0], [1, 2, 3, 4], ["a", "b", "c"], 10, 0)


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


def test_mann_whitney_by_hand():
    # A 1 2 3 below B 4 5 6 7: of C(7, 3) = 35 orders one is as extreme, so P = 2/35.
    values = [1, 2, 3, 4, 5, 6, 7, 2, 4]
    groups = list("AAABBBBCC")
    table = mann_whitney(values, groups, [("A", "B"), ("A", "C")])
    first = table.iloc[0]
    assert first[["group_a", "group_b", "n_a", "n_b"]].tolist() == ["A", "B", 3, 4]
    assert first[["median_a", "median_b"]].tolist() == [2, 5.5]
    assert first["p"] == pytest.approx(2 / 35)
    # Benjamini-Hochberg of two: smallest * 2, largest * 1
    assert table["p_bh"].tolist() == pytest.approx([4 / 35, table["p"][1]])


def test_mann_whitney_of_one_value_everywhere_is_one():
    assert mann_whitney(np.ones(9), list("AAAABBBBB"), [("A", "B")])["p"].tolist() == [1]


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


def test_the_interval_holds_the_mean_and_narrows_with_participants(rng):
    values = rng.normal(3, 1, 400)
    mean, low, high = mean_interval(values)
    assert mean == values.mean() and low < mean < high
    error = values.std() / np.sqrt(400)
    np.testing.assert_allclose([mean - low, high - mean], 1.96 * error, rtol=0.1)
    _, low_few, high_few = mean_interval(values[:20])
    assert high_few - low_few > 2 * (high - low)
    assert mean_interval(values) == mean_interval(values)
    np.testing.assert_equal(mean_interval([1.0]), (1.0, np.nan, np.nan))
    np.testing.assert_equal(mean_interval([1.0, np.nan]), (np.nan, np.nan, np.nan))
    assert mean_interval([2.0, 2.0, 2.0]) == (2, 2, 2)
