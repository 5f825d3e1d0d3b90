"""Rows whose image is not there, and rows of one problem told in one line."""

import pandas as pd
import pytest
from helpers import scan_table

from datnet_study.row_problems import LISTED, path_problems
from datnet_study.scans import read_scans


def problems(folder, path):
    rows = pd.DataFrame([{"line": 7, "participant_id": "sub-1", "path": path}])
    return path_problems(rows.set_index("line", drop=False), folder)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "store.nii").touch()
    return tmp_path / "scans"


def test_an_image_may_be_a_link_to_another_place(folder):
    (folder / "a.nii").symlink_to(folder.parent / "store.nii")
    assert problems(folder, "a.nii") == []


def test_a_link_to_nothing_is_called_so(folder):
    (folder / "a.nii").symlink_to(folder / "gone.nii")
    assert problems(folder, "a.nii") == [
        f"row 7 (sub-1): path = 'a.nii': no such file in {folder}; it is a link to nothing"
    ]


@pytest.mark.parametrize("path", ["../store.nii", "/store.nii"])
def test_a_path_out_of_the_folder_says_what_to_do(folder, path):
    assert problems(folder, path) == [
        f"row 7 (sub-1): path = {path!r}: outside the data set {folder}; let `dataset` hold all "
        "images"
    ]


def test_rows_with_one_wrong_word_are_one_line(tmp_path):
    lines = [f"{k}\t{k}.nii\tIPD\tdefinite\t60\tmale" for k in range(LISTED + 5)]
    header = "participant_id\tpath\tdiagnosis\tcertainty\tage\tsex"
    (tmp_path / "scans.tsv").write_text("\n".join([header, *lines]) + "\n")
    with pytest.raises(ValueError) as error:
        read_scans(scan_table(tmp_path), ("IPD", "NC"))
    (line,) = [line for line in str(error.value).splitlines() if "sex" in line]
    assert line.startswith("  rows 2, 3, 4,") and " and 5 more: sex = 'male': expected one" in line
