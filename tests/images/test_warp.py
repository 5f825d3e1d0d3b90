"""Separable sums against slow oracles, and known displacements that are found again."""

import numpy as np
import pytest
from scipy import ndimage

from datnet_images import warp
from datnet_images.target import adapted_target, read_target


@pytest.fixture(scope="module", params=[True, False], ids=["all moves it", "striatum apart"])
def target(atlas, request):
    return read_target(atlas, 14.0, 8.0, request.param)


@pytest.fixture(scope="module")
def scan(target):
    """Counts that are a sum of the images of the target, on its own grid."""
    levels = np.linspace(4, 0.4, len(target.names))
    return np.tensordot(levels, target.basis, 1)


@pytest.fixture(scope="module")
def small():
    image = np.random.default_rng(4).random((5, 7, 6))
    return image, [warp.spline_basis(n, 2.0, 5.0) for n in image.shape]


def test_splines_sum_to_one_and_their_slopes_to_nothing():
    np.testing.assert_allclose(warp.spline_basis(11, 3.0, 10.0).sum(axis=1), 1)
    np.testing.assert_allclose(warp.spline_basis(11, 3.0, 10.0, 1).sum(axis=1), 0, atol=1e-12)
    assert warp.spline_origin(11, 3.0, 10.0) == (0.0, 3)  # 30 mm
    assert warp.spline_origin(11, 3.0, 20.0) == (-5.0, 2)  # 40 mm around 30 mm


def test_separable_sums_are_the_sums_of_all_products(small):
    image, splines = small
    products = np.einsum("xi,yj,zk->xyzijk", *splines).reshape(image.size, -1)
    np.testing.assert_allclose(warp._sums(image, splines), image.ravel() @ products)
    expected = products.T * image.ravel() @ products
    np.testing.assert_allclose(warp._products(image, splines), expected, atol=1e-12)


def test_coefficients_of_one_are_a_displacement_of_one(small):
    image, splines = small
    knots = [spline.shape[1] for spline in splines]
    coefficients = np.ones((3, *knots)) * np.array([1.0, 2, 3])[:, None, None, None]
    found = warp.spread(coefficients, splines)
    assert found.shape == (3, *image.shape)
    np.testing.assert_allclose(found[1], 2)


def test_the_membrane_of_a_slope_is_its_square_times_the_volume():
    # u = 0.1 x on 9 x 8 x 7 voxels of 2 mm: 0.01 * 504 voxels * 8 mm^3 = 40.32.
    shape, spacing, knots_mm = (9, 8, 7), 2.0, 6.0
    origin, n = warp.spline_origin(9, spacing, knots_mm)
    along = origin + knots_mm * np.arange(-1, n + 2)  # a spline's coefficient is its place
    others = [warp.spline_origin(k, spacing, knots_mm)[1] + 3 for k in shape[1:]]
    u = 0.1 * np.broadcast_to(along[:, None, None], (n + 3, *others)).ravel()
    energy = warp._membrane(shape, spacing, knots_mm)
    assert u @ energy @ u == pytest.approx(40.32)


def test_an_affine_map_is_found_again(scan, target):
    there = np.eye(4)
    there[:3, :3] = [[1.04, 0.05, 0], [-0.05, 1.02, 0.03], [0, -0.03, 0.97]]
    there[:3, 3] = 4, -3, 5
    # The scan lies at `there`: a voxel of the scan's array at x belongs to there(x).
    found = warp.fitted_affine(scan, there @ target.affine, target, np.eye(4), 5)
    assert np.abs((found - there)[:3, :3]).max() < 0.01
    assert np.abs((found - there)[:3, 3]).max() < 0.5


def test_a_smooth_displacement_is_found_again(scan, target):
    places = warp.positions_mm(target)
    true = 4 * np.stack([np.sin(places[k] / 40) for k in (1, 2, 0)])
    index = np.indices(scan.shape) - true / target.spacing_mm  # the anatomy of x is now at x + u
    bent = ndimage.map_coordinates(scan, index, order=1, mode="nearest")
    u = warp.fitted_warp(bent, target.affine, target, np.eye(4), 60.0, (1e-3, 1e-4))
    splines = [warp.spline_basis(n, target.spacing_mm, 60.0) for n in scan.shape]
    left = (warp.spread(u, splines) - true)[:, target.brain]
    before = np.sqrt((true[:, target.brain] ** 2).sum(axis=0).mean())
    assert np.sqrt((left**2).sum(axis=0).mean()) < 0.5 * before


def test_a_step_is_the_least_squares_of_moves_and_levels(scan, target):
    there, knots_mm, stiffness = target.affine.copy(), 90.0, 1e-3
    there[:3, 3] += 3, -2, 4
    found = warp.fitted_warp(scan, there, target, np.eye(4), knots_mm, (stiffness,))
    values, inside = warp.on_target(scan, there, warp.positions_mm(target), target)
    adapted = adapted_target(values, inside & target.driving, target)
    used = adapted.weights > 0
    splines = [warp.spline_basis(n, target.spacing_mm, knots_mm) for n in scan.shape]
    each = np.einsum("xi,yj,zk->xyzijk", *splines)[used].reshape(used.sum(), -1)
    slope = np.stack(np.gradient(adapted.image, target.spacing_mm))[:, used]
    columns = np.hstack([*(s[:, None] * each for s in slope), target.basis[:, used].T])
    left, v = (adapted.image - values)[used], adapted.weights[used]
    resel = (warp.RESEL * target.fwhm_mm / target.spacing_mm) ** 3
    v = v / (v @ left**2) * len(v) / resel
    normal, n = (columns.T * v) @ columns, each.shape[1]
    for k in range(3):
        part = slice(k * n, k * n + n)
        normal[part, part] += stiffness * warp._membrane(scan.shape, target.spacing_mm, knots_mm)
    expected = np.linalg.lstsq(normal, columns.T @ (v * left), rcond=1e-12)[0][: 3 * n]
    moves = warp.spread(expected.reshape(found.shape), splines) - warp.spread(found, splines)
    assert np.abs(moves[:, used]).max() < 0.05  # the ridge holds levels that only a tail shows


def test_a_scan_that_is_elsewhere_is_refused(scan, target):
    far = target.affine.copy()
    far[0, 3] += 1000
    with pytest.raises(ValueError, match="no counts where the brain should be: give a start"):
        warp.on_target(scan, far, warp.positions_mm(target), target)
