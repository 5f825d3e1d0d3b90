"""Clock times of headers: midnight, shifted days, clocks to twelve."""

import pytest

from datnet_study.importing.timing import day_seconds, delay_min, frames_within


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("131500", 47700),
        ("1315", 47700),
        ("13", 46800),
        ("131500.250", 47700.25),
        ("20190823131500.25+0200", 47700.25),
        ("19010101131500", 47700),  # a day that somebody has shifted
        ("000000", 0),
        ("", None),
        (None, None),
        ("251500", None),
        ("noon", None),
        ("20190823", None),  # a day without a time
    ],
)
def test_a_time_of_the_day_is_read_with_or_without_its_day(text, seconds):
    assert day_seconds(text) == seconds


def test_an_injection_before_midnight_is_as_long_ago_as_it_was():
    assert delay_min(23.5 * 3600, 0.75 * 3600) == 75


def test_a_time_that_is_not_there_gives_no_delay():
    assert delay_min(None, 3600) is None
    assert delay_min(3600, None) is None


def test_frames_of_a_window_are_those_that_lie_in_it_whole():
    starts, lengths = [0, 30, 60, 65, 70, 75], [30, 30, 5, 5, 5, 5]
    assert frames_within(starts, lengths, (60, 75)) == [2, 3, 4]
    assert frames_within([60.4], [15], (60, 75)) == [0]
    assert frames_within([61], [15], (60, 75)) == []
