"""PET volumes: read, check, normalise the counts, resample, and cache them as one array.

Paper section "Image Acquisition and Reconstruction"; the images arrive normalised to MNI
space and smoothed. Counts are divided by the mean of the reference region (occipital
cortex), so a voxel holds an uptake ratio and 1 means no specific binding.
"""

import gzip
import hashlib
import json
import os
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
from joblib import Parallel, delayed
from nilearn.image import resample_img

from datnet_core.files import whole
from datnet_core.fingerprint import code_hash, content_hashes, write_hashes
from datnet_core.images.atlas import region_mask
from datnet_core.images.grid import study_grid
from datnet_core.progress import progress

FLAT_MM3 = 1e-6  # a voxel smaller than this has no volume
UNREADABLE = (  # what nibabel raises at files that are missing, damaged or no image
    OSError, EOFError, ValueError, TypeError, zlib.error,
    nib.filebasedimages.ImageFileError, nib.spatialimages.HeaderDataError,
)  # fmt: skip


def read_scan(path):
    """Read a PET image and refuse what cannot be analysed.

    Parameters
    ----------
    path : str or Path
        A NIfTI file; any orientation, voxel size, byte order and number type.

    Returns
    -------
    nibabel.Nifti1Image
        3D, float32, in the orientation of the file.

    Raises
    ------
    ValueError
        If the image is unreadable, not 3D, not finite, constant, or its affine is singular.
    """
    try:
        if str(path).endswith(".gz"):
            gzip.decompress(Path(path).read_bytes())  # nibabel stops before the checksum
        img = nib.load(path)
        data = img.get_fdata(dtype=np.float32)
    except UNREADABLE as error:
        raise ValueError(f"{path}: not a readable NIfTI image ({error})") from error
    if data.ndim < 3 or max(data.shape[3:], default=1) > 1:
        raise ValueError(f"{path}: expected one 3D volume, found shape {data.shape}")
    data = data.reshape(data.shape[:3])
    if not np.isfinite(data).all():
        n_bad = int((~np.isfinite(data)).sum())
        raise ValueError(f"{path}: {n_bad} voxel(s) are NaN or infinite; mask or re-export it")
    if data.min() == data.max():
        raise ValueError(f"{path}: every voxel is {data.min():g}; expected a PET image")
    if not np.isfinite(img.affine).all() or abs(np.linalg.det(img.affine[:3, :3])) < FLAT_MM3:
        raise ValueError(
            f"{path}: the affine is singular, so voxels have no place in mm; expected one that can "
            "be inverted: export the image again"
        )
    return nib.Nifti1Image(data, img.affine)


def to_grid(img, affine, shape):
    """Resample an image linearly to a grid; outside the image is 0.

    Parameters
    ----------
    img : nibabel.Nifti1Image
        Any orientation and voxel size.
    affine, shape : ndarray of shape (4, 4), tuple of 3 int
        Target grid, voxel to mm, and its shape: that of the float32 ndarray returned.
    """
    if img.shape == tuple(shape) and np.allclose(img.affine, affine, atol=1e-4):
        return img.get_fdata(dtype=np.float32)
    on_grid = resample_img(
        img, affine, shape, interpolation="linear", force_resample=True, copy_header=True
    )
    return on_grid.get_fdata(dtype=np.float32)


def uptake_ratio(counts, reference_mask):
    """Counts divided by their mean in the reference region.

    Parameters
    ----------
    counts, reference_mask : ndarray, bool ndarray of shape (X, Y, Z)
        PET counts, any positive scale; voxels without specific binding.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Uptake ratio, unitless; 1 in the reference region on average.

    Raises
    ------
    ValueError
        If shapes differ, the mask is empty, or the mean of the reference is not positive.

    Examples
    --------
    >>> uptake_ratio(np.array([[[2.0, 4.0, 9.0]]]), np.array([[[True, True, False]]]))  # mean 3
    array([[[0.66666667, 1.33333333, 3.        ]]])
    """
    if counts.shape != reference_mask.shape:
        raise ValueError(
            f"counts have shape {counts.shape}, the mask {reference_mask.shape}; expected one grid"
        )
    if not reference_mask.any():
        raise ValueError(
            f"the reference region has no voxel on the grid of shape {counts.shape}; expected at "
            "least one: choose another images.reference_region"
        )
    reference = float(counts[reference_mask].mean(dtype=np.float64))
    if not reference > 0:
        raise ValueError(f"mean of the reference region is {reference:g}, expected more than 0")
    return counts / np.float32(reference)


def load_volume(path, atlas, spacing_mm, reference_region):
    """One scan as uptake ratios on the study grid (float32), or an error that names its path.

    The ratio is taken on the atlas' 2 mm grid, then sampled on the study grid. Errors are those of
    `read_scan` and `uptake_ratio`.

    Parameters
    ----------
    path : str or Path
        NIfTI image in MNI space.
    atlas, spacing_mm, reference_region
        As in `cache_volumes`.
    """
    fine = to_grid(read_scan(path), atlas.affine, atlas.labels.shape)
    try:
        ratio = uptake_ratio(fine, region_mask(atlas, reference_region))
    except ValueError as error:
        raise ValueError(f"{path}: {error}; is the image in MNI space?") from error
    return to_grid(nib.Nifti1Image(ratio, atlas.affine), *study_grid(spacing_mm))


def cache_volumes(paths, atlas, spacing_mm, reference_region, array_path, n_jobs=2):
    """Load all scans once into one memory-mapped array on disk.

    A cache made of the same files, by their content, with the same parameters is kept, so a
    second run is instant. The array appears under its name only when complete.

    Parameters
    ----------
    paths : sequence of Path
        Scans in the order of the array's rows.
    atlas : Atlas
    spacing_mm : float
        Voxel size of the study grid, mm.
    reference_region : str
        Region of the atlas that normalises the counts.
    array_path : Path
        File to write, `.npy`; a `.json` beside it holds grid, parameters and hash.
    n_jobs : int
        Threads; SciPy, gzip and NumPy run side by side in them.

    Returns
    -------
    numpy.memmap of float32, shape (n_scans, X, Y, Z)

    Raises
    ------
    ValueError
        If the region is unknown, or scans cannot be used: one line for each.
    """
    region_mask(atlas, reference_region)  # an unknown region is one problem, not one per scan
    record_path = array_path.with_suffix(".json")
    affine, shape = study_grid(spacing_mm)
    record = {
        "n_scans": len(paths),
        "grid_mm": spacing_mm,
        "affine": affine.tolist(),
        "shape": list(shape),
        "reference_region": reference_region,
        "unit": "uptake ratio to the mean of the reference region",
        "sha256": _fingerprint(paths, atlas, array_path.with_name("files.json")),
    }
    cached = array_path.is_file() and record_path.is_file()
    if cached and json.loads(record_path.read_text()) == record:
        return np.load(array_path, mmap_mode="r")
    array_path.unlink(missing_ok=True)  # no page may read an outdated array when a scan is refused
    record_path.unlink(missing_ok=True)
    volumes = Parallel(n_jobs, prefer="threads", return_as="generator")(
        delayed(_volume_or_problem)(path, atlas, spacing_mm, reference_region) for path in paths
    )
    problems = []
    with whole(array_path) as part:
        array = np.lib.format.open_memmap(part, "w+", np.float32, (len(paths), *shape))
        for row, volume in enumerate(progress(volumes, "reading scans", len(paths))):
            if isinstance(volume, str):
                problems.append(volume)
            else:
                array[row] = volume
        del array
        if problems:
            lines = "\n".join(f"  {problem}" for problem in problems)
            raise ValueError(f"{len(problems)} scan(s) cannot be used\n{lines}")
    with whole(record_path) as part:
        part.write_text(json.dumps(record, indent=1))
    return np.load(array_path, mmap_mode="r")


def _volume_or_problem(path, atlas, spacing_mm, reference_region):
    """A volume, or the reason why there is none, so that all problems are listed at once."""
    try:
        return load_volume(path, atlas, spacing_mm, reference_region)
    except ValueError as error:
        return str(error)


def _fingerprint(paths, atlas, record_path):
    """Hash of the images, the atlas and this code; grid and region stand beside it."""
    hashes = content_hashes(paths, record_path)
    folder = os.path.commonpath(paths)  # a data set that was moved as a whole keeps its cache
    digest = hashlib.sha256(code_hash(__file__).encode() + atlas.labels.tobytes())
    for path in map(Path, paths):
        digest.update(f"{path.relative_to(folder).as_posix()} {hashes[str(path)]}".encode())
    write_hashes(record_path, paths, hashes)
    return digest.hexdigest()
