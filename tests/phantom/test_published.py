"""The phantom beside published values: regions, sides, and hand-worked differences."""

import numpy as np
import pandas as pd
import pytest

from datnet_phantom.cohort import Cohort
from datnet_phantom.measure import Measurement, response
from datnet_phantom.numbers import read_published
from datnet_phantom.people import draw_participants
from datnet_phantom.published import beside_published, pattern, regional
from datnet_phantom.regions import BINDING_COLUMNS


@pytest.fixture(scope="module")
def at_scanner(atlas, calibration):
    return response(atlas, calibration, 5.5, "occipital")


def test_regions_and_sides_are_weighted_means():
    measured = np.arange(10.0)[None].repeat(2, axis=0)
    n_voxels = np.array([30, 30, 10, 10, 20, 20, 5, 5, 5, 5])
    # Left: anterior 0 (30 voxels), posterior 2 (10): 0.5; right: 1 and 3: 1.5.
    found = [
        regional(measured, n_voxels, ["left", "right"], "putamen", side)
        for side in ("worse", "better", "both")
    ]
    np.testing.assert_allclose(found, [[0.5, 1.5], [1.5, 0.5], [1.0, 1.0]])
    # With the caudate, 4 (20 voxels): (0.5 * 40 + 4 * 20) / 60 = 1.667.
    striatum = regional(measured, n_voxels, ["left", "left"], "striatum", "worse")
    np.testing.assert_allclose(striatum, 100 / 60)


def test_the_pattern_of_a_scan_is_worked_out_by_hand():
    measured = np.array([[2.0, 1.0, 1.0, 0.5, 3.0, 2.0, 9.0, 9.0, 0.4, 0.6]])
    found = pattern(measured, np.ones(10)).iloc[0]
    assert found["putamen"] == pytest.approx((2 + 1 + 1 + 0.5) / 4)
    assert found["caudate"] == pytest.approx(2.5)
    assert found["midbrain"] == pytest.approx(0.5)
    assert found["gradient"] == pytest.approx(0.75 / 1.5)
    # Left striatum (2 + 1 + 3) / 3 = 2, right (1 + 0.5 + 2) / 3 = 1.1667.
    assert found["asymmetry"] == pytest.approx(100 * (2 - 3.5 / 3) / ((2 + 3.5 / 3) / 2))


def test_a_difference_is_in_published_sds():
    truth = pd.DataFrame(
        {"true_diagnosis": ["NC", "NC", "IPD", "IPD"], "worse_side": "left"}
        | {column: [2.0, 2.0, 1.0, 1.2] for column in BINDING_COLUMNS}
    )
    exact = response_of_truth()
    published = pd.DataFrame(
        [
            {"source": "a", "diagnosis": "NC", "region": "caudate", "side": "both",
             "value": 1.5, "sd": 0.25, "reference": "NC", "of": 1.5},
            {"source": "a", "diagnosis": "IPD", "region": "caudate", "side": "worse",
             "value": 30.0, "sd": 10.0, "reference": "NC", "of": 60.0},
            {"source": "a", "diagnosis": "PSP", "region": "caudate", "side": "both",
             "value": 1.0, "sd": 1.0, "reference": "NC", "of": 1.0},
        ]
    )  # fmt: skip
    found = beside_published(truth, published, exact, "NC")
    assert found["diagnosis"].tolist() == ["NC", "IPD"]  # no PSP in this cohort
    assert found["phantom"].tolist() == pytest.approx([2.0, 55.0])  # ratio; percent of controls
    assert found["percent"].tolist() == pytest.approx([1.5, 50.0])
    assert found["difference_sd"].tolist() == pytest.approx([0.5 / 0.25, 5 / (10 / 0.6)])
    patients = truth[truth["true_diagnosis"] != "NC"]
    nothing = beside_published(patients, published, exact, "NC")  # the reference group is missing
    assert nothing.empty and nothing.columns.tolist() == found.columns.tolist()


PUTAMEN = ("putamen_anterior", "putamen_posterior")


def response_of_truth():
    """A perfect scanner."""
    return Measurement(np.eye(10), np.zeros(10), np.zeros((10, 10)), np.ones(10))


def test_group_means_lie_within_one_published_sd(study, calibration, at_scanner):
    sizes = {"definite": dict.fromkeys(("IPD", "MSA", "PSP", "NC"), 400)}
    cohort = Cohort(participants=sizes, mislabelled={})
    _, truth = draw_participants(cohort, calibration, "NC")
    published = read_published(study.calibration_path)
    found = beside_published(truth, published, at_scanner, "NC").dropna(subset=["difference_sd"])
    outside = found[found["difference_sd"].abs() > 1]
    # Not the sources of a number: the healthy level of the table whose article is not known, higher
    # than that of the articles with a name, and F-DOPA in the posterior putamen of MSA, which is an
    # assumption of the phantom.
    table = [("jnm67324", "NC", region) for region in ("accumbens", "caudate", *PUTAMEN)]
    known = [*table, ("ghaemi2002", "MSA", "putamen_posterior")]
    assert list(map(tuple, outside[["source", "diagnosis", "region"]].to_numpy())) == known
    assert outside["difference_sd"].between(-2.6, 1.6).all()
    assert len(found) >= 22
