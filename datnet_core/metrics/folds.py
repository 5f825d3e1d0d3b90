"""AUC of a cross-validation as the mean over its folds, with an interval for the procedure.

Every participant judged in one fold teaches the models of all others, so the folds are not
independent, and an interval that takes them to be is too narrow.
"""

import numpy as np
import pandas as pd
from scipy import stats

from datnet_core.metrics.auc import delong_interval
from datnet_core.metrics.checks import checked_scores


def fold_auc(y_true, y_score, fold):
    """Mean AUC over the folds with the corrected 95% t interval of Nadeau and Bengio.

    With k folds and s² the variance of their AUCs, it is mean ± t(k-1) s √(1/k + 1/(k-1)); s²/k
    alone is what independent folds would have. The second term was derived for the mean loss over
    repeated random splits, as the size of the part that is judged over the part that is learned
    from. For folds and AUCs it is a rule of thumb: it holds if two folds correlate by 1/k.

    `tests/core/metrics/test_folds.py` simulates cohorts without any difference between the
    classes: 0.5 is excluded in about 1 of 20, as a 95% interval should, and by DeLong's interval of
    the pooled scores in about 1 of 6, more often from below. At a middling AUC the interval is
    wider than it need be. Near 1 it is too narrow, as DeLong's is, and has no width where all folds
    agree.

    Parameters
    ----------
    y_true : bool or 0/1 array-like of shape (n_scans,)
        True for the positive class.
    y_score : array-like of shape (n_scans,)
        Higher means more likely positive; each from the model that did not learn from the scan.
        Only scores of one fold are compared with each other.
    fold : array-like of shape (n_scans,)
        Fold of each scan, none missing.

    Returns
    -------
    auc, low, high : float
        The interval is cut to [0, 1]. A fold without both classes has no AUC and is left out; with
        fewer than two others the limits are NaN.

    Raises
    ------
    ValueError
        If lengths differ, labels are not two-valued, a score is NaN, a fold is missing, or no fold
        has both classes.

    References
    ----------
    Nadeau and Bengio 2003, doi:10.1023/A:1024068626366. Why one cross-validation has no unbiased
    estimate of its variance: Bengio and Grandvalet 2004,
    https://jmlr.org/papers/v5/grandvalet04a.html.

    Examples
    --------
    >>> y_true, y_score = [1, 0, 1, 0, 1, 0], [3, 1, 9, 9, 2, 1]
    >>> fold_auc(y_true, y_score, ["a", "a", "b", "b", "c", "c"])[0]  # mean of 1, 1/2 and 1
    0.8333333333333334
    """
    auc, low, high = _corrected(_auc_of_folds(y_true, y_score, fold))
    return auc, float(np.maximum(low, 0)), float(np.minimum(high, 1))


def fold_difference(y_true, y_score_a, y_score_b, fold):
    """Mean over the folds of AUC of score a minus AUC of score b, with the corrected interval.

    Parameters
    ----------
    y_true, y_score_a, y_score_b, fold
        As in `fold_auc`; its errors apply. Both scores come from the same folds.

    Returns
    -------
    difference, low, high : float
        The interval is cut to [-1, 1].
    """
    a, b = (_auc_of_folds(y_true, score, fold) for score in (y_score_a, y_score_b))
    difference, low, high = _corrected(a - b)
    return difference, float(np.maximum(low, -1)), float(np.minimum(high, 1))


def fold_ratio(values, others):
    """Geometric mean over the folds of one number over another, with the corrected interval.

    The interval is that of `fold_auc`, taken on the logarithm of the ratio.

    Parameters
    ----------
    values, others : array-like of shape (n_folds,)
        Two positive numbers of each fold. A fold where one of them is 0 or NaN is left out.

    Returns
    -------
    ratio, low, high : float
        NaN where no fold is left; the limits also where only one is.

    Examples
    --------
    >>> [round(number, 2) for number in fold_ratio([2, 4, 8], [1, 1, 1])]
    [4.0, 0.26, 60.87]
    """
    a, b = np.asarray(values, dtype=float), np.asarray(others, dtype=float)
    there = (a > 0) & (b > 0)
    if not there.any():
        return np.nan, np.nan, np.nan
    logarithms = np.full(a.shape, np.nan)
    logarithms[there] = np.log(a[there] / b[there])
    ratio, low, high = np.exp(_corrected(logarithms))
    return float(ratio), float(low), float(high)


def _auc_of_folds(y_true, y_score, fold):
    """AUC of each fold, NaN where a class is absent."""
    y_true, y_score = checked_scores(y_true, y_score)
    fold = np.asarray(fold)
    if fold.shape != y_true.shape:
        raise ValueError(f"folds of {fold.shape} scans; expected one for each of {y_true.shape}")
    if missing := pd.isna(fold).sum():
        raise ValueError(f"{missing} of {len(fold)} scans are in no fold; leave them out")
    parts = [fold == name for name in np.unique(fold)]
    both = [len(set(y_true[part])) == 2 for part in parts]
    if not any(both):
        raise ValueError(f"none of {len(parts)} folds has both classes; an AUC needs both")
    pairs = zip(parts, both, strict=True)
    return np.array([delong_interval(y_true[p], y_score[p])[0] if b else np.nan for p, b in pairs])


def _corrected(values):
    """Mean of the values that there are, and the limits of Nadeau and Bengio."""
    known = values[~np.isnan(values)]
    mean = float(known.mean())
    n = len(known)
    if n < 2:
        return mean, np.nan, np.nan
    spread = np.std(known, ddof=1) * np.sqrt(1 / n + 1 / (len(values) - 1))
    half = float(stats.t.ppf(0.975, n - 1) * spread)
    return mean, mean - half, mean + half
