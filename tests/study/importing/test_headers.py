"""DICOM files of a folder as series."""

import numpy as np
from dicom_archives import write_pet

from datnet_study.importing.headers import read_series, source_files

AFFINE = np.array([[3, 0, 0, -20], [0, 4, 0, -30], [0, 0, 5, -40], [0, 0, 0, 1.0]])
VOLUME = np.arange(3 * 4 * 5.0).reshape(3, 4, 5)


def test_files_of_a_series_belong_together_wherever_they_lie(tmp_path):
    write_pet(tmp_path / "a", VOLUME, AFFINE)
    (tmp_path / "b").mkdir()
    (tmp_path / "a/0002.dcm").rename(tmp_path / "b/without-suffix")
    write_pet(tmp_path / "c", VOLUME, AFFINE)
    found, broken = read_series(tmp_path)
    assert sorted(len(series.files) for series in found) == [5, 5]
    assert broken == []


def test_hidden_files_and_other_files_are_passed_over(tmp_path):
    write_pet(tmp_path / ".trash", VOLUME, AFFINE)
    (tmp_path / "._copy.dcm").write_bytes(b"left by a Mac")
    (tmp_path / "letter.txt").write_text("dear colleague")
    assert source_files(tmp_path) == [tmp_path / "letter.txt"]
    assert read_series(tmp_path) == ([], [])


def test_a_folder_below_a_hidden_one_is_read(tmp_path):
    write_pet(tmp_path / ".store/from", VOLUME, AFFINE)
    assert len(source_files(tmp_path / ".store/from")) == 5


def test_the_index_of_a_disk_is_no_scan(tmp_path):
    (tmp_path / "DICOMDIR").write_bytes(bytes(128) + b"DICM")
    assert read_series(tmp_path) == ([], [])
