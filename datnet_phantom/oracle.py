"""The best possible classifier of the phantom: Bayes' rule with the densities of the generator.

It knows `people.conditional_binding`, severity, worse side and age only as distributions,
as any reader of an image does, and sees either the binding that was drawn or region means of the
image. No label is used: nothing here is fitted to a diagnosis.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import logsumexp, softmax
from scipy.stats import multivariate_normal

from datnet_core.images.atlas import region_mask
from datnet_core.images.binding import binding_ratio
from datnet_core.images.volumes import read_scan, to_grid
from datnet_core.progress import progress
from datnet_phantom.cohort import Cohort
from datnet_phantom.people import (
    BINDING_COLUMNS,
    REFERENCE_AGE,
    conditional_binding,
    draw_participants,
    like_patients,
)
from datnet_phantom.scanner import read_scene, render

N_NODES = 31  # of the integral over severity
N_REPEATS = 12  # draws of anatomy and noise that the response of the scanner is averaged over


class Mixture(NamedTuple):
    """Normal mixture of log binding: one component per severity node and worse side."""

    log_weights: np.ndarray  # (K,)
    means: np.ndarray  # (K, 10)
    covariance: np.ndarray  # (10, 10)


class Measurement(NamedTuple):
    """Region means of an image as a function of binding: m = offset + recovery b + error."""

    recovery: np.ndarray  # (10, 10)
    offset: np.ndarray  # (10,)
    error: np.ndarray  # (10, 10) covariance


def mixture(diagnosis, calibration, control):
    """Density of log binding of one diagnosis at the first scan, without knowing the age.

    p(y) = sum over sides 1/2 integral over z of N(y; mean(s(z), side), covariance) p(z), with
    severity s = exp(severity_sd z); the integral is a Gauss-Hermite sum. Age is normal, so what
    it adds is normal too.

    Parameters
    ----------
    diagnosis : str
    calibration : dict
        Output of `numbers.read_calibration`.
    control : str
        Diagnosis without any loss.

    Returns
    -------
    Mixture
    """
    given = conditional_binding(diagnosis, calibration, control)
    nodes, weights = hermegauss(N_NODES)
    severity = np.exp(calibration["severity_sd"] * nodes)  # (nodes,)
    means = given.healthy + severity[:, None] * given.log_kept  # (nodes, 10)
    per_year = np.log(1 - calibration["decline_per_decade"]) / 10
    mean_age, sd_age = calibration["clinic"]["age"][diagnosis]
    means = means + per_year * (mean_age - REFERENCE_AGE)
    means = np.concatenate([means + given.worse_left, means - given.worse_left])
    log_weights = np.tile(np.log(weights / weights.sum() / 2), 2)
    return Mixture(log_weights, means, given.covariance + (per_year * sd_age) ** 2)


def log_likelihood(values, density):
    """Log density of each scan's log binding.

    Parameters
    ----------
    values : ndarray of shape (n_scans, 10)
        Log binding in the order of `people.BINDING_COLUMNS`.
    density : Mixture

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
    means : ndarray of shape (n_scans, 10)
        Binding ratios of the regions in the images.
    density : Mixture
    measured : Measurement

    Returns
    -------
    ndarray of shape (n_scans,)
    """
    recovery, spread = measured.recovery, density.covariance
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
    values : ndarray of shape (n_scans, 10)
        Log binding, or region means if `measured` is given.
    prior : dict of str to float
        Share of each diagnosis in the cohort.
    calibration : dict
        Output of `numbers.read_calibration`.
    control : str
    identical_patients : bool
        All patients come from one distribution, that of the first patient group.
    measured : Measurement, optional
        How the scanner measures binding.

    Returns
    -------
    DataFrame of shape (n_scans, n_diagnoses)
        Columns `p_<diagnosis>` in the order of `prior`.
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
    return pd.DataFrame(proba.round(9), columns=scores)  # equal ones stay equal


def measurement(atlas, calibration, control, reference_region, n_scans=160, seed=0, n_jobs=2):
    """How region means of an image depend on binding, from phantom scans of the oracle's own.

    The scanner is linear in binding. Its response is the mean difference between images that
    share anatomy, noise and misregistration but for one unit of binding in one region; its error
    is the spread of participants, drawn equally from all diagnoses, about that line. None of them
    belongs to a cohort, and no diagnosis is used.

    Parameters
    ----------
    atlas : Atlas
    calibration : dict
        Output of `numbers.read_calibration`.
    control : str
    reference_region : str
        Region that normalises the counts.
    n_scans, seed : int
        Participants to render, and the seed of their draws.
    n_jobs : int
        Threads.

    Returns
    -------
    Measurement
    """
    names = [*calibration["loss"], control]
    sizes = {"confirmed": {name: -(-n_scans // len(names)) for name in names}}
    scans, truth = draw_participants(Cohort(seed=seed, participants=sizes), calibration, control)
    scene = read_scene(atlas, calibration)
    columns = list(BINDING_COLUMNS)
    typical = np.exp(np.log(truth[columns]).mean())

    means = _column_means(atlas, reference_region)

    def measured(binding, age, draw):
        rng = np.random.default_rng([seed, draw, 2])
        return means(render(binding, age, scene, calibration, rng))

    more = [typical + step for step in np.eye(len(columns))]
    pairs = [(binding, REFERENCE_AGE, k) for k in range(N_REPEATS) for binding in (typical, *more)]
    own = [(truth.loc[row, columns], scans["age"][row], N_REPEATS + row) for row in range(n_scans)]
    jobs = [delayed(measured)(*arguments) for arguments in pairs + own]
    done = Parallel(n_jobs, prefer="threads", return_as="generator")(jobs)
    found = np.array(list(progress(done, "measuring the phantom scanner", len(jobs))))
    repeats = found[: len(pairs)].reshape(N_REPEATS, 1 + len(columns), len(columns))
    recovery = (repeats[:, 1:] - repeats[:, :1]).mean(axis=0).T  # (region, binding)
    binding = truth[columns].to_numpy(dtype=float)[:n_scans]
    residual = found[len(pairs) :] - binding @ recovery.T
    return Measurement(recovery, residual.mean(axis=0), np.cov(residual.T))


def image_means(paths, atlas, reference_region, n_jobs=2):
    """Binding ratio of the region of each of `people.BINDING_COLUMNS` in images at 2 mm.

    Parameters
    ----------
    paths : sequence of Path
    atlas : Atlas
    reference_region : str
        Region that normalises the counts.
    n_jobs : int
        Threads.

    Returns
    -------
    ndarray of float64, shape (n_scans, 10)

    Raises
    ------
    ValueError
        If an image cannot be used; the message names it.
    """
    means = _column_means(atlas, reference_region)

    def read(path):
        return means(to_grid(read_scan(path), atlas.affine, atlas.labels.shape))

    done = Parallel(n_jobs, prefer="threads", return_as="generator")(
        delayed(read)(path) for path in paths
    )
    return np.array(list(progress(done, "measuring regions", len(paths))))


def _column_means(atlas, reference_region):
    """Function from counts (X, Y, Z) to the binding ratio of each column's region, (10,)."""
    reference = region_mask(atlas, reference_region)
    masks = [region_mask(atlas, column) for column in BINDING_COLUMNS]

    def means(counts):
        specific = [counts[mask].mean(dtype=np.float64) for mask in masks]
        return binding_ratio(np.array(specific), counts[reference].mean(dtype=np.float64))

    return means
