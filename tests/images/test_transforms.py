"""Maps between nibabel's millimetres and ITK's, on disk and on images."""

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from datnet_images.transforms import (
    itk_affine,
    itk_image,
    itk_warp,
    matrix_of,
    read_transform,
    scan_positions,
    smoothed,
    to_mni,
    write_transform,
)
from datnet_images.warp import spline_basis, spline_origin, spread

MATRIX = np.array([[0.9, 0.2, 0, 5], [-0.1, 1.1, 0.3, -7], [0.05, 0, 1, 2], [0, 0, 0, 1]])
AFFINE = np.array([[3.0, 0, 0, -10], [0, 2, 0, 20], [0, 0, 4, -5], [0, 0, 0, 1]])


@pytest.fixture
def img(rng):
    return nib.Nifti1Image(rng.random((6, 7, 5)).astype(np.float32), AFFINE)


def test_an_affine_map_is_the_same_in_both_worlds():
    np.testing.assert_allclose(matrix_of(itk_affine(MATRIX)), MATRIX, atol=1e-12)
    point = np.array([[10.0, -20, 30]])
    # 9 - 4 + 0 + 5 = 10; -1 - 22 + 9 - 7 = -21; 0.5 + 30 + 2 = 32.5
    np.testing.assert_allclose(scan_positions(itk_affine(MATRIX), point), [[10, -21, 32.5]])


def test_an_image_lies_in_itk_where_it_lies_in_nibabel(img):
    image = itk_image(img.get_fdata(), img.affine)
    x, y, z = nib.affines.apply_affine(img.affine, [4, 2, 3])
    assert image.TransformPhysicalPointToIndex((-x, -y, z)) == (4, 2, 3)
    assert image[4, 2, 3] == img.get_fdata()[4, 2, 3]


def test_a_warp_of_itk_is_the_sum_of_our_splines(rng):
    shape, spacing, knots_mm, first = (9, 8, 7), 4.0, 15.0, np.array([-12.0, 30, -50])
    splines = [spline_basis(n, spacing, knots_mm) for n in shape]
    u = rng.normal(size=(3, *(spline.shape[1] for spline in splines)))
    corner = first + [spline_origin(n, spacing, knots_mm)[0] for n in shape]
    transform = itk_warp(u, corner, knots_mm)
    voxels = np.argwhere(np.ones(shape))[::17]
    points = first + spacing * voxels
    expected = points + spread(u, splines)[(slice(None), *voxels.T)].T
    np.testing.assert_allclose(scan_positions(transform, points), expected, atol=1e-9)


def test_nothing_changes_under_the_identity(img):
    found = to_mni(img, itk_affine(np.eye(4)), img.affine, img.shape, 0)
    np.testing.assert_allclose(found.get_fdata(), img.get_fdata(), rtol=1e-6)
    np.testing.assert_array_equal(found.affine, img.affine)


def test_a_shift_by_a_voxel_shifts_by_a_voxel_and_brings_air(img):
    shift = np.eye(4)
    shift[0, 3] = 3.0  # MNI x lies in the scan at x + 3 mm: the next voxel
    found = to_mni(img, itk_affine(shift), img.affine, img.shape, 0).get_fdata()
    np.testing.assert_allclose(found[:-1], img.get_fdata()[1:], rtol=1e-6)
    assert not found[-1].any()


def test_the_order_of_the_axes_of_the_scan_does_not_matter(img):
    img = nib.Nifti1Image(np.pad(img.get_fdata()[1:-1, 1:-1, 1:-1], 1), AFFINE)  # no cut border
    flipped = img.as_reoriented([[2, 1], [0, -1], [1, 1]])
    one, other = (to_mni(i, itk_affine(MATRIX), AFFINE, (9, 4, 8), 5.0) for i in (img, flipped))
    np.testing.assert_allclose(one.get_fdata(), other.get_fdata(), atol=1e-6)


def test_a_filter_keeps_a_constant_and_halves_at_half_its_width():
    np.testing.assert_allclose(smoothed(np.full((5, 6, 7), 3.0), AFFINE, 9.0), 3)
    point = np.zeros((41, 1, 1))
    point[20] = 1
    blurred = smoothed(point, np.eye(4), 8.0)[:, 0, 0]
    assert blurred[24] / blurred[20] == pytest.approx(0.5, rel=1e-6)


def test_a_transform_survives_its_file_to_the_byte(tmp_path, rng):
    u = rng.normal(size=(3, 5, 5, 6)).round(5)
    warp = itk_warp(u, np.array([-20.0, -30, -40]), 20.0)
    transform = sitk.CompositeTransform([itk_affine(MATRIX), warp])
    for name in ("one.tfm", "two.tfm"):
        write_transform(transform, tmp_path / name)
    assert (tmp_path / "one.tfm").read_bytes() == (tmp_path / "two.tfm").read_bytes()
    points = rng.uniform(-10, 10, (5, 3))
    again = scan_positions(read_transform(tmp_path / "one.tfm"), points)
    np.testing.assert_allclose(again, scan_positions(transform, points), atol=1e-9)


def test_files_that_are_no_transform_are_named(tmp_path):
    (tmp_path / "text.tfm").write_text("hello")
    for name in ("text.tfm", "absent.tfm"):
        with pytest.raises(ValueError, match=rf"{name}: not a transform of ITK .*expected a .tfm"):
            read_transform(tmp_path / name)
    write_transform(sitk.AffineTransform(2), tmp_path / "flat.tfm")
    with pytest.raises(ValueError, match="a map of 2 dimensions; expected 3"):
        read_transform(tmp_path / "flat.tfm")
