"""Sections of a study file: what they refuse on their own."""

import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

from datnet_study.settings import Phantom


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
