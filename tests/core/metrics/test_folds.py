"""The AUC over folds by hand, and how often intervals are wrong where there is nothing to find."""

import numpy as np
import pandas as pd
import pytest
from helpers import pair_kernel, scored_labels
from hypothesis import given
from scipy import stats

from datnet_core.metrics.auc import delong_interval
from datnet_core.metrics.folds import fold_auc, fold_difference, fold_ratio


def test_the_interval_by_hand():
    # Fold a: pairs 1, 0, 1, 1: 3/4. Fold b: 1/2. Fold c: 1. Mean 3/4, variance 1/16, k = 3.
    y_true = [1, 1, 0, 0, 1, 0, 1, 0, 0]
    y_score = [4, 2, 1, 3, 7, 7, 9, 8, 1]
    fold = list("aaaabbccc")
    half = 4.302652729911275 * 0.25 * np.sqrt(1 / 3 + 1 / 2)  # t of 2 degrees of freedom, 97.5%
    assert 0.75 - half < 0 and 0.75 + half > 1
    assert fold_auc(y_true, y_score, fold) == (0.75, 0, 1)


def test_the_interval_by_hand_where_it_is_not_cut():
    # Negatives 1, 2, 3, 4. Folds a and c: positives 0 and 5: 4/8. Fold b: 1.5 and 5: 5/8.
    # Mean 13/24, variance (2 (1/24)^2 + (2/24)^2) / 2 = 1/192.
    y_score = [0, 5, 1, 2, 3, 4, 1.5, 5, 1, 2, 3, 4, 0, 5, 1, 2, 3, 4]
    half = 4.302652729911275 * np.sqrt(1 / 192 * (1 / 3 + 1 / 2))
    expected = (13 / 24, 13 / 24 - half, 13 / 24 + half)
    assert fold_auc([1, 1, 0, 0, 0, 0] * 3, y_score, np.repeat([0, 1, 2], 6)) == pytest.approx(
        expected
    )


def test_a_fold_without_both_classes_is_left_out_but_counts_in_what_was_learned_from():
    # Negatives 1 to 7; positives below all, among them and above all: (0 + 3 + 7) / 21 and 11 / 21.
    y_true = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0] * 2 + [1, 1]
    y_score = [0, 3.5, 8, *range(1, 8), 0, 4.5, 8, *range(1, 8), 5, 6]
    fold = [0] * 10 + [1] * 10 + [2, 2]
    half = 12.706204736174694 * (1 / 21) / np.sqrt(2) * np.sqrt(1 / 2 + 1 / 2)  # t(1), 97.5%
    assert fold_auc(y_true, y_score, fold) == pytest.approx((0.5, 0.5 - half, 0.5 + half))


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
    interval = fold_difference(y_true, a, b, [0, 0, 1, 1, 2, 2])
    assert interval == pytest.approx((1 / 3, 1 / 3 - half, 1))  # 1.47 is cut to 1
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
    interval = fold_auc(y_true, y_score, fold)
    assert fold_auc(y_true, y_score + 8 * fold, fold) == interval
    kernels = [pair_kernel(y_true[fold == k], y_score[fold == k]).mean() for k in (0, 1)]
    assert interval[0] == pytest.approx(np.mean(kernels), abs=1e-12)


def cross_validations(rng, shape, sizes, n_features, shift=0, k=6):
    """Labels (n,), out-of-fold scores (*shape, n) of many cohorts, and folds (n,).

    The classifier is the simplest one that learns: the score is the position along the difference
    of the class means of the other folds; in the first feature, the classes truly differ by `shift`
    standard deviations.
    """
    y_true = np.arange(sum(sizes)) < sizes[0]
    x = rng.normal(size=(*shape, len(y_true), n_features))
    x[..., y_true, 0] += shift
    fold = np.concatenate([np.arange(n) % k for n in sizes])
    y_score = np.empty(x.shape[:-1])
    for name in range(k):
        others = fold != name
        a, b = (x[..., others & part, :].mean(axis=-2) for part in (y_true, ~y_true))
        y_score[..., ~others] = (x[..., ~others, :] @ (a - b)[..., None])[..., 0]
    return y_true, y_score, fold


def kernels(y_true, y_score):
    """What `pair_kernel` counts, of many cohorts without ties: (cohorts, positives, negatives)."""
    return (y_score[:, y_true, None] > y_score[:, None, ~y_true]).astype(float)


def many_fold_aucs(y_true, y_score, fold):
    """AUC of every fold, (cohorts, folds)."""
    parts = [fold == name for name in np.unique(fold)]
    aucs = [kernels(y_true[part], y_score[:, part]).mean(axis=(1, 2)) for part in parts]
    return np.stack(aucs, axis=1)


def many_intervals(aucs):
    """Rows of mean, low and high by the formula of `fold_auc`, not cut."""
    k = aucs.shape[1]
    half = stats.t.ppf(0.975, k - 1) * aucs.std(axis=1, ddof=1) * np.sqrt(1 / k + 1 / (k - 1))
    mean = aucs.mean(axis=1)
    return np.stack([mean, mean - half, mean + half], axis=1)


def many_pooled_intervals(y_true, y_score):
    """Rows of AUC, low and high by DeLong's formula, not cut."""
    kernel = kernels(y_true, y_score)
    _, m, n = kernel.shape
    variance = kernel.mean(axis=2).var(axis=1, ddof=1) / m
    variance += kernel.mean(axis=1).var(axis=1, ddof=1) / n
    auc, half = kernel.mean(axis=(1, 2)), 1.959963984540054 * np.sqrt(variance)
    return np.stack([auc, auc - half, auc + half], axis=1)


def shares_above_and_below(intervals, truth):
    """How many of the intervals lie above the truth, and how many below."""
    _, low, high = intervals.T
    return np.mean(low > truth), np.mean(high < truth)


def assert_first_ones(expected, function, few=12):
    """The rows are what the function of the library says of the first cohorts."""
    rows = [function(cohort) for cohort in range(few)]
    np.testing.assert_allclose(np.clip(expected[:few], -1, 1), rows, atol=1e-12)


@pytest.mark.parametrize(("sizes", "n_features"), [((40, 88), 10), ((40, 88), 4), ((79, 243), 10)])
def test_without_anything_to_find_its_interval_errs_about_as_often_as_it_says(sizes, n_features):
    # 600 cohorts: 5% is known to 0.9%. DeLong's interval is of one fixed model; here each fold has
    # another model, made from the very scans that are judged in the other folds.
    rng = np.random.default_rng(5)
    y_true, y_score, fold = cross_validations(rng, (600,), sizes, n_features)
    over_folds = many_intervals(many_fold_aucs(y_true, y_score, fold))
    pooled = many_pooled_intervals(y_true, y_score)
    assert_first_ones(over_folds, lambda i: fold_auc(y_true, y_score[i], fold))
    assert_first_ones(pooled, lambda i: delong_interval(y_true, y_score[i]))
    above, below = shares_above_and_below(over_folds, 0.5)
    assert above < 0.05 and 0.02 < above + below < 0.09
    above, below = shares_above_and_below(pooled, 0.5)
    assert 0.04 < above < below and above + below > 0.12
    assert over_folds[:, 0].mean() == pytest.approx(0.5, abs=0.01)
    pull = pooled[:, 0].mean() - over_folds[:, 0].mean()
    assert -0.02 < pull < -0.003  # what pooling does, on the same cohorts


def test_two_classifiers_that_find_nothing_do_not_differ_more_often_than_it_says():
    rng = np.random.default_rng(6)
    y_true, scores, fold = cross_validations(rng, (600, 2), (40, 88), 4)  # of other features
    a, b = scores[:, 0], scores[:, 1]
    aucs_a, aucs_b = (many_fold_aucs(y_true, score, fold) for score in (a, b))
    differences = many_intervals(aucs_a - aucs_b)
    assert_first_ones(differences, lambda i: fold_difference(y_true, a[i], b[i], fold))
    assert sum(shares_above_and_below(differences, 0)) < 0.08


def test_near_one_the_interval_is_too_narrow_as_the_docstring_says():
    rng = np.random.default_rng(7)
    y_true, y_score, fold = cross_validations(rng, (200,), (43, 279), 4, shift=4)
    intervals = many_intervals(many_fold_aucs(y_true, y_score, fold)).clip(-1, 1)
    assert_first_ones(intervals, lambda i: fold_auc(y_true, y_score[i], fold))
    truth = intervals[:, 0].mean()
    assert truth > 0.99
    assert sum(shares_above_and_below(intervals, truth)) > 0.10


def test_a_ratio_over_folds_by_hand():
    # Logarithms of 2, 4 and 8 in units of log 2: mean 2, SD 1; half = t(2) sqrt(1/3 + 1/2).
    half = 4.302652729911275 * np.sqrt(1 / 3 + 1 / 2)
    expected = 2.0 ** np.array([2, 2 - half, 2 + half])
    assert fold_ratio([2, 12, 8], [1, 3, 1]) == pytest.approx(tuple(expected))


def test_turning_a_ratio_round_turns_its_interval_round(rng):
    a, b = rng.gamma(5, 1, (2, 6))
    ratio, low, high = fold_ratio(a, b)
    assert fold_ratio(b, a) == pytest.approx((1 / ratio, 1 / high, 1 / low))
    assert low < ratio < high


def test_a_ratio_without_two_numbers_in_two_folds_has_no_interval():
    one = fold_ratio([0.3, 0, np.nan, 0.2], [0.1, 0.2, 0.2, 0])
    assert one[0] == pytest.approx(3) and np.isnan(one[1:]).all()
    assert np.isnan(fold_ratio([0.0, np.nan], [1, 1])).all()
