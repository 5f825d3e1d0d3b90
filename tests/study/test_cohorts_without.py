"""Studies that lack something run every page to the end, and say what they lack.

What may be missing is combined into few cohorts. All are cut from one phantom, whose images are
thinned out; pages run in this process (`in_process`).
"""

import json
import os
from importlib.metadata import version

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml
from in_process import leave_out_what_is_dear, run_study

from datnet_core.fingerprint import ROOT
from datnet_phantom.cohort import Cohort
from datnet_phantom.dataset import write_cohort
from datnet_study.checklists import read_resolved
from datnet_study.scans import CLINICAL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PEOPLE = {
    "possible": {"IPD": 2, "MSA": 1},
    "definite": {"IPD": 4, "MSA": 3, "PSP": 2, "NC": 2},
    "confirmed": {"IPD": 2, "MSA": 1, "NC": 1},
}
SETTINGS = {
    "images": {"grid_mm": 8},
    "network": {"n_filters": 2, "n_levels": 2, "n_members": 1},
    "training": {"n_folds": 2, "max_epochs": 1},
    "saliency": {"region_threshold": 0.5},
    "fusion": {"n_estimators": 3},
}


@pytest.fixture(scope="module")
def scans(tmp_path_factory, atlas, calibration):
    """A data set of every kind of participant, every second voxel along each axis."""
    root = tmp_path_factory.mktemp("whole")
    cohort = Cohort(seed=3, participants=PEOPLE, follow_ups=2, mislabelled={})
    write_cohort(root / "fine", cohort, calibration, atlas, "NC", "occipital", n_jobs=1)
    table = pd.read_csv(root / "fine/scans.tsv", sep="\t", dtype=str, keep_default_na=False)
    for number, path in enumerate(table["path"]):
        img = nib.load(root / "fine" / path)
        thin = img.dataobj[::2, ::2, ::2]
        coarse = nib.Nifti1Image(thin, img.affine @ np.diag([2, 2, 2, 1]))
        nib.save(coarse, root / f"{number}.nii.gz")
    return root, table.assign(path=[f"{number}.nii.gz" for number in range(len(table))])


@pytest.fixture
def run(tmp_path, scans, monkeypatch):
    """Run the study of a table; its results, page by page."""
    root, _ = scans
    (tmp_path / "data_manifest").symlink_to(ROOT / "data_manifest")
    monkeypatch.chdir(tmp_path)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    leave_out_what_is_dear(monkeypatch)

    def finished(table, **settings):
        (tmp_path / "own").mkdir()
        for path in table["path"]:
            os.link(root / path, tmp_path / "own" / path)
        table.to_csv(tmp_path / "own/scans.tsv", sep="\t", index=False)
        settings = SETTINGS | {"name": "own", "title": "Own", "dataset": "own"} | settings
        (tmp_path / "own.yaml").write_text(yaml.safe_dump(settings))
        return results(run_study("own.yaml", skipped=["cohort_sizes"]))  # the paper's, not ours

    return finished


def results(study):
    """Result of each page; none of them speaks of what is not a number."""
    found = {path.stem: json.loads(path.read_text()) for path in study.results.glob("*.json")}
    found = {name: content for name, content in found.items() if "result" in content}
    for name, content in found.items():
        words = content["result"].replace(",", " ").split()
        assert len(words) > 5 and words[-1].endswith("."), name
        assert not {"nan", "(nan", "nan)", "inf", "None", "  "} & set(words), (name, words)
    claims = pd.read_csv(study.results / "claims.tsv", sep="\t", keep_default_na=False)
    return found, claims.set_index("id")["ours"]


def regions():
    """Number of the region of each scan under each source, with its diagnosis."""
    of_scan = pd.read_csv("results/own/saliency/regions.tsv", sep="\t")
    return of_scan.merge(pd.read_csv("results/own/scans.tsv", sep="\t"))


def reported():
    """Status of each reporting item, by guideline and number."""
    rows = read_resolved("results/own/reporting.tsv")
    return rows.set_index(["guideline", "item"])["status"]


def without(table, columns, diagnoses=None):
    """A table in which some diagnoses, or all, have no value in some columns."""
    rows = table["diagnosis"].isin(diagnoses or set(table["diagnosis"]))
    return table.assign(**{name: table[name].mask(rows, "n/a") for name in columns})


def test_no_controls_no_follow_ups_and_a_diagnosis_without_durations(run, scans):
    _, table = scans
    table = table.drop_duplicates("participant_id")
    table = without(table, ["symptom_duration_years"], ["PSP"]).drop(columns="sex")
    pages, ours = run(table[table["diagnosis"] != "NC"], diagnoses=["IPD", "MSA", "PSP"])
    absent = "There is no control group, no follow-up scans, no sex in this study."
    assert absent in pages["cohorts"]["result"]
    assert ours["blind.followup.accuracy"] == "– (no participant with two scans)"
    assert "Adding age, UPDRS, Hoehn-Yahr " in pages["fusion"]["result"]
    assert ours["fusion.importance.sex"] == "– (a diagnosis without any known sex)"
    assert ours["cv.auc.nc"] == "– (no NC)"
    assert ours["cv.auc.psp"] != "" and ours["cv.duration.psp"] == "– (a duration has no AUC)"


def test_two_diagnoses_of_other_names_and_nothing_but_images(run, scans):
    _, table = scans
    table = table[(table["certainty"] == "definite") & table["diagnosis"].isin(["IPD", "MSA"])]
    table = table.drop_duplicates("participant_id").drop(columns=[*CLINICAL])
    table = table.replace({"diagnosis": {"IPD": "PD", "MSA": "ET"}})
    saliency = SETTINGS["saliency"] | {"region_source": "per_diagnosis"}
    pages, ours = run(table, diagnoses=["PD", "ET"], protocols=["test_fold"], saliency=saliency)
    of_region = set(map(tuple, regions()[["diagnosis", "per_diagnosis"]].to_numpy()))
    assert len(of_region) == 2  # one region for each diagnosis
    assert dict(of_region)["ET"] == dict(of_region)["PD"] + 1
    assert "the mean map of the participant's diagnosis" in pages["binding_ratio"]["result"]
    assert "the mean map of the participant's diagnosis" in pages["radiomics"]["result"]
    for page, words in {
        "cohorts": "There is no control group, no pre-training cohort, no blind test, ",
        "cross_validation": "There is no patient with a known symptom duration ≤ 2 years or > 2 ",
        "blind_test": "This study has no participant of certainty 'confirmed', so there is no ",
        "fusion": "has no PD, ET of certainty 'confirmed' and no clinical data of every diagnosis",
    }.items():
        assert words in pages[page]["result"]
    assert ours["blind.accuracy"] == "– (no participant of certainty 'confirmed')"
    status = reported()
    assert status["TRIPOD+AI", "14"] == status["CLAIM 2024", "33"] == "missing"
    assert status["TRIPOD+AI", "23b"] == status["STARD-AI", "29"] == "not_applicable"
    assert status["CLAIM 2024", "27"] == "reported"  # of a study without a blind test, too
    assert pages["training"]["numbers"]["environment"]["XGBoost"] == version("xgboost-cpu")
    assert "Nothing was pre-trained" in pages["protocol"]["result"]
    assert ours["cv.auc.ipd"] == "– (no IPD)"
    assert ours["cv.duration.compare"].startswith("– (no patient with a known symptom duration")


def test_patients_and_healthy_people_without_a_clinical_value(run, scans):
    _, table = scans
    table = table[table["diagnosis"].isin(["IPD", "NC"]) & (table["certainty"] != "possible")]
    table = without(table, CLINICAL).replace({"diagnosis": {"IPD": "PD", "NC": "Healthy"}})
    curve = {"sizes": [4], "repeats": 2}
    pages, ours = run(table, diagnoses=["PD", "Healthy"], control="Healthy", learning_curve=curve)
    assert "no clinical data of every diagnosis, so nothing" in pages["fusion"]["result"]
    assert ours["fusion.accuracy"] == "– (no clinical data of every diagnosis)"
    assert pages["blind_test"]["numbers"]["accuracy"]["follow-up"]
    n_definite = PEOPLE["definite"]["IPD"] + PEOPLE["definite"]["NC"]
    assert pages["learning_curve"]["numbers"]["participants"] == [4, n_definite]
    assert "of DAT-Net, from scratch, a mean AUC" in pages["learning_curve"]["result"]
    assert "Nothing was pre-trained" in pages["learning_curve"]["result"]
    # The blind test has controls, so those of the folds count too.
    assert pages["blind_test"]["numbers"]["n_scans_of_cross_validation"] == n_definite
    assert ours["blind.accuracy"] and ours["br.putamen.ipd_msa"] == "– (no IPD, no MSA)"


def test_a_blind_test_of_controls_alone_no_age_one_protocol_and_recipes(run, scans):
    _, table = scans
    table = table[(table["certainty"] != "confirmed") | (table["diagnosis"] == "NC")]
    table = table.assign(symptom_duration_years=np.where(table["diagnosis"] == "NC", "n/a", "9"))
    training = SETTINGS["training"] | {"pretrain_on": "none", "early_stopping_on": "test_fold"}
    pages, _ = run(
        without(table, ["age"]).drop(columns=["updrs"]),
        training=training,
        recipes={"coarse": {"grid_mm": 16}},
        learning_curve={"sizes": [6], "repeats": 1},
        protocols=["test_fold"],
        saliency=SETTINGS["saliency"] | {"region_source": "per_participant"},
    )
    assert regions()["per_participant"].is_unique  # each scan has its own
    assert "There is no age, no UPDRS in this study." in pages["cohorts"]["result"]
    assert "protocols asked for is the study's own" in pages["protocol"]["result"]
    shortest = "no patient with a known symptom duration ≤ 2 years, so symptom durations are not"
    assert shortest in pages["cross_validation"]["result"]
    assert pages["blind_test"]["numbers"]["tables"] == {}
    assert pages["fusion"]["without"] == "no IPD, MSA, PSP of certainty 'confirmed'"
    assert "the best of 2 recipes" in pages["resolution"]["result"]
    assert "no two diagnoses in its blind test" in pages["learning_curve"]["result"]
