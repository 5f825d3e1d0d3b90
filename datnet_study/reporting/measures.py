"""Binding ratios of a scan, how its sides differ, and what controls of its age have."""

import numpy as np
import pandas as pd

from datnet_images.atlas import region_fractions
from datnet_images.binding import regional_binding, sides
from datnet_images.grid import study_grid
from datnet_study.reporting.judge import AGE, DIGITS, Norm, quantiles

ASYMMETRY = "_asymmetry"  # end of the name of a difference of sides
ONE_SIDE = "(left - right) / mean"  # what an asymmetry is
FINE = 1000  # places at which a distribution is read
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
        (left - right) / their mean, above 0 where the right side of the brain has less binding, NaN
        where there is no binding.
    """
    affine, _ = study_grid(images.grid_mm)
    found = regional_binding(volumes, atlas, affine, images.reference_region, images.regions)
    for region in images.regions:
        left, right = (found[side] for side in sides([region]))
        mean = ((left + right) / 2).where(lambda value: value > NO_BINDING)
        found[f"{region}{ASYMMETRY}"] = (left - right) / mean
    order = [
        f"{region}{end}" for region in images.regions for end in ("", "_left", "_right", ASYMMETRY)
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


def without_sides(places, measures):
    """Places and measures whose asymmetries say how far the sides differ, not which has less.

    A disease may begin on either side, so that asymmetries with a sign are spread around 0.

    Parameters
    ----------
    places : dict of str to dict of str to sequence of float
        Output of `places_of`.
    measures : dict of str to float
        Of one scan.

    Returns
    -------
    places, measures : dict
        Of the same form; distributions are taken as linear between their steps.

    Examples
    --------
    >>> places = {"putamen_asymmetry": {"IPD": (-0.4, 0.0, 0.4)}, "putamen": {"IPD": (0.5,)}}
    >>> found, scan = without_sides(places, {"putamen_asymmetry": -0.3, "putamen": 0.4})
    >>> found["putamen_asymmetry"]["IPD"], scan
    ((0.2, 0.4, 0.4), {'putamen_asymmetry': 0.3, 'putamen': 0.4})
    """
    found = dict(places)
    for name in found:
        if name.endswith(ASYMMETRY):
            found[name] = {group: _sizes(steps) for group, steps in places[name].items()}
    sizes = {n: abs(value) if n.endswith(ASYMMETRY) else value for n, value in measures.items()}
    return found, sizes


def _sizes(steps):
    """The distribution of sizes where `steps` is that of signed values."""
    at = np.arange(1, len(steps) + 1) / (len(steps) + 1)
    values = np.interp((np.arange(FINE) + 0.5) / FINE, at, steps)
    return tuple(np.quantile(np.abs(values), at).round(DIGITS).tolist())


def measures_in_words(images):
    """What a binding ratio is here, and why it is lower than published ones.

    Parameters
    ----------
    images : Images

    Returns
    -------
    str
    """
    after = f" after a filter of {images.filter_fwhm_mm:g} mm" if images.filter_fwhm_mm else ""
    return (
        f"Binding ratios are means of whole regions of the atlas{after}, on voxels of "
        f"{images.grid_mm:g} mm, against the reference region ({images.reference_region}); they "
        "are not corrected for partial volume, so they are lower than published ratios of small "
        "regions or of corrected scans."
    )


def asymmetry_in_words():
    """What an asymmetry is, and which sign belongs to which side."""
    return (
        f"Asymmetry is {ONE_SIDE} of both sides; above 0, the right side of the brain has less "
        "binding."
    )


def panel_titles(regions):
    """Words below the panels of `plot_among`, by measure; asymmetries as of `without_sides`."""
    ends = {"": "binding ratio", ASYMMETRY: "|left - right| / mean"}
    return {f"{name}{end}": f"{name}, {words}" for name in regions for end, words in ends.items()}


def outlines(atlas, images, affine, shape):
    """Share of each voxel of a grid in the measured regions, by name, for drawing."""
    return {name: region_fractions(atlas, name, affine, shape) for name in images.regions}


def as_row(measures):
    """Measures of one scan as plain numbers, those that are not known left out."""
    row = pd.DataFrame(measures).iloc[0]
    return {name: float(value) for name, value in row.items() if np.isfinite(value)}
