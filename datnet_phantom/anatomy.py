"""Shape of the individual head, and what normalisation to MNI space leaves of it.

Displacements in mm on the grid of the atlas. Paper section "Image Acquisition and
Reconstruction": the scans were normalised without MRI.
"""

import numpy as np
from scipy.interpolate import BSpline


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


def widening(scene, share, reach_mm):
    """Displacement that widens the lateral ventricles about their centres and dies off outside.

    u(x) = -share (x - c) exp(-|x - c|^2 / (2 reach^2)), summed over both ventricles.

    Parameters
    ----------
    scene : Scene
    share : float
        Linear growth at the centre; negative narrows.
    reach_mm : float
        How far the displacement reaches, mm.

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
        near = [np.exp(-(d**2) / (2 * reach_mm**2)) for d in away]
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
    scanner : Scanner
        Its `shift_mm`, `rotation_degree`, `zoom`: SD along or about each axis.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (3, X, Y, Z)
        Position, mm from the centre of the grid.
    """
    matrix = np.diag(1 + rng.normal(0, scanner.zoom, 3))
    angles = np.deg2rad(rng.normal(0, scanner.rotation_degree, 3))
    for axis, angle in enumerate(angles):
        i, j = [k for k in range(3) if k != axis]
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    shift = rng.normal(0, scanner.shift_mm, 3)
    x, y, z = np.ix_(*scene.axes_mm)
    rows = [m[0] * x + m[1] * y + m[2] * z + s for m, s in zip(matrix, shift, strict=True)]
    return np.stack(rows).astype(np.float32)


def splines(axis_mm, spacing_mm):
    """Cubic B-splines along one axis, scaled so that sum(B^2) = 1 at every voxel.

    Parameters
    ----------
    axis_mm : ndarray of shape (n_voxels,)
        Distance from the centre of the grid, mm.
    spacing_mm : float
        Between knots.

    Returns
    -------
    ndarray of float32, shape (n_voxels, n_knots)
    """
    intervals = int(np.ceil(axis_mm[-1] / spacing_mm))  # on each side of the centre
    knots = spacing_mm * np.arange(-intervals - 3, intervals + 4)
    basis = BSpline.design_matrix(axis_mm, knots, 3).toarray()
    return (basis / np.sqrt((basis**2).sum(axis=1, keepdims=True))).astype(np.float32)
