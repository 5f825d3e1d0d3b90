"""What the tests of reports share: a made-up scan, a judge, and a finished study."""

import shutil

import numpy as np
import pytest
from small_judges import finished_study, small_judge

from datnet_study import placed_scans
from datnet_study.reporting import place
from datnet_study.reporting.acceptance import AGE, made_up_scan, of_image
from datnet_study.reporting.judging import judge_scan


@pytest.fixture(autouse=True, scope="session")
def measured_once():
    """Each scan is measured once, by gauges that judges of the same grid share."""
    gauges, scans, of_judge, of_scan = {}, {}, place.gauge_of, placed_scans.scan_quality

    def gauge_of(judge):
        images = judge.facts.images
        key = (judge.atlas.content, images.filter_fwhm_mm, images.reference_region)
        if key not in gauges:
            gauges[key] = of_judge(judge)
        return gauges[key]

    def scan_quality(img, gauge, *more):
        content = img.get_fdata(dtype=np.float32).tobytes() + img.affine.tobytes()
        key = (hash(content), id(gauge), str(more))
        if key not in scans:
            scans[key] = of_scan(img, gauge, *more)
        return dict(scans[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, "gauge_of", gauge_of)
        patch.setattr(placed_scans, "scan_quality", scan_quality)
        yield


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
    return judge_scan(of_image(phantom), judge, age=AGE, space="mni")


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
