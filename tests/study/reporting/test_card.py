"""The card says who the networks learned from, how sure they are, and what they are not for."""

import pytest
from small_judges import small_judge

from datnet_study.reporting.card import card_of, doubt_in_words, never_tried, scans_in_words


def test_a_card_has_what_a_reader_asks_for(judge):
    text = card_of(judge)
    for word in ("Research use only", "digital phantoms", "| 10 | 10 | 12 |", "| <5 | <5 | 0 |",
                 "tracer | CFT", "out of fold", "SHA256SUMS", "| putamen asymmetry |"):  # fmt: skip
        assert word.lower() in text.lower(), word


def test_a_card_says_what_there_is_not(coarse_atlas, judge):
    facts = small_judge(coarse_atlas, age=False, tracer="not said").facts
    assert "Too few controls" in card_of(small_judge(coarse_atlas, control="HC"))
    assert any("the one that it learned from" in line for line in never_tried(facts))
    assert not any("younger" in line for line in never_tried(facts))
    own = judge.facts.model_copy(update={"phantom": False, "doubt": None})
    assert scans_in_words(own) == "They learned from scans of people."
    assert "phantoms" in doubt_in_words(judge.facts)[0]
    assert "people" in doubt_in_words(judge.facts.model_copy(update={"phantom": False}))[0]
    assert len(doubt_in_words(own)) == 1 and "any scan of a person" not in never_tried(own)


@pytest.mark.parametrize("name", ["referred", "wrong", "caught", "kept", "accuracy"])
def test_each_rate_of_the_flag_is_in_the_words(judge, name):
    doubt = judge.facts.doubt.model_copy(update={name: 0.123})
    words = " ".join(doubt_in_words(judge.facts.model_copy(update={"doubt": doubt})))
    assert "12%" in words
