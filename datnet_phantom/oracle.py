"""The best possible classifier of the phantom: Bayes' rule with the densities of the generator.

It knows `density.mixture`: binding, severity, worse side and age only as distributions,
as any reader of an image does, and sees either the binding that was drawn or region means of the
image. No label is used: nothing here is fitted to a diagnosis.
"""

import numpy as np
import pandas as pd
from scipy.special import logsumexp, softmax
from scipy.stats import multivariate_normal

from datnet_phantom.density import like_patients, mixture


def log_likelihood(values, density):
    """Log density of each scan's log binding.

    Parameters
    ----------
    values : ndarray of shape (n_scans, n_columns)
        Log binding in the order of `regions.BINDING_COLUMNS`.
    density : density.Mixture

    Returns
    -------
    ndarray of shape (n_scans,)
    """
    components = zip(density.means, [density.covariance] * len(density.means), strict=True)
    return _log_mixture(values, density.log_weights, components)


def log_likelihood_measured(means, density, measured):
    """Log density of each scan's region means, as the scanner measures them.

    Binding of a component is log-normal, with mean b = exp(mu + diag(S) / 2) and covariance
    C = b b' (exp(S) - 1). A measurement m = offset + R b + error then has mean offset + R b and
    covariance R C R' + E; it is taken as normal, which noise and the mixing of regions make it
    nearly.

    Parameters
    ----------
    means : ndarray of shape (n_scans, n_columns)
        Binding ratios of the regions in the images.
    density : density.Mixture
    measured : Measurement

    Returns
    -------
    ndarray of shape (n_scans,)
    """
    recovery = measured.recovery
    spread = density.covariance
    components = []
    for mu in density.means:
        binding = np.exp(mu + np.diag(spread) / 2)
        covariance = np.outer(binding, binding) * np.expm1(spread)
        covariance = recovery @ covariance @ recovery.T + measured.error
        components.append((measured.offset + recovery @ binding, covariance))
    return _log_mixture(means, density.log_weights, components)


def _log_mixture(values, log_weights, components):
    """Log density of a mixture of normals given as pairs of mean and covariance."""
    terms = []
    for mean, covariance in components:
        terms.append(multivariate_normal(mean, covariance).logpdf(values).reshape(-1))
    return logsumexp(np.column_stack(terms) + log_weights, axis=1)


def posterior(values, prior, calibration, control, identical_patients=False, measured=None):
    """Probability of each diagnosis by Bayes' rule.

    Parameters
    ----------
    values : ndarray of shape (n_scans, n_columns)
        Log binding, or region means if `measured` is given.
    prior : dict of str to float
        Share of each diagnosis in the cohort.
    calibration : Calibration
        Output of `numbers.read_calibration`.
    control : str
        Diagnosis without any loss.
    identical_patients : bool
        All patients come from one distribution, that of the first patient group.
    measured : Measurement, optional
        How the scanner measures binding.

    Returns
    -------
    DataFrame of shape (n_scans, n_diagnoses)
        Columns `p_<diagnosis>` in the order of `prior`, to nine decimals: equal ones stay equal.

    Examples
    --------
    >>> from datnet_phantom.density import conditional_binding
    >>> from datnet_phantom.numbers import read_calibration
    >>> calibration = read_calibration("data_manifest/phantom.yaml")
    >>> healthy = conditional_binding("NC", calibration, "NC").healthy
    >>> posterior(healthy[None], {"IPD": 0.5, "NC": 0.5}, calibration, "NC").round(3)
       p_IPD  p_NC
    0    0.0   1.0
    """
    scores = {}
    for name, share in prior.items():
        like = like_patients(name, calibration, control, identical_patients)
        density = mixture(like, calibration, control)
        if measured is None:
            log_density = log_likelihood(values, density)
        else:
            log_density = log_likelihood_measured(values, density, measured)
        scores[f"p_{name}"] = np.log(share) + log_density
    proba = softmax(np.column_stack(list(scores.values())), axis=1)
    return pd.DataFrame(proba.round(9), columns=list(scores))
