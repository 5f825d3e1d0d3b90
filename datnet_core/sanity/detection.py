"""A saliency map as a detector of voxels that truly differ between diagnoses of the phantom.

Not in the paper. The truth are the effect maps that the phantom writes (`truth.effect_maps`).
"""

import numpy as np
from sklearn.metrics import average_precision_score


def average_precision(maps, truth, mask):
    """Area under the precision-recall curve of each map as a detector of the true voxels.

    Parameters
    ----------
    maps : ndarray of shape (N, X, Y, Z)
        Scores, large where the voxel is said to differ.
    truth : bool ndarray of shape (X, Y, Z)
        Voxels that differ.
    mask : bool ndarray of shape (X, Y, Z)
        Voxels that count.

    Returns
    -------
    ndarray of shape (N,)
        0 to 1; the share of true voxels is chance. nan if no voxel in the mask differs.
    """
    inside = truth[mask]
    if not inside.any():
        return np.full(len(maps), np.nan)
    return np.array([average_precision_score(inside, scores) for scores in maps[:, mask]])


def pointing_game(maps, truth, mask):
    """Whether the highest voxel of each map in the mask truly differs (arXiv:1608.00507).

    Parameters
    ----------
    maps, truth, mask
        As in `average_precision`.

    Returns
    -------
    bool ndarray of shape (N,)
    """
    return truth[mask][maps[:, mask].argmax(axis=1)]


def region_shares(maps, weights, mask):
    """Share of the summed map that lies in a region.

    Parameters
    ----------
    maps : ndarray of shape (N, X, Y, Z)
        Values of 0 or more.
    weights : ndarray of shape (X, Y, Z)
        Share of each voxel that is in the region, `atlas.region_fractions`.
    mask : bool ndarray of shape (X, Y, Z)
        Voxels that count.

    Returns
    -------
    ndarray of shape (N,)
        0 to 1; the region's share of the mask's volume is chance.
    """
    inside = maps[:, mask].astype(np.float64)
    return inside @ weights[mask] / inside.sum(axis=1)
