"""What is said of one scan: nothing more than its quality allows, and never an error."""

import nibabel as nib
import numpy as np
import pytest
import torch
from small_judges import IMAGES, random_model, small_judge

from datnet_core.training.prediction import predict
from datnet_images.grid import field_of_view
from datnet_images.volumes import volume_of
from datnet_study.reporting.acceptance import AGE, of_image
from datnet_study.reporting.found import Found
from datnet_study.reporting.judging import judge_scan, why_it_fails


def test_probabilities_are_the_mean_of_the_models_on_what_a_study_gives_them(found, judge, phantom):
    volume = volume_of(phantom, judge.atlas, 8.0, "occipital")
    np.testing.assert_array_equal(found.volume, volume)
    field = field_of_view(8.0, judge.facts.network.field_mm)
    pair = np.stack([volume, volume])[(slice(None), *field)]
    each = [predict(random_model(k), pair, np.array([0, 1]))[0] for k in range(2)]
    np.testing.assert_allclose(found.proba, np.mean(each, axis=0), atol=1e-6)
    assert found.is_judged and found.models == ("fold-0", "fold-1") and not found.problem


def test_the_flag_and_the_set_follow_from_the_probabilities(found, judge):
    assert found.referred == (found.proba.max() < judge.facts.doubt.least)
    assert found.left.shape == found.proba.shape
    assert found.map.shape == found.volume.shape and found.map.max() > 0


def test_ages_give_z_scores_and_no_age_none(found, judge, phantom):
    norm = judge.facts.norms["putamen"]
    assert found.z["putamen"] == norm.z(found.measures["putamen"], AGE)
    without = judge_scan(of_image(phantom), judge, space="mni", explain=False)
    assert without.z == {} and without.measures == found.measures and without.map is None
    np.testing.assert_array_equal(without.proba, found.proba)


def test_the_age_of_the_command_goes_before_that_of_the_header(judge, phantom):
    scan = Found("scan", "DICOM", lambda: phantom, age=50, tracer="header")
    options = {"space": "mni", "explain": False}
    assert judge_scan(scan, judge, **options).age == 50
    said = judge_scan(scan, judge, age=70, tracer="mine", **options)
    assert (said.age, said.tracer) == (70, "mine")


def test_a_scan_that_fails_gets_the_reason_and_no_probabilities(judge, phantom):
    away = nib.Nifti1Image(phantom.get_fdata(), phantom.affine.copy())
    away.affine[1, 3] += 30
    found = judge_scan(of_image(away), judge, space="mni")
    assert found.proba is found.left is found.referred is found.map is None
    assert found.measures == {} and found.quality["verdict"] == "fail"
    assert found.problem == why_it_fails(found.quality) and "(" in found.problem


@pytest.mark.parametrize("error", [ValueError("no volume"), KeyError("odd"), MemoryError("full")])
def test_whatever_fails_is_said(judge, error):
    def read():
        raise error

    found = judge_scan(Found("broken", "NIfTI", read), judge)
    assert not found.is_judged and str(error) in found.problem


def test_a_problem_of_the_source_is_said_without_reading(judge):
    found = judge_scan(Found("series", "DICOM", None, problem="3 slices"), judge)
    assert found.problem == "3 slices" and found.quality == {}


def test_a_map_that_fails_leaves_the_rest(judge, phantom, monkeypatch):
    def fail(*_):
        raise ValueError("terms miss 1 of a logit")

    monkeypatch.setattr("datnet_study.reporting.judging.saliency_maps", fail)
    found = judge_scan(of_image(phantom), judge, space="mni")
    assert found.is_judged and found.failed == {"map": "terms miss 1 of a logit"}


@pytest.mark.parametrize("kind", ["ratio", "bp"])
def test_ratios_and_potentials_are_judged_as_counts_are(coarse_atlas, calibration, found, kind):
    from datnet_study.reporting.acceptance import made_up_scan

    judge = small_judge(coarse_atlas, images=IMAGES.model_copy(update={"input": kind}))
    img = made_up_scan(coarse_atlas, calibration, "occipital", kind)
    other = judge_scan(of_image(img), judge, space="mni", explain=False)
    np.testing.assert_allclose(other.proba, found.proba, atol=1e-3)


def test_one_thread_or_two_make_no_difference_that_counts(judge, phantom, found):
    n = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        other = judge_scan(of_image(phantom), judge, age=AGE, space="mni", explain=False)
    finally:
        torch.set_num_threads(n)
    np.testing.assert_allclose(other.proba, found.proba, atol=1e-6)


def test_a_failure_without_measures_has_words():
    assert why_it_fails({"verdict": "fail"}) == "its quality could not be measured"
    assert why_it_fails({"verdict": "fail", "problem": "no head"}) == "no head"
