"""Scans that lie where they should pass; scans that do not are named for what is wrong."""

import nibabel as nib
import numpy as np
import pytest

from datnet_images.normalise import Normalisation
from datnet_images.quality import LIMITS, quality_score, read_gauge, scan_quality, verdict
from datnet_images.target import read_target
from datnet_images.transforms import itk_affine, to_mni
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import expected_image


@pytest.fixture(scope="module")
def gauge(atlas):
    return read_gauge(read_target(atlas, 12.0, 8.0), atlas, "occipital")


@pytest.fixture(scope="module")
def img(scene, calibration, atlas):
    binding = {c: 2.0 if c.endswith("left") else 1.0 for c in BINDING_COLUMNS}
    image = expected_image(binding, scene, calibration)[::2, ::2, ::2]
    return nib.Nifti1Image(900 * image, atlas.affine @ np.diag([2.0, 2, 2, 1]))


def judged(img, gauge):
    measures = scan_quality(img, gauge)
    return measures, *quality_score(measures)


def shifted(img, mm):
    matrix = nib.affines.from_matvec(np.eye(3), mm)
    return to_mni(img, itk_affine(matrix), img.affine, img.shape, 0)


def test_a_scan_in_its_place_passes(img, gauge):
    measures, score, _ = judged(img, gauge)
    assert verdict(score) == "pass"
    assert measures["agreement"] > 0.93 and measures["contour"] > 0.9
    assert measures["reference_share"] == measures["striatum_share"] == 1
    assert 0 < measures["left_right"] < 2 * (3 - 2) / (3 + 2) + 0.05  # blur takes from it


@pytest.mark.parametrize(("mm", "expected"), [((0, 4, 0), "look"), ((-6, 0, 7), "fail")])
def test_a_shift_is_measured(img, gauge, mm, expected):
    measures, score, worst = judged(shifted(img, mm), gauge)
    assert measures["moves_mm"] == pytest.approx(np.linalg.norm(mm), rel=0.2)
    assert (verdict(score), worst) == (expected, "moves_mm")


def test_an_upside_down_scan_fails(img, gauge):
    upside_down = nib.Nifti1Image(img.get_fdata()[:, ::-1, ::-1], img.affine)
    assert verdict(judged(upside_down, gauge)[1]) == "fail"


def test_a_scan_that_is_a_ratio_already_is_told_by_its_reference(img, gauge):
    ratio = nib.Nifti1Image((img.get_fdata() / 900 - 1).clip(0.001), img.affine)
    measures, score, _ = judged(ratio, gauge)
    assert measures["reference_level"] < LIMITS["reference_level"].fail
    assert verdict(score) == "fail"


def test_a_mask_is_no_scan(img, gauge):
    mask = nib.Nifti1Image((img.get_fdata() > 1500).astype(np.float32), img.affine)
    assert verdict(judged(mask, gauge)[1]) == "fail"


def test_a_cut_off_reference_is_told(img, gauge):
    cut = img.get_fdata().copy()
    cut[:, :15] = 0
    measures, score, _ = judged(nib.Nifti1Image(cut, img.affine), gauge)
    assert measures["reference_share"] < 0.8 and verdict(score) == "fail"


def test_the_worst_measure_decides():
    measures = {name: limit.look for name, limit in LIMITS.items()}
    assert quality_score(measures)[0] == pytest.approx(1)
    for name, limit in LIMITS.items():
        assert quality_score(measures | {name: limit.fail}) == (pytest.approx(2), name)


@pytest.mark.parametrize(
    ("score", "word"), [(0.99, "pass"), (1, "look"), (1.99, "look"), (2, "fail")]
)
def test_words_of_a_score(score, word):
    assert verdict(score) == word


@pytest.mark.parametrize(
    ("linear", "zoom", "degree", "word"),
    [
        (1.2 * np.eye(3), np.log(1.2), 0, "pass"),
        (np.diag([1.0, -1, -1]), 0, 180, "look"),  # upside down
        (np.diag([1.0, 1, -1]), 0, 90, "look"),  # slices reversed: are the sides right?
        (np.diag([1.0, 1, 1.6]), np.log(1.6), 0, "fail"),
    ],
)
def test_turn_and_zoom_are_those_of_the_map(img, gauge, linear, zoom, degree, word):
    matrix = nib.affines.from_matvec(linear, [40, -30, 20])
    found = Normalisation(None, matrix, "moments, upright", 1.0, {}, starts_mm=0.4, warp_mm=2.0)
    measures = scan_quality(img, gauge, found)
    assert measures["zoom"] == pytest.approx(zoom)
    if degree or zoom < np.log(1.5):  # an uneven zoom is no turn, and reads as one of a few degrees
        assert measures["turn_degree"] == pytest.approx(degree, abs=1e-5)
    assert measures["starts_mm"] == 0.4
    assert verdict(quality_score(measures)[0]) == word
