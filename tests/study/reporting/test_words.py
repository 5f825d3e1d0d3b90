"""The first screen of a report in words."""

import dataclasses

import numpy as np
import pytest

from datnet_study.reporting.card import doubt_in_words
from datnet_study.reporting.judging import Judged
from datnet_study.reporting.words import (
    first_screen,
    measure_rows,
    norms_in_words,
    same_tracer,
    warnings_of,
)


def changed(found, **values):
    return dataclasses.replace(found, **values)


def with_facts(judge, **values):
    return dataclasses.replace(judge, facts=judge.facts.model_copy(update=values))


def test_the_most_probable_diagnosis_stands_first(found, judge):
    screen = first_screen(changed(found, proba=np.array([0.1, 0.7, 0.2])), judge)
    assert [row["name"] for row in screen["bars"]] == ["MSA", "NC", "IPD"]
    assert screen["most"]["p"] == "0.70" and screen["quality"]["word"] == "passes"


@pytest.mark.parametrize(("referred", "word"), [(True, "refer"), (False, "no flag")])
def test_the_flag_says_how_often_it_was_right(found, judge, referred, word):
    flag = first_screen(changed(found, referred=referred), judge)["flag"]
    rate = judge.facts.doubt.wrong if referred else judge.facts.doubt.kept
    assert flag["word"] == word and f"{rate:.0%}" in flag["why"]


def test_the_limit_of_very_sure_networks_is_told_from_one(found, judge):
    doubt = judge.facts.doubt.model_copy(update={"least": 0.99787})
    flag = first_screen(changed(found, referred=True), with_facts(judge, doubt=doubt))["flag"]
    assert "is below 0.99787." in flag["why"]
    assert "is below 0.99787." in "".join(doubt_in_words(with_facts(judge, doubt=doubt).facts))


@pytest.mark.parametrize(
    ("left", "words"),
    [
        ([True, False, True], "IPD, NC"),
        ([True, False, False], "IPD only"),
        ([False] * 3, "none of them fits"),
        (None, "not known"),
    ],
)
def test_the_set_of_diagnoses_in_words(found, judge, left, words):
    left = None if left is None else np.array(left)
    part = first_screen(changed(found, left=left), judge)["left"]
    assert part["words"] == words and part["title"].startswith("set of diagnoses")
    if left is not None:
        assert part["title"] == f"set of diagnoses ({judge.facts.doubt.coverage:.0%})"
        assert "unlikely, not excluded" in part["why"]


@pytest.mark.parametrize(
    ("value", "z", "word"),
    [(-0.3, -2.5, "left"), (0.3, 2.5, "right"), (-0.3, -1.0, "sides alike"),
     (-0.3, None, "left"), (0.05, None, "sides alike"), (None, None, "not known")],
)  # fmt: skip
def test_the_worse_side_is_named_where_it_is_clear(found, judge, value, z, word):
    measures = {k: v for k, v in found.measures.items() if not k.endswith("_asymmetry")}
    measures |= {} if value is None else {"putamen_asymmetry": value}
    scan = changed(found, measures=measures, z={} if z is None else {"putamen_asymmetry": z})
    assert first_screen(scan, judge)["side"]["word"] == word


def test_the_caudate_says_which_side_is_worse_where_the_putamen_does_not(found, judge):
    measures = found.measures | {"putamen_asymmetry": 0.05, "caudate_asymmetry": 0.5}
    side = first_screen(changed(found, measures=measures, z={"caudate_asymmetry": 4.3}), judge)
    assert side["side"]["word"] == "right" and side["side"]["why"].startswith("Caudate: left")


def test_a_judge_without_out_of_fold_scores_says_so(found, judge):
    screen = first_screen(changed(found, left=None, referred=None), with_facts(judge, doubt=None))
    assert screen["flag"]["word"] == "not known"


def test_a_scan_that_was_not_read_has_only_its_quality(judge):
    screen = first_screen(Judged("broken", problem="no file"), judge)
    assert screen["quality"]["word"] == "not reached" and "bars" not in screen


def test_another_tracer_version_or_age_is_a_warning(found, judge):
    assert warnings_of(changed(found, tracer="C11-CFT"), judge) == []
    assert "learned from CFT" in warnings_of(changed(found, tracer="FP-CIT"), judge)[0]
    assert warnings_of(changed(found, tracer="FP-CIT"), with_facts(judge, tracer="not said")) == []
    (line,) = warnings_of(found, with_facts(judge, project="9.9"))
    assert "version 9.9" in line
    (line,) = warnings_of(changed(found, age=20.0), judge)
    assert "age 20 lies outside" in line


def test_names_of_tracers_are_compared_by_their_letters():
    assert same_tracer("cft", "[11C]CFT") and not same_tracer("PE2I", "CFT")


def test_the_table_has_a_dash_where_nothing_is_known(found, judge):
    row = measure_rows(found, judge)[0]
    assert row["name"] == "putamen" and "±" in row["norm"] and row["z"][0] in "+-"
    assert len(row["shares"]) == 3
    names = [each["name"] for each in measure_rows(found, judge)]
    assert "putamen asymmetry, (left - right) / mean" in names
    without = measure_rows(changed(found, age=None, z={}), judge)[0]
    assert without["norm"] == without["z"] == "–"
    bare = measure_rows(found, with_facts(judge, places={}, norms={}))[0]
    assert bare["shares"] == ["–"] * 3


def test_why_there_are_no_z_scores(found, judge):
    assert "in their SD" in norms_in_words(found, judge)
    assert "give it with AGE=" in norms_in_words(changed(found, age=None), judge)
    assert "too few controls" in norms_in_words(found, with_facts(judge, norms={}))


def test_who_judged_is_said(found, judge):
    assert "none of the study's own" in first_screen(found, judge)["models"]
    packed = dataclasses.replace(judge, content="0" * 64)
    assert "cannot tell" in first_screen(found, packed)["models"]
    own = changed(found, known="This is the scan.", models=("fold-3",))
    assert "fold-3, which never saw" in first_screen(own, judge)["models"]
