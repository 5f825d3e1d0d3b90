"""Dates in their usual forms, and what only looks like one."""

from datetime import date

import pytest

from datnet_study.publishing.days import days_in

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    "day",
    [
        "1955-11-28", "1955/11/28", "28.11.1955", "28/11/55", "11/28/1955", "28. November 1955",
        "28 Nov 55", "28-NOV-1955", "November 28, 1955", "7. März 2019", "19551128",
        "1955\u201011\u201028", "2019-03-07T09:41:00",
    ],
)  # fmt: skip
def test_a_date_is_found_at_its_place(day):
    text = f"(born {day}), 3 scans"
    assert [text[start:end] for start, end in days_in(text, TODAY)] == [day]


@pytest.mark.parametrize(
    "text",
    ["version 1.10.0", "10.1038/sj.hdy.6800717", "P = 0.0519551128", "0.12/0.31", "2026-11-26",
     "1.5.2", "a1b219551128c0", "12 of 30", "5/6 folds"],
)  # fmt: skip
def test_a_number_that_is_no_date_is_left_alone(text):
    assert list(days_in(text, TODAY)) == []
