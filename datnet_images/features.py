"""What many radiomic features are worth: which vary, how many are independent, which repeat.

Not in the paper, which counts significant features "of 100" whatever they measure.
"""

import numpy as np
import pandas as pd
from scipy import ndimage, stats

from datnet_images.radiomics import feature_table

ROUNDING = 1e-9  # relative; a constant computed in two ways may differ by this
ONE_VOXEL = tuple(np.eye(3, dtype=int)) + tuple(-np.eye(3, dtype=int))


def varying_features(table):
    """Names of the features that are known for all scans and not the same in all of them.

    The shape of an atlas region is the same in every scan: such a feature cannot differ between
    groups and does not belong into a count of those that could.

    Parameters
    ----------
    table : DataFrame of shape (n_scans, n_features)

    Returns
    -------
    list of str

    Examples
    --------
    >>> varying_features(pd.DataFrame({"a": [1, 1], "b": [1, 2], "c": [1, np.nan]}))
    ['b']
    """
    values = table.to_numpy(dtype=float)
    spread = values.max(axis=0) - values.min(axis=0)  # NaN where one is
    with np.errstate(invalid="ignore"):
        varies = spread > ROUNDING * np.abs(values).max(axis=0)
    return table.columns[varies & np.isfinite(spread)].tolist()


def effective_features(table):
    """How many independent features would vary as much together as these do.

    Each eigenvalue l of the matrix of rank correlations counts 1 if it is at least 1, and besides
    by its part behind the point: sum of [l >= 1] + (l - floor(l)) (Li and Ji 2005).

    Parameters
    ----------
    table : DataFrame of shape (n_scans, n_features)
        Features that vary, of three or more scans.

    Returns
    -------
    float
        1 for copies of one feature, about the number of features if no two go together.

    References
    ----------
    Li and Ji 2005, doi:10.1038/sj.hdy.6800717.

    Examples
    --------
    >>> effective_features(pd.DataFrame({"a": [1, 2, 3, 4], "b": [10, 20, 30, 40]}))
    1.0
    """
    ranks = stats.rankdata(table.to_numpy(dtype=float), axis=0)
    eigenvalues = np.linalg.eigvalsh(np.atleast_2d(np.corrcoef(ranks.T))).clip(0)
    eigenvalues = eigenvalues.round(9)  # 0.9999999 and 1 are one
    return float(((eigenvalues >= 1) + eigenvalues - np.floor(eigenvalues)).sum())


def intraclass_correlation(values):
    """Agreement of repeated measurements: ICC(A,1), two-way, absolute agreement, of one of them.

    (MSR - MSE) / (MSR + (k - 1) MSE + k (MSC - MSE) / n) with the mean squares of n subjects
    (MSR), of k repeats (MSC) and of the rest (MSE).

    Parameters
    ----------
    values : ndarray of shape (n_subjects, n_repeats, ...)
        Two or more of each.

    Returns
    -------
    ndarray of shape (...,)
        1 if all repeats are equal, 0 or less if they tell subjects apart no better than chance;
        NaN where all values are the same.

    References
    ----------
    McGraw and Wong 1996, doi:10.1037/1082-989X.1.1.30.

    Examples
    --------
    >>> float(intraclass_correlation(np.array([[1.0, 2], [2, 3], [3, 4]])).round(2))  # a shift of 1
    0.67
    """
    n, k = values.shape[:2]
    mean = values.mean(axis=(0, 1))
    of_subjects, of_repeats = values.mean(axis=1), values.mean(axis=0)
    rows = k * ((of_subjects - mean) ** 2).sum(axis=0) / (n - 1)
    columns = n * ((of_repeats - mean) ** 2).sum(axis=0) / (k - 1)
    rest = values - of_subjects[:, None] - of_repeats[None] + mean
    error = (rest**2).sum(axis=(0, 1)) / ((n - 1) * (k - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)


def shift_agreement(volumes, masks, spacing_mm, bin_width, n_jobs=2):
    """Agreement of each feature between a region and the same region one voxel aside.

    The region lies where it is and in six places more, one voxel to either side along each axis;
    a feature that does not agree with itself there measures the placing of the region.

    Parameters
    ----------
    volumes, masks, spacing_mm, bin_width, n_jobs
        As in `radiomics.feature_table`.

    Returns
    -------
    DataFrame
        `region`, `feature`, `icc` (`intraclass_correlation` over the seven places) and `n_scans`:
        those that could be measured in all of them. A region with fewer than two has no row.
    """
    places = {}
    for region, mask in masks.items():
        along = (0,) * (mask.ndim - 3)
        for number, step in enumerate([(0, 0, 0), *ONE_VOXEL]):
            places[region, number] = ndimage.shift(mask, (*along, *step), order=0)
    table = feature_table(volumes, places, spacing_mm, bin_width, n_jobs)
    found = []
    for region in masks:
        of = table[[name == region for name, _ in table["region"]]]
        by_place = [part.set_index("scan") for _, part in of.groupby("region")]
        if len(by_place) < 1 + len(ONE_VOXEL):
            continue
        scans = sorted(set.intersection(*(set(part.index) for part in by_place)))
        if len(scans) < 2:
            continue
        parts = [part.loc[scans].drop(columns="region") for part in by_place]
        icc = intraclass_correlation(np.stack(parts, axis=1).astype(float))
        rows = {"region": region, "feature": parts[0].columns, "icc": icc, "n_scans": len(scans)}
        found.append(pd.DataFrame(rows))
    columns = ["region", "feature", "icc", "n_scans"]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
