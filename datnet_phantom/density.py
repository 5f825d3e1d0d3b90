"""How binding is distributed between people: the densities that all draws come from.

The logarithm of regional binding is normal at a given severity (`conditional_binding`); without
knowing severity, worse side and age it is a mixture of normals (`mixture`), so that the density of
every participant is known and `oracle` can compute it.
"""

from typing import NamedTuple

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from datnet_phantom.regions import BINDING, BINDING_COLUMNS, PARTS, STRIATUM
from datnet_phantom.streams import Stream, generator

REFERENCE_AGE = 60  # years, of the healthy binding ratios
N_NODES = 31  # of the integral over severity


class Binding(NamedTuple):
    """Distribution of log binding ratio at severity s, when the left side is the worse one.

    Normal with mean `healthy + s * log_kept + worse_left` and this covariance, at age 60; when
    the right side is worse, `worse_left` changes its sign.
    """

    healthy: np.ndarray  # (n_columns,) in the order of BINDING_COLUMNS
    log_kept: np.ndarray  # (n_columns,) log of the share of binding that is left at severity 1
    worse_left: np.ndarray  # (n_columns,)
    covariance: np.ndarray  # (n_columns, n_columns) between people


class Mixture(NamedTuple):
    """Normal mixture of log binding: one component per severity node and worse side."""

    log_weights: np.ndarray  # (K,)
    means: np.ndarray  # (K, n_columns)
    covariance: np.ndarray  # (n_columns, n_columns)


def conditional_binding(diagnosis, calibration, control):
    """Distribution of the binding of one diagnosis, given severity and the worse side.

    log b = log healthy + s log(1 - loss) +- a/2 + g + e_region + e_side, where s is the severity,
    a the side difference of the striatum, g what all regions of a person share, and e what is
    particular to a region and to a side of it.

    Parameters
    ----------
    diagnosis : str
        A diagnosis of the calibration.
    calibration : Calibration
        Output of `numbers.read_calibration`.
    control : str
        Diagnosis without any loss.

    Returns
    -------
    Binding

    Examples
    --------
    >>> from datnet_phantom.numbers import read_calibration
    >>> calibration = read_calibration("data_manifest/phantom.yaml")
    >>> given = conditional_binding("IPD", calibration, "NC")
    >>> np.exp(given.healthy[:2]), np.exp(given.log_kept[:2])  # anterior putamen: 2.2, less 48%
    (array([2.2, 2.2]), array([0.52, 0.52]))
    """
    healthy, left_over = _region_means(diagnosis, calibration, control)
    spread = calibration.spread
    own = spread.region_control if diagnosis == control else spread.region_patient
    asymmetry = calibration.asymmetry[diagnosis]
    striatal = np.repeat([region in STRIATUM for region in BINDING], 2).astype(float)
    worse_left = asymmetry / 2 * striatal * np.tile([-1.0, 1.0], len(BINDING))
    covariance = spread.person**2 * np.ones((len(BINDING_COLUMNS), len(BINDING_COLUMNS)))
    same_region = np.kron(np.eye(len(BINDING)), np.ones((2, 2)))
    covariance += own**2 * same_region
    covariance += spread.side**2 * np.eye(len(BINDING_COLUMNS))
    covariance += calibration.asymmetry_sd**2 * np.outer(worse_left, worse_left)
    return Binding(
        healthy=np.repeat(np.log(healthy), 2),
        log_kept=np.repeat(np.log(left_over), 2),
        worse_left=worse_left,
        covariance=covariance,
    )


def mixture(diagnosis, calibration, control):
    """Density of log binding of one diagnosis at the first scan, without knowing the age.

    p(y) = sum over sides 1/2 integral over z of N(y; mean(s(z), side), covariance) p(z), with
    severity s = exp(severity_sd z); the integral is a Gauss-Hermite sum. Age is normal, so what
    it adds is normal too.

    Parameters
    ----------
    diagnosis : str
    calibration : Calibration
        Output of `numbers.read_calibration`.
    control : str
        Diagnosis without any loss.

    Returns
    -------
    Mixture

    Examples
    --------
    >>> from datnet_phantom.numbers import read_calibration
    >>> calibration = read_calibration("data_manifest/phantom.yaml")
    >>> density = mixture("IPD", calibration, "NC")
    >>> round(float(np.exp(density.log_weights).sum()), 6)
    1.0
    """
    given = conditional_binding(diagnosis, calibration, control)
    nodes, weights = hermegauss(N_NODES)
    severity = np.exp(calibration.severity_sd * nodes)  # (nodes,)
    means = given.healthy + severity[:, None] * given.log_kept  # (nodes, n_columns)
    per_year = np.log(1 - calibration.decline_per_decade) / 10
    mean_age, sd_age = calibration.clinic.age[diagnosis]
    means = means + per_year * (mean_age - REFERENCE_AGE)
    means = np.concatenate([means + given.worse_left, means - given.worse_left])
    log_weights = np.tile(np.log(weights / weights.sum() / 2), 2)
    return Mixture(log_weights, means, given.covariance + (per_year * sd_age) ** 2)


def draw_binding(diagnosis, calibration, control, n, seed):
    """Binding ratios of people of one diagnosis at their first scan.

    The same distribution as that of the cohort, without its clinic; for summaries of it. Two
    diagnoses with the same seed differ in their numbers only, not in the draws.

    Parameters
    ----------
    diagnosis : str
    calibration : Calibration
        Output of `numbers.read_calibration`.
    control : str
        Diagnosis without any loss.
    n, seed : int
        Number of people, and the seed of their draws.

    Returns
    -------
    ndarray of shape (n, n_columns)
        Unitless, in the order of `regions.BINDING_COLUMNS`.
    """
    rng = generator(Stream.SUMMARY, seed)
    given = conditional_binding(diagnosis, calibration, control)
    severity = np.exp(calibration.severity_sd * rng.standard_normal((n, 1)))
    side = rng.choice([-1.0, 1.0], (n, 1))
    age = rng.normal(*calibration.clinic.age[diagnosis], (n, 1))
    own = rng.standard_normal((n, len(BINDING_COLUMNS))) @ np.linalg.cholesky(given.covariance).T
    log_binding = given.healthy + severity * given.log_kept + side * given.worse_left + own
    return np.exp(log_binding) * age_factor(age, calibration)


def like_patients(diagnosis, calibration, control, identical_patients):
    """Diagnosis whose numbers are used: the first patient group's if all are to be alike.

    Parameters
    ----------
    diagnosis : str
    calibration : Calibration
        Output of `numbers.read_calibration`.
    control : str
        Diagnosis that stays itself.
    identical_patients : bool

    Returns
    -------
    str
    """
    if identical_patients and diagnosis != control:
        return next(iter(calibration.loss))
    return diagnosis


def age_factor(age, calibration):
    """Share of the binding at age 60 that is left at another age.

    Parameters
    ----------
    age : float or ndarray
        Years.
    calibration : Calibration
        Output of `numbers.read_calibration`.

    Returns
    -------
    float or ndarray
        Unitless; more than 1 below 60 years.

    Examples
    --------
    >>> from datnet_phantom.numbers import read_calibration
    >>> calibration = read_calibration("data_manifest/phantom.yaml")
    >>> round(age_factor(70, calibration), 3)  # 6.6% less per decade
    0.934
    """
    return (1 - calibration.decline_per_decade) ** ((age - REFERENCE_AGE) / 10)


def _region_means(diagnosis, calibration, control):
    """Healthy binding and the share of it that is left at severity 1, by region, (n_regions,).

    In the midbrain the tracer binds to dopamine and serotonin transporters, lost at their own
    rates; the share is that of their sum.
    """
    healthy = []
    left_over = []
    for parts in PARTS.values():
        ratios = np.array([calibration.healthy_binding_ratio[part] for part in parts])
        losses = np.zeros(len(parts))
        if diagnosis != control:
            losses = np.array([calibration.loss[diagnosis][part] for part in parts])
        healthy.append(ratios.sum())
        left_over.append((ratios * (1 - losses)).sum() / ratios.sum())
    return healthy, left_over
