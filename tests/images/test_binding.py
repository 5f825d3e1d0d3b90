"""Binding ratios worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datnet_images.atlas import Atlas
from datnet_images.binding import (
    binding_ratio,
    lower_side_left,
    own_region_means,
    region_means,
    regional_binding,
    sides,
)

REGIONS = ("putamen", "caudate")


@pytest.fixture
def boxes():
    """Atlas of four boxes and a reference on an 8 x 7 x 5 grid of 2 x 3 x 4 mm."""
    labels = np.zeros((8, 7, 5), np.uint8)
    labels[0:1, 0:2, :] = 1  # 10 voxels
    labels[1:4, 0:2, :] = 2  # 30 voxels
    labels[4:5, 0:2, :] = 3  # 10 voxels
    labels[5:6, 0:2, :] = 4  # 10 voxels
    labels[:, 5:7, :] = 5
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    affine[:3, 3] = -7, -11, 5
    return Atlas(
        labels, affine, {**dict(zip(sides(REGIONS), (1, 2, 3, 4), strict=True)), "occipital": 5}
    )


def uptake(atlas, **values):
    """A volume with one value per label, 1 elsewhere."""
    volume = np.ones(atlas.labels.shape, np.float32)
    for name, value in values.items():
        volume[atlas.labels == atlas.names[name]] = value
    return volume


def test_the_binding_ratio_of_hand_worked_means():
    # (3 - 1.2) / 1.2 = 1.5; equal counts mean no specific binding.
    assert binding_ratio(3.0, 1.2) == pytest.approx(1.5)
    np.testing.assert_allclose(binding_ratio(np.array([2.0, 5.0]), np.array([2.0, 4.0])), [0, 0.25])


@given(st.floats(0, 1e3), st.floats(0.1, 1e3), st.floats(1e-3, 1e3))
def test_the_binding_ratio_does_not_depend_on_the_scale_of_the_image(specific, reference, scale):
    expected = binding_ratio(specific, reference)
    assert binding_ratio(scale * specific, scale * reference) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("reference", [0.0, -1.0, np.nan, np.array([1.0, 0.0])])
def test_a_reference_without_counts_is_refused(reference):
    with pytest.raises(ValueError, match="mean of the reference region is .*, expected > 0"):
        binding_ratio(1.0, reference)


def test_region_means_weigh_voxels_by_their_share():
    # Voxels 1, 2, 4, 8 with shares 1, 0.5, 0.25, 0: (1 + 1 + 1) / 1.75 = 12 / 7; twice the
    # second volume's values, twice the mean.
    volume = np.array([1.0, 2, 4, 8]).reshape(2, 1, 2)
    weights = np.array([1, 0.5, 0.25, 0]).reshape(2, 1, 2)
    means = region_means(np.stack([volume, 2 * volume]), weights)
    np.testing.assert_allclose(means, [12 / 7, 24 / 7])


def test_region_means_of_a_mask_are_plain_means(rng):
    volumes = rng.random((3, 4, 5, 6)).astype(np.float32)
    mask = rng.random((4, 5, 6)) < 0.3
    expected = [volume[mask].mean() for volume in volumes]
    np.testing.assert_allclose(region_means(volumes, mask), expected, rtol=1e-6)


def test_region_means_ignore_voxels_outside_even_if_they_are_not_finite():
    volume = np.array([[[1.0, np.nan, 3.0]]])
    np.testing.assert_allclose(region_means(volume[None], np.array([[[1, 0, 1]]])), [2.0])


def test_region_means_refuse_what_does_not_fit():
    volumes = np.ones((2, 3, 4, 5))
    with pytest.raises(ValueError, match=r"\(3, 4, 5\), the region \(5, 4, 3\)"):
        region_means(volumes, np.ones((5, 4, 3)))
    with pytest.raises(ValueError, match=r"no voxel .*\(3, 4, 5\); expected at least one: use a"):
        region_means(volumes, np.zeros((3, 4, 5)))


def test_a_region_of_its_own_for_every_scan():
    volumes = np.arange(12.0, dtype=np.float32).reshape(3, 2, 1, 2)
    regions = np.zeros((3, 2, 1, 2), bool)
    regions[0, 0] = True  # 0 and 1
    regions[2, :, 0, 1] = True  # 9 and 11
    np.testing.assert_array_equal(own_region_means(volumes, regions), [0.5, np.nan, 10.0])


def test_regions_and_volumes_must_be_as_many():
    with pytest.raises(ValueError, match="shorter"):
        own_region_means(np.ones((3, 2, 2, 2)), np.ones((2, 2, 2, 2), bool))


def test_conventional_ratios_of_a_hand_worked_volume(boxes):
    # Reference 2. Putamen left (10 voxels) 6 -> 2; right (30 voxels) 3 -> 0.5; together
    # (10 * 6 + 30 * 3) / 40 = 3.75 -> 0.875. Caudate 4 and 5 -> 1 and 1.5, together 1.25.
    values = {"putamen_left": 6, "putamen_right": 3, "caudate_left": 4, "caudate_right": 5}
    volume = uptake(boxes, occipital=2, **values)
    ratios = regional_binding(
        np.stack([volume, volume / 7]), boxes, boxes.affine, "occipital", REGIONS
    )
    assert list(ratios.columns) == ["putamen", "caudate", *sides(REGIONS)]
    for row in (0, 1):
        np.testing.assert_allclose(ratios.iloc[row], [0.875, 1.25, 2, 0.5, 1, 1.5], rtol=1e-5)


def test_ratios_on_a_coarse_grid_weigh_the_borders_of_a_region(boxes):
    # Voxels of 6 x 3 x 4 mm, each three of the atlas. The first holds one layer of the left
    # putamen and two of the right one, the second one of the right putamen and both caudates.
    affine = boxes.affine @ np.diag([3.0, 1, 1, 1])
    affine[0, 3] += 2
    volume = np.ones((3, 7, 5), np.float32)
    volume[0, :2] = 9
    volume[1, :2] = 3
    ratios = regional_binding(volume[None], boxes, affine, "occipital", REGIONS).iloc[0]
    assert ratios["putamen_left"] == pytest.approx(9 - 1)
    assert ratios["putamen_right"] == pytest.approx((9 * 2 + 3 * 1) / 3 - 1)
    assert ratios["putamen"] == pytest.approx((9 * 3 + 3 * 1) / 4 - 1)
    assert ratios["caudate"] == pytest.approx(3 - 1)


def test_ratios_of_the_atlas_do_not_depend_on_the_scale_of_the_image(atlas, rng):
    volume = 1 + rng.random(atlas.labels.shape)
    one, seven = (
        regional_binding(scale * volume[None], atlas, atlas.affine, "occipital", REGIONS)
        for scale in (1, 7)
    )
    np.testing.assert_allclose(one, seven, rtol=1e-6)


def test_scans_are_turned_so_that_the_lower_side_lies_on_the_left(rng):
    labels = np.zeros((6, 4, 3), np.uint8)
    labels[1, 1:3], labels[4, 1:3] = 1, 2
    affine = np.diag([2.0, 2, 2, 1])
    affine[0, 3] = -5  # symmetric about x = 0
    atlas = Atlas(labels, affine, dict(zip(sides(["putamen"]), (1, 2), strict=True)))
    volumes = rng.random((9, *labels.shape))
    turned = np.stack(list(lower_side_left(volumes, atlas, affine, "putamen")))
    left, right = (turned[:, labels == label].mean(axis=1) for label in (1, 2))
    assert (left <= right).all()
    for before, after in zip(volumes, turned, strict=True):
        assert np.array_equal(before, after) or np.array_equal(before[::-1], after)
    assert 0 < sum(np.array_equal(a, b) for a, b in zip(volumes, turned, strict=True)) < 9
    again = np.stack(list(lower_side_left(turned, atlas, affine, "putamen")))
    np.testing.assert_array_equal(again, turned)
