"""Volumes on the grid of MNI152 that have lost their place, or stand on their head."""

import nibabel as nib
import numpy as np
import pytest

from datnet_images.atlas import region_mask_on
from datnet_study.importing.mni import ORIGIN_MM, SHAPE, has_mni_grid, in_mni

PLACE = np.array([[2, 0, 0, -90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1.0]])


@pytest.fixture(scope="module")
def volume(atlas):
    """1 everywhere, 2 in the putamen."""
    return 1 + region_mask_on(atlas, "putamen", PLACE, SHAPE).astype(np.float32)


@pytest.mark.parametrize("head_down", [False, True])
@pytest.mark.parametrize("mirrored_axis", [None, 0])
def test_a_volume_is_put_in_its_place_head_up(volume, atlas, head_down, mirrored_axis):
    stored, affine = volume[:, :, ::-1] if head_down else volume, np.diag([2.0, 2, 2, 1])
    if mirrored_axis == 0:  # the same volume, stored from right to left
        stored, affine = stored[::-1], np.diag([-2.0, 2, 2, 1])
    img, turned = in_mni(nib.Nifti1Image(stored, affine), atlas)
    np.testing.assert_array_equal(img.affine, PLACE)
    np.testing.assert_array_equal(img.get_fdata(), volume)
    assert turned == head_down
    assert tuple(PLACE[:3, 3]) == ORIGIN_MM


def test_another_grid_is_not_taken_for_it():
    assert has_mni_grid((109, 91, 91), (2.0, 2.0, 2.0))
    assert not has_mni_grid(SHAPE, (2.0, 2.0, 3.0))
    assert not has_mni_grid((91, 109, 90), (2.0, 2.0, 2.0))


def test_axes_in_another_order_are_refused(atlas):
    sideways = np.ones((109, 91, 91), np.float32)
    with pytest.raises(ValueError, match=r"axes of \(109, 91, 91\) voxels; expected"):
        in_mni(nib.Nifti1Image(sideways, np.eye(4)), atlas)
