"""Fixtures shared by the tests: a seeded generator, the atlas, the phantom, a tiny data set."""

import gc

import numpy as np
import pytest
import torch
from helpers import TINY

from datnet_images.atlas import read_atlas
from datnet_phantom.dataset import write_cohort
from datnet_phantom.numbers import read_calibration
from datnet_phantom.scanner import read_scene
from datnet_study.study import read_study


def pytest_configure():
    """One thread: networks of the tests are so small that threads wait for each other."""
    torch.set_num_threads(1)


def pytest_collection_finish():
    """Keep what is imported out of the garbage that nilearn collects at each image, as pages do."""
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Whole studies first, so that one process makes them while the other runs all else."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


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
    write_cohort(root, TINY, calibration, atlas, "NC", "occipital")
    return root


@pytest.fixture(scope="session")
def coarse_atlas(atlas):
    """The label image at 4 mm: an eighth of the voxels, for what is about no region's size."""
    affine = atlas.affine @ np.diag([2.0, 2.0, 2.0, 1.0])
    return atlas._replace(labels=atlas.labels[::2, ::2, ::2], affine=affine)
