"""What the tests of reports share: a made-up scan, a judge, and a finished study."""

import shutil

import numpy as np
import pytest
from small_judges import finished_study, small_judge

from datnet_study import placed_scans
from datnet_study.reporting import place
from datnet_study.reporting.acceptance import AGE, made_up_scan, of_image
from datnet_study.reporting.judging import judge_scan

GAUGES, SCANS = {}, {}
OF_JUDGE, OF_SCAN = place.gauge_of, placed_scans.scan_quality


@pytest.fixture(autouse=True)
def measured_once(monkeypatch):
    """Each scan is measured once, by gauges that judges of the same grid share."""

    def gauge_of(judge):
        images = judge.facts.images
        key = (judge.atlas.content, images.filter_fwhm_mm, images.reference_region)
        if key not in GAUGES:
            GAUGES[key] = OF_JUDGE(judge)
        return GAUGES[key]

    def scan_quality(img, gauge, *more):
        content = img.get_fdata(dtype=np.float32).tobytes() + img.affine.tobytes()
        (of_gauge,) = [key for key, known in GAUGES.items() if known is gauge] or [None]
        key = (hash(content), of_gauge, str(more))
        if of_gauge is None or key not in SCANS:
            SCANS[key] = OF_SCAN(img, gauge, *more)
        return dict(SCANS[key])

    monkeypatch.setattr(place, "gauge_of", gauge_of)
    monkeypatch.setattr(placed_scans, "scan_quality", scan_quality)


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
