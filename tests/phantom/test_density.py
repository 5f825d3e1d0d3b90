"""The distribution of binding: its moments against what is drawn, and each number of it."""

import numpy as np
import pytest
from helpers import changed

from datnet_phantom.cohort import Cohort
from datnet_phantom.density import age_factor, conditional_binding, draw_binding, mixture
from datnet_phantom.people import draw_participants
from datnet_phantom.regions import BINDING_COLUMNS

NAMES = ("IPD", "MSA", "PSP", "NC")
EQUAL = {"definite": {"IPD": 150, "MSA": 150, "PSP": 150, "NC": 150}}


@pytest.fixture(scope="module")
def large(calibration):
    """Truth of 600 participants with right labels, and their scan table."""
    cohort = Cohort(participants=EQUAL, mislabelled={})
    scans, truth = draw_participants(cohort, calibration, "NC")
    return scans.merge(truth, on=["participant_id", "session_id"])


@pytest.mark.parametrize("name", NAMES)
def test_a_density_has_the_moments_of_what_is_drawn(calibration, name):
    density = mixture(name, calibration, "NC")
    weights = np.exp(density.log_weights)
    assert weights.sum() == pytest.approx(1)
    mean = weights @ density.means
    apart = density.means - mean
    covariance = density.covariance + (weights[:, None] * apart).T @ apart
    drawn = np.log(draw_binding(name, calibration, "NC", 60_000, seed=4))
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.01)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.01)


def test_the_midbrain_adds_two_transporters(calibration):
    # 0.45 + 0.35 = 0.8; MSA keeps 0.45 * 0.65 + 0.35 * 0.75 = 0.555 of 0.8.
    numbers = changed(calibration, "healthy_binding_ratio", midbrain_dat=0.45, midbrain_sert=0.35)
    numbers = changed(numbers, "loss", "MSA", midbrain_dat=0.35, midbrain_sert=0.25)
    given_msa = conditional_binding("MSA", numbers, "NC")
    assert np.exp(given_msa.healthy[-2:]) == pytest.approx([0.8, 0.8])
    assert np.exp(given_msa.log_kept[-2:]) == pytest.approx([0.555 / 0.8] * 2)


@pytest.mark.parametrize("name", ["IPD", "NC"])
def test_drawn_binding_has_the_stated_distribution(calibration, name):
    """Mean and covariance of log binding at known severity, side and age."""
    scans, truth = draw_participants(Cohort({"definite": {name: 1000}}), calibration, "NC")
    stated = conditional_binding(name, calibration, "NC")
    side = np.where(truth["worse_side"] == "left", 1.0, -1.0)[:, None]
    severity = truth["severity"].to_numpy()[:, None]
    aged = np.log(age_factor(scans["age"].to_numpy(), calibration))[:, None]
    expected = stated.healthy + severity * stated.log_kept + side * stated.worse_left + aged
    residual = np.log(truth[list(BINDING_COLUMNS)].to_numpy()) - expected
    # In units of the stated covariance the mean is 0 and the covariance 1. Their standard errors
    # are 1 / sqrt(1000) = 0.032 and, of a variance, sqrt(2 / 1000) = 0.045.
    whitened = np.linalg.solve(np.linalg.cholesky(stated.covariance), residual.T)
    np.testing.assert_allclose(whitened.mean(axis=1), 0, atol=0.13)
    np.testing.assert_allclose(np.cov(whitened), np.eye(len(BINDING_COLUMNS)), atol=0.18)


def test_summaries_draw_from_the_distribution_of_the_cohort(large, calibration):
    for name in ("MSA", "NC"):
        group = np.log(large.loc[large["diagnosis"] == name, list(BINDING_COLUMNS)].to_numpy())
        draws = np.log(draw_binding(name, calibration, "NC", 4000, seed=1))
        np.testing.assert_allclose(draws.mean(axis=0), group.mean(axis=0), atol=0.08)
        np.testing.assert_allclose(draws.std(axis=0), group.std(axis=0), rtol=0.2)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("severity_sd",), 0.6),
        (("decline_per_decade",), 0.2),
        (("spread", "person"), 0.2),
        (("spread", "region_patient"), 0.4),
        (("spread", "side"), 0.2),
        (("asymmetry", "IPD"), 0.6),
        (("asymmetry_sd",), 1.0),
        (("loss", "IPD", "caudate"), 0.6),
        (("healthy_binding_ratio", "midbrain_sert"), 0.9),
    ],
)
def test_every_number_of_the_binding_changes_it(calibration, path, value):
    *sections, name = path
    altered = changed(calibration, *sections, **{name: value})
    before, after = (draw_binding("IPD", c, "NC", 50, seed=0) for c in (calibration, altered))
    assert not np.allclose(before, after)
