"""Tests between groups of participants (paper section "Statistics Analysis")."""

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from datnet_core.metrics.checks import same_length, two_valued

ROUNDING = 1e-9  # a variance of ranks below it is 0


def chi_square_correct(correct_a, correct_b):
    """P value of the chi-square test on right and wrong decisions of two sets of scans.

    No continuity correction: this gives the paper's P = 0.45 for 86/96 against 89/96 right. The
    test takes the sets as independent, which two decisions on the same people are not.

    Parameters
    ----------
    correct_a, correct_b : bool or 0/1 array-like
        True where the decision was right; the sets may differ in length.

    Returns
    -------
    float
        1 if all decisions are right or all are wrong: an expected count is then 0, the statistic
        is undefined, and the two shares are equal.

    Raises
    ------
    ValueError
        If a set is empty.

    Examples
    --------
    >>> round(chi_square_correct([True] * 86 + [False] * 10, [True] * 89 + [False] * 7), 2)
    0.45
    """
    sets = [two_valued(correct_a), two_valued(correct_b)]
    if not all(map(len, sets)):
        raise ValueError(f"sets of {len(sets[0])} and {len(sets[1])} scans; expected one or more")
    counts = np.array([[right.sum(), (~right).sum()] for right in sets])
    if not counts.sum(axis=0).all():
        return 1.0
    return float(stats.chi2_contingency(counts, correction=False).pvalue)


def mcnemar_exact(correct_a, correct_b):
    """P value of the exact McNemar test of two decisions on the same scans.

    Only the scans count on which the two differ: if neither is better, each of them is right on
    such a scan with probability 1/2 (binomial, two-sided).

    Parameters
    ----------
    correct_a, correct_b : bool or 0/1 array-like of shape (n_scans,)
        True where the decision was right; the same scans in the same order.

    Returns
    -------
    float
        1 if the two are right on the same scans.

    Raises
    ------
    ValueError
        If lengths differ or a value is not two-valued.

    Examples
    --------
    >>> mcnemar_exact([1, 1, 1, 0, 1], [0, 0, 0, 0, 1])  # 3 against 0: 2 / 2**3
    0.25
    """
    right_a, right_b = two_valued(correct_a), two_valued(correct_b)
    same_length(right_a, right_b)
    table = [[0, (right_a & ~right_b).sum()], [(~right_a & right_b).sum(), 0]]
    return float(mcnemar(table, exact=True).pvalue)


def mann_whitney(values, groups, pairs):
    """Two-sided Mann-Whitney U tests between pairs of groups.

    Parameters
    ----------
    values, groups : array-like of shape (n_participants,)
        One number and the group of each participant.
    pairs : sequence of (str, str)
        Groups to compare, at least one pair.

    Returns
    -------
    DataFrame of shape (n_pairs, 8)
        group_a, group_b, n_a, n_b, median_a, median_b, rank_biserial, p. The effect size
        rank_biserial, from -1 to 1, is 2 AUC - 1: how much more often the value of a member of
        group a is above that of a member of group b than below it.

    Raises
    ------
    ValueError
        If lengths differ, a value is NaN, or a group of a pair has no member.
    """
    table = pd.DataFrame({"values": np.asarray(values, dtype=float)})
    return mann_whitney_features(table, groups, pairs).drop(columns="feature")


def mann_whitney_features(table, groups, pairs):
    """Tests of `mann_whitney` for each column of a table, much faster than one by one.

    Parameters
    ----------
    table : DataFrame of shape (n_participants, n_features)
        Numbers.
    groups, pairs
        As in `mann_whitney`; its errors apply.

    Returns
    -------
    DataFrame of shape (n_features * n_pairs, 9)
        `feature`, then the columns of `mann_whitney`; all pairs of a feature, then the next one.
    """
    values, groups = table.to_numpy(dtype=float), np.asarray(groups)
    same_length(values[:, 0], groups)
    if np.isnan(values).any():
        missing = table.isna().sum()
        worst = missing.idxmax()
        raise ValueError(f"{missing[worst]} of {len(table)} values are NaN in {worst}; drop them")
    if empty := sorted({name for pair in pairs for name in pair} - set(groups)):
        raise ValueError(f"no value in group {empty}; expected some of {sorted(set(groups))}")
    tests = []
    for name_a, name_b in pairs:
        a, b = values[groups == name_a], values[groups == name_b]
        row = {"group_a": name_a, "group_b": name_b, "n_a": len(a), "n_b": len(b)}
        row |= {"median_a": np.median(a, axis=0), "median_b": np.median(b, axis=0)}
        row |= {"rank_biserial": _rank_biserial(a, b), "p": _p_values(a, b)}
        tests.append(pd.DataFrame({"feature": table.columns} | row))
    by_feature = np.arange(len(pairs) * values.shape[1]).reshape(len(pairs), -1).T.ravel()
    return pd.concat(tests, ignore_index=True).iloc[by_feature].reset_index(drop=True)


def _rank_biserial(a, b):
    """2 AUC - 1 of each column, from the rank sum of the first group."""
    ranks = stats.rankdata(np.concatenate([a, b]), axis=0)[: len(a)].sum(axis=0)
    u = ranks - len(a) * (len(a) + 1) / 2
    return 2 * u / (len(a) * len(b)) - 1


def _p_values(a, b):
    """P value of each column; SciPy would take the ties of one column for ties of all."""
    tied = (np.diff(np.sort(np.concatenate([a, b]), axis=0), axis=0) == 0).any(axis=0)
    p = np.empty(len(tied))
    for part in (tied, ~tied):
        if part.any():
            p[part] = stats.mannwhitneyu(a[:, part], b[:, part], axis=0).pvalue
    return p


def rank_sum_p(a, b):
    """P values of many two-sided Mann-Whitney U tests at once, without what was not measured.

    The normal approximation with corrections for ties and continuity: what `mann_whitney` takes
    for groups of more than eight.

    Parameters
    ----------
    a, b : ndarray of shape (..., n_a), (..., n_b)
        Values of the two groups of each test; NaN is a missing value.

    Returns
    -------
    ndarray of shape (...,)
        NaN where a group has no value, 1 where all values are equal.

    Examples
    --------
    >>> rank_sum_p(np.array([[1, 2, np.nan], [1, 1, 1]]), np.array([[3, 4], [1, 1]])).round(3)
    array([0.245, 1.   ])
    """
    both = np.concatenate([a, b], axis=-1)
    there = ~np.isnan(both)
    ranks = np.where(there, stats.rankdata(np.where(there, both, np.inf), axis=-1), 0)
    n_first = np.shape(a)[-1]
    n_a, n_b = there[..., :n_first].sum(axis=-1), there[..., n_first:].sum(axis=-1)
    n = n_a + n_b
    u = ranks[..., :n_first].sum(axis=-1) - n_a * (n_a + 1) / 2
    # Mean ranks of ties have smaller squares: the sum of (t^3 - t) / 12 is what is missing.
    ties = n * (n + 1) * (2 * n + 1) / 6 - (ranks**2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = n_a * n_b / 12 * (n + 1 - 12 * ties / (n * (n - 1)))
        z = (np.abs(u - n_a * n_b / 2) - 0.5) / np.sqrt(np.maximum(variance, 0))
    p = np.where(variance > ROUNDING, np.minimum(2 * stats.norm.sf(z), 1), 1.0)
    return np.where((n_a > 0) & (n_b > 0), p, np.nan)
