"""A scan in MNI space, and a verdict on whether it lies where it should."""

from functools import lru_cache
from typing import NamedTuple

import nibabel as nib
import numpy as np

from datnet_images.normalise import normalisation
from datnet_images.quality import LIMITS, read_gauge
from datnet_images.target import read_target
from datnet_images.transforms import to_mni
from datnet_study.native import MATCH_FWHM_MM
from datnet_study.placed_scans import as_counts, failed, measures_of


class Placed(NamedTuple):
    """A scan in MNI space, as far as it could be brought there."""

    img: nib.Nifti1Image | None  # smoothed, None where it could not be brought there
    quality: dict  # measures, `score`, `worst`, `verdict`, or `problem`
    how: str  # what was done to it, in words


@lru_cache(maxsize=2)
def gauge_of(judge):
    """What the scans of a judge are measured with; made once for all of them."""
    images = judge.facts.images
    fwhm_mm = float(np.hypot(images.scan_fwhm_mm, images.filter_fwhm_mm))
    return read_gauge(read_target(judge.atlas, fwhm_mm), judge.atlas, images.reference_region)


@lru_cache(maxsize=2)
def matching_of(judge):
    """Filter of a native scan while it is matched, mm, and the target that it is matched to."""
    images = judge.facts.images
    matching = 0.0 if images.filter_fwhm_mm == 0 else MATCH_FWHM_MM
    matched_mm = float(np.hypot(images.scan_fwhm_mm, matching))
    return matching, read_target(judge.atlas, matched_mm, fit_striatum=images.fit_striatum)


def placed(img, judge, space="auto"):
    """Bring a scan to MNI space where it does not lie there, and ask whether it lies well.

    Parameters
    ----------
    img : nibabel.Nifti1Image
        3D.
    judge : Judge
    space : {"auto", "mni", "native"}
        Where the scan lies. By itself, a scan is taken as the scans of the study were; one that
        fails in MNI space, or is as noisy there as no smoothed scan, is then brought there; but
        not where it lies turned against its own header, which leaves left and right unknown.

    Returns
    -------
    Placed
    """
    native = judge.facts.images.space == "native"
    if space == "native" or (space == "auto" and native):
        return _brought(img, judge)
    there = _as_it_is(img, judge)
    why = _doubts(there.quality)
    if space == "mni" or not why or judge.facts.images.input == "bp":
        return there
    moved = _brought(img, judge)
    if moved.quality["verdict"] == "fail":
        return there
    turn = moved.quality["turn_degree"]
    if turn >= LIMITS["turn_degree"].look:
        told = (
            f"the head lies turned by {turn:.0f} degrees against the header of its image, so left "
            "and right cannot be told: correct the header, or say that the scan is in native space"
        )
        return Placed(moved.img, failed(ValueError(told)), moved.how)
    return moved._replace(how=f"{why} {moved.how}")


def _doubts(quality):
    """Why a scan may not be what it was taken for, in MNI space and smoothed; empty if it is."""
    if quality["verdict"] == "fail":
        return "It does not lie in MNI space as it comes."
    if quality["noise"] >= LIMITS["noise"].look:
        return "It is noisier than a scan in MNI space that was smoothed."
    return ""


def _as_it_is(img, judge):
    """A scan that is taken to lie in MNI space already."""
    images = judge.facts.images
    how = "Taken as it is: in MNI space, smoothed"
    if images.filter_fwhm_mm:
        how += f" with {images.filter_fwhm_mm:g} mm"
    try:
        quality = measures_of(as_counts(img, images.input), gauge_of(judge))
    except ValueError as error:
        quality = failed(error)
    return Placed(img, quality, f"{how}.")


def _brought(img, judge):
    """A scan that is brought to MNI space as `native.normalise_scans` does it."""
    images, (matching, target) = judge.facts.images, matching_of(judge)
    how = "Brought to MNI space here, without MRI"
    if images.filter_fwhm_mm:
        how += f", then smoothed with {images.filter_fwhm_mm:g} mm"
    try:
        found = normalisation(img, target, matching)
        shape = judge.atlas.labels.shape
        moved = to_mni(img, found.transform, judge.atlas.affine, shape, images.filter_fwhm_mm)
        return Placed(moved, measures_of(moved, gauge_of(judge), found), f"{how}.")
    except ValueError as error:
        return Placed(None, failed(error), f"{how}.")
