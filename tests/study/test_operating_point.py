"""Sensitivity at a specificity, against hand-worked numbers and a slow oracle."""

import numpy as np
import pandas as pd
import pytest
from helpers import scored_labels
from hypothesis import given

from datnet_core.metrics.rates import share_interval
from datnet_study.operating_point import at_paper_specificity, sensitivity_at


def test_sensitivity_at_a_specificity_by_hand():
    y_true, y_score = [1, 1, 1, 1, 0, 0, 0, 0], [9, 7, 5, 3, 6, 4, 2, 1]
    # All negatives below: above 6 lie 9 and 7. One may be above: 5 too. Two: 3 too.
    found = [sensitivity_at(y_true, y_score, at)[0] for at in (1, 0.8, 0.75, 0.5, 0)]
    assert found == [0.5, 0.5, 0.75, 1, 1]
    assert sensitivity_at(y_true, y_score, 0.75)[1:] == share_interval([1, 1, 1, 0])[1:]
    assert sensitivity_at([1, 0], [1, 1], 0.9)[0] == 0  # equal scores: nobody can be called


@given(scored_labels())
def test_no_cutoff_with_the_specificity_is_more_sensitive(data):
    y_true, y_score = data
    best = 0.0
    for cutoff in y_score:
        called = y_score >= cutoff
        if (~called)[~y_true].mean() >= 0.7 - 1e-12:
            best = max(best, called[y_true].mean())
    assert sensitivity_at(y_true, y_score, 0.7)[0] == pytest.approx(best)


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
