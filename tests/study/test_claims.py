"""Verdicts on the paper's claims, rule by rule."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datnet_study.claims import CLAIM_COLUMNS, VERDICTS, compare, counts, read_claims

CLAIMS = Path(__file__).parents[2] / "data_manifest" / "claims.tsv"
PAGES = {"cross_validation", "blind_test", "saliency", "binding_ratio", "radiomics", "fusion"}


def one(kind, value, ours, p=""):
    """Row of the comparison for one claim."""
    row = ("x.y", "fusion", "AUC", "all", kind, value, p, "")
    claims = pd.DataFrame([row], columns=CLAIM_COLUMNS, dtype=str)
    results = [{"page": "fusion", "study": "s", "numbers": {}, "claims": {"x.y": ours}}]
    return compare(claims, results).iloc[0]


@pytest.mark.parametrize(
    ("paper", "ours", "verdict"),
    [
        ("0.953", {"value": 0.93, "low": 0.90, "high": 0.96}, "agrees"),
        ("0.953", {"value": 0.98, "low": 0.96, "high": 1.0}, "higher than the paper"),
        ("0.953", {"value": 0.90, "low": 0.85, "high": 0.95}, "lower than the paper"),
        ("1.000", {"value": 1.0, "low": 0.92, "high": 1.0}, "agrees"),
        ("0.953", {"value": 0.953}, "reported"),
        ("0.953", {"value": 0.9, "low": None, "high": None}, "reported"),
        ("0.953", {"value": 0.9, "low": 0.85, "high": np.nan}, "reported"),
        ("93", {"value": 81}, "reported"),
        ("0", {"value": 0.0}, "reported"),
        ("0.953", {"value": None}, "not computed here"),
        ("0.953", {"value": np.nan, "low": 0.1, "high": 0.9}, "not computed here"),
    ],
)
def test_a_number_is_judged_by_our_interval(paper, ours, verdict):
    assert one("number", paper, ours)["verdict"] == verdict


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
    accuracy = {"value": 0.88, "low": 0.8, "high": 0.9}
    ours = {
        "blind.accuracy": accuracy,
        "cv.sens.ipd": accuracy,
        "saliency.regions": {"value": "putamen, caudate, midbrain"},
        "dlbr.ipd_psp": {"value": "significant", "p": 1e-9},
    }
    claims = read_claims(CLAIMS)

    def verdicts(*diagnoses):
        table = compare(claims, [{"page": "all", "claims": ours}], diagnoses)
        return table.set_index("id").loc[list(ours), "verdict"].tolist()

    assert verdicts("IPD", "PSP", "NC") == ["reported", "reported", "reported", "agrees"]
    assert verdicts("IPD", "MSA", "PSP") == ["agrees"] * 4


@pytest.mark.parametrize(
    ("paper", "ours", "verdict"),
    [
        (">78.1%", {"value": 0.79}, "agrees"),
        (">78.1%", {"value": 0.62}, "lower than the paper"),
        (">78.1%", {"value": 0.62, "low": 0.4, "high": 0.8}, "agrees"),
        (">78.1%", {"value": 0.62, "low": 0.5, "high": 0.7}, "lower than the paper"),
        (">78.1%", {"value": 1.2, "low": 1.1, "high": 1.3}, "agrees"),
        ("< 0.2", {"value": 0.1}, "agrees"),
        ("< 0.2", {"value": 0.3, "low": 0.25, "high": 0.35}, "higher than the paper"),
        ("<0.2", {"value": 0.3, "low": 0.1, "high": 0.4}, "agrees"),
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
        ("0.900", {"value": 0.93, "low": 0.9, "high": 0.9567}, "0.930 (0.900 to 0.957)"),
        ("0.9", {"value": 0.93, "p": 0.00001}, "0.9, P < 0.0001"),
        ("93", {"value": 81.308}, "81.3"),
        ("93", {"value": 81, "p": 0.446}, "81, P = 0.446"),
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
    table = compare(claims, results).set_index("id")
    assert list(table.index) == claims["id"].tolist()
    assert table.loc["fusion.accuracy", "verdict"] == "lower than the paper"
    assert table.loc["dlbr.ipd_psp", "ours"] == "significant, P < 0.0001"
    tally = counts(table)
    assert tally.index.tolist() == list(VERDICTS)
    assert tally.tolist() == [1, 0, 1, 0, 0, len(claims) - 2]
    with pytest.raises(ValueError, match="page again gives .*fusion.accuracy"):
        compare(claims, [*results, {"page": "again", "claims": results[0]["claims"]}])


def test_no_result_at_all_leaves_every_claim_open():
    claims = read_claims(CLAIMS)
    assert counts(compare(claims, []))["not computed here"] == len(claims)


def test_the_paper_agrees_with_itself():
    claims = read_claims(CLAIMS)
    ours = {}
    for claim in claims.to_dict("records"):
        try:
            value = float(claim["value"])
            ours[claim["id"]] = {"value": value, "low": value - 0.01, "high": value + 0.01}
        except ValueError:
            ours[claim["id"]] = {"value": claim["value"]}
    ours["radiomics.gain"] = {"value": 0.782}
    tally = counts(compare(claims, [{"page": "all", "claims": ours}]))
    assert tally["agrees"] == len(claims) == 52


def test_an_interval_without_width_is_none():
    # DeLong's interval of a perfect AUC has no width; it must not refute a paper's 0.998.
    claims = read_claims(CLAIMS)
    ours = {"cv.auc.nc": {"value": 1.0, "low": 1.0, "high": 1.0}}
    row = compare(claims, [{"page": "all", "claims": ours}]).set_index("id").loc["cv.auc.nc"]
    assert (row["ours"], row["verdict"]) == ("1.000", "reported")


def test_the_claims_name_pages_and_keep_the_digits_of_the_paper():
    claims = read_claims(CLAIMS).set_index("id")
    assert set(claims["section"]) == PAGES
    assert claims.loc["cv.auc.psp", "value"] == "0.900"
    assert claims.loc["br.putamen.ipd_msa", "value"] == "n.s."
    assert claims.loc["cv.auc.nc", "group"] == "NC"


def table_text(*rows, columns=CLAIM_COLUMNS):
    return "".join("\t".join(row) + "\n" for row in (columns, *rows))


GOOD = ("a", "fusion", "accuracy", "all", "number", "0.9", "<0.001", "")


def row(kind, value, p=""):
    return ("b", *GOOD[1:4], kind, value, p, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table_text(GOOD, GOOD), "id 'a' occurs twice"),
        (table_text(GOOD, columns=(*CLAIM_COLUMNS[:7], "remark")), "expected .*'note'"),
        (table_text(row("number", "")), r"row 2 \(b\): value is empty"),
        (table_text(row("", "0.9")), r"row 2 \(b\): kind is empty"),
        (table_text(GOOD, row("number", "0.9", "n.s.")), r"row 3 \(b\): p = 'n.s.', expected a P"),
        (table_text(row("words", "n.s.", "75%")), r"p = '75%', expected a P value, such as 0.75"),
        (table_text(row("AUC", "0.9")), "kind = 'AUC', expected one of number, bound, p, words$"),
        (table_text(row("number", "n.s.")), "value = 'n.s.', expected a number such as 0.953"),
        (table_text(row("number", "<0.9")), "value = '<0.9', expected a number such as"),
        (table_text(row("bound", "0.9")), "value = '0.9', expected a side and a number"),
        (table_text(row("p", "1.2")), "value = '1.2', expected a P value"),
        (table_text(row("words", "0.9")), r"'0.9', expected words, no number \(kind words\)"),
    ],
)
def test_a_broken_table_of_claims_is_refused(tmp_path, text, said):
    path = tmp_path / "claims.tsv"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_claims(path)
