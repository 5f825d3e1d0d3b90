"""Verdicts on the paper's claims, rule by rule."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datnet_study.agreement import (
    ALIKE,
    CLOSE,
    MARGIN,
    VERDICTS,
    compare,
    counts,
    n_alike,
    together,
)
from datnet_study.claims import CLAIM_COLUMNS, read_claims

CLAIMS = Path(__file__).parents[2] / "data_manifest" / "claims.tsv"


def one(kind, value, ours, p="", counts=""):
    """Row of the comparison for one claim."""
    row = ("x.y", "fusion", "AUC", "all", kind, value, counts, p, "f", "", "")
    claims = pd.DataFrame([row], columns=CLAIM_COLUMNS, dtype=str)
    results = [{"page": "fusion", "study": "s", "numbers": {}, "claims": {"x.y": ours}}]
    return compare(claims, results).iloc[0]


@pytest.mark.parametrize(
    ("paper", "ours", "verdict"),  # the margin is 0.1, the paper's 0.800 is taken as exact
    [
        ("0.800", {"value": 0.82, "low": 0.75, "high": 0.88}, CLOSE),  # -0.05 to +0.08
        ("0.800", {"value": 0.75, "low": 0.72, "high": 0.78}, CLOSE),  # -0.08 to -0.02
        ("0.800", {"value": 0.80, "low": 0.60, "high": 0.95}, "cannot tell"),  # -0.2 to +0.15
        ("0.800", {"value": 0.85, "low": 0.79, "high": 0.91}, "cannot tell"),  # -0.01 to +0.11
        ("0.800", {"value": 0.95, "low": 0.92, "high": 0.98}, "higher than the paper"),
        ("0.800", {"value": 0.87, "low": 0.81, "high": 0.91}, "higher than the paper"),
        ("0.800", {"value": 0.60, "low": 0.50, "high": 0.70}, "lower than the paper"),
        ("0.800", {"value": 0.70, "low": 0.65, "high": 0.79}, "lower than the paper"),
        ("1.000", {"value": 1.0, "low": 0.92, "high": 1.0}, CLOSE),
        ("0.953", {"value": 0.953}, "reported"),
        ("0.953", {"value": 0.9, "low": None, "high": None}, "reported"),
        ("0.953", {"value": 0.9, "low": 0.85, "high": np.nan}, "reported"),
        ("93", {"value": 81}, "reported"),
        ("0", {"value": 0.0}, "reported"),
        ("0.953", {"value": None}, "not computed here"),
        ("0.953", {"value": np.nan, "low": 0.1, "high": 0.9}, "not computed here"),
    ],
)
def test_a_number_is_judged_by_the_interval_of_the_difference(paper, ours, verdict):
    assert MARGIN == 0.1
    assert one("number", paper, ours)["verdict"] == verdict


@pytest.mark.parametrize(
    ("ours", "limits", "verdict"),
    [
        ("long > short", (0.01, 0.2), "agrees"),
        ("long > short", (-0.01, 0.2), "cannot tell"),
        ("short > long", (-0.2, -0.01), "differs"),
        ("short > long", (-0.2, 0.01), "cannot tell"),
    ],
)
def test_an_order_counts_only_where_its_difference_is_not_zero(ours, limits, verdict):
    value = {"value": ours, "low": limits[0], "high": limits[1]}
    found = one("words", "long > short", value)
    assert found["verdict"] == verdict
    assert found["ours"] == f"{ours} ({limits[0]:+.2f} to {limits[1]:+.2f})"


def test_the_papers_own_sampling_error_counts():
    ours = {"value": 0.68, "low": 0.62, "high": 0.74}
    assert one("number", "0.800", ours)["verdict"] == "lower than the paper"
    # 8 of 10 are 0.490 to 0.943 (Wilson): -0.12 - sqrt(0.06^2 + 0.143^2), + sqrt(0.06^2 + 0.31^2)
    few = one("number", "0.800", ours, counts="8 of 10")
    assert few["verdict"] == "cannot tell"
    assert few["difference"] == "-0.12 (-0.28 to +0.20)"
    assert one("number", "0.800", ours, counts="800 of 1000")["verdict"] == "lower than the paper"
    assert few["paper"] == "0.800 (0.49 to 0.94)"


def test_a_number_is_never_close_because_its_interval_is_wide():
    for half in (0.05, 0.09, 0.11, 0.3):
        ours = {"value": 0.8, "low": 0.8 - half, "high": min(0.8 + half, 1)}
        expected = CLOSE if half < MARGIN else "cannot tell"
        assert one("number", "0.800", ours)["verdict"] == expected


NAMES = ["cv.sens.msa", "cv.spec.msa"]


@pytest.mark.parametrize(
    ("sens", "spec", "verdict"),  # the paper's MSA: 74 of 79 and 237 of 243
    [
        ((0.937, 0.92, 0.95), (0.975, 0.96, 0.99), CLOSE),
        ((0.937, 0.92, 0.95), (0.41, 0.35, 0.48), "lower than the paper"),  # bought at the other
        ((0.68, 0.52, 0.80), (0.74, 0.65, 0.81), "lower than the paper"),
        ((0.937, 0.75, 0.98), (0.975, 0.96, 0.99), "cannot tell"),
        ((1.0, 0.995, 1.0), (0.6, 0.5, 0.7), "lower than the paper"),
        ((0.78, 0.70, 0.84), (0.998, 0.997, 0.999), "lower than the paper"),
    ],
)
def test_sensitivity_and_specificity_have_one_verdict(sens, spec, verdict):
    parts = ("value", "low", "high")
    ours = {
        name: dict(zip(parts, v, strict=True)) for name, v in zip(NAMES, (sens, spec), strict=True)
    }
    table = compare(read_claims(CLAIMS), [{"page": "cross_validation", "claims": ours}])
    assert table.set_index("id").loc[NAMES, "verdict"].tolist() == [verdict] * 2
    # alone, neither is worth a verdict
    alone = [{"page": "cross_validation", "claims": {NAMES[0]: ours[NAMES[0]]}}]
    found = compare(read_claims(CLAIMS), alone).set_index("id").loc[NAMES, "verdict"]
    assert found.tolist() == ["reported", "not computed here"]


def test_a_pair_says_its_sum_and_is_counted_once():
    ours = {
        "cv.sens.ipd": {"value": 0.918, "low": 0.862, "high": 0.953},  # higher alone
        "cv.spec.ipd": {"value": 0.744, "low": 0.675, "high": 0.803},
        "cv.auc.ipd": {"value": 0.9, "low": 0.87, "high": 0.93},
        "cv.sens.psp": {"value": 0.9, "low": 0.85, "high": 0.95},  # its partner is missing
    }
    table = compare(read_claims(CLAIMS), [{"page": "cross_validation", "claims": ours}])
    found = table.set_index("id").loc[list(ours)]
    assert found["verdict"].tolist() == ["lower than the paper"] * 2 + [CLOSE, "reported"]
    # The paper: 128/146 + 164/176 = 1.8085; here 1.662. Wilson 0.814 to 0.921, 0.884 to 0.961:
    # widths down, of each difference hypot(0.056, 0.044) and hypot(0.069, 0.029), together 0.103.
    said = "as a pair: sensitivity + specificity 1.81, here 1.66, difference -0.15 (-0.25 to -0.04)"
    assert found["as_pair"].tolist() == [said, said, "", ""]
    tally = counts(table)
    assert tally["lower than the paper"] == 1 and n_alike(tally) == 1
    # IPD and the other six pairs once, but PSP of cross-validation has two verdicts
    assert tally.sum() == 52 - 6


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ((0.0, -0.05, 0.05), (0.02, -0.06, 0.09), CLOSE),
        # 0.2 + 0.0, less sqrt(0.05^2 + 0.05^2) = 0.07
        ((0.2, 0.15, 0.25), (0.0, -0.05, 0.05), "higher than the paper"),
        ((-0.2, -0.25, -0.15), (0.0, -0.05, 0.05), "lower than the paper"),
        # -0.07 - 0.11 = -0.18, and sqrt(0.1^2 + 0.08^2) = 0.13: only the second is lower alone
        ((-0.07, -0.2, 0.03), (-0.11, -0.2, -0.03), "lower than the paper"),
        # neither is alone: -0.2, and sqrt(0.12^2 + 0.12^2) = 0.17
        ((-0.1, -0.22, 0.02), (-0.1, -0.22, 0.02), "lower than the paper"),
        # one was bought with the other
        ((0.12, -0.04, 0.25), (-0.13, -0.21, -0.06), "cannot tell"),
        ((0.12, 0.04, 0.25), (-0.13, -0.21, -0.06), "differs"),
        ((0.0, -0.3, 0.3), (0.0, -0.05, 0.05), "cannot tell"),
        ((np.nan, np.nan, np.nan), (0.0, -0.05, 0.05), "reported"),
    ],
)
def test_a_pair_is_judged_by_both_or_by_its_sum(one, other, both):
    assert together(one, other) == together(other, one) == both


@pytest.mark.parametrize(
    ("kind", "paper"),
    [("number", "0.953"), ("bound", ">78.1%"), ("p", "0.75"), ("words", "no difference")],
)
@pytest.mark.parametrize("value", [None, np.nan])
def test_without_a_value_of_ours_nothing_is_judged(kind, paper, value):
    row = one(kind, paper, {"value": value, "low": 0.1, "high": 0.9, "p": 0.2})
    assert (row["verdict"], row["ours"]) == ("not computed here", "")


def test_what_is_missing_stands_in_place_of_a_value():
    assert one("number", "0.953", {"why": "no ages"})["ours"] == "– (no ages)"
    claims = read_claims(CLAIMS)
    results = [
        {"page": "blind_test", "claims": {}, "without": "no one confirmed"},
        {"page": "cross_validation", "claims": {"cv.auc.nc": {"value": 0.9}}},
    ]
    ours = compare(claims, results, ("IPD", "ET", "NC")).set_index("id")["ours"]
    assert ours["blind.accuracy"] == ours["blind.sens.msa"] == "– (no one confirmed)"
    assert ours["cv.auc.psp"] == "– (no PSP)"
    assert ours["dlbr.msa_psp"] == "– (no MSA, no PSP)"
    assert ours["cv.auc.ipd"] == ours["fusion.accuracy"] == ""  # nobody says why
    assert ours["cv.auc.nc"] == "0.900"


def test_without_a_patient_group_of_the_paper_only_pairs_are_judged():
    accuracy = {"value": 0.88, "low": 0.85, "high": 0.91}
    ours = {
        "blind.accuracy": accuracy,
        "saliency.regions": {"value": "putamen, caudate, midbrain"},
        "dlbr.ipd_psp": {"value": "significant", "p": 1e-9},
    }
    claims = read_claims(CLAIMS)

    def found(*diagnoses):
        table = compare(claims, [{"page": "all", "claims": ours}], diagnoses).set_index("id")
        return table.loc[list(ours), "verdict"].tolist(), table.loc["blind.accuracy", "difference"]

    assert found("IPD", "PSP", "NC") == (["reported", "reported", "agrees"], "")
    verdicts, difference = found("IPD", "MSA", "PSP")
    assert verdicts == [CLOSE, "agrees", "agrees"] and difference.startswith("+0.00 (")


@pytest.mark.parametrize(
    ("paper", "ours", "verdict"),
    [
        (">78.1%", {"value": 0.79}, "agrees"),
        (">78.1%", {"value": 0.62}, "lower than the paper"),
        (">78.1%", {"value": 0.62, "low": 0.4, "high": 0.8}, "cannot tell"),
        (">78.1%", {"value": 0.82, "low": 0.7, "high": 0.9}, "cannot tell"),
        (">78.1%", {"value": 0.62, "low": 0.5, "high": 0.7}, "lower than the paper"),
        (">78.1%", {"value": 1.2, "low": 1.1, "high": 1.3}, "agrees"),
        ("< 0.2", {"value": 0.1}, "agrees"),
        ("< 0.2", {"value": 0.3, "low": 0.25, "high": 0.35}, "higher than the paper"),
        ("<0.2", {"value": 0.3, "low": 0.1, "high": 0.4}, "cannot tell"),
    ],
)
def test_a_bound_agrees_when_its_side_is_reached(paper, ours, verdict):
    assert one("bound", paper, ours)["verdict"] == verdict


@pytest.mark.parametrize(
    ("paper", "ours", "verdict"),
    [
        ("<0.001", 0.04, "agrees"),
        ("<0.001", 0.06, "differs"),
        ("<0.05", 0.01, "agrees"),
        ("0.75", 0.06, "agrees"),
        ("0.75", 0.049, "differs"),
        ("0.05", 0.9, "agrees"),
    ],
)
def test_a_p_value_agrees_on_the_same_side_of_five_percent(paper, ours, verdict):
    assert one("p", paper, {"value": ours})["verdict"] == verdict


@pytest.mark.parametrize(
    ("paper", "ours", "verdict"),
    [
        ("no difference", "no difference", "agrees"),
        ("n.s.", "N.S.", "agrees"),
        ("n.s.", "significant", "differs"),
        ("long > short", "long  > short ", "agrees"),
        ("long > short", "short > long", "differs"),
        ("DAT-Net better", "dat-net better", "agrees"),
        ("putamen, caudate, midbrain", "Putamen, caudate, midbrain", "agrees"),
        ("P(MSA), P(IPD), P(PSP)", "P(IPD), P(MSA), P(PSP)", "differs"),
    ],
)
def test_words_agree_when_they_are_the_same(paper, ours, verdict):
    assert one("words", paper, {"value": ours})["verdict"] == verdict
    # a P beside the words is shown but does not decide
    row = one("words", paper, {"value": ours, "p": 0.001}, p="0.75")
    assert row["verdict"] == verdict
    assert row["paper"] == f"{paper}, P = 0.75"
    assert row["ours"] == f"{ours}, P = 0.001"


@pytest.mark.parametrize(
    ("paper", "ours", "text"),
    [
        ("0.900", {"value": 0.93, "low": 0.9, "high": 0.9567}, "0.930 (0.90 to 0.96)"),
        ("0.9", {"value": 0.93, "p": 0.00001}, "0.9, P < 0.0001"),
        ("93", {"value": 81.308}, "81.3"),
        ("93", {"value": 81, "p": 0.446}, "81, P = 0.45"),
        ("0", {"value": 0.0341}, "0.0341"),
        (">78.1%", {"value": 0.624, "low": 0.5, "high": 1.2}, "62.4% (50.0% to 120.0%)"),
        (">78%", {"value": 0.624}, "62%"),
        ("0.9", {"value": None, "low": 0.1, "high": 0.2}, ""),
    ],
)
def test_our_value_is_written_like_the_one_of_the_paper(paper, ours, text):
    kind = "bound" if paper.startswith(">") else "number"
    assert one(kind, paper, ours)["ours"] == text


def test_a_p_of_the_paper_is_written_beside_its_value():
    assert one("number", "0.927", {"value": 0.9}, p="<0.001")["paper"] == "0.927, P < 0.001"
    assert one("number", "0.927", {"value": 0.9})["paper"] == "0.927"


@pytest.mark.parametrize(
    ("kind", "paper", "ours", "expected"),
    [
        ("number", "0.953", "high", "a number"),
        ("bound", ">78.1%", "more", "a number"),
        ("p", "0.75", "n.s.", "a number"),
        ("words", "n.s.", 0.3, "words"),
        ("words", "n.s.", ["n.s."], "words"),
    ],
)
def test_words_beside_a_number_are_refused(kind, paper, ours, expected):
    with pytest.raises(ValueError, match=f"claim x.y: .* of kind {kind}; expected {expected}$"):
        one(kind, paper, {"value": ours})


def test_the_claims_of_two_pages_are_joined_in_the_order_of_the_table():
    claims = read_claims(CLAIMS)
    results = [
        {"page": "fusion", "claims": {"fusion.accuracy": {"value": 0.7, "low": 0.6, "high": 0.8}}},
        {"page": "cross_validation", "claims": {"cv.auc.pd": {"value": 0.7}}},
        {"page": "binding_ratio", "claims": {"dlbr.ipd_psp": {"value": "significant", "p": 1e-9}}},
    ]
    table = compare(claims, results)
    tally = counts(table)
    table = table.set_index("id")
    assert list(table.index) == claims["id"].tolist()
    assert table.loc["fusion.accuracy", "verdict"] == "lower than the paper"
    assert table.loc["dlbr.ipd_psp", "ours"] == "significant, P < 0.0001"
    assert tally.index.tolist() == list(VERDICTS)
    # of the others, seven pairs are counted once
    assert tally.tolist() == [0, 1, 0, 1, 0, 0, 0, len(claims) - 2 - 7]
    with pytest.raises(ValueError, match="page again gives .*fusion.accuracy"):
        compare(claims, [*results, {"page": "again", "claims": results[0]["claims"]}])


def test_no_result_at_all_leaves_every_claim_open():
    claims = read_claims(CLAIMS)
    assert counts(compare(claims, []))["not computed here"] == len(claims) - 7  # pairs


def the_paper(claims, half=0.001):
    """The paper's own values as ours, measured in very many people."""
    ours = {}
    for claim in claims.to_dict("records"):
        try:
            value = float(claim["value"])
            ours[claim["id"]] = {"value": value, "low": value - half, "high": value + half}
        except ValueError:
            ours[claim["id"]] = {"value": claim["value"]}
    ours["radiomics.gain"] = {"value": 0.782}
    return ours


def test_the_paper_agrees_with_itself_as_far_as_its_own_counts_can_tell():
    claims = read_claims(CLAIMS)
    table = compare(claims, [{"page": "all", "claims": the_paper(claims)}]).set_index("id")
    # The paper had too few people with PSP, and with MSA in the blind test, to be sure of a rate.
    unsure = table.index[~table["verdict"].isin(ALIKE)].tolist()
    pairs = [f"{phase}.{rate}.psp" for phase in ("cv", "blind") for rate in ("sens", "spec")]
    msa = ["blind.sens.msa", "blind.spec.msa"]
    assert set(unsure) == {*pairs, "cv.ppv.nc", *msa}
    assert set(table.loc[unsure, "verdict"]) == {"cannot tell"}
    assert len(table) == 52


@pytest.mark.parametrize("claim", read_claims(CLAIMS)["id"])
def test_a_planted_wrong_result_flips_its_verdict(claim):
    claims = read_claims(CLAIMS).assign(counts="")  # as sure as it gets
    right = the_paper(claims)
    value = right[claim]["value"]
    wrong = {"value": "something else"}
    if not isinstance(value, str):
        off = value - 0.3
        wrong = {"value": off, "low": off - 0.001, "high": off + 0.001}
    verdicts = [
        compare(claims, [{"page": "all", "claims": ours}]).set_index("id").loc[claim, "verdict"]
        for ours in (right, right | {claim: wrong})
    ]
    assert verdicts[0] in ALIKE and verdicts[1] in ("differs", "lower than the paper")


def test_an_interval_without_width_is_none():
    # DeLong's interval of a perfect AUC has no width; it must not refute a paper's 0.998.
    claims = read_claims(CLAIMS)
    ours = {"cv.auc.nc": {"value": 1.0, "low": 1.0, "high": 1.0}}
    row = compare(claims, [{"page": "all", "claims": ours}]).set_index("id").loc["cv.auc.nc"]
    assert (row["ours"], row["verdict"]) == ("1.000", "reported")
