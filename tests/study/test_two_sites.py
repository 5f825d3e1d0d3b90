"""A user's two hospitals, two folders of NIfTI, one table and one study file, to their results."""

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml
from in_process import leave_out_what_is_dear, run_study

from datnet_core.fingerprint import ROOT
from datnet_phantom.cohort import Cohort
from datnet_phantom.dataset import write_cohort
from datnet_study.declaration import declarations_of
from datnet_study.result_table import read_result_table
from datnet_study.study import read_study

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

NORTH, SOUTH = "01", "2"  # as hospitals are called in some tables: words that look like numbers
PEOPLE = {
    "definite": {"IPD": 5, "MSA": 4},
    "confirmed": {"IPD": 2, "MSA": 2},
}
RUN = {"quality", "cohorts", "cross_validation", "blind_test", "external"}
STUDY = {
    "name": "two", "title": "Two hospitals", "dataset": "images", "table": "images/patients.csv",
    "columns": {"participant_id": "Patient", "path": "File", "site": "Hospital"},
    "sites": {NORTH: "both", SOUTH: "test"},
    "diagnoses": ["IPD", "MSA"],
    "images": {"grid_mm": 8},
    "network": {"n_filters": 2, "n_levels": 2, "n_members": 1},
    "training": {"n_folds": 2, "max_epochs": 1},
}  # fmt: skip


@pytest.fixture(scope="module")
def hospitals(tmp_path_factory, atlas, calibration):
    """Folders of both with thinned images, and the rows of a table of both."""
    root = tmp_path_factory.mktemp("hospitals")
    cohort = Cohort(seed=5, participants=PEOPLE, follow_ups=0, mislabelled={})
    write_cohort(root / "fine", cohort, calibration, atlas, "NC", "occipital", n_jobs=1)
    table = pd.read_csv(root / "fine/scans.tsv", sep="\t", dtype=str, keep_default_na=False)
    first = table.groupby(["certainty", "diagnosis"]).cumcount()
    table["Hospital"] = np.where((first < 2) & (table["certainty"] != "confirmed"), SOUTH, NORTH)
    files = []
    for number, row in enumerate(table.itertuples()):
        img = nib.load(root / "fine" / row.path)
        thin = img.dataobj[::2, ::2, ::2]
        (root / "images" / row.Hospital).mkdir(parents=True, exist_ok=True)
        files.append(f"{row.Hospital}/{number}.nii.gz")
        coarse = nib.Nifti1Image(thin, img.affine @ np.diag([2, 2, 2, 1]))
        nib.save(coarse, root / "images" / files[-1])
    keep = ["participant_id", "diagnosis", "certainty", "Hospital"]
    table = table[keep].assign(File=files).rename(columns={"participant_id": "Patient"})
    return root, table


@pytest.fixture
def run(tmp_path, hospitals, monkeypatch):
    """Run the study to the page `external`; its folder of results."""
    root, _ = hospitals
    (tmp_path / "data_manifest").symlink_to(ROOT / "data_manifest")
    (tmp_path / "images").mkdir()
    for name in (NORTH, SOUTH):
        (tmp_path / "images" / name).symlink_to(root / "images" / name)
    monkeypatch.chdir(tmp_path)
    leave_out_what_is_dear(monkeypatch)

    def finished(table):
        table.to_csv(tmp_path / "images/patients.csv", index=False)
        (tmp_path / "two.yaml").write_text(yaml.safe_dump(STUDY))
        skipped = set(declarations_of(read_study("two.yaml"))) - RUN
        return run_study("two.yaml", skipped=skipped).results

    return finished


def test_a_second_hospital_is_judged_and_its_labels_reach_nothing(run, hospitals):
    _, table = hospitals
    results = run(table)
    scans = read_result_table(results / "scans.tsv")
    assert set(scans.loc[scans["site"] == SOUTH, "cohort"]) == {"external"}
    assert set(scans.loc[scans["site"] == NORTH, "cohort"]) == {"training", "blind_test"}
    page = json.loads((results / "external.json").read_text())
    assert f"at the site {SOUTH}" in page["result"]
    assert page["numbers"]["participants"][SOUTH] == {"IPD": 2, "MSA": 2}
    assert page["numbers"]["needed"]["0.8"] == 39
    assert [row["of"] for row in page["numbers"]["beside_paper"]] == ["IPD", "MSA", "all"]
    names = ["predictions/external.tsv", "models/fold-0/member-0/weights.safetensors"]
    before = [(results / name).read_bytes() for name in names]

    south = (table["Hospital"] == SOUTH) & (table["certainty"] == "definite")
    wrong = table["diagnosis"].map({"IPD": "MSA", "MSA": "IPD"})
    run(table.assign(diagnosis=table["diagnosis"].mask(south, wrong)))
    assert (results / names[1]).read_bytes() == before[1]
    old, new = (
        pd.read_csv(source, sep="\t", dtype=str).drop(columns="diagnosis")
        for source in (pd.io.common.BytesIO(before[0]), results / names[0])
    )
    assert old.equals(new)
