"""Binding ratios of a scan, how its sides differ, and what controls of its age have."""

import numpy as np
import pandas as pd

from datnet_images.atlas import region_fractions
from datnet_images.binding import regional_binding, sides
from datnet_images.grid import study_grid
from datnet_study.reporting.judge import AGE, DIGITS, Norm, quantiles

FEWEST_CONTROLS = 10  # for a line over age and the SD around it
NO_BINDING = 0.05  # mean of both sides below which their difference has no meaning


def measured(volumes, atlas, images):
    """Binding ratios of regions, of their sides, and the difference of the sides.

    Parameters
    ----------
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios on the study grid.
    atlas : Atlas
    images : Images
        Settings: grid, reference region, regions.

    Returns
    -------
    DataFrame of shape (n_scans, 4 * n_regions)
        Unitless: of each region both sides together, left and right, and `<region>_asymmetry`,
        (left - right) / their mean, NaN where there is no binding.
    """
    affine, _ = study_grid(images.grid_mm)
    found = regional_binding(volumes, atlas, affine, images.reference_region, images.regions)
    for region in images.regions:
        left, right = (found[side] for side in sides([region]))
        mean = ((left + right) / 2).where(lambda value: value > NO_BINDING)
        found[f"{region}_asymmetry"] = (left - right) / mean
    order = [
        f"{region}{end}"
        for region in images.regions
        for end in ("", "_left", "_right", "_asymmetry")
    ]
    return found[order]


def norms_of(measures, ages):
    """Lines of the controls' measures over age.

    Parameters
    ----------
    measures : DataFrame of shape (n_controls, n_measures)
        Output of `measured`, a row for each control.
    ages : array-like of shape (n_controls,)
        Years; NaN where not known.

    Returns
    -------
    dict of str to Norm
        Empty where fewer than `FEWEST_CONTROLS` controls have an age, or all have the same.

    Examples
    --------
    >>> ages = np.arange(50, 70)
    >>> ratios = 2 - 0.01 * (ages - 60) + 0.1 * (-1.0) ** ages
    >>> norm = norms_of(pd.DataFrame({"putamen": ratios}), ages)["putamen"]
    >>> norm.per_decade, norm.n
    (-0.115, 20)
    """
    ages = np.asarray(ages, dtype=float)
    found = {}
    for name, column in measures.items():
        known = np.isfinite(ages) & np.isfinite(column.to_numpy())
        x, y = ages[known], column.to_numpy()[known]
        if len(x) < FEWEST_CONTROLS or np.ptp(x) == 0:
            continue
        slope, level = np.polyfit(x - AGE, y, 1)
        left = y - level - slope * (x - AGE)
        sd = np.sqrt((left**2).sum() / (len(x) - 2))
        if round(sd, DIGITS) > 0:
            values = {"at_60": level, "per_decade": 10 * slope, "sd": sd}
            rounded = {key: round(float(value), DIGITS) for key, value in values.items()}
            found[name] = Norm(n=len(x), **rounded)
    return found


def places_of(measures, diagnosis, class_names):
    """Distributions of measures by diagnosis, as `judge.quantiles`.

    Parameters
    ----------
    measures : DataFrame of shape (n_scans, n_measures)
    diagnosis : sequence of str, shape (n_scans,)
    class_names : sequence of str

    Returns
    -------
    dict of str to dict of str to tuple of float
        Diagnoses with too few scans are left out.
    """
    diagnosis = np.asarray(diagnosis)
    found = {}
    for name, column in measures.items():
        steps = {group: quantiles(column[diagnosis == group]) for group in class_names}
        found[name] = {group: at for group, at in steps.items() if at}
    return found


def outlines(atlas, images, affine, shape):
    """Share of each voxel of a grid in the measured regions, by name, for drawing."""
    return {name: region_fractions(atlas, name, affine, shape) for name in images.regions}


def as_row(measures):
    """Measures of one scan as plain numbers, those that are not known left out."""
    row = pd.DataFrame(measures).iloc[0]
    return {name: float(value) for name, value in row.items() if np.isfinite(value)}
