"""Is a scan where it should be? Measures of a scan in MNI space, and a verdict.

Nothing here knows the diagnosis: the target adapts to the scan (`target`). A scan that is given in
MNI space already is judged in the same way as one that was normalised.
"""

from typing import NamedTuple

import nibabel as nib
import numpy as np
from scipy import ndimage

from datnet_images.atlas import HALF, region_fractions
from datnet_images.normalise import zooms_of
from datnet_images.target import Target, adapted_target
from datnet_images.warp import fitted_affine, on_target, positions_mm

N_STEPS = 3  # of the fit that asks whether the scan should be moved
STEP_MM = 10.0  # inwards and outwards of the edge of the brain
SEEN = 0.05  # of the mean of the brain; what is darker lies outside the field of view
STRIATUM = ("striatum", "striatum_left", "striatum_right")
LARGEST = 99.0  # mm, of a scan that the fit loses


class Limit(NamedTuple):
    """From which value on a measure asks for a look, and from which on it fails."""

    look: float
    fail: float


# Set on phantoms of their own (benchmarks/normalisation.py says how often they err on others).
LIMITS = {
    "agreement": Limit(0.75, 0.50),
    "moves_mm": Limit(3.0, 6.0),
    "contour": Limit(0.80, 0.60),
    "reference_level": Limit(0.7, 0.4),
    "reference_share": Limit(0.95, 0.80),
    "striatum_share": Limit(0.95, 0.80),
    "noise": Limit(0.25, 0.5),
    "zoom": Limit(0.25, 0.40),
    "turn_degree": Limit(35.0, 200.0),  # a wrong header is for a look: are the sides right?
    "starts_mm": Limit(3.0, 12.0),
}


class Gauge(NamedTuple):
    """What scans in MNI space are measured with; the same for all of them."""

    target: Target
    places: np.ndarray  # (3, X, Y, Z) MNI position of each voxel of the target, mm
    shares: dict  # region to the share of each voxel that lies in it, (X, Y, Z)
    edge: np.ndarray  # (3, n) voxels at the edge of the brain
    outwards: np.ndarray  # (3, n) from each of them 10 mm out of the brain, in voxels


def read_gauge(target, atlas, reference_region):
    """Prepare what scans in MNI space are measured with.

    Parameters
    ----------
    target : Target
        Output of `read_target` with the resolution of the smoothed scans.
    atlas : Atlas
    reference_region : str
        Region that normalises the counts; an unknown one is an error of `region_mask`.

    Returns
    -------
    Gauge
    """
    regions = {"reference": reference_region} | {name: name for name in STRIATUM}
    shares = {
        name: region_fractions(atlas, region, target.affine, target.mask.shape)
        for name, region in regions.items()
    }
    depth = ndimage.distance_transform_edt(target.brain) - ndimage.distance_transform_edt(
        ~target.brain
    )
    edge = (depth == 1) & target.mask
    outwards = -np.stack(np.gradient(ndimage.gaussian_filter(depth, 1.0)))[:, edge]
    outwards *= STEP_MM / target.spacing_mm / np.linalg.norm(outwards, axis=0)
    return Gauge(target, positions_mm(target), shares, np.argwhere(edge).T, outwards)


def scan_quality(img, gauge, normalisation=None):
    """Measures of one scan in MNI space.

    Parameters
    ----------
    img : nibabel.Nifti1Image
        3D, in MNI space, smoothed; 0 outside its field of view.
    gauge : Gauge
        Output of `read_gauge`.
    normalisation : Normalisation, optional
        Of a scan that was normalised here; else its measures are missing.

    Returns
    -------
    dict of str to float
        `agreement` (share of the variance that the adapted target explains), `moves_mm` (how far
        a fit would still move the striatum), `contour` (share of the edge of the brain where
        counts fall outwards), `reference_level` and `counts` (mean of the reference region, 1 being
        the brain; mean of the brain), `reference_share` and `striatum_share` (in the field of
        view), `noise` (SD in the reference region over its mean), `left_right` (striatum, left
        minus right over their mean); of a normalised scan `zoom` (largest log zoom), `turn_degree`
        and `starts_mm`.

    Raises
    ------
    ValueError
        If no counts are where the brain should be.
    """
    scan = img.get_fdata(dtype=np.float32)
    values, inside = on_target(scan, img.affine, gauge.places, gauge.target)
    adapted = adapted_target(values, inside, gauge.target)
    values = np.where(inside, values, 0)

    def mean(image, region):
        return float(np.average(image, weights=gauge.shares[region]))

    level = mean(values, "reference")
    left, right = mean(values, "striatum_left"), mean(values, "striatum_right")
    measures = {
        "agreement": adapted.agreement,
        "moves_mm": _moves_mm(scan, img.affine, gauge),
        "contour": _contour(values, inside, gauge),
        "reference_level": level,
        "reference_share": mean(values > SEEN, "reference"),
        "striatum_share": mean(values > SEEN, "striatum"),
        "noise": mean((values - adapted.image) ** 2, "reference") ** 0.5 / max(level, SEEN),
        "left_right": 2 * (left - right) / max(left + right, SEEN),
        "counts": float(scan[scan > 0].mean(dtype=float)),
    }
    if normalisation is not None:
        zooms = zooms_of(normalisation.matrix)
        turn = normalisation.matrix[:3, :3] / zooms.prod() ** (1 / 3)
        cosine = (np.trace(turn) - 1) / 2
        measures["zoom"] = float(np.abs(np.log(zooms)).max())
        measures["turn_degree"] = float(np.rad2deg(np.arccos(np.clip(cosine, -1, 1))))
        measures["starts_mm"] = normalisation.starts_mm
    return measures


def quality_score(measures):
    """Worst measure in units of its limits: 1 asks for a look, 2 fails.

    Parameters
    ----------
    measures : mapping of str to float
        Output of `scan_quality`.

    Returns
    -------
    score : float
        Lower is better; may be negative.
    worst : str
        Name of the measure that decides.

    Examples
    --------
    >>> score, worst = quality_score({"agreement": 0.95, "moves_mm": 4.5})
    >>> round(score, 6), worst
    (1.5, 'moves_mm')
    """
    scores = {
        name: 1 + (value - LIMITS[name].look) / (LIMITS[name].fail - LIMITS[name].look)
        for name, value in measures.items()
        if name in LIMITS
    }
    worst = max(scores, key=scores.get)
    return float(scores[worst]), worst


def verdict(score):
    """`pass`, `look` or `fail` of a score: below 1, below 2, above."""
    return "pass" if score < 1 else "look" if score < 2 else "fail"


def _moves_mm(scan, affine, gauge):
    """How far an affine fit moves the middle of the striatum."""
    centre = gauge.places[:, gauge.target.specific].mean(axis=1)
    try:
        matrix = fitted_affine(scan, affine, gauge.target, np.eye(4), N_STEPS)
    except ValueError:  # it has lost the head
        return LARGEST
    far = np.linalg.norm(nib.affines.apply_affine(matrix, centre) - centre)
    return float(min(far, LARGEST))


def _contour(values, inside, gauge):
    """Share of the edge of the brain in the field of view where counts fall outwards."""
    pairs = [
        ndimage.map_coordinates(image, gauge.edge + way * gauge.outwards, order=1, mode="constant")
        for image in (values, inside.astype(float))
        for way in (-1, 1)
    ]
    within, without, seen_within, seen_without = pairs
    seen = (seen_within > HALF) & (seen_without > HALF)
    return float((within > without)[seen].mean()) if seen.any() else 0.0
