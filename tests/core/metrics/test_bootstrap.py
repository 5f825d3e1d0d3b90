"""Resampled participants and the AUC of each resample."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from datnet_core.metrics.bootstrap import resampled_participants, weighted_auc

GROUPS = np.array(["a", "a", "b", "a", "b", "c", "b"])
PEOPLE = np.array(["p", "p", "q", "r", "s", "t", "q"])  # p and q have two scans


def test_scans_of_a_participant_are_drawn_together_and_groups_keep_their_size():
    times = resampled_participants(GROUPS, PEOPLE, 50, 1)
    np.testing.assert_array_equal(times[:, 0], times[:, 1])
    np.testing.assert_array_equal(times[:, 2], times[:, 6])
    for people, n in (([0, 3], 2), ([2, 4], 2), ([5], 1)):  # one scan of each participant
        np.testing.assert_array_equal(times[:, people].sum(1), n)
    assert len(np.unique(times, axis=0)) > 4


def test_a_participant_of_two_groups_is_refused():
    with pytest.raises(ValueError, match="two groups"):
        resampled_participants(["a", "b"], ["p", "p"], 3, 0)


def test_the_weighted_auc_is_that_of_the_repeated_scans(rng):
    y_true, y_score = np.arange(13) % 3 == 0, rng.integers(0, 6, 13).astype(float)
    times = resampled_participants(y_true, np.arange(13), 20, 2)
    expected = [
        roc_auc_score(np.repeat(y_true, t.astype(int)), np.repeat(y_score, t.astype(int)))
        for t in times
    ]
    np.testing.assert_allclose(weighted_auc(y_true, y_score, times), expected)
