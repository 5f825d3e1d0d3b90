"""Fixtures shared by the tests: a seeded generator, the atlas, the phantom, a tiny data set."""

import numpy as np
import pytest

from datnet_core import phantom
from datnet_core.atlas import read_atlas
from datnet_core.calibration import read_calibration
from datnet_core.scanner import read_scene
from datnet_core.study import Phantom, read_study

TINY = Phantom(
    seed=3,
    participants={
        "possible": {"IPD": 2, "MSA": 3},
        "definite": {"NC": 2, "IPD": 2, "MSA": 2},
        "confirmed": {"IPD": 2, "MSA": 1},
    },
    follow_ups=2,
)


@pytest.fixture
def rng():
    """Random numbers, the same in every run."""
    return np.random.default_rng(20221)


@pytest.fixture(scope="session")
def study():
    """The demonstration study's settings."""
    return read_study("data_manifest/demo.yaml")


@pytest.fixture(scope="session")
def atlas(study):
    """The study's label image."""
    return read_atlas(study.atlas_path)


@pytest.fixture(scope="session")
def calibration(study):
    """The phantom's numbers."""
    return read_calibration(study.calibration_path)


@pytest.fixture(scope="session")
def scene(atlas, calibration):
    """What all scans of a phantom share."""
    return read_scene(atlas, calibration)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory, atlas, calibration):
    """A phantom data set of 16 scans."""
    root = tmp_path_factory.mktemp("tiny") / "dataset"
    phantom.write_cohort(root, TINY, calibration, atlas, "NC")
    return root
