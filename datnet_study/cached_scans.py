"""The scans of a study as one array on disk, if the disk has room for it."""

import shutil

import numpy as np

from datnet_images.grid import study_grid
from datnet_images.volumes import cache_volumes

SPARE = 50e6  # bytes for what else a page writes


def cache_scans(paths, atlas, images, spacing_mm, array_path, n_jobs=2):
    """Uptake ratios of all scans on a grid, read once, as the study file says.

    Parameters
    ----------
    paths : sequence of Path
        Scans in the order of the array's rows.
    atlas : Atlas
    images : Images
        Settings: what voxels are, and the reference region.
    spacing_mm : float
        Voxel size, mm.
    array_path : Path
        File to write, `.npy`; a `.json` beside it says what it was made from.
    n_jobs : int
        Threads that read scans.

    Returns
    -------
    numpy.memmap of float32, shape (n_scans, X, Y, Z)

    Raises
    ------
    ValueError
        If the disk has no room for the array, or as `cache_volumes`.
    """
    n_bytes = 4 * len(paths) * int(np.prod(study_grid(spacing_mm)[1]))
    known = array_path.stat().st_size if array_path.is_file() else 0  # it gives its place
    array_path.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(array_path.parent).free + known
    if free < n_bytes + SPARE:
        raise ValueError(
            f"{array_path}: needs {(n_bytes + SPARE) / 1e9:.2f} GB, {free / 1e9:.2f} GB are free; "
            "make room on this disk, or choose a coarser images.grid_mm"
        )
    options = {"n_jobs": n_jobs, "kind": images.input}
    return cache_volumes(paths, atlas, spacing_mm, images.reference_region, array_path, **options)
