"""Maps of every fold model, and the map that a held-out participant may be measured with.

Paper section "Binding Ratio Analysis"; open point A3. A region made from the map of a network that
learned a participant's label, or from that label's map, is circular when the participant is then
measured in it. So the region of fold k uses the model and the scans of the other folds only.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from datnet_core.progress import progress
from datnet_core.saliency.maps import saliency_maps


class FoldMaps(NamedTuple):
    """What the fold models say about N scans and K folds."""

    fold_means: np.ndarray  # (K, X, Y, Z), see `cross_fitted_mean`
    held_out: np.ndarray  # (N, X, Y, Z), map of each scan by the model that never saw it
    gaps: np.ndarray  # (K, N), completeness gap of each map


def fold_maps(models, volumes, targets, fold, postprocess="published", chunk_size=16):
    """Explain every scan by every fold model, as `FoldMaps`.

    Parameters
    ----------
    models : sequence of K torch.nn.Module
        Model k was trained without the scans of fold k.
    volumes : ndarray of shape (N, X, Y, Z)
        Network inputs.
    targets : int ndarray of shape (N,)
        Class whose logit is explained: the label.
    fold : int ndarray of shape (N,)
        Fold of each scan, 0 to K - 1; all scans of a participant have one.
    postprocess, chunk_size
        As in `maps.saliency_maps`.

    Raises
    ------
    ValueError
        If a fold has no model, or all scans are in one fold.
    """
    targets, fold = np.asarray(targets), np.asarray(fold)
    if not np.isin(fold, range(len(models))).all():
        raise ValueError(f"folds are {np.unique(fold)}; expected 0 to {len(models) - 1}")
    held_out = np.empty(volumes.shape, np.float32)
    means, gaps = [], []
    for k in progress(range(len(models)), "full gradients", unit="fold model"):
        maps, gap = saliency_maps(models[k], volumes, targets, postprocess, chunk_size)
        held_out[fold == k] = maps[fold == k]
        means.append(cross_fitted_mean(maps, targets, fold, k))
        gaps.append(gap)
    return FoldMaps(np.stack(means), held_out, np.stack(gaps))


def cross_fitted_mean(maps, targets, fold, k):
    """Mean map of the scans outside fold k, every class weighing the same.

    Parameters
    ----------
    maps : ndarray of shape (N, X, Y, Z)
        Maps of all scans by model k; the mean has the shape (X, Y, Z).
    targets, fold : int ndarray of shape (N,)
        Class and fold of each scan. Those of fold k have no influence.
    k : int
        Held-out fold.

    Raises
    ------
    ValueError
        If no scan lies outside fold k.
    """
    targets = np.asarray(targets)
    others = np.asarray(fold) != k
    if not others.any():
        raise ValueError(f"every scan is in fold {k}; expected scans in two folds or more")
    classes = np.unique(targets[others])
    return np.mean([maps[others & (targets == c)].mean(axis=0) for c in classes], axis=0)


def fold_correlations(group_maps):
    """Mean correlation of group maps between different folds, with a 95% jackknife interval.

    r_gh = mean over folds i != j of corr(map of group g in fold i, map of group h in fold j).
    On the diagonal it says how stable a map is; a map tells something about its own group only
    if the diagonal exceeds the rest. The interval leaves out one fold at a time and uses Fisher's
    z and Student's t; folds share training scans, which makes it somewhat too narrow.

    Parameters
    ----------
    group_maps : ndarray of shape (n_folds, n_groups, n_voxels)
        Mean map of the held-out scans of each fold and group.

    Returns
    -------
    r, low, high : ndarray of shape (n_groups, n_groups)
        -1 to 1; NaN limits for fewer than three folds.

    Raises
    ------
    ValueError
        If there are fewer than two folds.

    Examples
    --------
    >>> ramp = np.arange(4.0)
    >>> r, low, high = fold_correlations(np.array([[ramp], [2 * ramp + 1], [ramp]]))
    >>> r.round(2)
    array([[1.]])
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
    reach = stats.t.ppf(0.975, n_folds - 1) * error
    centre = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    return r, np.tanh(centre - reach), np.tanh(centre + reach)
