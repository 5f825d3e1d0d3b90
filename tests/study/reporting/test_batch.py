"""A folder of scans: a report each, and one table."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from datnet_study.reporting import batch
from datnet_study.reporting.batch import TABLE, report_on, row_of
from datnet_study.reporting.found import Found
from datnet_study.reporting.judging import Judged


@pytest.fixture
def scans(monkeypatch, found):
    """Three scans, one of which is broken; none is read."""

    def judge_scan(scan, judge, **_):
        return Judged(scan.name, problem="cut\tshort\nhere") if scan.problem else found

    monkeypatch.setattr(batch, "judge_scan", judge_scan)
    names = {"a/scan.nii.gz": "", "a_scan.nii": "", "b.nii": "broken"}
    return [Found(name, "NIfTI", None, problem=problem) for name, problem in names.items()]


def test_each_scan_has_a_report_and_a_row(scans, judge, found, tmp_path):
    rows = report_on(scans, judge, tmp_path, viewer=False)
    with (tmp_path / TABLE).open() as file:
        assert list(csv.DictReader(file, delimiter="\t")) == rows
    assert [row["report"] for row in rows] == ["a_scan.html", "a_scan-2.html", "b.html"]
    assert all((tmp_path / row["report"]).is_file() for row in rows)
    assert [row["judged"] for row in rows] == ["yes", "yes", "no"]
    assert float(rows[0]["p_IPD"]) == pytest.approx(found.proba[0], abs=1e-7)
    assert rows[2]["problem"] == "cut short here" and rows[2]["p_IPD"] == ""


def test_a_very_long_path_does_not_end_the_batch(scans, judge, tmp_path):
    deep = replace(scans[0], name="/".join(["export_of_a_hospital"] * 15) + "/scan.nii.gz")
    rows = report_on([deep, *scans], judge, tmp_path, viewer=False)
    assert (tmp_path / rows[0]["report"]).is_file()
    assert (tmp_path / TABLE).is_file() and len(rows) == 4


def test_one_scan_has_no_table(scans, judge, tmp_path):
    report_on(scans[:1], judge, tmp_path, viewer=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_scan.html"]


def test_a_row_names_what_is_left(found, judge):
    row = row_of(found, judge)
    left = np.array(judge.facts.diagnoses)[found.left]
    assert row["left"] == ",".join(left) and row["refer"] in ("yes", "no")
    assert row["recognised"] == ""
    assert row_of(replace(found, known="one of the study"), judge)["recognised"] == "yes"
    assert row["putamen"] == f"{found.measures['putamen']:.4g}"
