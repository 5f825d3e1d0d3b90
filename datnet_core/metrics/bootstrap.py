"""Intervals from resampling participants, each with all their scans.

Paper section "Statistics Analysis". scikit-learn and SciPy resample rows; here a person with two
scans is drawn or left out whole.
"""

import numpy as np
from scipy import stats

from datnet_core.metrics.checks import checked_scores, same_length


def resampled_participants(groups, participants, n_resamples, seed):
    """How often each scan stands in each resample; every group keeps its size.

    Parameters
    ----------
    groups : array-like of shape (n_scans,)
        Group of each scan, such as its diagnosis.
    participants : array-like of shape (n_scans,)
        Participant of each scan.
    n_resamples, seed : int
        Number of resamples and seed of the draws.

    Returns
    -------
    float ndarray of shape (n_resamples, n_scans)

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
    """AUC of each resample: mean over pairs of [s+ > s-] + [s+ = s-]/2, by times drawn.

    Parameters
    ----------
    y_true : bool ndarray of shape (n_scans,)
        True for the positive class.
    y_score : ndarray of shape (n_scans,)
    weights : ndarray of shape (n_resamples, n_scans)
        Output of `resampled_participants`; each resample needs positives and negatives.

    Returns
    -------
    ndarray of shape (n_resamples,)
    """
    positive, negative = y_score[y_true][:, None], y_score[~y_true]
    wins = (positive > negative) + 0.5 * (positive == negative)  # (positives, negatives)
    w_pos, w_neg = weights[:, y_true], weights[:, ~y_true]
    return ((w_pos @ wins) * w_neg).sum(1) / (w_pos.sum(1) * w_neg.sum(1))


def bootstrap_interval(y_true, y_score, participants, n_resamples, seed, confidence=0.95):
    """Percentile interval of the AUC from resampling participants, each with all their scans.

    Positives and negatives are drawn separately, so that every resample has both.

    Parameters
    ----------
    y_true, y_score, confidence
        As in `auc.delong_interval`.
    participants : array-like of shape (n_scans,)
        Participant of each scan.
    n_resamples, seed : int
        Number of resamples and seed of the draws.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        As `auc.delong_interval`, and if a participant has scans of both classes.
    """
    y_true, y_score = checked_scores(y_true, y_score)
    same_length(participants, y_true)
    weights = resampled_participants(y_true, participants, n_resamples, seed)
    aucs = weighted_auc(y_true, y_score, weights)
    low, high = np.quantile(aucs, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def mean_interval(values, seed=0, confidence=0.95):
    """Mean over participants and its percentile bootstrap interval.

    Parameters
    ----------
    values : array-like of shape (n_participants,)
        One value per participant.
    seed : int
        Seed of the 2,000 resamples.
    confidence : float

    Returns
    -------
    mean, low, high : float
        nan limits for fewer than two participants.
    """
    values = np.asarray(values, float)
    if len(values) < 2 or np.isnan(values).any():
        return float(values.mean()), np.nan, np.nan
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=2000, confidence_level=confidence, method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return float(values.mean()), float(found.low), float(found.high)
