"""Scans at a path: a file, a DICOM series, or a folder of both."""

import json

import nibabel as nib
import numpy as np
import pytest
from dicom_archives import write_nm, write_pet

from datnet_core.files import whole
from datnet_study.reporting.found import LONGEST, file_name, found_scans


@pytest.fixture
def img(rng):
    return nib.Nifti1Image(rng.uniform(1, 9, (5, 6, 7)).astype(np.float32), np.diag([3.0, 3, 3, 1]))


def test_a_nifti_file_is_one_scan_and_its_sidecar_knows_the_tracer(img, tmp_path):
    nib.save(img, tmp_path / "a_pet.nii.gz")
    (tmp_path / "a_pet.json").write_text(json.dumps({"TracerName": "FP-CIT"}))
    nib.save(img, tmp_path / "b.nii")
    (scan,), remarks = found_scans(tmp_path / "a_pet.nii.gz")
    assert (scan.name, scan.kind, scan.tracer, scan.age) == (
        "a_pet.nii.gz",
        "NIfTI",
        "FP-CIT",
        None,
    )
    assert remarks == [] and np.array_equal(scan.read().get_fdata(), img.get_fdata())


@pytest.mark.parametrize("content", ["{", "[]", '{"TracerName": null}'])
def test_a_sidecar_that_says_nothing_is_no_matter(img, tmp_path, content):
    nib.save(img, tmp_path / "a.nii.gz")
    (tmp_path / "a.json").write_text(content)
    assert found_scans(tmp_path / "a.nii.gz")[0][0].tracer == ""


def test_a_folder_has_nifti_and_dicom_with_the_ages_of_its_table(img, tmp_path):
    (tmp_path / "sub").mkdir()
    nib.save(img, tmp_path / "sub/b.nii.gz")
    nib.save(img, tmp_path / "a.nii")
    (tmp_path / ".hidden").mkdir()
    nib.save(img, tmp_path / ".hidden/c.nii")
    write_pet(tmp_path / "series", img.get_fdata(), img.affine)
    (tmp_path / "scans.tsv").write_text("path\tage\nsub/b.nii.gz\t61,5\na.nii\tn/a\n")
    scans, _ = found_scans(tmp_path)
    assert [(scan.name, scan.kind, scan.age) for scan in scans] == [
        ("a.nii", "NIfTI", None), ("series", "DICOM", 64), ("sub/b.nii.gz", "NIfTI", 61.5),
    ]  # fmt: skip
    assert scans[1].read().shape == (5, 6, 7)


def test_a_folder_of_one_series_has_the_name_of_the_folder(img, tmp_path):
    folder = tmp_path / "exam 7"
    write_pet(folder, img.get_fdata(), img.affine)
    (scan,), _ = found_scans(folder)
    assert scan.name == "exam 7"
    (by_file,), _ = found_scans(next(folder.glob("*.dcm")))
    assert by_file.path == folder


def test_one_file_of_spect_is_a_scan(img, tmp_path):
    write_nm(tmp_path / "in/spect.dcm", 100 * img.get_fdata(), img.affine)
    write_nm(tmp_path / "in/other.dcm", 100 * img.get_fdata(), img.affine)
    (scan,), _ = found_scans(tmp_path / "in/spect.dcm")
    assert scan.name == "spect.dcm"


def test_a_series_with_a_problem_is_there_with_it(img, tmp_path):
    write_pet(tmp_path, img.get_fdata(), img.affine, skipped=(3,))
    (scan,), _ = found_scans(tmp_path)
    assert "slices; the header declares" in scan.problem


def test_series_and_window_choose(img, tmp_path):
    for number, name in enumerate(("late", "early")):
        write_pet(
            tmp_path / name, img.get_fdata(), img.affine, SeriesDescription=name,
            frame=(0, 1, 900 * number, 900),
        )  # fmt: skip
    (scan,), _ = found_scans(tmp_path, series="late")
    assert scan.name == "late" and not scan.problem
    (outside,), _ = found_scans(tmp_path, series="late", window_min=(0, 10))
    assert "min after injection" in outside.problem


def test_nothing_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        found_scans(tmp_path / "none.nii")
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(ValueError, match="no scan.*expected NIfTI"):
        found_scans(tmp_path)


def test_names_of_files_are_plain_and_each_is_one():
    assert file_name("../../etc/<b>.nii.gz", ()) == "etc_b"
    assert file_name("ä.nii", {"scan"}) == "scan-2"


def test_a_long_path_makes_a_name_that_a_file_can_have(tmp_path):
    folder = "/".join(["Hospital_export_of_dynamic_PET_frames"] * 8)
    paths = [f"{folder}/{k}/sub-01/scan.nii.gz" for k in range(2)]
    first, second = names = [file_name(path, ()) for path in paths]
    assert all(len(name) <= LONGEST for name in names)
    assert "_0_sub-01_scan-" in first and "_1_sub-01_scan-" in second
    assert first != second and file_name(paths[0], {first}) == f"{first}-2"
    with whole(tmp_path / f"{first}-2.html") as part:
        part.write_text("report")
    same = f"{'a' * (LONGEST - 1)}b.nii"
    assert file_name(same, ()) == same.removesuffix(".nii")
