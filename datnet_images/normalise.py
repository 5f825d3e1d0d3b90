"""Spatial normalisation of a PET scan to MNI space, without MRI.

Paper section "Image Acquisition and Reconstruction". Many starts are tried; the best ones are
registered by mutual information and a similarity (SimpleITK), then by an affine map and a smooth
warp to a target that adapts to the scan (`target`, `warp`). The target says whether striatum and
midbrain, where diagnoses differ, move the map or follow the rest of the head. The map goes from MNI
space into the scan, so it is interpolated once, and filtered after that. Same input, same bytes.

On phantoms (benchmarks/normalisation.py) about 2 mm of fine deformation of the striatum is left,
and the map knows a little of who is a control. Without the striatum nearly 4 mm is left, in all
diagnoses alike.
"""

from typing import NamedTuple

import nibabel as nib
import numpy as np
import SimpleITK as sitk
from nibabel.eulerangles import euler2mat
from scipy import ndimage
from threadpoolctl import threadpool_limits

from datnet_images.target import adapted_target
from datnet_images.transforms import (
    LPS,
    itk_affine,
    itk_image,
    itk_warp,
    matrix_of,
    smoothed,
)  # fmt: skip
from datnet_images.warp import (
    fitted_affine,
    fitted_warp,
    moved,
    on_target,
    positions_mm,
    spline_basis,
    spline_origin,
    spread,
)  # fmt: skip

MATCHED_MM = 4.0  # edge of a voxel of the scan while it is matched
WINSOR = 95  # percentile of the head's counts; above it, the striatum would drive the starts
HEAD = 0.3  # of the 99th percentile of all counts: the head, not air
CROWN_MM = 80.0  # from the centre of the brain to the top of the head
TURNS = {
    "upright": np.eye(3),
    "chin up": euler2mat(x=np.deg2rad(20)),
    "chin down": euler2mat(x=np.deg2rad(-20)),
    "upside down": euler2mat(x=np.pi),
    "slices reversed": np.diag([1.0, 1, -1]),
}
N_KEPT = 3  # starts that are registered
NOMINAL = {"white_matter": 0.8, "csf": 0.4, "scalp": 0.3}  # 1 elsewhere, for mutual information
BINS = 32
ZOOMS = (0.7, 1.5)  # size of the scan's head against the atlas, along its main axes
N_AFFINE = 5  # steps
N_AFFINE_APART = 8  # without the striatum: after 5, brightness still moves the map by 0.1 mm
# Tuned on 8 to 20 native phantoms of seed 901 (benchmarks/normalisation.py). A finer or looser warp
# follows noise and the other atlas: knots of 22.5 mm around the striatum put its landmarks 2.5 mm
# off (1e-3), 3.4 (3e-4) and 4.4 (1e-4) in place of 2.1; 3e-4 at 45 mm lowered the slope of the
# ratios by 0.01 to 0.02; 3e-3 changed nothing, nor did two steps more.
KNOTS_MM = 45.0
STIFFNESS = (3e-3, 1e-3, 1e-3)  # 1 / mm^3
DECIMALS = 5  # of what is stored; the last bits differ between machines


class Normalisation(NamedTuple):
    """Where MNI space lies in a scan, and how that was found."""

    transform: sitk.Transform  # MNI position to position in the scan, mm
    matrix: np.ndarray  # (4, 4) its affine part, for positions of nibabel
    start: str  # name of the start that won
    agreement: float  # share of the scan's variance that the adapted target explains
    levels: dict  # region to its level, 1 being the mean of the brain
    starts_mm: float  # median distance of where the other starts put the striatum
    warp_mm: float  # root mean square of the warp in the brain


def normalisation(img, target, filter_fwhm_mm, start=None):
    """Find where MNI space lies in a PET scan.

    Parameters
    ----------
    img : nibabel.Nifti1Image
        3D counts, any orientation and voxel size.
    target : Target
        Output of `read_target`; its resolution is that of the scan after the filter.
    filter_fwhm_mm : float
        Filter of the scan while it is matched, mm; 0 for a scan that is smoothed already.
    start : ndarray of shape (4, 4), optional
        Rough map of MNI space into the scan, mm, in place of the starts tried otherwise.

    Returns
    -------
    Normalisation

    Raises
    ------
    ValueError
        If no start finds a head.
    """
    with threadpool_limits(1):  # sums in another order have other last bits
        scan, affine = _prepared(img, filter_fwhm_mm)
        starts = {"by hand": start} if start is not None else _starts(scan, affine, target)
        ends = {}
        for name, first in _similar(starts, scan, affine, target).items():
            found = [_scored(matrix, scan, affine, target) for matrix in first]
            ends[name] = max(found, key=lambda end: end[0])
        name = max(ends, key=lambda name: ends[name][0])
        score, matrix = ends[name]
        if score <= 0:
            raise ValueError(
                f"none of {len(starts)} starts finds a head in the scan: give one by hand"
            )
        places = positions_mm(target)
        centre = places[:, target.specific].mean(axis=1)
        there = [nib.affines.apply_affine(end, centre) for _, end in ends.values()]
        apart = np.linalg.norm(there - nib.affines.apply_affine(matrix, centre), axis=-1)
        u = fitted_warp(scan, affine, target, matrix, KNOTS_MM, STIFFNESS).round(DECIMALS)
        matrix = matrix.round(DECIMALS)
        shape, spacing = target.mask.shape, target.spacing_mm
        warp = spread(u, [spline_basis(n, spacing, KNOTS_MM) for n in shape])
        adapted = adapted_target(
            *on_target(scan, affine, moved(matrix, places + warp), target), target
        )
    corner = target.affine[:3, 3] + [spline_origin(n, spacing, KNOTS_MM)[0] for n in shape]
    transform = sitk.CompositeTransform([itk_affine(matrix), itk_warp(u, corner, KNOTS_MM)])
    return Normalisation(
        transform=transform,
        matrix=matrix,
        start=name,
        agreement=adapted.agreement,
        levels=adapted.levels,
        starts_mm=float(np.sort(apart)[len(apart) // 2]),
        warp_mm=float(np.sqrt((warp[:, target.brain] ** 2).sum(axis=0).mean())),
    )


def zooms_of(matrix):
    """Size of the scan's head against the atlas along the main axes: ndarray (3,), ascending."""
    return np.linalg.svd(matrix[:3, :3], compute_uv=False)[::-1]


def _prepared(img, fwhm_mm):
    """Counts on isotropic voxels after the filter, and their affine."""
    img = nib.as_closest_canonical(img)
    counts = smoothed(img.get_fdata(dtype=np.float32), img.affine, fwhm_mm).clip(0)
    sizes = nib.affines.voxel_sizes(img.affine)
    shape = np.maximum(np.floor(np.array(counts.shape) * sizes / MATCHED_MM).astype(int), 2)
    scale = np.diag([*(MATCHED_MM / sizes), 1.0])
    scale[:3, 3] = (np.array(counts.shape) - 1) / 2 - scale[:3, :3] @ ((shape - 1) / 2)
    coarse = ndimage.affine_transform(
        counts, scale, output_shape=tuple(shape), order=1, mode="nearest"
    )
    return coarse, img.affine @ scale


def _winsorised(scan):
    """Counts with the brightest ones cut to the same level."""
    head = scan[scan > HEAD * np.percentile(scan, 99)]
    return np.minimum(scan, np.percentile(head, WINSOR)) if head.size else scan


def _starts(scan, affine, target):
    """Rough maps of MNI space into the scan, by name: each centre with each turn."""
    counts = _winsorised(scan)
    head = np.argwhere(counts > HEAD * counts.max())
    mass = np.array(ndimage.center_of_mass(counts)) if counts.any() else np.zeros(3)
    centres = {"geometry": (np.array(scan.shape) - 1) / 2, "moments": mass}
    centres = {name: nib.affines.apply_affine(affine, at) for name, at in centres.items()}
    if len(head):
        crown = nib.affines.apply_affine(affine, head)[:, 2].max()
        centres["crown"] = np.array([*centres["moments"][:2], crown - CROWN_MM])
    brain = positions_mm(target)[:, target.brain].mean(axis=1)
    return {
        f"{where}, {how}": nib.affines.from_matvec(turn, centre - turn @ brain)
        for where, centre in centres.items()
        for how, turn in TURNS.items()
    }


def _similar(starts, scan, affine, target):
    """The best starts by mutual information, each with what a similarity makes of it."""
    level = np.array([NOMINAL.get(name, 1.0) for name in target.names], np.float32)
    every_second = (slice(None, None, 2),) * 3
    coarse = target.affine @ np.diag([2.0, 2, 2, 1])
    fixed = itk_image(np.tensordot(level, target.basis, 1)[every_second], coarse)
    mask = itk_image(target.driving[every_second].astype(np.uint8), coarse)
    moving = itk_image(_winsorised(scan), affine)
    brain = positions_mm(target)[:, target.brain].mean(axis=1)

    def registration():
        method = sitk.ImageRegistrationMethod()
        method.SetNumberOfThreads(1)
        method.SetMetricAsMattesMutualInformation(BINS)
        method.SetMetricFixedMask(mask)
        method.SetInterpolator(sitk.sitkLinear)
        return method

    scores = {}
    for name, matrix in starts.items():
        method = registration()
        method.SetInitialTransform(itk_affine(matrix))
        try:
            scores[name] = method.MetricEvaluate(fixed, moving)
        except RuntimeError:  # ITK: too little of the scan overlaps
            scores[name] = np.inf
    found = {}
    for name in sorted(scores, key=scores.get)[:N_KEPT]:
        change = sitk.Similarity3DTransform()
        change.SetCenter((brain * LPS.diagonal()[:3]).tolist())
        method = registration()
        method.SetMovingInitialTransform(itk_affine(starts[name]))
        method.SetInitialTransform(change, inPlace=True)
        method.SetOptimizerAsRegularStepGradientDescent(4.0, 0.2, 60, 0.6)  # mm, as of next line
        method.SetOptimizerScalesFromPhysicalShift()
        found[name] = [starts[name]]
        try:
            method.Execute(fixed, moving)
            found[name].append(starts[name] @ matrix_of(change))
        except RuntimeError:  # ITK: it ran out of the scan; the start itself is still there
            continue
    return found


def _scored(matrix, scan, affine, target):
    """Agreement times share of the head in the field of view, and the map that has it."""
    best = (0.0, matrix)
    for n_steps in (0, N_AFFINE if target.fit_striatum else N_AFFINE_APART):
        try:
            matrix = fitted_affine(scan, affine, target, matrix, n_steps)
            values, inside = on_target(scan, affine, moved(matrix, positions_mm(target)), target)
            adapted = adapted_target(values, inside & target.driving, target)
        except ValueError:  # no head here
            break
        seen = (adapted.weights > 0).sum() / target.driving.sum()
        zooms = zooms_of(matrix)
        if ZOOMS[0] <= zooms[0] and zooms[-1] <= ZOOMS[1] and adapted.agreement * seen > best[0]:
            best = (adapted.agreement * seen, matrix)
    return best
