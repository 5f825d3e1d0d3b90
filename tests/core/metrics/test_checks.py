"""What every metric refuses, and that the type of the labels does not matter to any of them."""

import numpy as np
import pandas as pd
import pytest

from datnet_core.metrics.auc import delong_interval, delong_test
from datnet_core.metrics.bootstrap import bootstrap_interval
from datnet_core.metrics.rates import diagnostic_rates, youden_cutoff


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, int, float])
def test_the_type_of_the_labels_does_not_matter(dtype):
    y_true = np.array([0, 1, 1, 0, 1, 0, 0]).astype(dtype)
    y_score = np.array([1, 2, 3, 2, 5, 0, 4], dtype=np.float32)
    as_list = ([False, True, True, False, True, False, False], y_score.tolist())
    assert delong_interval(y_true, y_score) == delong_interval(*as_list)
    assert youden_cutoff(y_true, y_score) == youden_cutoff(*as_list)
    people = list("abcdefg")
    boot = bootstrap_interval(y_true, y_score, people, 50, 1)
    assert boot == bootstrap_interval(*as_list, people, 50, 1)
    pd.testing.assert_frame_equal(
        diagnostic_rates(y_true, y_true), diagnostic_rates(as_list[0], as_list[0])
    )


@pytest.mark.parametrize(
    ("y_true", "y_score", "said"),
    [
        ([1, 1], [0.1, 0.2], "2 positives of 2"),
        ([0, 0], [0.1, 0.2], "0 positives of 2"),
        ([], [], "both classes"),
        ([0, 1], [0.1, np.nan], "1 of 2 scores are NaN"),
        ([0, 1], [0.1, 0.2, 0.3], "shapes"),
        ([0, 1], [[0.1], [0.2]], "shapes"),
        ([1, 2], [0.1, 0.2], "expected True/False or 1/0"),
        (["PSP", "IPD"], [0.1, 0.2], "expected True/False or 1/0"),
        ([0, np.nan], [0.1, 0.2], "expected True/False or 1/0"),
    ],
)
def test_what_cannot_be_scored_is_refused(y_true, y_score, said):
    functions = (
        delong_interval,
        youden_cutoff,
        lambda y, s: delong_test(y, s, s),
        lambda y, s: bootstrap_interval(y, s, range(len(y)), 10, 0),
    )
    for function in functions:
        with pytest.raises(ValueError, match=said):
            function(y_true, y_score)
