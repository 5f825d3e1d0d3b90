"""Native scans lie where they say: pose, deformation, and what the camera does to the array."""

import nibabel as nib
import numpy as np
import pytest
from helpers import changed

from datnet_images.atlas import Atlas
from datnet_images.volumes import to_grid
from datnet_phantom.native import (
    Export,
    random_pose,
    read_head,
    render_native,
    true_positions,
)
from datnet_phantom.regions import BINDING_COLUMNS

BINDING = dict.fromkeys(BINDING_COLUMNS, 2.0)
AT_REST = (np.eye(3), np.zeros(3))


@pytest.fixture(scope="module")
def coarse(atlas):
    """Every fourth voxel of the atlas, 8 mm."""
    labels = atlas.labels[::4, ::4, ::4].copy()
    labels[tuple(np.argwhere(labels == labels.max())[0])] = atlas.names["accumbens_left"]
    return Atlas(labels, atlas.affine @ np.diag([4.0, 4, 4, 1]), atlas.names)


@pytest.fixture(scope="module")
def head(coarse, calibration):
    return read_head(coarse, calibration)


@pytest.fixture(scope="module")
def stiff(calibration):
    """No individual shape."""
    return changed(calibration, "anatomy", deformation_mm=0, ventricle_per_decade=0, ventricle_sd=0)


def scan(head, calibration, pose=AT_REST, seed=3, **export):
    rng = np.random.default_rng(seed)
    return render_native(BINDING, 70, head, calibration, pose, Export(**export), rng=rng)


def test_the_head_goes_on_below_the_atlas_and_has_air_around_it(head, coarse):
    labels = head.scene.labels
    assert labels.shape == (26, 30, 26)  # 20 x 24 x 18, 24 mm on each side, 16 mm below
    assert not labels[0].any() and not labels[:, :, -1].any() and not labels[:, :, 0].any()
    brain = (labels > 0) & (labels <= max(coarse.names.values()))  # not the scalp
    for below in (3, 4):
        np.testing.assert_array_equal(brain[:, :, below], brain[:, :, 5])
    assert not brain[:, :, 2].any()
    first = nib.affines.apply_affine(coarse.affine, [-3, -3, -5])
    last = first + 8 * (np.array(labels.shape) - 1)
    np.testing.assert_allclose(head.centre_mm, (first + last) / 2)


def test_a_stiff_head_lies_where_its_pose_says(head, stiff):
    # Twice as large and 10 mm to the right: 2 (n - 10) + c = m.
    native = scan(head, stiff, (2 * np.eye(3), np.array([10.0, 0, 0])))
    places = true_positions(native, head.centre_mm + np.array([[0.0, 0, 0], [6, -4, 2]]))
    np.testing.assert_allclose(places, [[10, 0, 0], [13, -2, 1]], atol=1e-5)


def test_a_soft_head_lies_where_pose_and_deformation_say(head, calibration):
    native = scan(head, calibration, random_pose(np.random.default_rng(5)))
    points = head.centre_mm + np.random.default_rng(1).uniform(-50, 50, (40, 3))
    places = true_positions(native, points)
    straight = nib.affines.apply_affine(np.linalg.inv(native.to_mni), points)
    assert 1 < np.linalg.norm(places - straight, axis=1).mean() < 10
    index = (places - native.shift_mm) / 8 + (np.array(head.scene.labels.shape) - 1) / 2
    low = np.floor(index).astype(int)
    moved = np.zeros_like(places)  # slow oracle of linear interpolation
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, index - low, 1 - index + low), axis=1)
        moved += weight[:, None] * native.displacement_mm[(slice(None), *(low + corner).T)].T
    again = nib.affines.apply_affine(native.to_mni, places + moved)
    np.testing.assert_allclose(again, points, atol=0.02)


def test_the_order_of_the_axes_changes_the_array_and_not_the_place(head, calibration):
    one, other = (scan(head, calibration, axcodes=codes).img for codes in ("RAS", "LPS"))
    assert nib.aff2axcodes(other.affine) == ("L", "P", "S")
    np.testing.assert_allclose(to_grid(other, one.affine, one.shape), one.get_fdata(), rtol=1e-4)


def test_voxels_and_field_are_those_of_the_camera(head, stiff):
    img = scan(head, stiff, voxel_mm=(4.0, 5.0, 10.0), field_mm=(200, 150, 60)).img
    assert img.shape == (50, 30, 6)
    np.testing.assert_allclose(nib.affines.voxel_sizes(img.affine), [4, 5, 10])
    middle = nib.affines.apply_affine(img.affine, (np.array(img.shape) - 1) / 2)
    np.testing.assert_allclose(middle, 0, atol=1e-9)


def test_fewer_counts_are_noisier_and_a_filter_calmer(head, stiff):
    def roughness(**export):
        counts = scan(head, stiff, voxel_mm=(8.0, 8, 8), **export).img.get_fdata()
        return np.abs(np.diff(counts, axis=0)).mean() / counts.mean()

    assert roughness(noise=2.0) > roughness() > roughness(filter_fwhm_mm=20.0)


def test_poses_stay_within_their_range():
    for seed in range(50):
        matrix, shift = random_pose(
            np.random.default_rng(seed), 20, 30, size=1.1, size_sd=0, zoom_sd=0
        )
        np.testing.assert_allclose(matrix @ matrix.T, 1.21 * np.eye(3), atol=1e-9)
        assert np.abs(shift).max() <= 30
        assert np.linalg.det(matrix) > 0
