"""Scans of the study are judged by the models that never saw the participant."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from small_judges import random_model, remember

from datnet_core.training.prediction import predict
from datnet_images.grid import field_of_view
from datnet_study.reporting.acceptance import of_image
from datnet_study.reporting.found import found_scans
from datnet_study.reporting.judging import judge_scan
from datnet_study.reporting.of_study import study_judge
from datnet_study.reporting.participants import LEARNED, Participants
from datnet_study.study import read_study

PATH = "own/sub-0002.nii.gz"


def said(scan, **options):
    study = read_study("mine.yaml")
    options = {"space": "mni", "explain": False, "known": Participants(study)} | options
    return judge_scan(scan, study_judge(study), **options)


def of_fold(fold):
    """What one model says of the scan in the cache of the study."""
    volumes = np.load("results/mine/volumes.npy")[2][None]
    field = field_of_view(8.0, read_study("mine.yaml").network.field_mm)
    return predict(random_model(fold), volumes[(slice(None), *field)], np.array([0]))[0]


def test_the_own_file_is_judged_by_the_model_that_never_saw_it(project):
    remember(project, project / PATH)
    ((scan,), _) = found_scans(project / PATH)
    found = said(scan)
    assert found.models == ("fold-0",)
    np.testing.assert_allclose(found.proba, of_fold(0), atol=1e-6)
    ages = pd.read_csv("results/mine/scans.tsv", sep="\t")["age"]
    assert found.age == ages[2] and "sub-0002" in found.known


def test_the_same_voxels_in_another_file_are_judged_so_too(project):
    img = nib.load(project / PATH)
    scan = of_image(nib.Nifti1Image(3 * np.round(img.get_fdata()), img.affine), "export")
    found = said(scan)
    assert found.models == ("fold-0",)
    np.testing.assert_allclose(found.proba, of_fold(0), atol=0.02)


def test_dicom_of_the_own_scan_has_nearly_its_probabilities(project, phantom):
    from dicom_archives import write_pet

    write_pet(project / "dicom", phantom.get_fdata(), phantom.affine)
    ((scan,), _) = found_scans(project / "dicom")
    found = said(scan)
    assert found.models == ("fold-0",) and found.age == 64  # that of its header
    np.testing.assert_allclose(found.proba, of_fold(0), atol=0.02)


def test_who_taught_every_model_is_judged_by_none(project):
    table = pd.read_csv("results/mine/scans.tsv", sep="\t")
    table.loc[2, ["cohort", "fold"]] = ["pretraining", np.nan]
    table.to_csv("results/mine/scans.tsv", sep="\t", index=False)
    found = said(found_scans(project / PATH)[0][0])
    assert not found.is_judged and found.problem == LEARNED


@pytest.mark.parametrize(("verdict", "is_judged"), [("pass", True), ("fail", False)])
def test_a_person_has_the_last_word(project, verdict, is_judged):
    quality = pd.read_csv("results/mine/quality.tsv", sep="\t")
    quality = quality.astype({"by_hand": object, "reason": object})
    quality.loc[2, ["by_hand", "reason"]] = [verdict, "moved in the scanner"]
    quality.to_csv("results/mine/quality.tsv", sep="\t", index=False)
    found = said(found_scans(project / PATH)[0][0])
    assert found.is_judged == is_judged
    assert is_judged or found.problem == "a person said: moved in the scanner"


def test_the_label_of_a_participant_has_no_part_in_its_report(project):
    def report():
        found = said(found_scans(project / PATH)[0][0], age=60)
        return found.proba.tolist(), found.left.tolist(), found.referred, found.z, found.measures

    before = report()
    for name in ("scans.tsv", "predictions/cross_validation.tsv"):
        table = pd.read_csv(f"results/mine/{name}", sep="\t")
        table.loc[table["participant_id"] == "sub-0002", "diagnosis"] = "NC"
        table.to_csv(f"results/mine/{name}", sep="\t", index=False)
    assert report() == before


def test_a_new_scan_is_judged_by_all_models(project, atlas, calibration):
    img = nib.load(project / PATH)
    data = img.get_fdata()
    data[15:20] *= 1.5
    found = said(of_image(nib.Nifti1Image(data, img.affine)))
    assert found.models == ("fold-0", "fold-1") and found.known == ""
