"""Resampling of participants, each with all their scans, and the AUC of every resample."""

import numpy as np


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
