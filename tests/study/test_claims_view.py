"""The table of claims as a reader gets it."""

from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from datnet_study.agreement import ABSENT, CLOSE, REPORTED, VERDICTS, compare, counts
from datnet_study.claims import read_claims
from datnet_study.claims_view import RULES, claims_view, rules_view, verdict_mark, verdicts_in_words
from datnet_study.masked_words import masked_words

ROOT = Path(__file__).parents[2]


class Cells(HTMLParser):
    """Rows of a table as lists of texts, and the attributes of rows and links."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.of_rows, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
            self.of_rows.append(dict(attrs))
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.replace("\n", "")


@pytest.fixture
def table():
    claims = read_claims(ROOT / "data_manifest/claims.tsv")
    ours = {"fusion.accuracy": {"value": 0.6, "low": 0.5, "high": 0.7}}
    results = [{"page": "fusion", "claims": ours}]
    return compare(claims, results).assign(function=claims["function"])


def test_every_claim_is_a_row_with_its_verdict_and_leads_to_cell_and_function(table):
    found = Cells(claims_view(table, "Claims"))
    head, *rows = found.rows
    assert head == ["claim", "paper (95%)", "here (95%)", "here − paper", "verdict"]
    assert len(rows) == 52 and {len(row) for row in rows} == {5}
    row = rows[table.index[table["id"] == "fusion.accuracy"][0]]
    assert row[0] == "accuracy, imaging and clinical data, blind testfused_verdicts"
    # 0.6 less 250 of 280 (0.893, Wilson 0.851 to 0.924), -hypot(0.1, 0.031), +hypot(0.1, 0.042)
    assert row[2:] == ["0.600 (0.50 to 0.70)", "-0.29 (-0.40 to -0.18)", "↓ lower than the paper"]
    assert {"data-page": "fusion", "data-verdict": "lower than the paper"} in found.of_rows
    assert "fusion.html#claim-fusion.accuracy" in found.links
    assert "../reference/datnet_study.html#datnet-study-fused-verdicts" in found.links


def test_ceiling_and_null_are_columns_where_a_study_has_them(table):
    more = table.assign(ceiling="– (<why>)", null="0.5", null_verdict="agrees")
    head, first, *_ = Cells(claims_view(more, "Claims")).rows
    assert head[4:] == ["limit (true binding)", "study null", "verdict"]
    assert first[4:6] == ["– (<why>)", "✓ agrees0.5"]
    assert Cells(claims_view(more.assign(null_verdict=""), "Claims")).rows[1][5] == "0.5"


def test_every_verdict_has_a_rule_a_sign_and_a_colour(table):
    assert tuple(RULES) == VERDICTS
    shown = rules_view(counts(table))
    style = (ROOT / "book/_static/style.css").read_text()
    for verdict in VERDICTS:
        assert verdict_mark(verdict) in shown
        assert f"span.verdict.{verdict.split()[0]}" in style
    assert len({verdict_mark(verdict)[-40:] for verdict in VERDICTS}) == len(VERDICTS)
    absent = pd.Series(table["verdict"]).eq("not computed here").sum() - 7  # pairs, once each
    assert f"<strong>{absent}</strong>" in shown


def test_a_pair_says_beside_its_verdict_that_it_is_one():
    claims = read_claims(ROOT / "data_manifest/claims.tsv")
    rates = {"value": 0.7, "low": 0.65, "high": 0.75}
    results = [{"page": "p", "claims": {"cv.sens.ipd": rates, "cv.spec.ipd": rates}}]
    both = compare(claims, results).assign(function=claims["function"])
    rows = Cells(claims_view(both[both["id"].isin(["cv.sens.ipd", "cv.auc.ipd"])], "Two")).rows
    assert rows[1][4] == "– not computed here"
    assert rows[2][4].startswith(
        "↓ lower than the paperas a pair: sensitivity + specificity 1.81, "
    )


def test_what_became_of_the_claims_is_a_sentence_whatever_the_numbers():
    none = dict.fromkeys(VERDICTS, 0)
    said = verdicts_in_words(none | {ABSENT: 40, REPORTED: 5}, 52, "here")
    assert said == (
        "Of the paper's 52 claims (45 claims with sensitivity and specificity of a diagnosis "
        "counted as one), no claims can be judged here."
    )
    said = verdicts_in_words(none | {"differs": 1, "cannot tell": 2}, 3, "here")
    assert (
        said == "Of the paper's 3 claims, 3 claims can be judged here: no claims alike, 1 claim "
        "different, 2 claims undecided."
    )
    assert masked_words(said) == said  # none of its numbers counts people
    said = verdicts_in_words(pd.Series(none | {CLOSE: 3, "higher than the paper": 1}), 4, "here")
    assert said.endswith(
        "3 claims alike (3 claims by numbers within 0.1, no claims by the same statement), "
        "1 claim higher than the paper."
    )
