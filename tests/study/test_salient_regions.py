"""The regions of page `saliency` are read as it wrote them, each scan with its own."""

from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from datnet_study import salient_regions, whose_map
from datnet_study.settings import Saliency


@pytest.fixture
def page(tmp_path):
    """A page with two regions of folds and one of each of three scans."""
    regions = np.zeros((2, 2, 1, 5), np.uint8)
    for number in range(5):
        regions[number % 2, number // 2 % 2, 0, number] = 1
    nib.save(nib.Nifti1Image(regions, np.eye(4)), tmp_path / "regions.nii.gz")
    table = pd.DataFrame({"participant_id": ["a", "b", "c"], "session_id": ["1"] * 3})
    table = table.assign(cross_fitted=[1, 0, 1], per_participant=[2, 3, 4])
    return SimpleNamespace(
        path=lambda name: tmp_path / name.removeprefix("saliency/"), table=lambda _: table
    )


def test_each_scan_has_its_region_under_each_source(page):
    regions, number_of = salient_regions(page)
    assert regions.shape == (5, 2, 2, 1) and regions.dtype == bool
    assert list(number_of) == ["cross_fitted", "per_participant"]
    of_scans = regions[number_of["cross_fitted"]]
    assert of_scans[:, 1, 0, 0].tolist() == [True, False, True]
    own = regions[number_of["per_participant"]]
    assert own.reshape(3, -1).argmax(axis=1).tolist() == [1, 3, 0]


def test_every_source_of_a_study_file_has_words():
    sources = Saliency.model_fields["region_source"].annotation.__args__
    assert len({whose_map(source) for source in sources}) == len(sources) == 3
