"""The made-up scan of packages, and how what is said of it is compared."""

import numpy as np
import pytest

from datnet_study.reporting.acceptance import made_up_scan, said_of, unlike_expected
from datnet_study.reporting.judging import Judged


def test_the_made_up_scan_is_the_same_each_time_and_of_whole_numbers(
    phantom, coarse_atlas, calibration
):
    again = made_up_scan(coarse_atlas, calibration, "occipital")
    np.testing.assert_array_equal(again.dataobj, phantom.dataobj)
    assert phantom.get_data_dtype() == np.int16 and phantom.shape == coarse_atlas.labels.shape


def test_a_potential_is_the_ratio_less_one(coarse_atlas, calibration):
    ratio, bp = (made_up_scan(coarse_atlas, calibration, "occipital", k) for k in ("ratio", "bp"))
    np.testing.assert_allclose(ratio.get_fdata() - 1, bp.get_fdata(), atol=1e-6)


def test_what_differs_is_named(found):
    said = said_of(found)
    assert unlike_expected(said, said) == []
    assert unlike_expected(said | {"score": said["score"] + 1}, said)[0].startswith(
        "score: differs"
    )
    measures = {"putamen": said["measures"]["putamen"]}
    (line,) = unlike_expected(said | {"measures": measures}, said)
    assert line == f"measures: found 1 numbers, expected {len(said['measures'])}"
    nothing = said | {"proba": [float("nan")] * len(said["proba"])}
    assert unlike_expected(nothing, said)[0].startswith("proba: differs by up to nan")


def test_a_scan_without_probabilities_says_nothing():
    with pytest.raises(ValueError, match="is not judged: no head"):
        said_of(Judged("phantom", problem="no head"))
