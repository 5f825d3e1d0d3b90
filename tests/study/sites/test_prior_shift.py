"""Shares of the classes that are estimated without labels."""

import numpy as np
import pytest

from datnet_study.sites.prior_shift import estimated_shares, recalibrated, with_shares

LEARNED = np.array([0.5, 0.3, 0.2])
MEANS = np.array([[2.0, 0.0], [0.0, 2.0], [-2.0, -2.0]])


def judged(rng, shares, n=3000):
    """Labels of another site, and what a perfect classifier of the home site says of them."""
    labels = rng.choice(3, n, p=shares)
    x = MEANS[labels] + rng.normal(size=(n, 2))
    density = np.exp(-((x[:, None] - MEANS) ** 2).sum(-1) / 2) * LEARNED
    return labels, density / density.sum(axis=1, keepdims=True)


def test_the_shares_of_a_site_are_found_from_probabilities_alone(rng):
    labels, proba = judged(rng, [0.1, 0.2, 0.7])
    found = estimated_shares(proba, LEARNED)
    np.testing.assert_allclose(found, np.bincount(labels) / len(labels), atol=0.02)


def test_probabilities_for_the_right_shares_are_calibrated(rng):
    shares = np.array([0.1, 0.2, 0.7])
    labels, proba = judged(rng, shares)
    right = with_shares(proba, LEARNED, shares)
    np.testing.assert_allclose(right.mean(axis=0), np.bincount(labels) / len(labels), atol=0.02)
    np.testing.assert_allclose(with_shares(right, shares, LEARNED), proba)


def test_a_class_that_nobody_had_stays_without_probability():
    proba = np.array([[0.6, 0.4, 0.0]])
    found = estimated_shares(proba, np.array([0.5, 0.5, 0.0]))
    assert found[2] == 0
    assert with_shares(proba, np.array([0.5, 0.5, 0]), np.array([0.2, 0.2, 0.6]))[0, 2] == 0


def test_nobody_gives_the_shares_as_they_were_learned():
    np.testing.assert_array_equal(estimated_shares(np.empty((0, 3)), LEARNED), LEARNED)


@pytest.mark.parametrize("k", [0, 1])
def test_a_part_is_recalibrated_by_the_others_alone(rng, k):
    _, proba = judged(rng, [0.1, 0.2, 0.7], n=60)
    part = np.arange(60) % 2
    others = proba[part != k]
    expected = with_shares(proba[part == k], LEARNED, estimated_shares(others, LEARNED))
    np.testing.assert_array_equal(recalibrated(proba, LEARNED, part)[part == k], expected)
