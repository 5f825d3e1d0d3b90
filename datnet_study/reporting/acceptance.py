"""A made-up scan that tells whether a package says here what it said where it was made."""

import nibabel as nib
import numpy as np

from datnet_images.atlas import region_mask
from datnet_images.volumes import uptake_ratio
from datnet_study.reporting.found import Found
from datnet_study.reporting.judging import judge_scan

SEED = 771_204  # of the made-up person and scan; no study has it
AGE = 66.0
LARGEST = 32000  # stored count
# Libraries of other versions sum in another order; a wrong grid, region or network shows at once.
ALLOWED = {"proba": 1e-4, "measures": 1e-3, "score": 0.02}


def made_up_scan(atlas, calibration, reference_region, kind="counts"):
    """A phantom of Parkinson's disease in MNI space, the same each time.

    Parameters
    ----------
    atlas : Atlas
        That of this project, which the phantom is painted with.
    calibration : Calibration
        Output of `numbers.read_calibration`.
    reference_region : str
    kind : str
        What voxels are, as `images.input`.

    Returns
    -------
    nibabel.Nifti1Image
        16-bit where it holds counts.
    """
    from datnet_phantom.scanner import read_scene, render
    from datnet_phantom.streams import Stream, generator
    from datnet_phantom.unwritten import yardstick_people

    person = yardstick_people(1, {"IPD": 1}, calibration, "NC", seed=SEED).iloc[0]
    rng = generator(Stream.YARDSTICK_SCANS, SEED, 1)
    counts = render(person, AGE, read_scene(atlas, calibration), calibration, rng)
    if kind == "counts":
        slope = float(counts.max()) / LARGEST
        img = nib.Nifti1Image(np.round(counts / slope).astype(np.int16), atlas.affine)
        img.header.set_slope_inter(slope, 0)
    else:
        ratio = uptake_ratio(counts, region_mask(atlas, reference_region))
        less = 1 if kind == "bp" else 0
        img = nib.Nifti1Image((ratio - less).astype(np.float32), atlas.affine)
    img.header.set_xyzt_units("mm", "sec")
    return img


def said_of(found):
    """What a judge said of a scan, as far as it has to be the same elsewhere.

    Parameters
    ----------
    found : Judged

    Returns
    -------
    dict
        `proba`, `measures` and `score`.

    Raises
    ------
    ValueError
        If the scan has no probabilities.
    """
    if not found.is_judged:
        raise ValueError(f"the made-up scan of the package is not judged: {found.problem}")
    return {
        "proba": found.proba.round(7).tolist(),
        "measures": {name: round(value, 5) for name, value in found.measures.items()},
        "score": round(found.quality["score"], 4),
    }


def of_image(img, name="the made-up scan of the package"):
    """An image as a scan to judge."""
    return Found(
        name, "NIfTI", lambda: nib.Nifti1Image(img.get_fdata(dtype=np.float32), img.affine)
    )


def tried(judge, img):
    """What a judge says of an image in MNI space: output of `said_of`."""
    return said_of(judge_scan(of_image(img), judge, age=AGE, space="mni", explain=False))


def unlike_expected(found, expected):
    """Ways in which what was said differs from what was expected, a line each.

    Parameters
    ----------
    found, expected : dict
        Outputs of `said_of`.

    Returns
    -------
    list of str
        Empty if the package works.

    Examples
    --------
    >>> said = {"proba": [0.25, 0.75], "measures": {"putamen": 1.0}, "score": 0.5}
    >>> unlike_expected(said | {"proba": [0.75, 0.25]}, said)
    ['proba: differs by up to 0.5, allowed is 0.0001']
    """
    lines = []
    for name, allowed in ALLOWED.items():
        first, second = (_numbers(said[name]) for said in (found, expected))
        if first.shape != second.shape:
            lines.append(f"{name}: found {first.size} numbers, expected {second.size}")
        elif not (apart := float(np.abs(first - second).max())) <= allowed:
            lines.append(f"{name}: differs by up to {apart:.2g}, allowed is {allowed:g}")
    return lines


def _numbers(value):
    """Values in the order of their names."""
    values = [value[name] for name in sorted(value)] if isinstance(value, dict) else value
    return np.atleast_1d(np.asarray(values, dtype=float))
