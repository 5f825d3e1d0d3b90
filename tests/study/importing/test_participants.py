"""Tables of participants: which words may be written, and which rows are named."""

import pytest

from datnet_study.importing.participants import plain_value, plain_values, read_participants


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("diagnosis", "MSA-P", "MSA-P"),
        ("diagnosis", "GenCohort PD", "GenCohort PD"),
        ("sex", "Male", "M"),
        ("sex", "2", "2"),  # what it means, `values` of the study file says
        ("sex", "other", None),
        ("age", "61,5", "61.5"),
        ("age", "89+", "89"),
        ("updrs", "n/a", None),
    ],
)
def test_numbers_and_short_words_are_taken(name, text, value):
    assert plain_value(name, text, "row 2") == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("diagnosis", "PD, seen by Dr. Roe on May 2nd"),
        ("diagnosis", "Parkinson's disease of Jane Roe"),
        ("diagnosis", "7734551"),
        ("age", "1955-08-23"),
        ("hoehn_yahr", "two"),
    ],
)
def test_anything_else_is_a_problem_that_names_the_line(name, text):
    values, problems = plain_values({name: text, "note": "free"}, "people.csv, line 3")
    assert values == {}
    assert len(problems) == 1
    assert problems[0].startswith(f"people.csv, line 3: {name} is no ")
    assert text not in problems[0]


def test_a_table_is_read_by_any_of_the_names_for_ids(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("PatientID;Group;Telephone\n12;PD;555\n13;;\n")
    assert read_participants(path) == {"12": ({"diagnosis": "PD"}, []), "13": ({}, [])}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name;age\nRoe;61\n", "columns name, age; expected one of participant_id"),
        ("subject;age\n1;61\n1;62\n", "line 3: a second row of one id"),
    ],
)
def test_a_table_without_ids_or_with_one_twice_is_refused(tmp_path, text, problem):
    path = tmp_path / "people.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=problem):
        read_participants(path)
