"""Tables of groups as the public book has them."""

import re

import pandas as pd
import pytest

from datnet_study import show
from datnet_study.masked_tables import hidden_cells_of, masked_styler
from datnet_study.masking import MARK


def cells(styler):
    """Texts of the cells of a shown table, row by row."""
    rows = re.findall(r"<tr>(.*?)</tr>", styler.to_html(), re.DOTALL)
    return [texts for row in rows if (texts := re.findall(r"<td[^>]*>(.*?)</td>", row))]


def test_small_counts_are_marks_and_so_is_what_gives_them_away():
    rows = pd.DataFrame(
        {
            "diagnosis": ["IPD", "MSA", "PSP"],
            "scans": [155, 90, 71],
            "pass": [152, 74, 58],  # three of IPD do not pass
            "median, %": [8.7, 5.7, 2.7],
        }
    )
    shown = cells(show.table(rows, of_groups=True).format(precision=1).pipe(masked_styler))
    assert shown == [
        ["IPD", "155", MARK, "8.7"],
        ["MSA", "90", "74", "5.7"],
        ["PSP", "71", MARK, "2.7"],  # else 152 would follow from the sum of those that pass
    ]


def test_a_row_about_few_people_has_no_number():
    rows = pd.DataFrame({"of": ["IPD", "PSP"], "n": [60, 3], "age": ["62.1 (9.4)", "71.0 (2.0)"]})
    hidden = hidden_cells_of(rows)
    assert hidden["age"].tolist() == [False, True]
    assert hidden["of"].tolist() == [False, False]


@pytest.mark.parametrize(
    ("women", "hidden"),
    [("50%", False), ("0%", False), ("100%", False), ("10%", True), ("90%", True)],
)
def test_a_percentage_that_stands_for_few_people_is_hidden(women, hidden):
    rows = pd.DataFrame({"of": ["IPD"], "people": ["30"], "women": [women]})
    assert hidden_cells_of(rows)["women"].tolist() == [hidden]  # 10% of 30 are three


def test_columns_that_count_no_people_stay():
    rows = pd.DataFrame({"model": ["a", "b"], "epochs": [3, 4], "layers": ["2 of 3", "1 of 3"]})
    shown = show.table(rows, of_groups=True)
    assert cells(masked_styler(shown, ["epochs", "layers"])) == cells(shown)
    assert cells(masked_styler(shown)) != cells(shown)


def test_texts_and_headings_lose_their_small_counts_too():
    rows = pd.DataFrame({"of (n = 3)": ["2 of 40 scans"], "AUC": ["0.93 (0.90 to 0.96)"]})
    html = masked_styler(show.table(rows, of_groups=True)).to_html()
    assert "of (n = fewer than 5)" in html
    assert "fewer than 5 of 40 scans" in html and "0.93 (0.90 to 0.96)" in html


def test_the_table_itself_stays_as_it_is():
    shown = show.table(pd.DataFrame({"scans": [3]}), of_groups=True)
    masked_styler(shown)
    assert cells(shown) == [["3"]]


def test_headings_that_are_numbers_stay_as_they_are():
    rows = pd.DataFrame({"of": ["IPD"], 25: ["0.71"]})
    assert ">25<" in masked_styler(rows.style.hide(), list(rows)).to_html()
