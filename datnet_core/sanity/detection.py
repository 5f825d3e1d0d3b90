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
    truth, mask : bool ndarray of shape (X, Y, Z)
        Voxels that differ; voxels that count.

    Returns
    -------
    ndarray of shape (N,)
        0 to 1; the share of true voxels is chance. NaN if no voxel in the mask differs.

    Examples
    --------
    >>> maps, everywhere = np.array([[[[9.0, 7, 5]]]]), np.ones((1, 1, 3), bool)
    >>> average_precision(maps, np.array([[[True, False, True]]]), everywhere)  # (1 + 2/3) / 2
    array([0.83333333])
    """
    inside = truth[mask]
    if not inside.any():
        return np.full(len(maps), np.nan)
    return np.array([average_precision_score(inside, scores) for scores in maps[:, mask]])


def pointing_game(maps, truth, mask):
    """Whether the highest voxel of each map in the mask truly differs (arXiv:1608.00507).

    Arguments are those of `average_precision`; the result is a bool ndarray of shape (N,).
    """
    return truth[mask][maps[:, mask].argmax(axis=1)]
