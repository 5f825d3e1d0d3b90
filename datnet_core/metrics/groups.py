"""Tests between groups of participants.

Paper section "Statistics Analysis".
"""

import numpy as np
import pandas as pd
from scipy import stats

from datnet_core.metrics.checks import same_length, two_valued


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
    """
    sets = [two_valued(correct_a), two_valued(correct_b)]
    if not all(map(len, sets)):
        raise ValueError(f"sets of {len(sets[0])} and {len(sets[1])} scans; expected one or more")
    counts = np.array([[right.sum(), (~right).sum()] for right in sets])
    if not counts.sum(axis=0).all():
        return 1.0
    return float(stats.chi2_contingency(counts, correction=False).pvalue)


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
        group_a, group_b, n_a, n_b, median_a, median_b, p, and p_bh: p after Benjamini-Hochberg
        over these rows.

    Raises
    ------
    ValueError
        If lengths differ, a value is NaN, or a group of a pair has no member.
    """
    values, groups = np.asarray(values, dtype=float), np.asarray(groups)
    same_length(values, groups)
    if np.isnan(values).any():
        raise ValueError(f"{np.isnan(values).sum()} of {len(values)} values are NaN; drop them")
    if empty := sorted({name for pair in pairs for name in pair} - set(groups)):
        raise ValueError(f"no value in group {empty}; found groups {sorted(set(groups))}")
    rows = []
    for names in pairs:
        a, b = (values[groups == name] for name in names)
        p = stats.mannwhitneyu(a, b, alternative="two-sided").pvalue
        rows.append((*names, len(a), len(b), np.median(a), np.median(b), p))
    columns = ["group_a", "group_b", "n_a", "n_b", "median_a", "median_b", "p"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_bh=stats.false_discovery_control(table["p"]))
