"""Clinical tables of PPMI: joined by participant and visit, by names that a map says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dicom_archives import write_ppmi

from datnet_study.importing import SourceScan, Wanted, import_scans
from datnet_study.importing.clinical import (
    ClinicalNames,
    read_clinical,
    read_names,
    with_clinical,
)

NAMES = {"participant": ["PATNO"], "visit": ["EVENT_ID"], "columns": {"updrs": ["total", "tot"]}}
TABLE = "PATNO,EVENT_ID,tot\n3001,BL,31\n3001,V04,.\n3002,BL,UR\n3003,V04,12\n"
SMALL = np.arange(6 * 7 * 5.0).reshape(6, 7, 5)
AFFINE = np.array([[3, 0, 0, -20], [0, 4, 0, -30], [0, 0, 5, -40], [0, 0, 0, 1.0]])


def names(**changes):
    return ClinicalNames.model_validate(NAMES | changes)


def scan(participant, visit, **more):
    where = Path(f"{participant}/{visit}")
    return SourceScan(where, participant, visit, "", 1, None, visit=visit, **more)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "curated.csv"
    path.write_text(TABLE)
    return path


def test_values_are_found_by_participant_and_visit_under_any_of_their_names(table):
    values, remarks = read_clinical(table, names())
    assert values == {
        ("3001", "BL"): {"updrs": "31"},
        ("3001", "V04"): {},  # a point is how SAS writes a missing value
        ("3002", "BL"): {},
        ("3003", "V04"): {"updrs": "12"},
    }
    [line] = remarks
    assert line.startswith(f"{table}, line 4: updrs is no number") and "UR" not in line


def test_a_visit_without_a_row_has_that_of_the_visit_the_map_says(table):
    scans = [scan("3001", "SC", values={"age": "61"}), scan("3003", "V04"), scan("3003", "SC")]
    found, remarks = with_clinical(scans, table, names(visits={"SC": "BL", "V04": "BL"}))
    assert [each.values for each in found] == [{"age": "61", "updrs": "31"}, {"updrs": "12"}, {}]
    assert f"{table}: no row for the visit of 1 of 3 scans, such as 3003/SC" in remarks[0]
    found, remarks = with_clinical(scans, table, names())
    assert [each.values.get("updrs") for each in found] == [None, "12", None]
    assert "2 of 3 scans" in remarks[0]


def test_a_scan_that_is_left_out_anyway_is_not_counted(table):
    _, remarks = with_clinical([scan("9", "SC", problems=("no",))], table, names())
    assert not [line for line in remarks if "no row" in line]


@pytest.mark.parametrize(
    ("changes", "text", "problem"),
    [
        ({"columns": {"updrs": ["sum"]}}, TABLE, "no column for updrs; expected sum, which the"),
        ({"visit": ["VISIT"]}, TABLE, "no column for visit; expected VISIT"),
        ({}, f"{TABLE}3001,BL,32\n", "line 6: a second row of one participant and visit"),
    ],
)
def test_a_table_that_does_not_fit_the_map_is_refused(table, changes, text, problem):
    table.write_text(text)
    with pytest.raises(ValueError, match=problem):
        read_clinical(table, names(**changes))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("participant: [PATNO]\nvisit: [E]\ncolumns: {weight: [kg]}\n", "columns.weight: "),
        ("participant: [PATNO]\n", "visit: missing; columns: missing"),
        ("participant: [PATNO]\nvisit: [E]\ncolumns: {}\ncolours: {}\n", "unknown key"),
        ("visit: [", "not readable as YAML"),
    ],
)
def test_a_map_is_checked(tmp_path, text, problem):
    path = tmp_path / "map.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=problem):
        read_names(path)
    with pytest.raises(FileNotFoundError, match="expected a map of names"):
        read_names(tmp_path / "none.yaml")


def test_the_map_of_the_project_reads_a_curated_table_of_a_newer_and_an_older_release(tmp_path):
    heads = {"new": "NHY,duration_yrs,updrs_totscore", "old": "hy,duration_yrs,updrs_totscore"}
    for name, head in heads.items():
        path = tmp_path / f"{name}.csv"
        path.write_text(f"PATNO,EVENT_ID,COHORT,{head}\n3001,BL,1,2,0.75,31\n")
        values, remarks = read_clinical(path, read_names())
        expected = {"hoehn_yahr": "2", "symptom_duration_years": "0.75", "updrs": "31"}
        assert values == {("3001", "BL"): expected} and remarks == []


def test_an_archive_comes_in_with_its_clinical_values(tmp_path):
    person = {"group": "PD", "sex": "F", "visit": "SC", "volume": SMALL, "affine": AFFINE}
    ages = {3001: "61.5", 3002: "93.2"}
    write_ppmi(tmp_path / "from", [person | {"subject": n, "id": n, "age": ages[n]} for n in ages])
    table = tmp_path / "from/curated.csv"  # beside the search table
    table.write_text("PATNO,EVENT_ID,updrs_totscore,hy,duration_yrs\n3001,BL,31,2,0.75\n")
    said = []
    wanted = Wanted(clinical=table)
    import_scans(tmp_path / "from", tmp_path / "to", wanted, say=said.append)
    scans = pd.read_csv(tmp_path / "to/scans.tsv", sep="\t").set_index("age")
    columns = ["updrs", "hoehn_yahr", "symptom_duration_years"]
    assert scans.loc[61.5, columns].tolist() == [31, 2, 0.75]
    assert scans.loc[90.0, columns].isna().all()  # 93.2, and without a row
    assert any("1 of 2 scans" in line for line in said)
    table.write_text(table.read_text().replace(",31,", ",33,"))  # another state of the source
    import_scans(tmp_path / "from", tmp_path / "to", wanted, say=said.append)
    scans = pd.read_csv(tmp_path / "to/scans.tsv", sep="\t").set_index("age")
    assert scans.loc[61.5, "updrs"] == 33


def test_other_sources_have_no_clinical_table(tmp_path, table):
    (tmp_path / "from").mkdir()
    with pytest.raises(ValueError, match="for an archive of PPMI; expected for other sources"):
        import_scans(tmp_path / "from", tmp_path / "to", Wanted(clinical=table), say=str)
    with pytest.raises(FileNotFoundError, match=r"expected one \(NAMES\)"):
        missing = Wanted(names=tmp_path / "no.yaml")
        import_scans(tmp_path / "from", tmp_path / "to", missing, say=str)
