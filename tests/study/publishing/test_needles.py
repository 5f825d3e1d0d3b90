"""Words that a public book may not hold: from a table, and what cannot be searched."""

import pytest

from datnet_study.publishing.needles import (
    DATE,
    ID,
    NUMBER,
    TEXT,
    needles_of,
    table_texts,
    words_of,
)  # fmt: skip


def test_columns_are_told_apart_by_what_the_study_says_and_by_their_content(study):
    found = table_texts(study)
    assert {"KX-40721", "17", "sub-KX40721"} <= set(found[ID])
    assert {"1948-02-27", "14.03.2019", "20201102"} <= set(found[DATE])
    assert {"Eberhardt, Maria", "claustrophobic"} <= set(found[TEXT])
    everything = {text for texts in found.values() for text in texts}
    assert not {"PD", "definite", "F", "3", "71.04", "V1"} & everything  # words of classes, numbers


@pytest.mark.parametrize(
    ("cell", "is_number"),
    [("3", True), ("-71.04", True), ("71,04", True), ("N/A", True), ("n/a", True),
     ("40721", False), ("3 mg", False), ("late", False)],
)  # fmt: skip
def test_numbers_and_missing_ones_are_no_text_of_anybody(cell, is_number):
    assert bool(NUMBER.fullmatch(cell)) == is_number


def test_words_of_the_book_are_not_searched_alone_and_are_counted(study):
    def say(common):
        return needles_of(study, common, lambda _: False)

    assert ("claustrophobic",) in say(set()).of
    found = say({"claustrophobic", "eberhardt"})
    assert ("claustrophobic",) not in found.of and ("eberhardt",) not in found.of
    assert ("eberhardt", "maria") in found.of  # together they are still a name
    assert found.unsearched[TEXT] == 2 and found.unsearched[ID] == 1  # late and 17 are short
    assert ("patient", "17") in found.of


def test_what_the_project_itself_says_is_not_searched(study):
    of = needles_of(study, set(), lambda words: words[:2] == ("eberhardt", "maria")).of
    assert ("eberhardt", "maria") not in of and ("felgenhauer", "otto") in of
    of = needles_of(study, set(), lambda words: words == ("case", "17")).of
    assert ("case", "17") not in of and ("patient", "17") in of


def test_words_have_no_case_accents_or_signs():
    assert words_of("Müller-Ärzte, O’NEILL\u00ad 7") == ("muller", "arzte", "o", "neill", "7")
