"""Fine registration of a scan to its adapted target: an affine map, then a smooth warp.

Gauss-Newton steps on the weighted squared difference of scan and target, whose levels are fitted
along (`target`). Only voxels of `Target.driving` count; what lies elsewhere follows the rest of the
head. The gradient is that of the target, which has no noise. SimpleITK has neither levels that move
with the fit nor a prior on the warp, therefore own code.

References
----------
Ashburner and Friston 1999, Hum Brain Mapp 7:254: low-frequency warps with a prior, separable sums.
Baker and Matthews 2004, Int J Comput Vis 56:221: steps with the gradient of the target.
"""

from functools import lru_cache

import numpy as np
from scipy import linalg, ndimage
from scipy.interpolate import BSpline

from datnet_images.target import adapted_target

RESEL = 1.064  # a resolution element is (1.064 FWHM)^3: as many voxels are one observation
RIDGE = 1e-6  # of the mean diagonal, for coefficients that no voxel reaches


def on_target(scan, scan_affine, places_mm, target):
    """A scan where the voxels of a target lie in it, 1 being the mean of the brain.

    Parameters
    ----------
    scan, scan_affine : ndarray of shape (A, B, C), ndarray of shape (4, 4)
        Counts, and voxel to mm.
    places_mm : ndarray of shape (3, X, Y, Z)
        Position of each voxel of the target in the scan.
    target : Target

    Returns
    -------
    values : ndarray of shape (X, Y, Z)
    inside : bool ndarray of shape (X, Y, Z)
        Voxels within the field of view.

    Raises
    ------
    ValueError
        If no counts are where the brain should be.
    """
    index = moved(np.linalg.inv(scan_affine), places_mm)
    values = ndimage.map_coordinates(scan, index, order=1, mode="nearest")
    inside = np.all([(i > -1) & (i < n) for i, n in zip(index, scan.shape, strict=True)], axis=0)
    brain = values[inside & target.brain]
    if not (brain.size and brain.mean() > 0):
        raise ValueError("no counts where the brain should be: give a start or a transform by hand")
    return values / brain.mean(), inside


def fitted_affine(scan, scan_affine, target, matrix, n_steps):
    """Improve an affine map of MNI space into a scan.

    Parameters
    ----------
    scan, scan_affine, target
        As in `on_target`; its errors apply.
    matrix : ndarray of shape (4, 4)
        Where to start: MNI position to position in the scan, mm.
    n_steps : int

    Returns
    -------
    ndarray of shape (4, 4)
    """
    places = positions_mm(target)
    centre = places[:, target.brain].mean(axis=1)
    for _ in range(n_steps):
        values, inside = on_target(scan, scan_affine, moved(matrix, places), target)
        adapted = adapted_target(values, inside & target.driving, target)
        used = adapted.weights > 0
        slope = np.stack(np.gradient(adapted.image, target.spacing_mm))[:, used]  # (3, n)
        linear = np.vstack([places[:, used] - centre[:, None], np.ones(used.sum())])  # (4, n)
        columns = (slope[:, None] * linear).reshape(12, -1)
        columns = np.vstack([columns, target.basis[:, used]])  # the levels move along
        weighted = columns * adapted.weights[used]
        normal = weighted @ columns.T
        normal[np.diag_indices_from(normal)] += RIDGE * np.trace(normal) / len(normal)
        step = linalg.solve(normal, weighted @ (adapted.image - values)[used], assume_a="pos")
        step = step[:12].reshape(3, 4)
        change = np.eye(4)
        change[:3, :3] += step[:, :3]
        change[:3, 3] = step[:, 3] - step[:, :3] @ centre
        matrix = matrix @ change
    return matrix


def fitted_warp(scan, scan_affine, target, matrix, knots_mm, stiffness):
    """Smooth displacement that brings a scan still closer to its adapted target.

    Minimises sum v (scan - target)^2 / (2 s^2 resel) + stiffness / 2 * integral |grad u|^2, where
    s^2 is the weighted mean squared difference, and a resel the voxels of one observation.

    Parameters
    ----------
    scan, scan_affine, target, matrix
        As in `fitted_affine`.
    knots_mm : float
        Between the knots of the cubic B-splines.
    stiffness : sequence of float
        Of each step, 1 / mm^3; falls towards the final one.

    Returns
    -------
    ndarray of shape (3, kx, ky, kz)
        Coefficients of u, mm; a voxel at x lies in the scan at matrix (x + u(x)).
    """
    places = positions_mm(target)
    shape, spacing = target.mask.shape, target.spacing_mm
    splines = [spline_basis(n, spacing, knots_mm) for n in shape]
    n_knots = [spline.shape[1] for spline in splines]
    membrane = _membrane(shape, spacing, knots_mm)
    n = len(membrane)
    u = np.zeros((3, n))
    voxels_per_resel = (RESEL * target.fwhm_mm / spacing) ** 3
    for stiff in stiffness:
        warped = places + spread(u.reshape(3, *n_knots), splines)
        values, inside = on_target(scan, scan_affine, moved(matrix, warped), target)
        adapted = adapted_target(values, inside & target.driving, target)
        left = adapted.image - values
        v = adapted.weights / (adapted.weights * left**2).sum() * (adapted.weights > 0).sum()
        v /= voxels_per_resel
        slope = np.gradient(adapted.image, spacing)
        weighted = v * target.basis  # the levels move along: else they hold the warp back
        across = [np.concatenate([_sums(s * b, splines) for s in slope]) for b in weighted]
        levels = np.tensordot(weighted, target.basis, ((1, 2, 3), (1, 2, 3)))
        normal = np.zeros((3, n, 3, n))
        for a in range(3):
            for b in range(a, 3):
                normal[a, :, b] = _products(v * slope[a] * slope[b], splines)
                normal[b, :, a] = normal[a, :, b].T
            normal[a, :, a] += stiff * membrane
        right = [
            _sums(v * s * left, splines) - stiff * membrane @ c
            for s, c in zip(slope, u, strict=True)
        ]
        right.append((weighted * left).sum(axis=(1, 2, 3)))
        across = np.stack(across)  # (n_regions, 3 n)
        normal = normal.reshape(3 * n, 3 * n)
        for part in (normal, levels):  # moves and levels differ in scale
            part[np.diag_indices_from(part)] += RIDGE * np.trace(part) / len(part)
        normal = np.block([[normal, across.T], [across, levels]])
        step = linalg.solve(normal, np.concatenate(right), assume_a="pos")
        u = u + step[: 3 * n].reshape(3, n)
    return u.reshape(3, *n_knots)


def positions_mm(target):
    """MNI position of every voxel of a target: ndarray of shape (3, X, Y, Z)."""
    return moved(target.affine, np.indices(target.mask.shape).astype(float))


def spline_origin(n_voxels, spacing_mm, knots_mm):
    """Where the splines of an axis begin, mm from its first voxel, and number of intervals."""
    length = (n_voxels - 1) * spacing_mm
    n = int(np.ceil(length / knots_mm))
    return (length - n * knots_mm) / 2, n


def spline_basis(n_voxels, spacing_mm, knots_mm, order=0):
    """Cubic B-splines along an axis, or a derivative: ndarray of shape (n_voxels, n_knots)."""
    origin, n = spline_origin(n_voxels, spacing_mm, knots_mm)
    knots = origin + knots_mm * np.arange(-3, n + 4)
    return BSpline(knots, np.eye(n + 3), 3)(spacing_mm * np.arange(n_voxels), nu=order)


def spread(coefficients, splines):
    """Displacement of every voxel, (3, X, Y, Z), from the coefficients (3, kx, ky, kz)."""
    for spline in splines:  # (3, kx, ky, kz), then (3, ky, kz, X) until (3, X, Y, Z)
        coefficients = np.tensordot(coefficients, spline, (1, 1))
    return coefficients


def moved(matrix, places):
    """Positions (3, X, Y, Z), mm, after an affine map (4, 4)."""
    return np.tensordot(matrix[:3, :3], places, 1) + matrix[:3, 3, None, None, None]


def _sums(image, splines):
    """Sum of an image times each product of splines: (kx * ky * kz,)."""
    for spline in splines:
        image = np.tensordot(image, spline, (0, 0))
    return image.ravel()


def _products(image, splines):
    """Sum of an image times each two products of splines: (n, n), one axis after the other."""
    for spline in splines:
        pairs = np.einsum("xi,xj->xij", spline, spline)
        image = np.tensordot(image, pairs, (0, 0))  # ends as (ix, jx, iy, jy, iz, jz)
    n = int(np.sqrt(image.size))
    return image.transpose(0, 2, 4, 1, 3, 5).reshape(n, n)


@lru_cache(maxsize=2)
def _membrane(shape, spacing_mm, knots_mm):
    """Integral of |grad u|^2 as a matrix of the coefficients of one component of u."""
    grams = [
        [b.T @ b for b in (spline_basis(n, spacing_mm, knots_mm, order) for order in (0, 1))]
        for n in shape
    ]
    parts = [
        np.kron(np.kron(grams[0][k == 0], grams[1][k == 1]), grams[2][k == 2]) for k in range(3)
    ]
    return spacing_mm**3 * sum(parts)
