"""The target takes the levels of the scan."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from datnet_images.atlas import region_mask
from datnet_images.target import adapted_target, read_target


@pytest.fixture(scope="module")
def target(atlas):
    return read_target(atlas, 12.0, 10.0)


@pytest.fixture(scope="module")
def apart(atlas):
    return read_target(atlas, 12.0, 10.0, fit_striatum=False)


def test_the_images_of_a_target_fill_the_brain_once(target):
    deep = target.specific  # far from the edge, all shares sum to 1
    np.testing.assert_allclose(target.basis.sum(axis=0)[deep], 1, atol=0.02)
    assert target.names[-1] == "scalp" and len(target.names) == len(target.basis) == 19
    assert (target.mask & target.brain).sum() > 0.9 * target.brain.sum()
    assert target.spacing_mm == 10


def test_everything_that_is_compared_moves_a_map_unless_told_otherwise(target):
    assert (target.driving == target.mask).all() and target.fit_striatum


def test_what_moves_a_map_without_the_striatum_is_far_from_it_and_from_midbrain(apart, atlas):
    target = apart
    assert not (target.driving & ~target.mask).any() and not target.fit_striatum
    assert target.driving.sum() > 0.75 * target.mask.sum()
    places = target.affine[:3, :3] @ np.argwhere(target.driving).T + target.affine[:3, 3:]
    for region in ("putamen_left", "caudate_right", "accumbens_left", "midbrain_right"):
        of_it = np.argwhere(region_mask(atlas, region)) @ atlas.affine[:3, :3] + atlas.affine[:3, 3]
        apart = cKDTree(of_it).query(places.T)[0].min()
        assert 15 < apart < 40  # mm: the blur, and 10 mm


def test_levels_of_a_sum_are_found_whatever_they_are(target, rng):
    for _ in range(3):
        levels = rng.uniform(0.2, 4, len(target.names))
        scan = np.tensordot(levels, target.basis, 1)
        adapted = adapted_target(scan, np.ones(scan.shape, bool), target)
        np.testing.assert_allclose(list(adapted.levels.values()), levels, rtol=1e-3)
        np.testing.assert_allclose(adapted.image, scan, rtol=1e-3, atol=1e-3)
        assert adapted.agreement == pytest.approx(1, abs=1e-6)


def test_levels_are_never_negative(target):
    scan = -target.basis[0] + target.basis[-2]
    adapted = adapted_target(scan, np.ones(scan.shape, bool), target)
    assert min(adapted.levels.values()) == 0
    assert adapted.levels[target.names[0]] == 0


def test_voxels_outside_the_field_of_view_do_not_count(target):
    scan = target.basis.sum(axis=0)
    inside = np.zeros(scan.shape, bool)
    inside[:, :, scan.shape[2] // 2 :] = True
    adapted = adapted_target(np.where(inside, scan, 77), inside, target)
    assert adapted.agreement > 0.99
    assert not adapted.weights[~inside].any()
    with pytest.raises(ValueError, match="0 voxels of the head .* expected at least 38: give"):
        adapted_target(scan, np.zeros_like(inside), target)


def test_a_scan_without_anything_to_compare_is_refused(apart):
    scan = np.where(apart.driving, 0, 1.0)
    with pytest.raises(ValueError, match="voxels that are compared are all alike, expected a head"):
        adapted_target(scan, apart.driving, apart)
