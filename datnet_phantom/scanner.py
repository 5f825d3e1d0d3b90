"""From regional binding to a DAT PET scan in counts: anatomy, scanner, normalisation.

The chain of the paper's section "Image Acquisition and Reconstruction": activity on the atlas,
individual anatomy, resolution, noise, normalisation to MNI space without MRI, 10 mm filter,
counts. Every number is an input (`data_manifest/phantom.yaml`), so a second device is another
set of numbers.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.interpolate import BSpline

from datnet_core.images.atlas import region_mask
from datnet_phantom.noise import noise_cv, noise_filter, relative_noise, sigma
from datnet_phantom.people import BINDING_COLUMNS


class Scene(NamedTuple):
    """What all scans of a cohort share."""

    labels: np.ndarray  # uint8 (X, Y, Z); 0 is air
    label_of: dict[str, list[int]]  # labels of each background tissue and column of binding
    voxel_mm: float
    axes_mm: list[np.ndarray]  # (X,), (Y,), (Z,): distance from the centre of the grid
    splines: list[np.ndarray]  # (X, kx), (Y, ky), (Z, kz): unit variance at every voxel
    ventricles_mm: list[np.ndarray]  # centre (3,) of the left and the right one
    noise_filter: np.ndarray  # half spectrum; filters white noise to unit variance


def read_scene(atlas, calibration):
    """Prepare what every scan needs.

    Parameters
    ----------
    atlas : Atlas
        Anatomy; its grid is the grid of the scans.
    calibration : dict
        Output of `numbers.read_calibration`.

    Returns
    -------
    Scene
    """
    anatomy, shape = calibration["anatomy"], atlas.labels.shape
    voxel_mm = float(atlas.affine[0, 0])
    outside = atlas.labels == 0
    near = ndimage.distance_transform_edt(outside) * voxel_mm <= anatomy["soft_tissue_mm"]
    soft_tissue = int(atlas.labels.max()) + 1
    labels = np.where(outside & near, soft_tissue, atlas.labels).astype(np.uint8)
    label_of = {"soft_tissue": [soft_tissue]}
    for name in (*calibration["background"], *BINDING_COLUMNS):
        if name not in label_of:
            label_of[name] = np.unique(atlas.labels[region_mask(atlas, name)]).tolist()
    axes_mm = [(np.arange(n) - (n - 1) / 2) * voxel_mm for n in shape]
    middle = (atlas.affine @ [*((np.array(shape) - 1) / 2), 1])[:3]
    x, y, z = anatomy["ventricle_mm"]
    return Scene(
        labels,
        label_of,
        voxel_mm,
        axes_mm,
        [_splines(axis, anatomy["deformation_knots_mm"]) for axis in axes_mm],
        [np.array([side * x, y, z]) - middle for side in (-1, 1)],
        noise_filter(shape, voxel_mm, calibration["scanner"]["resolution_fwhm_mm"]),
    )


def render(binding, age, scene, calibration, rng, anatomy_rng=None):
    """One phantom scan in counts.

    Parameters
    ----------
    binding : mapping
        Binding ratio of each of `people.BINDING_COLUMNS`.
    age : float
        Years; the ventricles widen with it.
    scene : Scene
        Output of `read_scene`.
    calibration : dict
        Output of `numbers.read_calibration`.
    rng : numpy.random.Generator
        Draws noise, misregistration and count scale.
    anatomy_rng : numpy.random.Generator, optional
        Draws tissue uptake, deformation and ventricles, which a person keeps from scan to scan;
        `rng` if not given.

    Returns
    -------
    ndarray of float32, shape of the scene
    """
    person = rng if anatomy_rng is None else anatomy_rng
    anatomy, scanner = calibration["anatomy"], calibration["scanner"]
    tissues = len(calibration["background"])
    own = np.exp(anatomy["background_sd"] * person.standard_normal(tissues))
    activity = paint(binding, scene, calibration, own)
    shape_mm = deformation(scene, anatomy["deformation_mm"], person)  # (3, X, Y, Z)
    wider = (age - 60) / 10 * anatomy["ventricle_per_decade"]
    shape_mm += widening(scene, wider + anatomy["ventricle_sd"] * person.standard_normal(), anatomy)
    native = _sampled(activity, _grid_mm(scene) + shape_mm, scene)
    native = blurred(native, scanner["resolution_fwhm_mm"], scene)
    native *= relative_noise(scene, noise_cv(scanner), rng)
    back = misregistered(scene, scanner, rng) - scanner["normalised_share"] * shape_mm
    counts = _sampled(native, back, scene)
    counts = blurred(counts, scanner["filter_fwhm_mm"], scene)
    return counts * np.float32(scanner["counts"] * np.exp(scanner["counts_sd"] * rng.normal()))


def expected_image(binding, scene, calibration):
    """Mean uptake without individual anatomy, misregistration and noise.

    Resolution and filter are Gaussians, so they act as one: s^2 = s_scanner^2 + s_filter^2.

    Parameters
    ----------
    binding, scene, calibration
        As in `render`.

    Returns
    -------
    ndarray of float32, shape of the scene
    """
    scanner = calibration["scanner"]
    both = np.hypot(scanner["resolution_fwhm_mm"], scanner["filter_fwhm_mm"])
    return blurred(paint(binding, scene, calibration), both, scene)


def blurred(image, fwhm_mm, scene):
    """Image after a Gaussian of this full width at half maximum, the same shape."""
    return ndimage.gaussian_filter(image, sigma(fwhm_mm, scene))


def paint(binding, scene, calibration, own=None):
    """Activity on the atlas: background of each tissue, and 1 + binding ratio where it binds.

    Parameters
    ----------
    binding : mapping
        Binding ratio of each of `people.BINDING_COLUMNS`.
    scene : Scene
    calibration : dict
    own : sequence of float, optional
        Factor of each background tissue in this person.

    Returns
    -------
    ndarray of float32, shape of the scene
        1 is the mean of occipital cortex.
    """
    background = calibration["background"]
    uptake = np.zeros(int(scene.labels.max()) + 1, np.float32)
    own = np.ones(len(background)) if own is None else own
    for (tissue, value), factor in zip(background.items(), own, strict=True):
        uptake[scene.label_of[tissue]] = value * factor
    for column in BINDING_COLUMNS:
        uptake[scene.label_of[column]] = 1 + binding[column]
    return uptake[scene.labels]


def deformation(scene, sd_mm, rng):
    """Smooth random displacement of cubic B-splines, with the same SD at every voxel.

    Parameters
    ----------
    scene : Scene
    sd_mm : float
        SD of each of the three components, mm.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (3, X, Y, Z)
        Where to sample, relative to the voxel, mm.
    """
    n_knots = [spline.shape[1] for spline in scene.splines]
    field = np.float32(sd_mm) * rng.standard_normal((3, *n_knots), dtype=np.float32)
    for spline in scene.splines:  # (3, kx, ky, kz), then (3, ky, kz, X) until (3, X, Y, Z)
        field = np.tensordot(field, spline, (1, 1))
    return field


def widening(scene, share, anatomy):
    """Displacement that widens the lateral ventricles about their centres and dies off outside.

    u(x) = -share (x - c) exp(-|x - c|^2 / (2 reach^2)), summed over both ventricles.

    Parameters
    ----------
    scene : Scene
    share : float
        Linear growth at the centre; negative narrows.
    anatomy : dict
        `ventricle_reach_mm`.

    Returns
    -------
    ndarray of float32, shape (3, X, Y, Z)
        Where to sample, relative to the voxel, mm.
    """
    field = np.zeros((3, *scene.labels.shape), np.float32)
    for centre in scene.ventricles_mm:
        away = [
            (axis - c).astype(np.float32) for axis, c in zip(scene.axes_mm, centre, strict=True)
        ]
        near = [np.exp(-(d**2) / (2 * anatomy["ventricle_reach_mm"] ** 2)) for d in away]
        for axis in range(3):
            parts = [
                d * n if k == axis else n for k, (d, n) in enumerate(zip(away, near, strict=True))
            ]
            field[axis] -= np.float32(share) * np.einsum("i,j,k->ijk", *parts)
    return field


def misregistered(scene, scanner, rng):
    """Where normalisation looks for each voxel: a small random shift, rotation and zoom.

    Parameters
    ----------
    scene : Scene
    scanner : dict
        `shift_mm`, `rotation_degree`, `zoom`: SD along or about each axis.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (3, X, Y, Z)
        Position, mm from the centre of the grid.
    """
    matrix = np.diag(1 + rng.normal(0, scanner["zoom"], 3))
    for axis, angle in enumerate(np.deg2rad(rng.normal(0, scanner["rotation_degree"], 3))):
        i, j = [k for k in range(3) if k != axis]
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    shift = rng.normal(0, scanner["shift_mm"], 3)
    x, y, z = np.ix_(*scene.axes_mm)
    rows = [m[0] * x + m[1] * y + m[2] * z + s for m, s in zip(matrix, shift, strict=True)]
    return np.stack(rows).astype(np.float32)


def _grid_mm(scene):
    """Position of every voxel, (3, X, Y, Z), mm from the centre of the grid."""
    return np.stack(np.meshgrid(*scene.axes_mm, indexing="ij")).astype(np.float32)


def _sampled(image, positions_mm, scene):
    """Linear interpolation at positions in mm from the centre of the grid."""
    centre = (np.array(image.shape, np.float32) - 1) / 2
    index = positions_mm / np.float32(scene.voxel_mm) + centre[:, None, None, None]
    return ndimage.map_coordinates(image, index, order=1, mode="nearest")


def _splines(axis_mm, spacing_mm):
    """Cubic B-splines along one axis, (n_voxels, n_knots), scaled so that sum(B^2) = 1."""
    intervals = int(np.ceil(axis_mm[-1] / spacing_mm))  # on each side of the centre
    knots = spacing_mm * np.arange(-intervals - 3, intervals + 4)
    basis = BSpline.design_matrix(axis_mm, knots, 3).toarray()
    return (basis / np.sqrt((basis**2).sum(axis=1, keepdims=True))).astype(np.float32)
