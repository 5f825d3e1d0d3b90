"""The AUC over folds by hand, and how often intervals are wrong where there is nothing to find."""

import numpy as np
import pytest
from conftest import pair_kernel, scored_labels
from hypothesis import given

from datnet_core.delong import delong_interval
from datnet_core.fold_auc import fold_auc, fold_difference


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
    assert found == pytest.approx((1 / 3, 1 / 3 - half, 1 / 3 + half))
    assert fold_difference(y_true, a, a, [0, 0, 1, 1, 2, 2]) == (0, 0, 0)


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


def null_cross_validation(rng, n_positive=40, n_negative=88, n_features=10, k=6):
    """Labels, out-of-fold scores and folds of a classifier that has nothing to find.

    The score is the position along the difference of the class means of the other folds.
    """
    y_true = np.arange(n_positive + n_negative) < n_positive
    x = rng.normal(size=(len(y_true), n_features))
    fold = np.concatenate([rng.permutation(np.arange(n) % k) for n in (n_positive, n_negative)])
    y_score = np.empty(len(y_true))
    for name in range(k):
        others = fold != name
        slope = x[others & y_true].mean(axis=0) - x[others & ~y_true].mean(axis=0)
        y_score[~others] = x[~others] @ slope
    return y_true, y_score, fold


def test_without_anything_to_find_its_interval_errs_as_often_as_it_says():
    # 1,000 cohorts: 5% is known to 0.7%. DeLong's interval is of one fixed model; here each fold
    # has another model, made from the very scans that are judged in the other folds.
    rng = np.random.default_rng(5)
    cohorts = [null_cross_validation(rng) for _ in range(1000)]
    over_folds = np.array([fold_auc(*cohort) for cohort in cohorts])
    pooled = np.array([delong_interval(*cohort[:2]) for cohort in cohorts])

    def excluded(found):
        return np.mean((found[:, 1] > 0.5) | (found[:, 2] < 0.5))

    assert 0.03 < excluded(over_folds) < 0.07
    assert excluded(pooled) > 0.10
    assert abs(over_folds[:, 0].mean() - 0.5) < 0.01
