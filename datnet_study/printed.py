"""Intervals of what a paper prints: from a number and group sizes, without its scans.

Paper section "Statistics Analysis" gives no interval; these are what its counts allow.
"""

import numpy as np
from scipy import stats

Z = stats.norm.ppf(0.975)  # not of `metrics.auc`: then a measure that changes would train anew


def hanley_mcneil_interval(auc, n_positive, n_negative):
    """95% interval of a printed AUC, from the sizes of the two groups.

    var = [A(1-A) + (m-1)(Q1-A^2) + (n-1)(Q2-A^2)] / (m n), where A is the AUC, m the positives, n
    the negatives, Q1 = A/(2-A) and Q2 = 2A^2/(1+A), which hold for exponential scores.

    Parameters
    ----------
    auc : float
        As printed, between 0 and 1.
    n_positive, n_negative : int
        Sizes of the groups.

    Returns
    -------
    auc, low, high : float
        The interval is cut to [0, 1].

    Raises
    ------
    ValueError
        If the AUC lies outside 0 to 1, or a group is empty.

    References
    ----------
    Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747.

    Examples
    --------
    >>> [round(value, 3) for value in hanley_mcneil_interval(0.9, 54, 268)]
    [0.9, 0.844, 0.956]
    """
    if not 0 <= auc <= 1 or min(n_positive, n_negative) < 1:
        raise ValueError(
            f"AUC {auc} of {n_positive} against {n_negative}; expected an AUC from 0 to 1 and two "
            "groups with a member"
        )
    square, mixed = auc**2, auc * (1 - auc)
    mixed += (n_positive - 1) * (auc / (2 - auc) - square)
    mixed += (n_negative - 1) * (2 * square / (1 + auc) - square)
    half = Z * np.sqrt(mixed / (n_positive * n_negative))
    return float(auc), float(np.maximum(auc - half, 0)), float(np.minimum(auc + half, 1))


def independent_difference(a, b):
    """Difference of two numbers from different people, with an interval from their own intervals.

    With a in [l, u] and b in [L, U] (95% each): low = a - b - sqrt((a-l)^2 + (U-b)^2), high = a - b
    + sqrt((u-a)^2 + (b-L)^2). For shares with Wilson intervals this is Newcombe's method 10; the
    construction holds for any two independent estimates (MOVER), also where an interval is not
    symmetric.

    Parameters
    ----------
    a, b : (float, float, float)
        Value, low, high.

    Returns
    -------
    difference, low, high : float

    Raises
    ------
    ValueError
        If a value lies outside its interval, or is NaN.

    References
    ----------
    Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I; Zou and
    Donner 2008, doi:10.1002/sim.3095.

    Examples
    --------
    >>> from datnet_core.metrics.rates import share_interval
    >>> shares = [share_interval([True] * hits + [False] * (of - hits))
    ...           for hits, of in ((56, 70), (48, 80))]
    >>> [round(value, 4) for value in independent_difference(*shares)]  # Newcombe's example (a)
    [0.2, 0.0524, 0.3339]
    """
    for value, low, high in (a, b):
        if not low <= value <= high:
            raise ValueError(f"{value} with interval {low} to {high}; expected a value inside it")
    (a, a_low, a_high), (b, b_low, b_high) = a, b
    low = a - b - np.hypot(a - a_low, b_high - b)
    high = a - b + np.hypot(a_high - a, b - b_low)
    return float(a - b), float(low), float(high)


def independent_sum(a, b):
    """Sum of two numbers from different people, with an interval put together as a difference's.

    Parameters
    ----------
    a, b : (float, float, float)
        Value, low, high, as in `independent_difference`.

    Returns
    -------
    value, low, high : float

    Examples
    --------
    >>> [round(value, 2) for value in independent_sum((0.8, 0.76, 0.9), (0.5, 0.47, 0.6))]
    [1.3, 1.25, 1.44]
    """
    (a, a_low, a_high), (b, b_low, b_high) = a, b
    low, high = np.hypot(a - a_low, b - b_low), np.hypot(a_high - a, b_high - b)
    return float(a + b), float(a + b - low), float(a + b + high)
