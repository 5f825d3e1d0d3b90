"""The distribution of binding: its moments against what is drawn, and each number of it."""

import numpy as np
import pytest
from conftest import changed

from datnet_phantom.cohort import Cohort
from datnet_phantom.density import age_factor, conditional_binding, draw_binding, mixture
from datnet_phantom.people import draw_participants
from datnet_phantom.regions import BINDING, BINDING_COLUMNS

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


def test_drawn_binding_has_the_stated_distribution(large, calibration):
    """Mean and covariance of log binding at known severity, side and age."""
    for name in ("IPD", "NC"):
        group = large[large["diagnosis"] == name]
        given_name = conditional_binding(name, calibration, "NC")
        side = np.where(group["worse_side"] == "left", 1.0, -1.0)[:, None]
        severity = group["severity"].to_numpy()[:, None]
        aged = np.log(age_factor(group["age"].to_numpy(), calibration))[:, None]
        expected = (
            given_name.healthy + severity * given_name.log_kept + side * given_name.worse_left
        )
        residual = np.log(group[list(BINDING_COLUMNS)].to_numpy()) - expected - aged
        # 150 people: the mean has a standard error of about 0.2 / sqrt(150) = 0.016.
        np.testing.assert_allclose(residual.mean(axis=0), 0, atol=0.06)
        folded = residual * np.where(np.tile([True, False], len(BINDING)), 1, 1)
        np.testing.assert_allclose(np.cov(folded.T), given_name.covariance, atol=0.02)


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
