"""The AUC over folds by hand, and how often intervals are wrong where there is nothing to find."""

import numpy as np
import pandas as pd
import pytest
from helpers import pair_kernel, scored_labels
from hypothesis import given

from datnet_core.metrics.auc import delong_interval
from datnet_core.metrics.folds import fold_auc, fold_difference


def test_the_interval_by_hand():
    # Fold a: pairs 1, 0, 1, 1: 3/4. Fold b: 1/2. Fold c: 1. Mean 3/4, variance 1/16, k = 3.
    y_true = [1, 1, 0, 0, 1, 0, 1, 0, 0]
    y_score = [4, 2, 1, 3, 7, 7, 9, 8, 1]
    fold = list("aaaabbccc")
    half = 4.302652729911275 * 0.25 * np.sqrt(1 / 3 + 1 / 2)  # t of 2 degrees of freedom, 97.5%
    assert fold_auc(y_true, y_score, fold) == pytest.approx((0.75, max(0.75 - half, 0), 1))
    narrow = 0.8164965809277260 * 0.25 * np.sqrt(5 / 6)  # 75%
    expected = (0.75, 0.75 - narrow, 0.75 + narrow)
    assert fold_auc(y_true, y_score, fold, 0.5) == pytest.approx(expected)


def test_a_fold_without_both_classes_is_left_out_but_counts_in_what_was_learned_from():
    y_true = [1, 0, 1, 1, 0, 0, 1, 1]
    y_score = [2, 1, 3, 1, 2, 4, 5, 6]
    auc, low, high = fold_auc(y_true, y_score, [0, 0, 1, 1, 1, 1, 2, 2], 0.2)
    half = 0.3249196962329063 * np.std([1, 0.25], ddof=1) * np.sqrt(1 / 2 + 1 / 2)  # 60% of t(1)
    assert (auc, low, high) == pytest.approx((0.625, 0.625 - half, 0.625 + half))


def test_one_usable_fold_gives_no_interval():
    auc, low, high = fold_auc([1, 0, 1, 1], [3, 4, 5, 6], [0, 0, 1, 1])
    assert auc == 0 and np.isnan(low) and np.isnan(high)


@pytest.mark.parametrize(
    ("y_true", "fold", "said"),
    [
        ([1, 1, 0, 0], [0, 0, 1, 1], "none of 2 folds has both classes"),
        ([1, 0, 1, 0], [0, 1], "folds of .2,. scans"),
        ([1, 0, 1, 0], [0, 0, np.nan, 1], "1 of 4 scans are in no fold"),
        ([1, 0, 1, 0], pd.array([0, 0, None, None], "Int64"), "2 of 4 scans are in no fold"),
        ([1, 0, 1, 0], ["a", "a", "b", None], "1 of 4 scans are in no fold"),
        ([1, 1, 1, 1], [0, 0, 1, 1], "4 positives of 4"),
    ],
)
def test_what_cannot_be_judged_is_refused(y_true, fold, said):
    with pytest.raises(ValueError, match=said):
        fold_auc(y_true, [1, 2, 3, 4], fold)


def test_the_difference_pairs_the_folds():
    # AUC by fold: a 1, 1/2, 1; b 1/2, 0, 1. Differences 1/2, 1/2, 0: mean 1/3, variance 1/12.
    y_true = [1, 0, 1, 0, 1, 0]
    a, b = [2, 1, 3, 3, 5, 4], [1, 1, 2, 3, 9, 0]
    half = 4.302652729911275 * np.sqrt(1 / 12 * (1 / 3 + 1 / 2))
    found = fold_difference(y_true, a, b, [0, 0, 1, 1, 2, 2])
    assert found == pytest.approx((1 / 3, 1 / 3 - half, 1))  # 1.47 is cut to 1
    assert fold_difference(y_true, a, a, [0, 0, 1, 1, 2, 2]) == (0, 0, 0)


def test_no_difference_is_larger_than_one():
    # Differences -1/2 and 0, k = 2: -1/4 -+ 12.7 x 0.35 x 1.2, far outside.
    y_true, fold = [1, 0, 0, 1, 0, 0], [0, 0, 0, 1, 1, 1]
    assert fold_difference(y_true, [2, 1, 3, 5, 4, 4], [4, 1, 3, 5, 4, 4], fold) == (-0.25, -1, 1)


@given(scored_labels())
def test_what_is_added_to_the_scores_of_a_fold_changes_nothing(data):
    y_true, y_score = data
    fold = np.arange(len(y_true)) % 2
    fold[:4] = [0, 1, 0, 1]
    y_true = np.concatenate([[True, True, False, False], y_true[4:]])
    found = fold_auc(y_true, y_score, fold)
    assert fold_auc(y_true, y_score + 8 * fold, fold) == found
    kernels = [pair_kernel(y_true[fold == k], y_score[fold == k]).mean() for k in (0, 1)]
    assert found[0] == pytest.approx(np.mean(kernels), abs=1e-12)


def cross_validation(rng, sizes, n_features, shift=0, k=6):
    """Labels, out-of-fold scores and folds of the simplest classifier that learns.

    The score is the position along the difference of the class means of the other folds; in the
    first feature, the classes truly differ by `shift` standard deviations.
    """
    y_true = np.arange(sum(sizes)) < sizes[0]
    x = rng.normal(size=(len(y_true), n_features))
    x[y_true, 0] += shift
    fold = np.concatenate([np.arange(n) % k for n in sizes])
    y_score = np.empty(len(y_true))
    for name in range(k):
        others = fold != name
        slope = x[others & y_true].mean(axis=0) - x[others & ~y_true].mean(axis=0)
        y_score[~others] = x[~others] @ slope
    return y_true, y_score, fold


def shares_above_and_below(intervals, truth):
    """How many of the intervals lie above the truth, and how many below."""
    return np.mean([low > truth for _, low, _ in intervals]), np.mean(
        [high < truth for *_, high in intervals]
    )


@pytest.mark.parametrize(("sizes", "n_features"), [((40, 88), 10), ((40, 88), 4), ((79, 243), 10)])
def test_without_anything_to_find_its_interval_errs_about_as_often_as_it_says(sizes, n_features):
    # 600 cohorts: 5% is known to 0.9%. DeLong's interval is of one fixed model; here each fold has
    # another model, made from the very scans that are judged in the other folds.
    rng = np.random.default_rng(5)
    cohorts = [cross_validation(rng, sizes, n_features) for _ in range(600)]
    over_folds = [fold_auc(*cohort) for cohort in cohorts]
    pooled = [delong_interval(*cohort[:2]) for cohort in cohorts]
    above, below = shares_above_and_below(over_folds, 0.5)
    assert above < 0.05 and 0.02 < above + below < 0.09
    above, below = shares_above_and_below(pooled, 0.5)
    assert 0.04 < above < below and above + below > 0.12
    assert np.mean(over_folds, axis=0)[0] == pytest.approx(0.5, abs=0.01)
    pull = np.mean(pooled, axis=0)[0] - np.mean(over_folds, axis=0)[0]
    assert -0.02 < pull < -0.003  # what pooling does, on the same cohorts


def test_two_classifiers_that_find_nothing_do_not_differ_more_often_than_it_says():
    rng, found = np.random.default_rng(6), []
    for _ in range(600):
        y_true, a, fold = cross_validation(rng, (40, 88), 4)
        b = cross_validation(rng, (40, 88), 4)[1]  # from other features
        found.append(fold_difference(y_true, a, b, fold))
    assert sum(shares_above_and_below(found, 0)) < 0.08


def test_near_one_the_interval_is_too_narrow_as_the_docstring_says():
    rng = np.random.default_rng(7)
    found = [fold_auc(*cross_validation(rng, (43, 279), 4, shift=4)) for _ in range(200)]
    truth = np.mean(found, axis=0)[0]
    assert truth > 0.99
    assert sum(shares_above_and_below(found, truth)) > 0.10
