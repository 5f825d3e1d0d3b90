"""The oracle: its likelihood and posterior against slow sums, and what it can tell apart."""

import numpy as np
import pandas as pd
import pytest
from helpers import changed
from scipy import stats
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from datnet_phantom.density import conditional_binding, draw_binding, mixture
from datnet_phantom.measure import Measurement, measurement
from datnet_phantom.oracle import log_likelihood, posterior

NAMES = ("IPD", "MSA", "PSP", "NC")
EQUAL = dict.fromkeys(NAMES, 0.25)


def sample(calibration, n, seed=0):
    """Log binding of n people of each diagnosis, and their diagnoses."""
    drawn = [draw_binding(name, calibration, "NC", n, seed + k) for k, name in enumerate(NAMES)]
    return np.log(np.concatenate(drawn)), np.repeat(NAMES, n)


def test_a_likelihood_is_a_slow_sum_of_normal_densities(calibration, rng):
    values = rng.normal(0.3, 0.3, (3, 10))
    density = mixture("MSA", calibration, "NC")
    given = conditional_binding("MSA", calibration, "NC")
    z = np.linspace(-7, 7, 4001)  # severity, integrated by the trapezoidal rule
    per_year = np.log(1 - calibration.decline_per_decade) / 10
    mean_age, sd_age = calibration.clinic.age["MSA"]
    covariance = given.covariance + (per_year * sd_age) ** 2
    expected = np.zeros(3)
    for side in (-1, 1):
        for k, value in enumerate(values):
            means = given.healthy + np.exp(calibration.severity_sd * z)[:, None] * given.log_kept
            means = means + side * given.worse_left + per_year * (mean_age - 60)
            p = stats.multivariate_normal(np.zeros(10), covariance).pdf(value - means)
            expected[k] += 0.5 * np.trapezoid(p * stats.norm.pdf(z), z)
    np.testing.assert_allclose(log_likelihood(values, density), np.log(expected), rtol=1e-4)


def test_the_posterior_is_bayes_rule(calibration):
    values, _ = sample(calibration, 5)
    prior = {"IPD": 0.5, "PSP": 0.3, "NC": 0.2}
    weighted = np.column_stack(
        [
            share * np.exp(log_likelihood(values, mixture(name, calibration, "NC")))
            for name, share in prior.items()
        ]
    )
    expected = weighted / weighted.sum(axis=1, keepdims=True)
    found = posterior(values, prior, calibration, "NC")
    assert list(found.columns) == ["p_IPD", "p_PSP", "p_NC"]
    np.testing.assert_allclose(found.to_numpy(), expected, atol=1e-8)  # rounded


def test_no_classifier_fitted_to_many_people_beats_the_oracle(calibration):
    values, names = sample(calibration, 4000)
    new, truth = sample(calibration, 3000, seed=50)
    proba = posterior(new, EQUAL, calibration, "NC")
    fitted = QuadraticDiscriminantAnalysis().fit(values, names)
    learned = pd.DataFrame(fitted.predict_proba(new), columns=fitted.classes_)
    for name in NAMES:
        best = roc_auc_score(truth == name, proba[f"p_{name}"])
        assert best >= roc_auc_score(truth == name, learned[name]) - 0.002
    assert 0.9 < roc_auc_score(truth == "MSA", proba["p_MSA"]) < 0.97


def test_the_probabilities_of_the_oracle_are_calibrated(calibration):
    values, truth = sample(calibration, 3000, seed=9)
    proba = posterior(values, EQUAL, calibration, "NC")["p_MSA"].to_numpy()
    for low, high in ((0.1, 0.3), (0.4, 0.6), (0.7, 0.9)):
        bin_ = (proba > low) & (proba < high)
        standard_error = np.sqrt(0.25 / bin_.sum())
        assert (truth[bin_] == "MSA").mean() == pytest.approx(
            proba[bin_].mean(), abs=4 * standard_error
        )


def test_identical_patients_cannot_be_told_apart(calibration):
    drawn = np.log(draw_binding("IPD", calibration, "NC", 300, seed=1))
    prior = {"IPD": 0.4, "MSA": 0.3, "PSP": 0.2, "NC": 0.1}
    proba = posterior(drawn, prior, calibration, "NC", identical_patients=True)
    np.testing.assert_allclose(proba["p_IPD"] / proba["p_PSP"], 2)
    controls = np.log(draw_binding("NC", calibration, "NC", 300, seed=2))
    of_controls = posterior(controls, prior, calibration, "NC", identical_patients=True)
    assert proba["p_NC"].max() < 0.05
    assert of_controls["p_NC"].median() > 0.95  # these still can be told


@pytest.fixture(scope="module")
def measured(coarse_atlas, calibration):
    return measurement(coarse_atlas, calibration, "NC", "occipital", n_scans=24)


def simulated(calibration, measured, n, seed):
    """Region means of n people of each diagnosis, with the error of the scanner."""
    values, names = sample(calibration, n, seed)
    rng = np.random.default_rng(seed)
    error = rng.multivariate_normal(np.zeros(10), measured.error, len(values))
    return measured.offset + np.exp(values) @ measured.recovery.T + error, names


def test_nothing_learned_from_many_measurements_beats_the_oracle(calibration, measured):
    seen, names = simulated(calibration, measured, 4000, seed=20)
    new, truth = simulated(calibration, measured, 3000, seed=70)
    proba = posterior(new, EQUAL, calibration, "NC", measured=measured)
    fitted = QuadraticDiscriminantAnalysis().fit(seen, names)
    learned = pd.DataFrame(fitted.predict_proba(new), columns=fitted.classes_)
    for name in NAMES:
        best = roc_auc_score(truth == name, proba[f"p_{name}"])
        assert best >= roc_auc_score(truth == name, learned[name]) - 0.003


def test_a_perfect_scanner_sees_nearly_what_the_latent_oracle_sees(calibration):
    exact = Measurement(np.eye(10), np.zeros(10), 1e-6 * np.eye(10), np.ones(10))
    values, truth = sample(calibration, 1500, seed=3)
    latent = posterior(values, EQUAL, calibration, "NC")
    seen = posterior(np.exp(values), EQUAL, calibration, "NC", measured=exact)
    for name in ("MSA", "PSP"):
        aucs = [roc_auc_score(truth == name, p[f"p_{name}"]) for p in (latent, seen)]
        assert aucs[0] - 0.03 < aucs[1] <= aucs[0] + 0.005


def test_the_oracle_uses_the_numbers_it_is_given(calibration):
    values, truth = sample(calibration, 500)
    loss = calibration.loss
    wrong = changed(calibration, "loss", IPD=loss["PSP"], PSP=loss["IPD"])
    right_auc, wrong_auc = (
        roc_auc_score(truth == "PSP", posterior(values, EQUAL, c, "NC")["p_PSP"])
        for c in (calibration, wrong)
    )
    assert right_auc > 0.95 > wrong_auc
