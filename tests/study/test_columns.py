"""A table in the user's words becomes ours; what cannot is listed with its rows."""

import re
import unicodedata

import pytest
from helpers import scan_table

from datnet_study.columns import COLUMNS, relative, translated
from datnet_study.scans import read_scans

HOSPITAL = """\
Patient;File;Final diagnosis;Age (y);Gender;Years since onset;Site
P-001;a\\1.nii;PD;61,5;male;2,5;North
P-002;a\\2.nii;PD/MSA-P;70;female;-9;North
P-003;a\\3.nii;ET;55;female;1;North
Müller;a\\4.nii;none;66;2;n/a;South
"""
COLUMNS_OF_THEIRS = {
    "participant_id": "Patient", "path": "File", "diagnosis": "Final  diagnosis",
    "age": "Age (y)", "sex": "Gender", "symptom_duration_years": "Years since onset",
    "certainty": "Site",
}  # fmt: skip
WORDS = {
    "diagnosis": {"PD": "IPD", "PD/MSA-P": "MSA", "none": "NC", "ET": None},
    "sex": {"male": "M", "female": "F", "1": "M", "2": "F"},
    "certainty": {"North": "definite", "South": "confirmed"},
    "symptom_duration_years": {"-9": None},
}


@pytest.fixture
def hospital(tmp_path):
    def table(text=HOSPITAL, **changes):
        (tmp_path / "export.csv").write_text(text, encoding="utf-8-sig")
        words = {"columns": COLUMNS_OF_THEIRS, "values": WORDS, "path": tmp_path / "export.csv"}
        return scan_table(tmp_path, **words | changes)

    return table


def test_columns_words_numbers_ids_and_paths_of_a_hospital_become_ours(hospital):
    rows, problems, _ = translated(hospital())
    assert problems == []
    assert rows[0] == {
        "line": 2, "participant_id": "sub-P001", "path": "a/1.nii", "diagnosis": "IPD",
        "certainty": "definite", "age": "61.5", "sex": "M", "symptom_duration_years": "2.5",
        "session_id": "ses-1",
    }  # fmt: skip
    assert [row["line"] for row in rows] == [2, 3, 5]  # ET is left out
    assert [row["diagnosis"] for row in rows] == ["IPD", "MSA", "NC"]
    assert [row["symptom_duration_years"] for row in rows] == ["2.5", None, None]
    assert (rows[2]["participant_id"], rows[2]["sex"]) == ("sub-Muller", "F")
    assert rows[2]["certainty"] == "confirmed"  # a cohort by site


def test_words_without_a_meaning_are_listed_with_their_lines(hospital, tmp_path):
    (tmp_path / "a").mkdir()
    for k in (1, 2, 4):
        (tmp_path / f"a/{k}.nii").touch()
    text = HOSPITAL.replace("female", "w").replace("PD/MSA-P", "MSA?").replace(";ET;", ";PD;")
    with pytest.raises(ValueError) as error:
        read_scans(hospital(text), ("IPD", "MSA", "PSP", "NC"))
    lines = str(error.value).splitlines()
    assert "  rows 3, 4: sex = 'w': expected one of F, M; map it under values.sex" in lines
    assert any(
        line.startswith("  row 3 (sub-P002/ses-1): diagnosis = 'MSA?': expected one of IPD")
        for line in lines
    )
    assert any("row 4 (sub-P003/ses-1): path = 'a/3.nii': no such file" in line for line in lines)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"age": "Age"}, r"columns\.age: no column 'Age'; the table has 'Patient', 'File', .*"),
        ({"updrs": "UPDRS"}, r"columns\.updrs: no column 'UPDRS'; .*"),
    ],
)
def test_a_column_that_is_not_there_is_named_beside_those_that_are(hospital, columns, message):
    (problem,) = translated(hospital(columns=COLUMNS_OF_THEIRS | columns)).problems
    assert re.fullmatch(message, problem)


def test_two_columns_of_one_name_are_refused_if_they_are_used(hospital):
    text = HOSPITAL.replace("Gender", "Age (y)")
    with_sex = {key: value for key, value in COLUMNS_OF_THEIRS.items() if key != "sex"}
    (problem,) = translated(hospital(text, columns=with_sex)).problems
    assert problem == "column 'Age (y)': 2 columns have this name; expected one"


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (
            "P-1",
            "P1",
            "participants 'P-1' (row 2) and 'P1' (row 3) would both be sub-P1; rename one",
        ),
        ("sub-é1", "e1", "participants 'sub-é1' (row 2) and 'e1' (row 3) would both be sub-e1;"),
        ("p1", "P1", "participants 'p1' (row 2) and 'P1' (row 3) would both be sub-p1; rename"),
        ("患者1", "2", "row 2: participant_id = '患者1': expected letters a-z and digits; give"),
        ("--", "2", "row 2: participant_id = '--': expected letters"),
        ("7", "7", "participant 7 is in rows 2, 3: name the column that tells the scans apart"),
    ],
)
def test_ids_that_would_become_one_or_nothing_are_refused(tmp_path, one, other, message):
    (tmp_path / "scans.tsv").write_text(f"participant_id\tage\n{one}\t1\n{other}\t2\n")
    problems = translated(scan_table(tmp_path)).problems
    assert any(problem.startswith(message) for problem in problems), problems


def test_ids_that_differ_stay_apart(tmp_path):
    (tmp_path / "scans.tsv").write_text("participant_id\tage\n1\t1\n01\t2\nsub-1a\t3\nSUB_2\t4\n")
    rows, problems, _ = translated(scan_table(tmp_path))
    assert [row["participant_id"] for row in rows] == ["sub-1", "sub-01", "sub-1a", "sub-2"]
    assert problems == []


def test_sessions_are_told_apart_by_the_column_that_is_named(tmp_path):
    text = "participant_id\tvisit\n1\tbase line\n1\t24 m\n"
    (tmp_path / "scans.tsv").write_text(text)
    rows, problems, _ = translated(scan_table(tmp_path, columns={"session_id": "visit"}))
    assert ([row["session_id"] for row in rows], problems) == (["ses-baseline", "ses-24m"], [])


def test_a_table_of_which_every_row_is_left_out_is_refused(tmp_path):
    (tmp_path / "scans.tsv").write_text("participant_id\tdiagnosis\n1\tET\n")
    with pytest.raises(ValueError, match=r"values\.diagnosis leaves out each of the 1 rows"):
        translated(scan_table(tmp_path, values={"diagnosis": {"ET": None}}))


def test_a_word_that_looks_missing_can_be_given_a_meaning(tmp_path):
    (tmp_path / "scans.tsv").write_text("participant_id\tdiagnosis\n1\tNA\n2\tn/a\n")
    rows = translated(scan_table(tmp_path, values={"diagnosis": {"NA": "NC"}})).rows
    assert [row["diagnosis"] for row in rows] == ["NC", None]


def test_paths_count_from_the_folder_of_images(tmp_path):
    assert relative(str(tmp_path / "x/../b.nii"), tmp_path) == "b.nii"
    assert relative("./x//b.nii", tmp_path) == "x/b.nii"
    assert relative("/elsewhere/b.nii", tmp_path) == "/elsewhere/b.nii"
    assert relative("..\\b.nii", tmp_path) == "../b.nii"


def test_an_accent_may_be_written_in_the_way_of_another_disk(tmp_path):
    name = unicodedata.normalize("NFD", "Müller.nii")
    (tmp_path / name).touch()
    assert relative("Müller.nii", tmp_path) == name != "Müller.nii"


def test_our_own_table_needs_no_words(dataset):
    rows, problems, sides = translated(scan_table(dataset))
    assert (problems, sides, len(rows)) == ([], {}, 16)
    assert set(rows[0]) == {"line", *COLUMNS} - {"site"}
