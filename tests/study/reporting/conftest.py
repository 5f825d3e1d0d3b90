"""What the tests of reports share: a made-up scan, a judge, and a finished study."""

import shutil

import pytest
from small_judges import finished_study, small_judge

from datnet_study.reporting.acceptance import AGE, made_up_scan, of_image
from datnet_study.reporting.judged import judged


@pytest.fixture(scope="session")
def phantom(coarse_atlas, calibration):
    """A made-up scan on voxels of 4 mm."""
    return made_up_scan(coarse_atlas, calibration, "occipital")


@pytest.fixture(scope="session")
def judge(coarse_atlas):
    """A judge of two random networks."""
    return small_judge(coarse_atlas)


@pytest.fixture(scope="session")
def found(judge, phantom):
    """What that judge says of the scan; not to be changed."""
    return judged(of_image(phantom), judge, age=AGE, space="mni")


@pytest.fixture(scope="session")
def finished(tmp_path_factory, atlas, phantom):
    """A project with a finished study; not to be changed."""
    return finished_study(tmp_path_factory.mktemp("finished"), atlas, phantom)


@pytest.fixture
def project(finished, tmp_path, monkeypatch):
    """A copy of it, and the working directory."""
    folder = shutil.copytree(finished, tmp_path / "project", symlinks=True)
    monkeypatch.chdir(folder)
    return folder
