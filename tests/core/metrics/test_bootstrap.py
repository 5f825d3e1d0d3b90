"""Resampled participants, the AUC of each resample, and the intervals that they give."""

import numpy as np
import pytest
from helpers import pair_kernel
from sklearn.metrics import roc_auc_score

from datnet_core.metrics.auc import delong_interval
from datnet_core.metrics.bootstrap import (
    bootstrap_interval,
    group_mean_interval,
    mean_interval,
    resampled_participants,
    weighted_auc,
)

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


def test_the_bootstrap_equals_a_slow_one():
    # The slow one draws the same participants, stacks their scans and counts pairs.
    rng = np.random.default_rng(3)
    people = np.array([4, 0, 1, 1, 2, 3, 3, 5, 6, 6, 6])
    y_true = np.isin(people, [1, 4, 6])
    y_score = rng.integers(0, 5, 11) + y_true
    rng, aucs = np.random.default_rng(8), []
    drawn = np.hstack(
        [rng.multinomial(3, [1 / 3] * 3, size=40), rng.multinomial(4, [1 / 4] * 4, size=40)]
    )
    for times in drawn:
        scans = np.concatenate(
            [
                np.tile(np.flatnonzero(people == who), k)
                for who, k in zip([1, 4, 6, 0, 2, 3, 5], times, strict=True)
            ]
        )
        aucs.append(pair_kernel(y_true[scans], y_score[scans]).mean())
    expected = np.quantile(aucs, [0.025, 0.975])
    assert bootstrap_interval(y_true, y_score, people, 40, 8) == pytest.approx(expected)


def test_the_bootstrap_is_near_delong_for_one_scan_each_and_wider_for_copies():
    rng = np.random.default_rng(11)
    y_true = np.arange(300) < 120
    y_score = rng.normal(size=300) + y_true
    _, low, high = delong_interval(y_true, y_score)
    once = bootstrap_interval(y_true, y_score, np.arange(300), 2000, seed=0)
    assert once == pytest.approx((low, high), abs=0.01)
    people, labels, scores = (np.tile(v, 2) for v in (np.arange(300), y_true, y_score))
    twice = bootstrap_interval(labels, scores, people, 2000, seed=0)
    assert twice == pytest.approx(once)  # a copied scan is no information
    assert np.diff(delong_interval(labels, scores)[1:]) < 0.8 * np.diff(twice)


def test_the_bootstrap_refuses_a_participant_of_two_classes():
    with pytest.raises(ValueError, match="one diagnosis"):
        bootstrap_interval([1, 0, 1, 0], [1, 2, 3, 4], ["a", "a", "b", "c"], 10, 0)
    with pytest.raises(ValueError, match="shapes"):
        bootstrap_interval([1, 0, 1, 0], [1, 2, 3, 4], ["a", "b", "c"], 10, 0)


def test_the_interval_holds_the_mean_and_narrows_with_participants(rng):
    values = rng.normal(3, 1, 400)
    mean, low, high = mean_interval(values)
    assert mean == values.mean() and low < mean < high
    error = values.std() / np.sqrt(400)
    np.testing.assert_allclose([mean - low, high - mean], 1.96 * error, rtol=0.1)
    _, low_few, high_few = mean_interval(values[:20])
    assert high_few - low_few > 2 * (high - low)
    assert mean_interval(values) == mean_interval(values)
    np.testing.assert_equal(mean_interval([1.0]), (1.0, np.nan, np.nan))
    np.testing.assert_equal(mean_interval([1.0, np.nan]), (np.nan, np.nan, np.nan))
    assert mean_interval([2.0, 2.0, 2.0]) == (2, 2, 2)


def test_the_mean_over_groups_by_hand_and_its_interval_from_participants():
    # Mean sensitivity: IPD 3 of 4, MSA 1 of 2, so (0.75 + 0.5) / 2.
    right, groups = [1, 1, 1, 0, 1, 0], ["IPD"] * 4 + ["MSA"] * 2
    mean, low, high = group_mean_interval(right, groups, list("pqrstu"), 4000, 0)
    assert mean == 0.625
    # The resampled mean has variance (0.75 * 0.25 / 4 + 0.5 * 0.5 / 2) / 4 = 0.207 squared.
    assert 0.12 < low < 0.26
    assert 0.9 < high <= 1
    # Two scans of one person count as one draw: MSA then always has 1 of 2.
    assert group_mean_interval(right, groups, list("pppptt"), 100, 0) == (0.625, 0.625, 0.625)


def test_the_mean_of_one_group_of_differences_is_the_plain_mean_and_lengths_have_to_fit():
    assert group_mean_interval([1, -1, 0, 1], ["all"] * 4, range(4), 50, 0)[0] == 0.25
    with pytest.raises(ValueError, match="one length"):
        group_mean_interval([1, 0], ["a"], ["p", "q"], 10, 0)
    with pytest.raises(ValueError, match="one length"):
        group_mean_interval([1, 0], ["a", "a"], ["p"], 10, 0)
