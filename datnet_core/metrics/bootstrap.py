"""Intervals from resampling participants, each with all their scans.

Paper section "Statistics Analysis". scikit-learn and SciPy resample rows; here a person with two
scans is drawn or left out whole.
"""

import numpy as np
from scipy import stats

from datnet_core.metrics.checks import checked_scores, same_length


def resampled_participants(groups, participants, n_resamples, seed):
    """Draw bootstrap counts per scan, resampling participants within groups.

    Parameters
    ----------
    groups, participants : array-like of shape (n_scans,)
        Group of each scan, such as its diagnosis, and its participant.
    n_resamples, seed : int
        Number of resamples and seed of the draws.

    Returns
    -------
    float ndarray of shape (n_resamples, n_scans)
        Times drawn; every group keeps its number of participants.

    Raises
    ------
    ValueError
        If a participant has scans of two groups.
    """
    groups = np.asarray(groups)
    _, first, person = np.unique(np.asarray(participants), return_index=True, return_inverse=True)
    if (groups[first][person] != groups).any():
        raise ValueError("a participant has scans of two groups; expected one diagnosis")
    rng = np.random.default_rng(seed)
    times = np.zeros((n_resamples, len(first)))  # (resamples, participants): times drawn
    for group in np.unique(groups)[::-1]:
        members = np.flatnonzero(groups[first] == group)
        equal = np.full(len(members), 1 / len(members))
        times[:, members] = rng.multinomial(len(members), equal, size=n_resamples)
    return times[:, person]  # (resamples, scans)


def weighted_auc(y_true, y_score, weights):
    """AUC (n_resamples,) of resamples: mean over pairs of [s+ > s-] + [s+ = s-]/2, by times drawn.

    Parameters
    ----------
    y_true, y_score : bool ndarray, ndarray of shape (n_scans,)
        True for the positive class; the score.
    weights : ndarray of shape (n_resamples, n_scans)
        Output of `resampled_participants`; each resample needs positives and negatives.
    """
    positive, negative = y_score[y_true][:, None], y_score[~y_true]
    wins = (positive > negative) + 0.5 * (positive == negative)  # (positives, negatives)
    w_pos, w_neg = weights[:, y_true], weights[:, ~y_true]
    return ((w_pos @ wins) * w_neg).sum(1) / (w_pos.sum(1) * w_neg.sum(1))


def bootstrap_interval(y_true, y_score, participants, n_resamples, seed):
    """95% percentile interval of the AUC from resampling participants, each with all their scans.

    Positives and negatives are drawn separately, so that every resample has both.

    Parameters
    ----------
    y_true, y_score
        As in `auc.delong_interval`; its errors apply.
    participants, n_resamples, seed
        As in `resampled_participants`; none may have scans of both classes.

    Returns
    -------
    low, high : float

    Examples
    --------
    >>> bootstrap_interval([1, 1, 0, 0], [4, 3, 2, 1], ["p", "q", "r", "s"], 100, seed=0)
    (1.0, 1.0)
    """
    y_true, y_score = checked_scores(y_true, y_score)
    same_length(participants, y_true)
    weights = resampled_participants(y_true, participants, n_resamples, seed)
    aucs = weighted_auc(y_true, y_score, weights)
    low, high = np.quantile(aucs, [0.025, 0.975])
    return float(low), float(high)


def group_mean_interval(values, groups, participants, n_resamples, seed):
    """Mean over groups of the mean within each, with a 95% percentile bootstrap interval.

    Of right decisions and diagnoses, this is the mean sensitivity; of the differences between the
    decisions of two classifiers, the difference of their mean sensitivities.

    Parameters
    ----------
    values : array-like of shape (n_scans,)
        A number, or whether a decision was right, for each scan.
    groups, participants, n_resamples, seed
        As in `resampled_participants`; its error applies.

    Returns
    -------
    mean, low, high : float
        The interval has no width where the values of each group are all the same.

    Raises
    ------
    ValueError
        If lengths differ.

    Examples
    --------
    >>> right, diagnosis = [1, 1, 1, 1, 0], ["IPD", "IPD", "IPD", "IPD", "MSA"]
    >>> group_mean_interval(right, diagnosis, "pqrst", 100, seed=0)
    (0.5, 0.5, 0.5)
    """
    values, groups = np.asarray(values, dtype=float), np.asarray(groups, dtype=str)
    participants = list(participants)
    same_length(values, groups)
    same_length(values, participants)
    weights = resampled_participants(groups, participants, n_resamples, seed)
    members = [groups == name for name in np.unique(groups)]
    drawn = [weights[:, own] @ values[own] / weights[:, own].sum(axis=1) for own in members]
    low, high = np.quantile(np.mean(drawn, axis=0), [0.025, 0.975])
    return float(np.mean([values[own].mean() for own in members])), float(low), float(high)


def mean_interval(values, seed=0):
    """Mean over participants and its 95% percentile bootstrap interval.

    Parameters
    ----------
    values : array-like of shape (n_participants,)
        One value per participant.
    seed : int
        Seed of the 2,000 resamples.

    Returns
    -------
    mean, low, high : float
        NaN limits for fewer than two participants; all three are NaN if a value is.
    """
    values = np.asarray(values, float)
    if len(values) < 2 or np.isnan(values).any():
        return float(values.mean()), np.nan, np.nan
    low, high = stats.bootstrap(
        (values,), np.mean, n_resamples=2000, method="percentile", rng=np.random.default_rng(seed)
    ).confidence_interval
    return float(values.mean()), float(low), float(high)
