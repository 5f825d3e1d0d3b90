"""One participant, or few of them, in rows and sentences of any form."""

import pytest

from datnet_study.publishing.rows import people_in_words, small_counts

PEOPLE = {"63.82": {("f", "ipd")}, "63.8": {("f", "ipd")}}


@pytest.mark.parametrize(
    "text",
    ["a woman (F) of 63.82 years with IPD", "[['IPD', 63.8, 'F', 2.8], ['PSP', 1]]",
     "<li>63,8 · F · IPD</li>"],
)  # fmt: skip
def test_a_participant_is_found_in_any_text(text):
    assert [kind for kind, _ in people_in_words(text, PEOPLE)] == ["one participant"]


@pytest.mark.parametrize(
    "text",
    ["IPD has a mean age of 63.8", "F, IPD, 63.81", "63.8 of IPD" + 50 * " " + "F", "F IPD 163.8"],
)
def test_what_is_true_of_many_is_no_participant(text):
    assert list(people_in_words(text, PEOPLE)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<i>n</i>&nbsp;=&nbsp;4", 1),
        ("n = 40", 0),
        ("n = 4.5", 0),
        ("<table><tr><th>age</th><th>F</th><th>M</th></tr>"
         "<tr><td>36-38</td><td>7</td><td>1</td></tr></table>", 1),
        ("<table><tr><th>age</th><th>F</th></tr><tr><td>36-38</td><td>7</td></tr></table>", 0),
    ],
)  # fmt: skip
def test_few_people_are_found_by_their_letter_and_their_sex(text, found):
    assert len(list(small_counts(text))) == found
