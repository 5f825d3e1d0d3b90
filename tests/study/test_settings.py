"""Sections of a study file: what they refuse on their own."""

import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

from datnet_study.phantom_settings import Phantom


def test_settings_cannot_be_changed_by_accident(study):
    with pytest.raises(FrozenInstanceError, match="n_filters"):
        study.network.n_filters = 3


def test_a_cohort_has_what_the_study_file_asks_for():
    asked = {
        "participants": {"possible": {"NC": 1, "PD": 2}},
        "seed": 7,
        "follow_ups": 1,
        "mislabelled": {"possible": 0.1},
        "identical_patients": True,
    }
    cohort = Phantom(**asked, scanner={"zoom": 0.1}).cohort
    assert vars(cohort) == asked


def test_reading_what_a_cohort_is_loads_no_numerical_library():
    code = "import sys, datnet_phantom.cohort; print({'numpy', 'pandas'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


SITES = {
    "pet_a": {},
    "pet_b": {"scanner": {"counts": 9.0}, "participants": {"confirmed": {"IPD": 2, "MSA": 1}}},
    "spect": {"numbers": "phantom-spect.yaml", "scanner": {"counts": 7.0}, "people_of": "pet_a"},
}


def test_a_phantom_of_sites_counts_everybody_once_and_knows_the_numbers_of_each():
    given = {"participants": {"confirmed": {"IPD": 3}}, "scanner": {"zoom": 0.1}, "sites": SITES}
    made = Phantom.model_validate(given)
    assert made.people({}) == {("confirmed", "IPD"): 5, ("confirmed", "MSA"): 1}
    assert made.numbers_of("pet_b") == ("phantom.yaml", {"zoom": 0.1, "counts": 9.0})
    assert made.numbers_of("spect") == ("phantom-spect.yaml", {"counts": 7.0})
    assert made.number_files == ["phantom.yaml", "phantom-spect.yaml"]
    made.check(("IPD", "MSA"), "mni", set())
    with pytest.raises(ValueError, match=r"names \['MSA'\]"):
        made.check(("IPD", "PSP"), "mni", set())


def test_sites_without_a_home_are_refused_before_anything_runs():
    given = {"participants": {}, "sites": {"a": {"participants": {"confirmed": {"IPD": 1}}}}}
    with pytest.raises(ValueError, match="0 home sites"):
        Phantom.model_validate(given).check(("IPD", "MSA"), "mni", set())
