"""Values of claims as numbers and as text."""

import math

import numpy as np
import pandas as pd
import pytest

from datnet_study.claim_values import (
    at_paper_specificity,
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


def test_sensitivity_stands_at_the_specificity_of_the_claims(rng):
    diagnoses = np.repeat(["IPD", "MSA", "PSP", "NC"], [17, 11, 8, 5])
    cohort = pd.DataFrame({"diagnosis": diagnoses, "p_IPD": rng.random(41)})
    cohort["p_MSA"] = cohort["p_ET"] = 1 - cohort["p_IPD"]
    rows = [("cv.spec.ipd", "IPD", "0.75"), ("cv.sens.ipd", "IPD", "0.9")]
    rows += [
        ("cv.spec.et", "ET", "0.5"),
        ("cv.sens.et", "ET", "0.5"),
        ("blind.spec.msa", "MSA", "1"),
    ]
    claims = pd.DataFrame(rows, columns=["id", "group", "value"]).assign(counts="")
    table = at_paper_specificity({"net": cohort, "flat": cohort.assign(p_IPD=0.5)}, claims, "cv")
    assert table["method"].tolist() == ["net", "flat"]  # nobody has ET
    assert table[["of", "specificity", "paper"]].iloc[0].tolist() == ["IPD", 0.75, 0.9]
    positive = cohort["diagnosis"] == "IPD"
    cutoff = np.quantile(
        cohort["p_IPD"][~positive], 0.75, method="inverted_cdf"
    )  # 18 of 24 below or at
    assert table["value"][0] == (cohort["p_IPD"][positive] > cutoff).mean()
    assert table["value"][1] == 0
    assert at_paper_specificity({"net": cohort}, claims.iloc[:0], "cv").empty


def test_the_specificity_of_the_paper_is_that_of_its_counts():
    y_true = np.repeat([1, 0], [2, 176])
    score = np.r_[10.5, 0, np.arange(176)[::-1] / 16]
    cohort = pd.DataFrame({"diagnosis": np.where(y_true, "IPD", "MSA"), "p_IPD": score})
    rows = [("cv.spec.ipd", "0.932", "164 of 176"), ("cv.sens.ipd", "0.5", "1 of 2")]
    claims = pd.DataFrame(rows, columns=["id", "value", "counts"]).assign(group="IPD")
    (found,) = at_paper_specificity({"net": cohort}, claims, "cv").to_dict("records")
    assert found["specificity"] == 164 / 176  # 0.932 would allow 11 false positives and not 12
