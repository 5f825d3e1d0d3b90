"""Where maps exceed those of untrained networks, and whether folds agree on what is one group's.

The paper names regions of its Fig. 5 by eye; the null, the tests and their correction are ours.
"""

import numpy as np
import pandas as pd
from scipy import stats

from datnet_core.metrics import fold_ratio
from datnet_core.saliency import fold_correlations
from datnet_study.comparison import adjusted

REACH = 0.975  # quantile at the end of a 95% interval


def ratios_by_region(values, others):
    """Ratio of two numbers of each fold in every region, tested against 1 in all regions at once.

    Parameters
    ----------
    values, others : dict of str to ndarray of shape (n_folds,)
        By region, as in `fold_ratio`.

    Returns
    -------
    DataFrame
        Index region, highest ratio first: `ratio`, `low`, `high` of `fold_ratio`, `p` (two-sided,
        by the t distribution of that interval) and `holm`, corrected for the number of regions.
        NaN without two folds.

    Examples
    --------
    >>> values, ones = {"a": [1.0, 2, 4], "b": [2.0, 2.1, 2.2]}, {"a": [1] * 3, "b": [1] * 3}
    >>> ratios_by_region(values, ones)[["ratio", "p", "holm"]].round(3).to_numpy().tolist()
    [[2.098, 0.003, 0.007], [2.0, 0.388, 0.388]]
    """
    rows = {}
    for region, own in values.items():
        own, other = np.asarray(own, float), np.asarray(others[region], float)
        ratio, low, high = fold_ratio(own, other)
        rows[region] = ratio, low, high, _p(ratio, low, high, int(((own > 0) & (other > 0)).sum()))
    found = pd.DataFrame(rows, index=["ratio", "low", "high", "p"]).T
    found["holm"] = adjusted(found["p"])[:, 0]
    return found.sort_values("ratio", ascending=False)


def _p(ratio, low, high, n):
    """Two-sided P of a ratio of 1, by its interval with n - 1 degrees of freedom."""
    if not high > low:
        return np.nan
    error = (np.log(high) - np.log(low)) / 2 / stats.t.ppf(REACH, n - 1)
    return float(2 * stats.t.sf(abs(np.log(ratio)) / error, n - 1))


def own_over_others(group_maps, names):
    """How much more a mean map agrees between folds with its own group than with the others.

    Parameters
    ----------
    group_maps : ndarray of shape (n_folds, n_groups, n_voxels)
        As in `fold_correlations`; its errors apply.
    names : sequence of str
        Of the groups.

    Returns
    -------
    DataFrame
        Index name: `own` and `other`, mean correlation between folds with the map of the same group
        and with those of the others; `difference` with its 95% interval `low`, `high`, by leaving
        out one fold at a time, with Student's t. NaN with one group; limits also with two folds.

    Examples
    --------
    >>> ramp, step = np.arange(4.0), np.array([0.0, 0, 1, 1])
    >>> own_over_others(np.array([[ramp, step]] * 3), ["a", "b"]).round(2).to_numpy().tolist()
    [[1.0, 0.89, 0.11, 0.11, 0.11], [1.0, 0.89, 0.11, 0.11, 0.11]]
    """
    n_folds, n_groups, _ = group_maps.shape
    own, other = _own_and_other(group_maps)
    low = high = np.full(n_groups, np.nan)
    if n_folds > 2:
        parts = (_own_and_other(np.delete(group_maps, k, axis=0)) for k in range(n_folds))
        left_out = np.array([one - two for one, two in parts])
        squares = ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)
        reach = stats.t.ppf(REACH, n_folds - 1) * np.sqrt((n_folds - 1) / n_folds * squares)
        low, high = own - other - reach, own - other + reach
    columns = {"own": own, "other": other, "difference": own - other, "low": low, "high": high}
    return pd.DataFrame(columns, index=list(names))


def _own_and_other(group_maps):
    """Mean correlations between folds with the own group and with the others, by group."""
    r = fold_correlations(group_maps)[0]
    n = len(r)
    other = (r.sum(axis=1) - np.diag(r)) / (n - 1) if n > 1 else np.full(n, np.nan)
    return np.diag(r), other
