"""The phantom's binding as a published study would have measured it, beside published values.

Published regional values were measured in images, with partial-volume loss. The phantom is
measured alike: without noise, at the scanner's resolution before the 10 mm filter, in the half
of each region where uptake is highest, as a region drawn on the visible structure.
"""

import numpy as np
import pandas as pd

from datnet_phantom.regions import BINDING, BINDING_COLUMNS, SIDES

MEMBERS = {region: (region,) for region in BINDING} | {
    "putamen": ("putamen_anterior", "putamen_posterior"),
    "striatum": ("putamen_anterior", "putamen_posterior", "caudate"),
}


COMPARED = ("percent", "percent_sd", "phantom", "phantom_sd", "difference_sd")


def regional(measured, n_voxels, worse_side, region, side):
    """Binding ratio of a region on both sides, the worse or the better one.

    Parameters
    ----------
    measured : ndarray of shape (n_scans, n_columns)
        Binding ratios in the order of `regions.BINDING_COLUMNS`.
    n_voxels : ndarray of shape (n_columns,)
        Size of each region, its weight in a mean.
    worse_side : sequence of str, shape (n_scans,)
        `left` or `right`.
    region : str
        One of `regions.BINDING`, `putamen` or `striatum` (without the accumbens).
    side : str
        `both`, `worse` or `better`.

    Returns
    -------
    ndarray of shape (n_scans,)

    Examples
    --------
    >>> measured = np.array([[2.0, 1.0, 1.0, 0.5, 3.0, 2.0, 2.5, 2.5, 0.4, 0.6]])
    >>> regional(measured, np.ones(10), ["right"], "putamen", "worse")  # (1.0 + 0.5) / 2
    array([0.75])
    """
    sides = {}
    for name in SIDES:
        columns = [BINDING_COLUMNS.index(f"{member}_{name}") for member in MEMBERS[region]]
        sides[name] = np.average(measured[:, columns], axis=1, weights=n_voxels[columns])
    left_is_worse = np.asarray(worse_side) == "left"
    worse = np.where(left_is_worse, sides["left"], sides["right"])
    better = np.where(left_is_worse, sides["right"], sides["left"])
    return {"both": (worse + better) / 2, "worse": worse, "better": better}[side]


def pattern(measured, n_voxels):
    """What a reader can tell diagnoses apart by, from the regions of each image.

    Parameters
    ----------
    measured : ndarray of shape (n_scans, n_columns)
        Binding ratios in the order of `regions.BINDING_COLUMNS`.
    n_voxels : ndarray of shape (n_columns,)
        Size of each region.

    Returns
    -------
    DataFrame of shape (n_scans, 5)
        Binding ratios `putamen`, `caudate`, `midbrain`; `gradient`, posterior over anterior
        putamen; `asymmetry`, side difference of the striatum in percent of its mean.
    """
    left = np.repeat("left", len(measured))
    mean = {region: regional(measured, n_voxels, left, region, "both") for region in MEMBERS}
    sides = [regional(measured, n_voxels, left, "striatum", side) for side in ("worse", "better")]
    return pd.DataFrame(
        {
            "putamen": mean["putamen"],
            "caudate": mean["caudate"],
            "midbrain": mean["midbrain"],
            "gradient": mean["putamen_posterior"] / mean["putamen_anterior"],
            "asymmetry": 100 * np.abs(sides[0] - sides[1]) / mean["striatum"],
        }
    )


def beside_published(truth, published, response, control):
    """Each published value beside the phantom's, both relative to the same reference group.

    Parameters
    ----------
    truth : DataFrame
        First scans: `true_diagnosis`, `worse_side`, and `regions.BINDING_COLUMNS`.
    published : DataFrame
        Output of `numbers.read_published`.
    response : measure.Measurement
        How the phantom is measured.
    control : str
        Reference group of rows that name none.

    Returns
    -------
    DataFrame
        The published rows whose diagnoses the cohort has, in percent of the reference group,
        and none without a reference group:
        `percent`, `percent_sd`, `phantom`, `phantom_sd`; and `difference_sd`, the difference in
        published SDs (NaN where the source gives none). Controls are in binding ratio instead.
    """
    binding = truth[list(BINDING_COLUMNS)].to_numpy(dtype=float)
    measured = response.expected(binding)
    rows = []
    for row in published.itertuples(index=False):
        group = (truth["true_diagnosis"] == row.diagnosis).to_numpy()
        base = (truth["true_diagnosis"] == row.reference).to_numpy()
        if not group.any() or not base.any():
            continue
        ratio = regional(measured, response.n_voxels, truth["worse_side"], row.region, row.side)
        both = regional(measured, response.n_voxels, truth["worse_side"], row.region, "both")
        unit = 1.0 if row.diagnosis == control else both[base].mean() / 100
        scale = 1.0 if row.diagnosis == control else row.of / 100
        compared = {
            "percent": row.value / scale,
            "percent_sd": row.sd / scale,
            "phantom": ratio[group].mean() / unit,
            "phantom_sd": ratio[group].std(ddof=1) / unit,
        }
        difference = compared["phantom"] - compared["percent"]
        compared["difference_sd"] = difference / compared["percent_sd"]
        rows.append(row._asdict() | compared)
    return pd.DataFrame(rows, columns=[*published.columns, *COMPARED])
