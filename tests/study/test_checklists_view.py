"""Reporting items as counts, in a sentence, and as a table whose links lead somewhere."""

import pandas as pd

from datnet_study.checklists_view import items_counted, items_in_words, items_view
from datnet_study.masked_words import masked_words

CONFUSION = "pages/blind_test#fig-blind-test-confusion"
ROWS = pd.DataFrame(
    [
        ("CLEAR", "1", "title & name", "missing", "", "", "a < b", "https://a.org/x?a=1&b"),
        (
            "CLEAR",
            "2",
            "aims",
            "reported",
            "pages/blind_test#fig-blind-test-confusion",
            "",
            "",
            "s",
        ),
        ("CLEAR", "3", "data", "partly", "methods#images", "blind_test:accuracy", "why", "s"),
        ("CLEAR", "4", "trial", "not_applicable", "", "", "no trial", "s"),
        ("TRIPOD+AI", "1", "title", "unverified", "", "", "", ""),
    ],
    columns=["guideline", "item", "label", "status", "where", "key", "reason", "source"],
)
CLEAR = ROWS[ROWS["guideline"] == "CLEAR"]


def test_items_are_counted_by_status_in_the_order_of_the_table():
    counted = items_counted(ROWS)
    assert counted.index.tolist() == ["CLEAR", "TRIPOD+AI"]
    assert counted.loc["CLEAR"].tolist() == [1, 1, 1, 1, 0]
    assert counted.loc["TRIPOD+AI", "unverified"] == 1


def test_the_sentence_counts_what_applies_and_names_what_is_missing():
    words = items_in_words(CLEAR)
    assert words == "1 of 3 items of CLEAR that apply (partly: 1 items; missing: title & name)"
    assert "not read: 1 items" in items_in_words(ROWS[ROWS["guideline"] != "CLEAR"])
    assert "missing: nothing" in items_in_words(ROWS[ROWS["guideline"] != "CLEAR"])
    assert masked_words(words) == words  # items are no people


def test_a_setting_in_a_reason_is_shown_as_code():
    text = items_view(CLEAR.assign(reason="this study has no site for tests only (`sites`) < 1"))
    assert "tests only (<code>sites</code>) &lt; 1" in text


def test_the_table_links_to_places_and_to_where_the_text_was_read():
    text = items_view(CLEAR)
    assert '<a href="blind_test.html#fig-blind-test-confusion">blind test, confusion</a>' in text
    assert '<a href="../methods.html#images">methods, images</a>' in text
    assert '<a href="blind_test.html">blind test</a>: <code>accuracy</code>' in text
    assert '<a href="https://a.org/x?a=1&amp;b">1</a>' in text
    assert "title &amp; name" in text and "a &lt; b" in text
    assert "not applicable</span>" in text
    assert '<th scope="row">1</th>' in items_view(ROWS[ROWS["guideline"] != "CLEAR"])
