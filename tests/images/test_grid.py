"""The study grid covers the template; a field of view is the box that was asked for."""

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datnet_images.grid import (
    box_centre,
    centre_cone,
    field_of_view,
    in_full_grid,
    study_grid,
)


@pytest.mark.parametrize(
    ("spacing_mm", "shape"), [(2, (79, 95, 69)), (4, (40, 48, 35)), (8, (21, 25, 18))]
)
def test_the_study_grid_covers_the_template(spacing_mm, shape):
    affine, found = study_grid(spacing_mm)
    assert found == shape
    last = nib.affines.apply_affine(affine, np.array(shape) - 1)
    assert (np.abs(last - [78, 76, 86]) <= spacing_mm / 2).all()


@given(spacing_mm=st.floats(1.5, 12))
def test_the_study_grid_covers_the_template_at_any_spacing(spacing_mm):
    affine, shape = study_grid(spacing_mm)
    first, last = nib.affines.apply_affine(affine, [[0, 0, 0], np.array(shape) - 1])
    np.testing.assert_array_equal(first[1:], [-112, -50])
    assert first[0] == pytest.approx(-last[0])  # a flipped array is the mirror image
    # The outermost voxels reach the template's last voxel centre, none lies beyond it.
    assert (np.abs(last - [78, 76, 86]) <= spacing_mm / 2 + 1e-9).all()


def test_a_field_of_view_holds_the_voxels_whose_centres_are_in_the_box():
    affine, shape = study_grid(4.0)
    field = field_of_view(4.0, ((-44, 44), (-40, 36), (-30, 34)))
    for axis, (low, high) in enumerate(((-44, 44), (-40, 36), (-30, 34))):
        centres = affine[axis, axis] * np.arange(shape[axis]) + affine[axis, 3]
        expected = np.flatnonzero((centres >= low) & (centres <= high))
        assert list(range(shape[axis])[field[axis]]) == expected.tolist()
    everything = tuple(slice(0, n) for n in shape)
    assert field_of_view(4.0, None) == everything
    assert field_of_view(4.0, ((-999, 999),) * 3) == everything


@pytest.mark.parametrize("spacing_mm", [2, 3, 4, 5, 8, 10, 16])
def test_a_field_that_is_as_wide_on_both_sides_holds_as_many_voxels_on_both(spacing_mm):
    affine, shape = study_grid(spacing_mm)
    inside, _, _ = field_of_view(spacing_mm, ((-44, 44), (-40, 36), (-30, 34)))
    centres = (affine[0, 0] * np.arange(shape[0]) + affine[0, 3])[inside]
    np.testing.assert_allclose(centres, -centres[::-1], atol=1e-9)


@pytest.mark.parametrize("box", [((200, 300), (0, 9), (0, 9)), ((0, 9), (0, 3), (0, 9))])
def test_a_field_without_voxels_says_how_far_the_grid_reaches(box):
    with pytest.raises(ValueError, match=r"network\.field_mm .* along [xy] .*4 mm grid, which"):
        field_of_view(4.0, box)


def test_maps_of_a_field_come_back_to_their_place(rng):
    full = rng.random((3, 7, 8, 9))
    field = (slice(1, 4), slice(0, 8), slice(5, 7))
    back = in_full_grid(full[(slice(None), *field)], field, (7, 8, 9))
    np.testing.assert_array_equal(back[(slice(None), *field)], full[(slice(None), *field)])
    outside = np.ones((7, 8, 9), bool)
    outside[field] = False
    assert not back[:, outside].any()
    assert in_full_grid(full[0][field] > 0, field, (7, 8, 9)).dtype == bool


def test_the_cone_is_highest_in_the_centre_of_the_box_and_falls_by_a_mm_for_each_mm():
    affine, shape = study_grid(4.0)
    field = field_of_view(4.0, [(-42, 42), (-40, 40), (-32, 34)])
    centre = box_centre(field, affine)
    corners = nib.affines.apply_affine(
        affine, [[s.start for s in field], [s.stop - 1 for s in field]]
    )
    np.testing.assert_allclose(centre, corners.mean(axis=0))
    cone = centre_cone(field, affine, shape)
    assert cone.shape == shape
    voxel = (5, 40, 7)
    place = nib.affines.apply_affine(affine, voxel)
    assert cone[voxel] == pytest.approx(-np.linalg.norm(place - centre))
    highest = nib.affines.apply_affine(affine, np.unravel_index(cone.argmax(), shape))
    assert np.abs(highest - centre).max() <= 2  # half a voxel
