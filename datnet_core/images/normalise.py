"""Spatial normalisation of a PET scan to MNI space without MRI."""

from typing import NamedTuple

import nibabel as nib
import numpy as np
import SimpleITK as sitk
from scipy import ndimage, optimize

from datnet_core.images.atlas import region_fractions

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # ITK counts mm to the left and back, nibabel right and front
FWHM_PER_SD = 2 * np.sqrt(2 * np.log(2))
MARGIN_MM = 16.0
SHELL_MM = 12.0
NOMINAL = {"white_matter": 0.85, "csf": 0.5, "shell": 0.3, "air": 0.0}
SPECIFIC = ("putamen", "caudate", "accumbens", "midbrain")


class Target(NamedTuple):
    basis: dict  # name -> (X,Y,Z) float32, blurred
    affine: np.ndarray
    mask: np.ndarray  # voxels that count
    brain: np.ndarray
    spacing_mm: float


def read_target(atlas, spacing_mm=4.0, fwhm_mm=10.0, groups=None):
    lo = atlas.affine[:3, 3] - MARGIN_MM
    hi = nib.affines.apply_affine(atlas.affine, np.array(atlas.labels.shape) - 1) + MARGIN_MM
    shape = tuple(np.ceil((hi - lo) / spacing_mm).astype(int) + 1)
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = lo
    s = fwhm_mm / FWHM_PER_SD / spacing_mm
    frac = {name: region_fractions(atlas, name, affine, shape) for name in atlas.names}
    brain = sum(frac.values()).clip(0, 1)
    # the lowest slice of the atlas goes on
    bottom = int(np.ceil((atlas.affine[2, 3] - lo[2]) / spacing_mm))
    dist = ndimage.distance_transform_edt(brain < 0.5) * spacing_mm
    frac["shell"] = ((dist > 0) & (dist <= SHELL_MM)) * (1 - brain)
    basis = {}
    for name, image in frac.items():
        g = groups(name) if groups else name
        basis[g] = basis.get(g, 0) + image
    basis = {g: ndimage.gaussian_filter(im.astype(np.float32), s) for g, im in basis.items()}
    mask = dist <= SHELL_MM + 4
    mask[:, :, : bottom + 1] = False
    return Target(basis, affine, mask, brain > 0.5, spacing_mm)


def to_itk(array, affine):
    lps = LPS @ affine
    size = nib.affines.voxel_sizes(affine)
    img = sitk.GetImageFromArray(np.ascontiguousarray(array.T))
    img.SetSpacing(size.tolist())
    img.SetOrigin(lps[:3, 3].tolist())
    img.SetDirection((lps[:3, :3] / size).ravel().tolist())
    return img


def affine_of(transform):
    """4x4 RAS mm->mm of any linear sitk transform."""
    pts = np.vstack([np.zeros(3), np.eye(3) * 100])
    out = np.array([transform.TransformPoint((p * [-1, -1, 1]).tolist()) for p in pts]) * [-1, -1, 1]
    m = np.eye(4)
    m[:3, :3] = (out[1:] - out[0]).T / 100
    m[:3, 3] = out[0]
    return m


def linear(matrix, center=(0, 0, 0)):
    """sitk affine of 4x4 RAS."""
    m = LPS @ matrix @ LPS
    t = sitk.AffineTransform(3)
    t.SetMatrix(m[:3, :3].ravel().tolist())
    t.SetTranslation(m[:3, 3].tolist())
    return t


def prepare(img, spacing_mm, fwhm_mm):
    """Scan in counts, RAS, smoothed, on isotropic voxels."""
    img = nib.as_closest_canonical(img)
    data = img.get_fdata(dtype=np.float32)
    size = nib.affines.voxel_sizes(img.affine)
    data = ndimage.gaussian_filter(data, fwhm_mm / FWHM_PER_SD / size, mode="nearest")
    shape = np.maximum(np.floor(np.array(data.shape) * size / spacing_mm).astype(int), 4)
    scale = np.diag([*(spacing_mm / size), 1.0])
    scale[:3, 3] = (np.array(data.shape) - 1) / 2 - scale[:3, :3] @ ((shape - 1) / 2)
    coarse = ndimage.affine_transform(data, scale, output_shape=tuple(shape), order=1, mode="nearest")
    return coarse.clip(0), img.affine @ scale


def rotation(axis, deg):
    a = np.deg2rad(deg)
    m = np.eye(4)
    i, j = [k for k in range(3) if k != axis]
    m[i, i] = m[j, j] = np.cos(a)
    m[i, j], m[j, i] = -np.sin(a), np.sin(a)
    return m


def starts(coarse, affine, target, brain_center):
    """Named 4x4 from MNI to scan."""
    w = coarse * (coarse > 0.25 * np.percentile(coarse, 98))
    w = np.minimum(w, np.percentile(coarse, 98))
    idx = np.array(np.meshgrid(*[np.arange(n) for n in coarse.shape], indexing="ij"))
    mass = nib.affines.apply_affine(affine, (idx * w).sum((1, 2, 3)) / w.sum())
    middle = nib.affines.apply_affine(affine, (np.array(coarse.shape) - 1) / 2)
    top = nib.affines.apply_affine(affine, np.argwhere(w > 0))[:, 2].max()
    centres = {"geometry": middle, "moments": mass}
    # the top of the head is in the field of view more often than the neck
    high = mass.copy(); high[2] = top - 80
    centres["top"] = high
    turns = {"upright": np.eye(4), "pitch+": rotation(0, 20), "pitch-": rotation(0, -20),
             "upside down": rotation(0, 180), "mirrored": np.diag([1, 1, -1, 1.0])}
    for cn, c in centres.items():
        for tn, t in turns.items():
            m = t.copy()
            m[:3, 3] = c - t[:3, :3] @ brain_center
            yield f"{cn}, {tn}", m


def method(fixed_mask, shrink, bins=32):
    r = sitk.ImageRegistrationMethod()
    r.SetNumberOfThreads(1)
    r.SetMetricAsMattesMutualInformation(bins)
    r.SetMetricFixedMask(fixed_mask)
    r.SetInterpolator(sitk.sitkLinear)
    r.SetShrinkFactorsPerLevel([1]); r.SetSmoothingSigmasPerLevel([0])
    return r
