"""Radiomic features of a region with PyRadiomics 3.0.1.

Paper section "Radiomics Features Analysis"; open point A4: all 107 features of the default
classes (first order, 3D shape, GLCM, GLRLM, GLSZM, GLDM, NGTDM).
"""

import logging
import multiprocessing
import warnings
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

import numpy as np
import pandas as pd
import SimpleITK as sitk
from threadpoolctl import threadpool_limits

from datnet_core.progress import progress

FEWEST_VOXELS = 2
ENOUGH = f"expected at least {FEWEST_VOXELS}: use a finer images.grid_mm or a larger region"


def extract_features(volume, mask, spacing_mm, bin_width):
    """Radiomic features of one region of one volume.

    Parameters
    ----------
    volume, mask : ndarray, bool ndarray of shape (X, Y, Z)
        Uptake ratios, or any intensity; voxels of the region.
    spacing_mm : float or tuple of 3 float
        Voxel size, mm.
    bin_width : float
        Width of a grey level, in the unit of `volume`.

    Returns
    -------
    dict of str to float
        107 features, `<class>_<Feature>`; NaN where a handful of voxels does not define one.

    Raises
    ------
    ValueError
        If shapes differ or the mask has fewer than two voxels.
    """
    if volume.shape != mask.shape:
        raise ValueError(f"volume has shape {volume.shape}, mask {mask.shape}; expected the same")
    if mask.sum() < FEWEST_VOXELS:
        raise ValueError(f"the mask has {mask.sum()} voxel(s); {ENOUGH}")
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    logging.getLogger("radiomics").setLevel(logging.ERROR)
    images = []
    volume, mask = _cut_out(volume, mask)
    for array in (volume.astype(np.float64), mask.astype(np.uint8)):
        image = sitk.GetImageFromArray(np.ascontiguousarray(array.T))  # SimpleITK wants z, y, x
        image.SetSpacing(np.broadcast_to(spacing_mm, 3).astype(float).tolist())
        images.append(image)
    extractor = RadiomicsFeatureExtractor(binWidth=bin_width, additionalInfo=False)
    with warnings.catch_warnings():  # of a few voxels, a feature may be the mean of none: NaN
        warnings.simplefilter("ignore", RuntimeWarning)
        values = extractor.execute(*images)
    # The eigenvalue behind one of them may come with an imaginary rounding error.
    return {n.removeprefix("original_"): float(np.real(value)) for n, value in values.items()}


def _cut_out(volume, mask):
    """Volume and mask in a tight box: features depend on the region alone."""
    box = tuple(slice(max(0, where.min() - 1), where.max() + 2) for where in np.nonzero(mask))
    return volume[box], mask[box]


def why_no_features(volumes, masks):
    """Regions of scans that have no features, and why: few voxels, or the same value in all.

    PyRadiomics stops at the first and gives numbers of no meaning for the second.

    Parameters
    ----------
    volumes, masks
        As in `feature_table`.

    Returns
    -------
    DataFrame
        `scan`, `region`, `reason`; a row for each region of each scan that is left out.
    """
    rows = [
        (scan, region, reason)
        for scan, region, mask in _regions_of_scans(volumes, masks)
        if (reason := _unfit(volumes[scan], mask))
    ]
    return pd.DataFrame(rows, columns=["scan", "region", "reason"])


def _regions_of_scans(volumes, masks):
    """Yield scan, region and mask, all regions of a scan and then the next."""
    for scan in range(len(volumes)):
        for region, mask in masks.items():
            yield scan, region, mask if mask.ndim == 3 else mask[scan]


def _unfit(volume, mask):
    """Why a region has no features; empty where it has."""
    where = np.nonzero(mask)
    if len(where[0]) < FEWEST_VOXELS:
        return f"{len(where[0])} voxel(s)"
    if sum(np.ptp(along) > 0 for along in where) < 2:
        return "voxels in one line"
    return "" if np.ptp(volume[where]) > 0 else "the same value in all voxels"


def feature_table(volumes, masks, spacing_mm, bin_width, n_jobs=2):
    """Features of several regions of many volumes.

    Parameters
    ----------
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios.
    masks : dict of str to ndarray
        Region name to a mask of shape (X, Y, Z), or to one of shape (n_scans, X, Y, Z) where
        every scan has its own.
    spacing_mm, bin_width : float
        As in `extract_features`.
    n_jobs : int
        Processes; one is this process itself.

    Returns
    -------
    DataFrame of shape (n_measured, 2 + 107)
        `scan` (row number), `region`, and the features; without those of `why_no_features`, and
        without any column of features if nothing is left.
    """
    keys, cuts = [], []
    for scan, region, mask in _regions_of_scans(volumes, masks):
        if not _unfit(volumes[scan], mask):
            keys.append((scan, region))
            cuts.append(_cut_out(np.asarray(volumes[scan]), mask))  # little to send to a process
    if not keys:
        return pd.DataFrame(columns=["scan", "region"])
    arguments = *zip(*cuts, strict=True), repeat(spacing_mm), repeat(bin_width)
    told = {"total": len(keys), "unit": "region"}
    if n_jobs == 1:
        rows = list(progress(map(extract_features, *arguments), "radiomic features", **told))
    else:
        # PyRadiomics holds the interpreter lock, so threads would not help.
        workers = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(n_jobs, workers, _one_thread) as pool:
            done = pool.map(extract_features, *arguments, chunksize=8)
            rows = list(progress(done, "radiomic features", **told))
    return pd.DataFrame(keys, columns=["scan", "region"]).join(pd.DataFrame(rows))


def _one_thread():
    """Keep a process to one core: the matrices are so small that threads wait for each other."""
    threadpool_limits(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
