"""Sections of a study file: what they refuse on their own."""

import subprocess
import sys

import pytest

from datnet_study.settings import Phantom, Training


def test_settings_cannot_be_changed_by_accident(study):
    with pytest.raises(ValueError, match="frozen"):
        study.network.n_filters = 3


def test_every_device_needs_two_scans_of_a_batch():
    with pytest.raises(ValueError, match="batch_size is 6, expected at least 2 for each of 4"):
        Training(batch_size=6, devices=4)


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
