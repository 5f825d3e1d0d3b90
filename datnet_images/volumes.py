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
from datnet_core.fingerprint import code_hash, content_hashes
from datnet_core.progress import progress
from datnet_images.atlas import region_mask
from datnet_images.grid import study_grid

FLAT_MM3 = 1e-6  # a voxel smaller than this has no volume
PATCHES = 0.75  # share of equal neighbours; labels have more, a PET image has noise and slopes
COVERED = 0.9  # of the reference region inside the image; the mean of less is another region's
LOW = 0.05  # reference against bright voxels, and its share below 0, where counts cannot be
MEANS, FAR = {"ratio": 1, "bp": 0}, 0.5  # of the reference region, where voxels are no counts
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
        If the image is unreadable, not 3D, not finite, a mask, or its affine is singular.
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
    if n_bad := int((~np.isfinite(data)).sum()):
        raise ValueError(f"{path}: {n_bad} voxel(s) are NaN or infinite; mask or re-export it")
    if data.min() == data.max():
        raise ValueError(f"{path}: every voxel is {data.min():g}; expected a PET image")
    first, second = data[:, 1:], data[:, :-1]
    bright = (first != 0) & (first != data.min())  # neither is the background
    if bright.any() and (first == second)[bright].mean() > PATCHES:
        found = f"{len(np.unique(data))} distinct values in even patches"
        raise ValueError(f"{path}: {found}; expected a PET image, not a mask or labels")
    if not np.isfinite(img.affine).all() or abs(np.linalg.det(img.affine[:3, :3])) < FLAT_MM3:
        raise ValueError(f"{path}: the affine is singular, voxels have no place; export it again")
    return nib.Nifti1Image(data, img.affine)


def to_grid(img, affine, shape, outside=0.0):
    """Resample an image linearly to a grid; `outside` is what stands outside the image.

    Parameters
    ----------
    img : nibabel.Nifti1Image
        Any orientation and voxel size.
    affine, shape : ndarray of shape (4, 4), tuple of 3 int
        Target grid, voxel to mm, and its shape: that of the float32 ndarray returned.
    """
    if img.shape == tuple(shape) and np.allclose(img.affine, affine, atol=1e-4):
        return img.get_fdata(dtype=np.float32)
    options = {"interpolation": "linear", "force_resample": True, "copy_header": True}
    on_grid = resample_img(img, affine, shape, fill_value=outside, **options)
    return on_grid.get_fdata(dtype=np.float32)


def uptake_ratio(voxels, reference_mask, kind="counts"):
    """Ratio of every voxel to the mean of the reference region.

    Parameters
    ----------
    voxels, reference_mask : ndarray, bool ndarray of shape (X, Y, Z)
        PET image, NaN outside of it; voxels without specific binding. Counts of 0 are outside too.
    kind : str
        What voxels are: `counts` of any scale; `ratio`, left as it is; or `bp`, the ratio less 1.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Uptake ratio, unitless; 1 in the reference region on average.

    Raises
    ------
    ValueError
        If shapes differ, or too little of the region is in the image, or its mean is of no `kind`.

    Examples
    --------
    >>> uptake_ratio(np.array([[[2.0, 4.0, 9.0]]]), np.array([[[True, True, False]]]))  # mean 3
    array([[[0.66666667, 1.33333333, 3.        ]]])
    """
    if voxels.shape != reference_mask.shape:
        raise ValueError(f"found shapes {voxels.shape}, {reference_mask.shape}; expected one grid")
    region = voxels[reference_mask].astype(np.float64)
    inside = region[np.isfinite(region) & ((region != 0) | (kind == "bp"))]
    share = len(inside) / max(len(region), 1)
    if share < COVERED:
        raise ValueError(f"reference region: {share:.0%} inside the image; expected {COVERED:.0%}")
    mean, negative = inside.mean(), (inside < 0).mean()
    found = f"mean of the reference region is {mean:.3g}, {negative:.0%} of it below 0"
    if kind != "counts" and abs(mean - MEANS[kind]) > FAR:
        raise ValueError(f"{found}; expected about {MEANS[kind]}, as images.input is {kind}")
    if kind != "counts":
        return voxels + np.float32(1 - MEANS[kind])
    if mean <= LOW * np.nanpercentile(voxels, 99.5) or negative > LOW:
        raise ValueError(f"{found}: no counts; for binding potentials write images.input: bp")
    return voxels / np.float32(mean)


def load_volume(path, atlas, spacing_mm, reference_region, kind="counts"):
    """One scan as uptake ratios on the study grid, as a float32 ndarray; outside the scan is 0.

    Errors are those of `read_scan` and `uptake_ratio`, with the path. Parameters are those of
    `cache_volumes`.
    """
    img = read_scan(path)
    try:
        return volume_of(img, atlas, spacing_mm, reference_region, kind)
    except ValueError as error:
        raise ValueError(f"{path}: {error}; is it whole, and in MNI space?") from error


def volume_of(img, atlas, spacing_mm, reference_region, kind="counts"):
    """As `load_volume`, of an image: the ratio is taken at 2 mm, then sampled on the study grid."""
    fine = to_grid(img, atlas.affine, atlas.labels.shape, outside=np.nan)
    ratio = uptake_ratio(fine, region_mask(atlas, reference_region), kind)
    return to_grid(nib.Nifti1Image(np.nan_to_num(ratio), atlas.affine), *study_grid(spacing_mm))


def cache_volumes(
    paths, atlas, spacing_mm, reference_region, array_path, *, n_jobs=2, kind="counts"
):
    """Load all scans once into one memory-mapped array on disk.

    It is kept while files, by content, and parameters stay; it appears only when complete.

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
    kind : str, as in `uptake_ratio`

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
        "input": kind,
        "unit": "uptake ratio to the mean of the reference region",
        "sha256": _fingerprint(paths, atlas, array_path.with_name("files.json")),
    }
    cached = array_path.is_file() and record_path.is_file()
    if cached and json.loads(record_path.read_text()) == record:
        return np.load(array_path, mmap_mode="r")
    array_path.unlink(missing_ok=True)  # no page may read an outdated array when a scan is refused
    record_path.unlink(missing_ok=True)
    volumes = Parallel(n_jobs, prefer="threads", return_as="generator")(
        delayed(_volume_or_problem)(path, atlas, spacing_mm, reference_region, kind)
        for path in paths
    )
    problems = []
    with whole(array_path) as part:
        array = np.lib.format.open_memmap(part, "w+", np.float32, (len(paths), *shape))
        with part.open("r+b") as file:  # an error here, not a crash at a page of the full disk
            os.posix_fallocate(file.fileno(), 0, part.stat().st_size)
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


def _volume_or_problem(*arguments):
    """A volume, or the reason why there is none, so that all problems are listed at once."""
    try:
        return load_volume(*arguments)
    except ValueError as error:
        return str(error)


def _fingerprint(paths, atlas, record_path):
    """Hash of the images, the atlas and this code; grid and region stand beside it."""
    hashes = content_hashes(paths, record_path, write=True)
    folder = os.path.commonpath(paths)  # a data set that was moved as a whole keeps its cache
    digest = hashlib.sha256(code_hash(__file__).encode() + atlas.labels.tobytes())
    for path in map(Path, paths):
        digest.update(f"{path.relative_to(folder).as_posix()} {hashes[str(path)]}".encode())
    return digest.hexdigest()
