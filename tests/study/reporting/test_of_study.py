"""The judge of a study: what it knows of people, and whom it leaves out."""

import numpy as np
import pytest
from small_judges import IMAGES, NAMES, PER_GROUP, small_judge

from datnet_study.reporting.of_study import models_for_new, study_judge, tracer_of
from datnet_study.study import read_study


def test_people_are_counted_by_cohort_and_diagnosis(judge):
    assert judge.facts.people["training"] == dict.fromkeys(NAMES[:2], "10") | {"NC": "12"}
    assert judge.facts.people["blind_test"] == dict.fromkeys(NAMES[:2], "<5") | {"NC": "0"}


def test_controls_are_the_norm_without_the_one_who_is_judged(judge, coarse_atlas):
    assert judge.facts.norms["putamen"].n == PER_GROUP
    without = small_judge(coarse_atlas, without=f"sub-{3 * PER_GROUP - 1:04d}")
    assert without.facts.norms["putamen"].n == PER_GROUP - 1
    assert without.facts.doubt.n == judge.facts.doubt.n - 1


@pytest.mark.parametrize("options", [{"control": "HC"}, {"age": False}])
def test_without_controls_or_ages_there_are_no_norms(coarse_atlas, options):
    facts = small_judge(coarse_atlas, **options).facts
    assert facts.norms == {}
    assert facts.control == (None if "control" in options else "NC")
    assert (facts.ages is None) == ("age" in options)


def test_paths_of_the_owner_are_no_part_of_a_judge(coarse_atlas):
    images = IMAGES.model_copy(update={"verdicts": "/home/me/verdicts.tsv"})
    assert "/home/me" not in small_judge(coarse_atlas, images=images).facts.model_dump_json()


def test_a_finished_study_makes_a_judge(project):
    study = read_study("mine.yaml")
    judge = study_judge(study)
    assert list(judge.models) == models_for_new(study) == ["fold-0", "fold-1"]
    assert judge.facts.name == "mine" and tracer_of(study) == judge.facts.tracer == "not said"
    assert not any(model.training for model in judge.models.values())
    assert list(study_judge(study, models=("fold-1",)).models) == ["fold-1"]


def test_diagnoses_may_be_called_by_numbers(project):
    written = "mine.yaml", "results/mine/scans.tsv", "results/mine/predictions/cross_validation.tsv"
    for path in map(project.joinpath, written):
        text = path.read_text()
        for word, name in {"IPD": "'1'", "MSA": "'NA'", "NC": "'3'"}.items():
            text = text.replace(word, name if path.suffix == ".yaml" else name.strip("'"))
        path.write_text(text)
    facts = study_judge(read_study("mine.yaml")).facts
    assert facts.people["training"] == {"1": "10", "NA": "10", "3": "12"}
    assert set(facts.places["putamen"]) == {"1", "NA", "3"}
    assert (facts.norms["putamen"].n, facts.doubt.n) == (PER_GROUP, 32)


@pytest.mark.parametrize("name", ["scans.tsv", "volumes.npy", "predictions/cross_validation.tsv"])
def test_a_study_that_is_not_finished_says_what_is_missing(project, name):
    (project / "results/mine" / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"{name} is missing.*make study STUDY=mine.yaml"):
        study_judge(read_study("mine.yaml"))


def test_a_phantom_knows_its_tracer(study):
    assert tracer_of(study) == "CFT"


def test_nine_in_ten_are_within_the_ages(judge):
    low, high = judge.facts.ages
    assert 45 <= low < high <= 80 and isinstance(low, (int, np.integer))
