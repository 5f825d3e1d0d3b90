"""Slices where the header has them, whatever a converter made of the sign of their step."""

import nibabel as nib
import numpy as np
import pytest
from dicom_archives import write_nm, write_pet

from datnet_study.importing.dicom_geometry import slice_positions, upright
from datnet_study.importing.headers import read_series

AFFINE = np.array([[3, 0, 0, -20], [0, 4, 0, -30], [0, 0, 5, -40], [0, 0, 0, 1.0]])
VOLUME = np.arange(3 * 4 * 5.0).reshape(3, 4, 5)
UP = np.array([0.0, 0, 1])


def test_positions_of_pet_slices_are_those_of_the_files(tmp_path):
    write_pet(tmp_path, VOLUME, AFFINE)
    normal, positions = slice_positions(read_series(tmp_path)[0][0])
    np.testing.assert_allclose(normal, UP)
    np.testing.assert_allclose(positions, [-40, -35, -30, -25, -20])


@pytest.mark.parametrize(
    ("downwards", "positions"),
    [(False, [-40, -35, -30, -25, -20]), (True, [-20, -25, -30, -35, -40])],
)
def test_positions_of_spect_slices_follow_the_sign_of_the_step(tmp_path, downwards, positions):
    write_nm(tmp_path / "a.dcm", VOLUME, AFFINE, downwards=downwards)
    np.testing.assert_allclose(slice_positions(read_series(tmp_path)[0][0])[1], positions)


def test_rows_that_run_forwards_count_slices_downwards(tmp_path):
    def change(header):
        header.DetectorInformationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, -1, 0]

    write_nm(tmp_path / "a.dcm", VOLUME, AFFINE, change=change)
    normal, positions = slice_positions(read_series(tmp_path)[0][0])
    np.testing.assert_allclose(normal, -UP)
    # The first slice is at z = -40, so at +40 along a normal that points down.
    np.testing.assert_allclose(positions, [40, 45, 50, 55, 60])


def test_an_image_that_agrees_with_its_header_stays():
    img = nib.Nifti1Image(VOLUME, AFFINE)
    assert upright(img, UP, np.array([-20.0, -25, -30, -35, -40])) is img


def test_an_image_that_has_lost_the_sign_is_turned_over():
    wrong = AFFINE.copy()
    wrong[2, 3] = -20  # slices from -20 up, where they go from -20 down
    img = upright(nib.Nifti1Image(VOLUME, wrong), UP, np.array([-20.0, -25, -30, -35, -40]))
    canonical = nib.as_closest_canonical(img)
    np.testing.assert_allclose(canonical.affine, AFFINE)
    np.testing.assert_array_equal(canonical.get_fdata(), VOLUME[:, :, ::-1])


def test_slices_elsewhere_than_in_the_header_are_refused():
    img = nib.Nifti1Image(VOLUME, AFFINE)
    with pytest.raises(ValueError, match=r"from -40.0 to -20.0 mm after conversion, expected from"):
        upright(img, UP, np.array([0.0, 5, 10, 15, 20]))
