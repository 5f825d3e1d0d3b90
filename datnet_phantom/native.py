"""Phantom scans in native space, as a camera would export them: posed, deformed, cropped.

`scanner.render` writes scans that are normalised already; these are not, so a normalisation can be
tried on them, and both the affine part of where an anatomy lies and the whole of it are known.
Position m in the atlas belongs to position n in the scan by m = A (n + v(n)): A is the pose, v the
smooth shape of the individual head. Paper section "Image Acquisition and Reconstruction".
"""

from typing import NamedTuple

import nibabel as nib
import numpy as np
from nibabel.orientations import axcodes2ornt, ornt_transform
from scipy import ndimage

from datnet_images.atlas import Atlas
from datnet_phantom.anatomy import deformation, widening
from datnet_phantom.density import REFERENCE_AGE
from datnet_phantom.noise import noise_cv, relative_noise
from datnet_phantom.scanner import Scene, blurred, paint, read_scene, sampled

MARGIN_MM = 24  # air around the atlas, so that a turned head stays on the grid
NECK_MM = 14  # the atlas ends at z = -50 mm, a head does not: its lowest slice is repeated
N_INVERSE = 12  # steps of the fixed point; each leaves about a fifth of the error


class Head(NamedTuple):
    """The scene of a head that is not cut off at the border of the atlas, and where it lies."""

    scene: Scene
    centre_mm: np.ndarray  # (3,) MNI position of the centre of the scene's grid


class Export(NamedTuple):
    """What the camera makes of a head."""

    voxel_mm: tuple = (2.0, 2.0, 2.0)
    field_mm: tuple = (250.0, 250.0, 200.0)  # field of view about the origin, right to left first
    axcodes: str = "RAS"  # where the axes of the array point to; LAS is the radiological order
    noise: float = 1.0  # factor of the noise; 2 is a quarter of the counts
    filter_fwhm_mm: float = 0.0  # of the camera's own filter


class NativeScan(NamedTuple):
    """A scan in counts, and where the anatomy of the atlas truly lies in it."""

    img: nib.Nifti1Image
    to_mni: np.ndarray  # (4, 4) position in the scan to MNI, mm, without the deformation
    displacement_mm: np.ndarray  # (3, X, Y, Z) v of the module's docstring, on the grid of the head
    head: Head
    shift_mm: np.ndarray  # (3,) position of the centre of the head's grid in the scan


def read_head(atlas, calibration):
    """Prepare what every native scan needs: a `Head`.

    Parameters
    ----------
    atlas : Atlas
    calibration : Calibration
        Output of `numbers.read_calibration`.
    """
    voxel_mm = atlas.affine[0, 0]
    margin, neck = (int(round(mm / voxel_mm)) for mm in (MARGIN_MM, NECK_MM))
    labels = np.pad(atlas.labels, ((0, 0), (0, 0), (neck, 0)), mode="edge")
    labels = np.pad(labels, margin)
    affine = atlas.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ [margin, margin, margin + neck]
    centre = nib.affines.apply_affine(affine, (np.array(labels.shape) - 1) / 2)
    return Head(read_scene(Atlas(labels, affine, atlas.names), calibration), centre)


def random_pose(rng, rotation_degree=20.0, shift_mm=30.0, size=1.06, size_sd=0.05, zoom_sd=0.02):
    """Draw how a head lies in the camera, and how large it is.

    Parameters
    ----------
    rng : numpy.random.Generator
    rotation_degree, shift_mm : float
        Largest turn about and shift along each axis, uniform.
    size, size_sd : float
        Mean and SD of the size of the atlas relative to the head; the atlas is larger.
    zoom_sd : float
        SD of what each axis adds to it.

    Returns
    -------
    matrix : ndarray of shape (3, 3)
        Scan to atlas, mm.
    shift_mm : ndarray of shape (3,)
        Centre of the head in the scan.
    """
    zooms = np.diag(rng.normal(size, size_sd) + rng.normal(0, zoom_sd, 3))
    angles = np.deg2rad(rng.uniform(-rotation_degree, rotation_degree, 3))
    return zooms @ nib.eulerangles.euler2mat(*angles), rng.uniform(-shift_mm, shift_mm, 3)


def render_native(binding, age, head, calibration, pose, export, *, rng):
    """One scan in native space.

    Parameters
    ----------
    binding : mapping
        Binding ratio of each of `regions.BINDING_COLUMNS`.
    age : float
        Years.
    head : Head
        Output of `read_head`.
    calibration : Calibration
        Output of `numbers.read_calibration`.
    pose : tuple
        Output of `random_pose`.
    export : Export
    rng : numpy.random.Generator
        Draws tissue uptake, shape, noise and count scale, in this order.

    Returns
    -------
    NativeScan
    """
    matrix, shift_mm = pose
    scene, anatomy, scanner = head.scene, calibration.anatomy, calibration.scanner
    own = np.exp(anatomy.background_sd * rng.standard_normal(len(calibration.background)))
    activity = paint(binding, scene, calibration, own)
    moved = deformation(scene, anatomy.deformation_mm, rng)  # (3, X, Y, Z)
    wider = (age - REFERENCE_AGE) / 10 * anatomy.ventricle_per_decade
    wider += anatomy.ventricle_sd * rng.standard_normal()
    posed = [np.linalg.solve(matrix, centre) for centre in scene.ventricles_mm]
    moved += widening(scene._replace(ventricles_mm=posed), wider, anatomy.ventricle_reach_mm)
    places = np.tensordot(matrix.astype(np.float32), scene.grid_mm + moved, 1)
    counts = blurred(sampled(activity, places, scene), scanner.resolution_fwhm_mm, scene)
    cv = export.noise * noise_cv(scanner, calibration.tracer.half_life_min)
    counts *= relative_noise(scene, cv, rng)
    counts = blurred(counts, export.filter_fwhm_mm, scene)
    counts *= np.float32(scanner.counts * np.exp(scanner.counts_sd * rng.normal()))
    to_mni = np.eye(4)
    to_mni[:3, :3] = matrix
    to_mni[:3, 3] = head.centre_mm - matrix @ shift_mm
    return NativeScan(_exported(counts, scene, shift_mm, export), to_mni, moved, head, shift_mm)


def true_positions(native, points_mm):
    """Where points of the atlas lie in a scan, the deformation included.

    n = A^-1 m - v(n), solved as a fixed point, which converges as v is smooth.

    Parameters
    ----------
    native : NativeScan
    points_mm : ndarray of shape (n, 3)
        MNI positions, mm.

    Returns
    -------
    ndarray of shape (n, 3)
        Positions in the scan, mm.
    """
    straight = nib.affines.apply_affine(np.linalg.inv(native.to_mni), points_mm) - native.shift_mm
    found = straight.copy()
    for _ in range(N_INVERSE):
        moved = [sampled(part, found.T, native.head.scene) for part in native.displacement_mm]
        found = straight - np.stack(moved, axis=-1)
    return found + native.shift_mm


def _exported(counts, scene, shift_mm, export):
    """The image in the camera's voxels, field of view and order of axes."""
    voxel_mm = np.array(export.voxel_mm)
    shape = np.maximum(np.round(np.array(export.field_mm) / voxel_mm).astype(int), 1)
    affine = np.diag([*voxel_mm, 1.0])
    affine[:3, 3] = -voxel_mm * (shape - 1) / 2
    centre = (np.array(counts.shape) - 1) / 2
    offset = (affine[:3, 3] - shift_mm) / scene.voxel_mm + centre
    array = ndimage.affine_transform(
        counts, voxel_mm / scene.voxel_mm, offset, tuple(shape), order=1, mode="constant"
    )
    reorder = ornt_transform(axcodes2ornt("RAS"), axcodes2ornt(export.axcodes))
    return nib.Nifti1Image(array, affine).as_reoriented(reorder)
