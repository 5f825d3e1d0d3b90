"""Values of claims as numbers and as text."""

import math

import numpy as np
import pytest

from datnet_study.claim_values import (
    difference_of,
    difference_text,
    is_absent,
    our_text,
    own_interval,
    paper_text,
)

CLAIM = {"kind": "number", "value": "0.800", "counts": "", "p": ""}
OURS = {"value": 0.7, "low": 0.65, "high": 0.8, "why": ""}


def test_a_difference_is_ours_minus_the_papers():
    assert difference_of(CLAIM, OURS) == pytest.approx((-0.1, -0.15, 0.0))
    assert difference_text(CLAIM, OURS) == "-0.10 (-0.15 to +0.00)"
    alike = {"value": 0.7999, "low": 0.7998, "high": 0.8}
    assert difference_text(CLAIM, alike) == "+0.00 (+0.00 to +0.00)"  # and no -0.00


@pytest.mark.parametrize(
    ("claim", "ours"),
    [
        (CLAIM, {"value": 0.7}),
        (CLAIM, {"value": None, "low": 0.1, "high": 0.2}),
        (CLAIM | {"kind": "bound", "value": ">0.8"}, OURS),
        (CLAIM | {"kind": "words", "value": "n.s."}, {"value": "n.s."}),
    ],
)
def test_what_has_no_interval_has_no_difference(claim, ours):
    assert all(math.isnan(part) for part in difference_of(claim, ours))
    assert difference_text(claim, ours) == ""


def test_the_papers_interval_stands_where_its_counts_give_one():
    assert paper_text(CLAIM | {"p": "0.75"}) == "0.800, P = 0.75"
    assert paper_text(CLAIM | {"counts": "8 of 10"}) == "0.800 (0.49 to 0.94)"


def test_ours_has_the_digits_of_the_paper_or_the_reason_why_not():
    assert our_text("0.953", OURS) == "0.700 (0.65 to 0.80)"
    assert our_text("93", {"value": 81.308}) == "81.3"
    assert our_text("0.953", {"value": np.nan, "why": "no MSA"}) == "– (no MSA)"
    assert our_text("n.s.", {"value": "n.s.", "p": 0.24}) == "n.s., P = 0.24"


def test_an_interval_without_width_or_with_one_end_is_none():
    assert own_interval(OURS) == (0.65, 0.8)
    for ours in ({"low": 1.0, "high": 1.0}, {"low": 0.1}, {"low": 0.1, "high": np.nan}):
        assert own_interval(ours) == ()
    assert is_absent(None) and is_absent(np.nan) and not is_absent(0) and not is_absent("")
