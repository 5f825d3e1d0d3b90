"""Shape of the individual head: displacements against hand-worked numbers."""

import numpy as np
import pytest

from datnet_phantom.anatomy import deformation, widening


def test_a_deformation_has_its_sd_everywhere_and_is_smooth(scene):
    fields = np.stack([deformation(scene, 3.0, np.random.default_rng(k)) for k in range(60)])
    sd = fields[:, :, ::13, ::13, ::11].std(axis=0)
    assert sd.mean() == pytest.approx(3.0, rel=0.05)
    assert sd.min() > 2.0  # also at the corners
    steps = np.diff(fields[0, 0], axis=0)  # of 2 mm; knots are 25 mm apart
    assert np.abs(steps).max() < 2.0


def test_splines_are_those_of_a_slow_formula(scene):
    # Cubic B-spline of knot spacing 25 mm centred at 0, before scaling: 2/3 at 0, 1/6 at 25.
    basis = scene.splines[0]
    middle = int(np.flatnonzero(scene.axes_mm[0] == 0)[0])
    expected = np.array([1 / 6, 2 / 3, 1 / 6]) / np.sqrt(2 / 36 + 16 / 36)
    found = basis[middle][basis[middle] > 1e-6]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_ventricles_widen_by_the_share_at_their_centre(scene, calibration):
    reach_mm = calibration.anatomy.ventricle_reach_mm
    field = widening(scene, 0.2, reach_mm)
    centre = scene.ventricles_mm[0]
    voxel = tuple(
        int(np.argmin(np.abs(axis - c))) for axis, c in zip(scene.axes_mm, centre, strict=True)
    )
    gradient = np.gradient(field[2], 2.0, axis=2)[voxel]
    # The other ventricle is 24 mm away and adds exp(-24^2 / (2 * 12^2)) = 0.135 of its own.
    assert gradient == pytest.approx(-0.2 * 1.135, rel=0.03)  # sampling is pulled to the centre
    assert np.abs(field[:, 0, 0, 0]).max() < 1e-3
    np.testing.assert_allclose(widening(scene, -0.2, reach_mm), -field)
