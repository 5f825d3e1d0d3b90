"""Frames of time: what is taken, what is refused, and their mean."""

import numpy as np
import pytest

from datnet_study.importing.frames import frame_problems, frames_to_take, mean_of_frames


@pytest.mark.parametrize(
    ("starts", "window", "taken"),
    [
        ([60.0], None, [0]),
        ([None], None, [0]),
        ([60.0, 65.0, 70.0], None, []),
        ([60.0, 65.0, 70.0], (60, 70), [0, 1]),
        ([60.0, 65.0, 70.0], (90, 95), []),
        ([None], (60, 75), []),
    ],
)
def test_frames_are_taken_exactly_where_nothing_is_in_the_way(starts, window, taken):
    lengths = [5.0] * len(starts)
    assert frames_to_take(starts, lengths, window) == taken
    assert bool(frame_problems(starts, lengths, window)) == (not taken)


def test_the_mean_weighs_frames_by_their_length():
    data = np.array([2.0, 8.0, 100.0]) * np.ones((2, 3, 4, 1))
    np.testing.assert_allclose(mean_of_frames(data, [0, 1], [5, 10, 1]), 6.0)  # (10 + 80) / 15
    np.testing.assert_allclose(mean_of_frames(data, [0, 1], [5, 0, 1]), 5.0)  # a length unknown
    assert mean_of_frames(data, [0, 1], [5, 10, 1]).shape == (2, 3, 4)


def test_a_volume_without_frames_is_its_own_mean():
    data = np.ones((2, 3, 4))
    assert mean_of_frames(data, [0], [15]) is data
