"""What an import writes, and what it does not write over."""

import json

import nibabel as nib
import numpy as np
import pytest

from datnet_study.importing.derivative import (
    source_key,
    start_derivative,
    write_imported,
    write_scan_tables,
)

AFFINE = np.diag([2.0, 3, 4, 1])


@pytest.mark.parametrize(
    ("stored", "kind"),
    [(np.uint16, "u2"), (np.int16, "i2"), (np.float64, "f4"), (np.int32, "f4")],
)
def test_voxels_keep_their_numbers_in_the_smallest_type_that_holds_them(tmp_path, stored, kind):
    data = np.arange(2 * 3 * 4).reshape(2, 3, 4).astype(stored)
    write_imported(tmp_path / "a.nii.gz", nib.Nifti1Image(data, AFFINE, dtype=stored), {})
    img = nib.load(tmp_path / "a.nii.gz")
    assert img.get_data_dtype() == np.dtype(kind)
    np.testing.assert_array_equal(img.get_fdata(), data)
    np.testing.assert_array_equal(img.affine, AFFINE)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (np.ones((2, 3, 4, 5)), r"shape \(2, 3, 4, 5\); expected three axes"),
        (np.ones((2, 3, 1)), r"shape \(2, 3, 1\); expected three axes"),
        (np.full((2, 3, 4), np.nan), "voxels without a finite number"),
    ],
)
def test_what_is_no_volume_of_counts_is_not_written(tmp_path, data, problem):
    with pytest.raises(ValueError, match=problem):
        write_imported(tmp_path / "a.nii.gz", nib.Nifti1Image(data, AFFINE), {})
    assert list(tmp_path.iterdir()) == []


def test_the_key_of_a_source_is_known_only_where_the_image_stands(tmp_path):
    path = tmp_path / "a.nii.gz"
    assert source_key(path) is None
    write_imported(path, nib.Nifti1Image(np.ones((2, 3, 4)), AFFINE), {"SourceKey": "12"})
    assert source_key(path) == "12"
    path.unlink()
    assert source_key(path) is None


def test_a_column_that_nobody_has_is_left_out_and_a_gap_is_n_a(tmp_path):
    rows = [
        {"participant_id": "sub-1", "session_id": "ses-1", "path": "a", "age": 60, "sex": "F"},
        {"participant_id": "sub-1", "session_id": "ses-2", "path": "b", "age": 62, "sex": "F"},
        {"participant_id": "sub-2", "session_id": "ses-1", "path": "c", "age": None, "sex": "M"},
    ]
    write_scan_tables(tmp_path, rows)
    assert (tmp_path / "scans.tsv").read_text().splitlines() == [
        "participant_id\tsession_id\tpath\tage\tsex",
        "sub-1\tses-1\ta\t60\tF",
        "sub-1\tses-2\tb\t62\tF",
        "sub-2\tses-1\tc\tn/a\tM",
    ]
    people = (tmp_path / "participants.tsv").read_text().splitlines()
    assert people == ["participant_id\tage\tsex", "sub-1\t60\tF", "sub-2\tn/a\tM"]


@pytest.mark.parametrize(
    ("age", "written"), [(89, "89"), ("89.9", "89.9"), ("90", "90"), (93, "90"), ("101.5", "90")]
)
def test_an_age_over_89_is_not_told(tmp_path, age, written):
    row = {"participant_id": "sub-1", "session_id": "ses-1", "path": "a", "age": age, "updrs": 95}
    write_scan_tables(tmp_path, [row])
    line = (tmp_path / "scans.tsv").read_text().splitlines()[1]
    assert line.split("\t")[3:] == [written, "95"]
    assert (tmp_path / "participants.tsv").read_text().splitlines()[1].split("\t")[1] == written


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    start_derivative(tmp_path / "to", "dicom")
    start_derivative(tmp_path / "to", "dicom")
    about = json.loads((tmp_path / "to/dataset_description.json").read_text())
    assert about["SourceDatasets"] == [{"Description": "DICOM files"}]
    with pytest.raises(ValueError, match="expected a new folder, or that of an earlier import"):
        start_derivative(tmp_path / "to", "bids")
