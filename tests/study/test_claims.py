"""The table of the paper's claims: what it holds, and what is refused."""

from pathlib import Path

import pytest

from datnet_study.claims import CLAIM_COLUMNS, published_interval, read_claims
from datnet_study.reference import link

CLAIMS = Path(__file__).parents[2] / "data_manifest" / "claims.tsv"
PAGES = {"cross_validation", "blind_test", "saliency", "binding_ratio", "radiomics", "fusion"}


def test_the_claims_name_pages_and_keep_the_digits_of_the_paper():
    claims = read_claims(CLAIMS).set_index("id")
    assert set(claims["section"]) == PAGES
    assert claims.loc["cv.auc.psp", "value"] == "0.900"
    assert claims.loc["br.putamen.ipd_msa", "value"] == "n.s."
    assert claims.loc["cv.auc.nc", "group"] == "NC"
    assert len(claims) == 52


def test_every_claim_leads_to_a_function_of_the_reference():
    for name in read_claims(CLAIMS)["function"].unique():
        assert link(name).startswith("../reference/")


def test_every_share_and_auc_of_the_paper_has_its_counts():
    claims = read_claims(CLAIMS).set_index("id")
    shares = claims[claims["value"].str.match(r"[01]\.\d{3}")]
    assert len(shares) == 24 and all(shares["counts"])
    assert not any(claims.drop(shares.index)["counts"])


@pytest.mark.parametrize(
    ("value", "counts", "expected"),
    [  # Wilson by hand: (x + z^2/2 -+ z sqrt(x (n-x)/n + z^2/4)) / (n + z^2), z = 1.96
        ("0.815", "44 of 54", (0.8148, 0.6916, 0.8962)),
        ("1.000", "43 of 43", (1, 0.9180, 1)),
        ("0.900", "54 against 268", (0.9, 0.8437, 0.9563)),
        ("0.7", "", (0.7, 0.7, 0.7)),
        (">78.1%", "", (0.781, 0.781, 0.781)),
    ],
)
def test_a_number_of_the_paper_is_as_sure_as_its_counts_allow(value, counts, expected):
    found = published_interval({"value": value, "counts": counts})
    assert found == pytest.approx(expected, abs=5e-4)


def table_text(*rows, columns=CLAIM_COLUMNS):
    return "".join("\t".join(row) + "\n" for row in (columns, *rows))


GOOD = ("a", "fusion", "accuracy", "all", "number", "0.9", "9 of 10", "<0.001", "f", "", "")


def row(kind, value, p="", counts="", function="f"):
    return ("b", *GOOD[1:4], kind, value, counts, p, function, "", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table_text(GOOD, GOOD), "id 'a' occurs twice"),
        (table_text(GOOD, columns=(*CLAIM_COLUMNS[:10], "remark")), "expected .*'note'"),
        (table_text(row("number", "")), r"row 2 \(b\): value is empty"),
        (table_text(row("", "0.9")), r"row 2 \(b\): kind is empty"),
        (table_text(GOOD, row("number", "0.9", "n.s.")), r"row 3 \(b\): p = 'n.s.', expected a P"),
        (table_text(row("words", "n.s.", "75%")), r"p = '75%', expected a P value, such as 0.75"),
        (table_text(row("AUC", "0.9")), "kind = 'AUC', expected one of number, bound, p, words$"),
        (table_text(row("number", "n.s.")), "value = 'n.s.', expected a number such as 0.953"),
        (table_text(row("number", "<0.9")), "value = '<0.9', expected a number such as"),
        (table_text(row("bound", "0.9")), "value = '0.9', expected a side and a number"),
        (table_text(row("p", "1.2")), "value = '1.2', expected a P value"),
        (table_text(row("number", "0.9", function="")), r"row 2 \(b\): function is empty"),
        (table_text(row("number", "0.9", counts="8 of 10")), "counts = '8 of 10', expected such"),
        (table_text(row("number", "0.9", counts="9/10")), "counts = '9/10', expected such as"),
        (table_text(row("number", "0.9", counts="0 of 0")), "counts = '0 of 0', expected such"),
        (table_text(row("number", "0.9", counts="0 against 5")), "counts = '0 against 5', exp"),
        (table_text(row("words", "n.s.", counts="9 of 10")), "counts = '9 of 10', expected"),
        (table_text(row("words", "0.9")), r"'0.9', expected words, no number \(kind words\)"),
    ],
)
def test_a_broken_table_of_claims_is_refused(tmp_path, text, said):
    path = tmp_path / "claims.tsv"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_claims(path)
