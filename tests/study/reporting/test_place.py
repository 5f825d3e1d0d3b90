"""Where a scan lies: as it comes, or brought to MNI space, with the reason in words."""

import nibabel as nib
import numpy as np
import pytest
from small_judges import IMAGES, small_judge

from datnet_images.volumes import volume_of
from datnet_study.reporting import place
from datnet_study.reporting.place import Placed, placed

BROUGHT = {"verdict": "pass", "noise": 0.1, "turn_degree": 5.0}


@pytest.fixture
def brought(monkeypatch):
    """Images that were to be brought to MNI space; no search is made."""
    seen = []

    def bring(img, judge):
        seen.append(img)
        return Placed(img, dict(BROUGHT), "Brought here.")

    monkeypatch.setattr(place, "_brought", bring)
    return seen


def measured_as(monkeypatch, **quality):
    monkeypatch.setattr(place, "measures_of", lambda *_: BROUGHT | quality)


def test_a_scan_in_mni_space_is_taken_as_it_is(judge, phantom, brought):
    found = placed(phantom, judge)
    assert found.quality["verdict"] == "pass" and found.img is phantom and brought == []
    assert found.how == "Taken as it is: in MNI space, smoothed with 10 mm."


@pytest.mark.parametrize(
    ("quality", "why"), [({"verdict": "fail"}, "not lie in MNI"), ({"noise": 0.4}, "noisier")]
)
def test_a_scan_that_is_no_smoothed_one_in_mni_space_is_brought_there(
    judge, phantom, brought, monkeypatch, quality, why
):
    measured_as(monkeypatch, **quality)
    found = placed(phantom, judge)
    assert len(brought) == 1 and why in found.how and found.how.endswith("Brought here.")
    assert placed(phantom, judge, "mni").quality == BROUGHT | quality and len(brought) == 1


def test_a_scan_that_fails_in_both_ways_keeps_its_first_verdict(judge, phantom, monkeypatch):
    measured_as(monkeypatch, verdict="fail", worst="contour")
    lost = Placed(None, {"verdict": "fail"}, "")
    monkeypatch.setattr(place, "_brought", lambda *_: lost)
    assert placed(phantom, judge).quality["worst"] == "contour"


def test_a_head_that_is_turned_against_its_header_has_unknown_sides(judge, phantom, monkeypatch):
    measured_as(monkeypatch, verdict="fail")
    upside_down = Placed(phantom, {"verdict": "look", "turn_degree": 178.0}, "Brought here.")
    monkeypatch.setattr(place, "_brought", lambda *_: upside_down)
    found = placed(phantom, judge)
    assert found.quality["verdict"] == "fail"
    assert "turned by 178 degrees" in found.quality["problem"]
    assert placed(phantom, judge, "native") is upside_down


def test_a_scan_of_a_native_study_is_brought_there_unless_told_otherwise(
    coarse_atlas, phantom, brought
):
    native = small_judge(coarse_atlas, images=IMAGES.model_copy(update={"space": "native"}))
    placed(phantom, native)
    assert len(brought) == 1
    placed(phantom, native, "mni")
    assert len(brought) == 1


@pytest.mark.parametrize("fit_striatum", [True, False])
def test_what_moves_the_map_is_what_the_study_says(coarse_atlas, fit_striatum):
    update = {"space": "native", "fit_striatum": fit_striatum}
    judge = small_judge(coarse_atlas, images=IMAGES.model_copy(update=update))
    assert place.matching_of(judge)[1].fit_striatum is fit_striatum


def test_a_phantom_in_native_space_gets_its_place(judge, phantom):
    matrix = nib.affines.from_matvec(nib.eulerangles.euler2mat(0.1, 0.05, 0.1), (8, -12, 9))
    moved = nib.Nifti1Image(phantom.get_fdata(dtype=np.float32), matrix @ phantom.affine)
    found = placed(moved, judge, "native")
    assert found.quality["verdict"] != "fail" and found.quality["turn_degree"] > 5
    there, truth = (volume_of(img, judge.atlas, 8.0, "occipital") for img in (found.img, phantom))
    assert np.corrcoef(there[6:15, 8:18, 4:12].ravel(), truth[6:15, 8:18, 4:12].ravel())[0, 1] > 0.8


def test_an_image_of_air_fails_with_its_reason(judge):
    air = np.zeros((20, 20, 20), np.float32)
    air[0, 0, :9] = np.arange(9)
    found = placed(nib.Nifti1Image(air, np.diag([4.0, 4, 4, 1])), judge)
    assert found.quality["verdict"] == "fail" and found.img is not None
