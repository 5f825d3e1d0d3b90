"""From regional binding to a DAT PET scan in counts: anatomy, scanner, normalisation.

The chain of the paper's section "Image Acquisition and Reconstruction": activity on the atlas,
individual anatomy, resolution, noise, normalisation to MNI space without MRI, 10 mm filter,
counts. Every number is an input (`data_manifest/phantom.yaml`), so a second device is another
set of numbers.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from datnet_images.atlas import region_mask
from datnet_phantom.anatomy import deformation, misregistered, splines, widening
from datnet_phantom.correction import correction_factor
from datnet_phantom.density import REFERENCE_AGE
from datnet_phantom.noise import noise_cv, noise_filter, relative_noise, sigma
from datnet_phantom.regions import BINDING_COLUMNS


class Scene(NamedTuple):
    """What all scans of a cohort share."""

    labels: np.ndarray  # uint8 (X, Y, Z); 0 is air
    label_of: dict[str, list[int]]  # labels of each background tissue and column of binding
    voxel_mm: float
    axes_mm: list[np.ndarray]  # (X,), (Y,), (Z,): distance from the centre of the grid
    grid_mm: np.ndarray  # float32 (3, X, Y, Z): the same for every voxel
    splines: list[np.ndarray]  # (X, kx), (Y, ky), (Z, kz): unit variance at every voxel
    ventricles_mm: list[np.ndarray]  # centre (3,) of the left and the right one
    noise_filter: np.ndarray  # half spectrum; filters white noise to unit variance


class Chance(NamedTuple):
    """What chance makes of one scan, whatever binds in it."""

    own: np.ndarray  # (n_tissues,) factor of each background tissue
    places_mm: np.ndarray  # (3, X, Y, Z) where on the atlas a voxel of the individual head lies
    noise: np.ndarray  # (X, Y, Z) factor of each voxel
    back_mm: np.ndarray  # (3, X, Y, Z) where normalisation looks for each voxel
    scale: np.float32  # counts of a voxel with the uptake of the reference region


def read_scene(atlas, calibration):
    """Prepare what every scan needs.

    Parameters
    ----------
    atlas : Atlas
        Anatomy; its grid is the grid of the scans.
    calibration : Calibration
        Output of `numbers.read_calibration`.

    Returns
    -------
    Scene
    """
    anatomy = calibration.anatomy
    shape = atlas.labels.shape
    voxel_mm = float(atlas.affine[0, 0])
    outside = atlas.labels == 0
    near = ndimage.distance_transform_edt(outside) * voxel_mm <= anatomy.soft_tissue_mm
    soft_tissue = int(atlas.labels.max()) + 1
    labels = np.where(outside & near, soft_tissue, atlas.labels).astype(np.uint8)
    label_of = {"soft_tissue": [soft_tissue]}
    for name in (*calibration.background, *BINDING_COLUMNS):
        if name not in label_of:
            label_of[name] = np.unique(atlas.labels[region_mask(atlas, name)]).tolist()
    axes_mm = [(np.arange(n) - (n - 1) / 2) * voxel_mm for n in shape]
    middle = (atlas.affine @ [*((np.array(shape) - 1) / 2), 1])[:3]
    x, y, z = anatomy.ventricle_mm
    return Scene(
        labels=labels,
        label_of=label_of,
        voxel_mm=voxel_mm,
        axes_mm=axes_mm,
        grid_mm=np.stack(np.meshgrid(*axes_mm, indexing="ij")).astype(np.float32),
        splines=[splines(axis, anatomy.deformation_knots_mm) for axis in axes_mm],
        ventricles_mm=[np.array([side * x, y, z]) - middle for side in (-1, 1)],
        noise_filter=noise_filter(shape, voxel_mm, calibration.scanner.resolution_fwhm_mm),
    )


def render(binding, age, scene, calibration, rng, anatomy_rng=None):
    """One phantom scan in counts.

    Parameters
    ----------
    binding : mapping
        Binding ratio of each of `regions.BINDING_COLUMNS`.
    age : float
        Years; the ventricles widen with it.
    scene : Scene
        Output of `read_scene`.
    calibration : Calibration
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
    drawn = chance(age, scene, calibration, rng, anatomy_rng)
    activity = paint(binding, scene, calibration, drawn.own)
    scanner = calibration.scanner
    native = blurred(sampled(activity, drawn.places_mm, scene), scanner.resolution_fwhm_mm, scene)
    native *= drawn.noise
    counts = blurred(sampled(native, drawn.back_mm, scene), scanner.filter_fwhm_mm, scene)
    return counts * drawn.scale


def chance(age, scene, calibration, rng, anatomy_rng=None):
    """Draw all of a scan but its binding.

    Parameters
    ----------
    age, scene, calibration, rng, anatomy_rng
        As in `render`.

    Returns
    -------
    Chance
    """
    person = rng if anatomy_rng is None else anatomy_rng
    anatomy = calibration.anatomy
    scanner = calibration.scanner
    tissues = len(calibration.background)
    own = np.exp(anatomy.background_sd * person.standard_normal(tissues))
    shape_mm = deformation(scene, anatomy.deformation_mm, person)  # (3, X, Y, Z)
    wider = (age - REFERENCE_AGE) / 10 * anatomy.ventricle_per_decade
    wider += anatomy.ventricle_sd * person.standard_normal()
    shape_mm += widening(scene, wider, anatomy.ventricle_reach_mm)
    noise = relative_noise(scene, noise_cv(scanner, calibration.tracer.half_life_min), rng)
    if scanner.correction_bias:
        noise *= correction_factor(scene, scanner)
    back_mm = misregistered(scene, scanner, rng) - scanner.normalised_share * shape_mm
    scale = np.float32(scanner.counts * np.exp(scanner.counts_sd * rng.normal()))
    return Chance(own, scene.grid_mm + shape_mm, noise, back_mm, scale)


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
    scanner = calibration.scanner
    both = np.hypot(scanner.resolution_fwhm_mm, scanner.filter_fwhm_mm)
    expected = blurred(paint(binding, scene, calibration), both, scene)
    if scanner.correction_bias:  # so smooth that the filters leave it as it is
        expected *= correction_factor(scene, scanner)
    return expected


def blurred(image, fwhm_mm, scene):
    """Image after a Gaussian filter.

    Parameters
    ----------
    image : ndarray, shape of the scene
    fwhm_mm : float
        Full width at half maximum, mm.
    scene : Scene

    Returns
    -------
    ndarray, shape of the scene
    """
    return ndimage.gaussian_filter(image, sigma(fwhm_mm, scene))


def paint(binding, scene, calibration, own=None):
    """Activity on the atlas: background of each tissue, and 1 + binding ratio where it binds.

    Parameters
    ----------
    binding : mapping
        Binding ratio of each of `regions.BINDING_COLUMNS`.
    scene : Scene
    calibration : Calibration
    own : sequence of float, optional
        Factor of each background tissue in this person.

    Returns
    -------
    ndarray of float32, shape of the scene
        1 is the mean of the calibration's reference region.
    """
    background = calibration.background
    uptake = np.zeros(int(scene.labels.max()) + 1, np.float32)
    own = np.ones(len(background)) if own is None else own
    for (tissue, value), factor in zip(background.items(), own, strict=True):
        uptake[scene.label_of[tissue]] = value * factor
    for column in BINDING_COLUMNS:
        uptake[scene.label_of[column]] = 1 + binding[column]
    return uptake[scene.labels]


def sampled(image, positions_mm, scene):
    """Linear interpolation; outside the image is its nearest voxel.

    Parameters
    ----------
    image : ndarray, shape of the scene
    positions_mm : ndarray of shape (3, ...)
        mm from the centre of the grid.
    scene : Scene

    Returns
    -------
    ndarray, shape of one component of the positions
    """
    positions_mm = np.asarray(positions_mm, np.float32)
    centre = (np.array(image.shape, np.float32) - 1) / 2
    index = positions_mm / np.float32(scene.voxel_mm)
    index += centre.reshape(3, *[1] * (positions_mm.ndim - 1))
    return ndimage.map_coordinates(image, index, order=1, mode="nearest")
