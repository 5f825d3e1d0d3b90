"""Do networks trained on other participants point at the same place? Group maps across folds."""

import numpy as np
from scipy import stats


def fold_correlations(group_maps, confidence=0.95):
    """Mean correlation of group maps between different folds, with a jackknife interval.

    r_gh = mean over folds i != j of corr(map of group g in fold i, map of group h in fold j).
    On the diagonal it says how stable a map is; a map tells something about its own group only
    if the diagonal exceeds the rest. The interval leaves out one fold at a time and uses Fisher's
    z and Student's t; folds share training scans, which makes it somewhat too narrow.

    Parameters
    ----------
    group_maps : ndarray of shape (n_folds, n_groups, n_voxels)
        Mean map of the held-out scans of each fold and group.
    confidence : float

    Returns
    -------
    r, low, high : ndarray of shape (n_groups, n_groups)
        -1 to 1; nan limits for fewer than three folds.

    Raises
    ------
    ValueError
        If there are fewer than two folds.
    """
    n_folds, n_groups, _ = group_maps.shape
    if n_folds < 2:
        raise ValueError(f"got maps of {n_folds} fold(s); expected two or more")
    flat = group_maps.reshape(n_folds * n_groups, -1)
    every = np.corrcoef(flat).reshape(n_folds, n_groups, n_folds, n_groups)

    def mean_over(folds):
        pairs = [every[i, :, j] for i in folds for j in folds if i != j]
        return np.mean(pairs, axis=0)  # (n_groups, n_groups)

    r = mean_over(range(n_folds))
    if n_folds < 3:
        return r, np.full_like(r, np.nan), np.full_like(r, np.nan)
    left_out = [mean_over([i for i in range(n_folds) if i != k]) for k in range(n_folds)]
    z = np.arctanh(np.clip(left_out, -1 + 1e-12, 1 - 1e-12))
    error = np.sqrt((n_folds - 1) / n_folds * ((z - z.mean(axis=0)) ** 2).sum(axis=0))
    reach = stats.t.ppf((1 + confidence) / 2, n_folds - 1) * error
    centre = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    return r, np.tanh(centre - reach), np.tanh(centre + reach)
