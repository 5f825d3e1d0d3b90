"""How region means of an image depend on binding: one linear model, fitted in two ways.

`response` fits it without noise, as published studies measure; `measurement` with all that the
scanner, the anatomy and the normalisation add, as a study measures.
"""

from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed

from datnet_core.progress import progress
from datnet_images.atlas import region_mask
from datnet_images.binding import binding_ratio
from datnet_images.volumes import read_scan, to_grid
from datnet_phantom.alike import box_around, rendered_alike
from datnet_phantom.cohort import Cohort
from datnet_phantom.density import REFERENCE_AGE
from datnet_phantom.people import draw_participants
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import blurred, chance, paint, read_scene
from datnet_phantom.streams import Stream, generator

N_REPEATS = 12  # draws of anatomy and noise that the response of the scanner is averaged over


class Measurement(NamedTuple):
    """Region means of an image as a function of binding: m = offset + recovery b + error.

    One row and column for each of `regions.BINDING_COLUMNS`.

    Examples
    --------
    A perfect scanner:

    >>> n = len(BINDING_COLUMNS)
    >>> perfect = Measurement(np.eye(n), np.zeros(n), np.zeros((n, n)), np.ones(n))
    >>> perfect.expected(np.full((2, n), 2.5))[:, 0]
    array([2.5, 2.5])
    """

    recovery: np.ndarray  # (n_columns, n_columns): of the row's region, per unit of the column's
    offset: np.ndarray  # (n_columns,) measured where nothing binds
    error: np.ndarray  # (n_columns, n_columns) covariance; 0 without noise
    n_voxels: np.ndarray  # (n_columns,) size of each region, its weight in a mean of regions

    def expected(self, binding):
        """Mean of the measured ratios, of the shape of `binding`: (n_scans, n_columns)."""
        return self.offset + binding @ self.recovery.T


def response(atlas, calibration, fwhm_mm, reference_region, core=True):
    """Linear response of regional measurements to true binding, without noise.

    Parameters
    ----------
    atlas : Atlas
    calibration : Calibration
        Output of `numbers.read_calibration`.
    fwhm_mm : float
        Resolution of the image, mm.
    reference_region : str
        Region that normalises the uptake.
    core : bool
        Measure the half of each region with the highest uptake instead of all of it.

    Returns
    -------
    Measurement
        Without error.
    """
    scene = read_scene(atlas, calibration)
    reference = region_mask(atlas, reference_region)

    def image(binding):
        painted = paint(dict(zip(BINDING_COLUMNS, binding, strict=True)), scene, calibration)
        return blurred(painted, fwhm_mm, scene)

    equal = image(np.ones(len(BINDING_COLUMNS)))
    masks = [region_mask(atlas, column) for column in BINDING_COLUMNS]
    if core:
        masks = [mask & (equal >= np.median(equal[mask])) for mask in masks]

    def measured(binding):
        uptake = image(binding)
        return np.array([uptake[mask].mean() for mask in masks]) / uptake[reference].mean() - 1

    offset = measured(np.zeros(len(BINDING_COLUMNS)))
    recovery = np.column_stack([measured(unit) - offset for unit in np.eye(len(BINDING_COLUMNS))])
    n_voxels = np.array([mask.sum() for mask in masks])
    return Measurement(recovery, offset, np.zeros_like(recovery), n_voxels)


def measurement(atlas, calibration, control, reference_region, *, n_scans=160, seed=0, n_jobs=2):
    """How region means of an image depend on binding, from phantom scans of the oracle's own.

    The scanner is linear in binding. Its response is the mean difference between images that
    share anatomy, noise and misregistration but for one unit of binding in one region; its error
    is the spread of participants, drawn equally from all diagnoses, about that line. None of them
    belongs to a cohort, and no diagnosis is used.

    Parameters
    ----------
    atlas : Atlas
    calibration : Calibration
        Output of `numbers.read_calibration`.
    control : str
        Diagnosis without any loss.
    reference_region : str
        Region that normalises the counts.
    n_scans, seed : int
        Participants to render, and the seed of their draws.
    n_jobs : int
        Threads.

    Returns
    -------
    Measurement

    Raises
    ------
    ValueError
        If there are too few scans for a covariance of the columns.
    """
    columns = list(BINDING_COLUMNS)
    if n_scans <= len(columns):
        raise ValueError(
            f"n_scans is {n_scans}; expected more than {len(columns)}, the regions measured"
        )
    names = [*calibration.loss, control]
    sizes = {"confirmed": {name: -(-n_scans // len(names)) for name in names}}
    cohort = Cohort(seed=seed, participants=sizes)
    scans, truth = draw_participants(cohort, calibration, control, Stream.ORACLE_PEOPLE)
    scene = read_scene(atlas, calibration)
    typical = np.exp(np.log(truth[columns]).mean())

    regions = [region_mask(atlas, name) for name in (*columns, reference_region)]
    wanted = box_around(np.logical_or.reduce(regions))
    means = _column_means(atlas, reference_region)

    def measured_alike(bindings, age, draw):
        drawn = chance(age, scene, calibration, generator(Stream.ORACLE_SCANS, seed, draw))
        images = rendered_alike(bindings, drawn, scene, calibration, wanted)
        return [means(counts) for counts in images]

    raised = [typical, *(typical + unit for unit in np.eye(len(columns)))]
    repeats = [(raised, REFERENCE_AGE, draw) for draw in range(N_REPEATS)]
    people = [([truth.loc[k, columns]], scans["age"][k], N_REPEATS + k) for k in range(n_scans)]
    jobs = [delayed(measured_alike)(*arguments) for arguments in repeats + people]
    done = Parallel(n_jobs, prefer="threads", return_as="generator")(jobs)
    ratios = list(progress(done, "measuring the phantom scanner", len(jobs)))
    of_repeats = np.array(ratios[:N_REPEATS])  # (draw, 1 + column raised, region)
    recovery = (of_repeats[:, 1:] - of_repeats[:, :1]).mean(axis=0).T  # (region, binding)
    binding = truth[columns].to_numpy(dtype=float)[:n_scans]
    residual = np.concatenate(ratios[N_REPEATS:]) - binding @ recovery.T
    n_voxels = np.array([region_mask(atlas, column).sum() for column in columns])
    return Measurement(recovery, residual.mean(axis=0), np.cov(residual.T), n_voxels)


def image_means(paths, atlas, reference_region, n_jobs=2):
    """Binding ratio of the region of each of `regions.BINDING_COLUMNS` in images at 2 mm.

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
    ndarray of float64, shape (n_scans, n_columns)

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
    """Function from counts (X, Y, Z) to the binding ratio of each column's region, (n_columns,)."""
    names = (*BINDING_COLUMNS, reference_region)
    voxels = [np.flatnonzero(region_mask(atlas, name)) for name in names]

    def means(counts):
        flat = np.ravel(counts)  # in C order, whatever the file's is
        *specific, reference = (flat[k].mean(dtype=np.float64) for k in voxels)
        return binding_ratio(np.array(specific), reference)

    return means
