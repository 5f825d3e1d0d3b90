"""Radiomic features of a region with PyRadiomics 3.0.1.

Paper section "Radiomics Features Analysis"; open point A4: all 107 features of the default
classes (first order, 3D shape, GLCM, GLRLM, GLSZM, GLDM, NGTDM).
"""

import logging
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

import numpy as np
import pandas as pd
import SimpleITK as sitk

from datnet_core.progress import progress

ENOUGH = "expected at least 2: use a finer images.grid_mm or a larger region"


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
        107 features, `<class>_<Feature>`.

    Raises
    ------
    ValueError
        If shapes differ or the mask has fewer than two voxels.
    """
    if volume.shape != mask.shape:
        raise ValueError(f"volume has shape {volume.shape}, mask {mask.shape}; expected the same")
    if mask.sum() < 2:
        raise ValueError(f"the mask has {mask.sum()} voxel(s); {ENOUGH}")
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    logging.getLogger("radiomics").setLevel(logging.ERROR)
    box = tuple(
        slice(max(0, where.min() - 1), where.max() + 2) for where in np.nonzero(mask)
    )  # features depend on the region alone; a tight box saves time
    images = []
    for array in (volume[box].astype(np.float64), mask[box].astype(np.uint8)):
        image = sitk.GetImageFromArray(np.ascontiguousarray(array.T))  # SimpleITK wants z, y, x
        image.SetSpacing(np.broadcast_to(spacing_mm, 3).astype(float).tolist())
        images.append(image)
    extractor = RadiomicsFeatureExtractor(binWidth=bin_width, additionalInfo=False)
    values = extractor.execute(*images)
    return {name.removeprefix("original_"): float(value) for name, value in values.items()}


def feature_table(volumes, masks, spacing_mm, bin_width, n_jobs=2):
    """Features of several regions of many volumes.

    Errors are those of `extract_features`, before any is extracted and with the region's name.

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
        Processes.

    Returns
    -------
    DataFrame of shape (n_scans * n_regions, 2 + 107)
        `scan` (row number), `region`, and the features.
    """
    tasks = [(scan, region) for scan in range(len(volumes)) for region in masks]
    own = [masks[region] if masks[region].ndim == 3 else masks[region][k] for k, region in tasks]
    for (scan, region), mask in zip(tasks, own, strict=True):
        if mask.sum() < 2:
            has = f"region {region!r} of scan {scan} has {mask.sum()} voxel(s)"
            raise ValueError(f"{has} on the {spacing_mm:g} mm grid; {ENOUGH}")
    arrays = [np.asarray(volumes[scan]) for scan, _ in tasks]
    arguments = arrays, own, repeat(spacing_mm), repeat(bin_width)
    # PyRadiomics holds the interpreter lock, so threads would not help.
    with ProcessPoolExecutor(n_jobs, multiprocessing.get_context("spawn")) as pool:
        done = pool.map(extract_features, *arguments, chunksize=4)
        rows = list(progress(done, "radiomic features", len(tasks), unit="region"))
    table = pd.DataFrame(rows)
    table.insert(0, "scan", [scan for scan, _ in tasks])
    table.insert(1, "region", [region for _, region in tasks])
    return table
