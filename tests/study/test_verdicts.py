"""What a person says of scans: read, checked, and put in place of what was measured."""

import pandas as pd
import pytest

from datnet_study.verdicts import read_verdicts, used_scans, verdicts_by_diagnosis, with_verdicts

SCANS = pd.DataFrame(
    {
        "participant_id": ["sub-1", "sub-1", "sub-2", "sub-3"],
        "session_id": ["ses-1", "ses-2", "ses-1", "ses-1"],
        "path": ["a.nii", "b.nii", "c.nii", "d.nii"],
        "diagnosis": ["PD", "PD", "HC", "HC"],
    }
)
QUALITY = SCANS.drop(columns="diagnosis").assign(
    verdict=["pass", "fail", "look", "fail"],
    path=["m/a.nii.gz", "m/b.nii.gz", "m/c.nii.gz", None],
)[::-1]
HEADER = "participant_id,session_id,verdict,reason"


@pytest.fixture
def said(tmp_path):
    """Write a file of verdicts and read it."""

    def read(*rows, header=HEADER):
        (tmp_path / "seen.csv").write_text("\n".join([header, *rows]))
        return read_verdicts(tmp_path / "seen.csv", SCANS)

    return read


def test_without_a_person_a_scan_that_fails_is_not_used():
    quality = with_verdicts(QUALITY)
    assert quality["used"].tolist() == [False, True, False, True]
    assert quality["by_hand"].isna().all() and quality["reason"].isna().all()


def test_a_person_overrules_and_confirms_and_the_reasons_stay(said):
    rows = "1,2,pass,low counts only", "2,ses-1,fail,moved", "sub-3,1,fail,no head"
    quality = with_verdicts(QUALITY, said(*rows))
    assert quality["used"].tolist() == [False, False, True, True]
    assert quality["verdict"].tolist() == ["fail", "look", "fail", "pass"]  # as measured
    assert quality["reason"].tolist()[:3] == ["no head", "moved", "low counts only"]


def test_used_scans_have_the_paths_of_their_images_in_mni_space():
    used = used_scans(SCANS, with_verdicts(QUALITY))
    assert list(used) == list(SCANS)
    assert used[["participant_id", "session_id", "path"]].to_numpy().tolist() == [
        ["sub-1", "ses-1", "m/a.nii.gz"],
        ["sub-2", "ses-1", "m/c.nii.gz"],
    ]


def test_a_scan_without_an_image_cannot_pass(said):
    with pytest.raises(ValueError, match=r"sub-3/ses-1 cannot pass, .* images\.transforms"):
        with_verdicts(QUALITY, said("sub-3,ses-1,pass,looks well"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("4,1,pass,seen", r"line 2 \(4/1\): no such scan"),
        ("1,1,look,seen", r"line 2 \(1/1\): verdict = 'look'; expected pass or fail"),
        ("1,1,fail,", r"line 2 \(1/1\): no reason"),
        ("1,1,fail,seen\nsub-1,ses-1,pass,seen", r"line 3 .*: has a verdict in a line before"),
    ],
)
def test_a_row_that_cannot_be_meant_is_named(said, row, message):
    with pytest.raises(ValueError, match=message):
        said(row)


def test_a_missing_column_and_a_missing_file_say_what_is_expected(said, tmp_path):
    with pytest.raises(ValueError, match="no column reason; expected participant_id, session_id"):
        said("1,1,pass", header="participant_id,session_id,verdict")
    with pytest.raises(FileNotFoundError, match=r"images\.verdicts: no file .*none\.tsv"):
        read_verdicts(tmp_path / "none.tsv", SCANS)


def test_exclusions_are_counted_by_diagnosis():
    found = verdicts_by_diagnosis(with_verdicts(QUALITY), SCANS)
    assert found.to_dict("index") == {
        "HC": {"fail": 1, "look": 1, "pass": 0, "scans": 2, "excluded": 1, "share": 0.5},
        "PD": {"fail": 1, "look": 0, "pass": 1, "scans": 2, "excluded": 1, "share": 0.5},
    }
