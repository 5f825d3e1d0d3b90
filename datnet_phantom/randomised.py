"""Phantoms of many made-up hospitals: anatomy, camera, tracer, noise and patterns are drawn.

Not in the paper. For pre-training on simulated people (`data_manifest/pretrain_simulated.py`): a
network that has seen all of this varied may start nearer to the scans of a hospital that nobody
simulated. Every range here is an assumption, as wide as seemed plausible before any network had
learned from it; the centre of each is the calibration.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from datnet_images.atlas import Atlas
from datnet_phantom.anatomy import deformation
from datnet_phantom.calibration import Calibration
from datnet_phantom.cohort import Cohort
from datnet_phantom.people import draw_participants
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import Scene, read_scene, render
from datnet_phantom.streams import Stream, generator

LEVEL_SD = 0.3  # of log binding of a tracer, all regions alike
REGION_SD = 0.15  # of log binding of each region, healthy, and of the log of what a disease keeps
MIDBRAIN_SD = 0.5  # the same of the midbrain, which tracers and sources disagree about
ASYMMETRY_SD = 0.35  # of the logarithm of the difference between the sides
TISSUE_SD = 0.15  # of log uptake of each background tissue
TEMPLATE_MM = 1.5  # SD of the displacement of a hospital's template along each axis
RANGES = {  # of the camera and the normalisation; each value is as likely as any other
    "resolution_fwhm_mm": (4.0, 9.0),
    "filter_fwhm_mm": (4.0, 12.0),
    "reconstruction_noise": (0.2, 0.9),
    "normalised_share": (0.4, 0.9),
    "shift_mm": (0.5, 2.0),
    "rotation_degree": (0.5, 2.5),
    "zoom": (0.01, 0.04),
}
HEAD = {"deformation_mm": (1.5, 3.5), "background_sd": (0.02, 0.06), "ventricle_sd": (0.06, 0.2)}


class Hospital(NamedTuple):
    """What all scans of one made-up hospital share."""

    scene: Scene
    calibration: Calibration


def random_hospital(atlas, calibration, rng):
    """Draw anatomy of the template, tracer, camera and the patterns of the diseases.

    Parameters
    ----------
    atlas : Atlas
        The mean anatomy.
    calibration : Calibration
        The centre of what is drawn, from `numbers.read_calibration`.
    rng : numpy.random.Generator

    Returns
    -------
    Hospital
    """
    drawn = random_calibration(calibration, rng)
    scene = read_scene(atlas, drawn)
    away_mm = deformation(scene, TEMPLATE_MM, rng)  # (3, X, Y, Z)
    places = away_mm / scene.voxel_mm + np.indices(atlas.labels.shape, np.float32)
    labels = ndimage.map_coordinates(atlas.labels, places, order=0, mode="nearest")
    if set(np.unique(labels)) != set(np.unique(atlas.labels)):
        return random_hospital(atlas, calibration, rng)  # a small region fell between the voxels
    return Hospital(read_scene(Atlas(labels, atlas.affine, atlas.names), drawn), drawn)


def random_calibration(calibration, rng):
    """Numbers of a made-up tracer, camera and population.

    The share of the binding that a disease keeps is kept^f with log f normal, so a loss stays a
    loss; a gradient or a difference between two diseases may vanish or turn round.

    Parameters
    ----------
    calibration : Calibration
        The centre.
    rng : numpy.random.Generator

    Returns
    -------
    Calibration

    Examples
    --------
    >>> from datnet_phantom.numbers import read_calibration
    >>> own = read_calibration("data_manifest/phantom.yaml")
    >>> other = random_calibration(own, np.random.default_rng(0))
    >>> other.scanner.filter_fwhm_mm == own.scanner.filter_fwhm_mm, other.tracer == own.tracer
    (False, True)
    """
    content = calibration.model_dump()

    def factor(part, sd=REGION_SD):
        return np.exp(rng.normal(0, MIDBRAIN_SD if part.startswith("midbrain") else sd))

    level = np.exp(rng.normal(0, LEVEL_SD))
    healthy = content["healthy_binding_ratio"]
    content["healthy_binding_ratio"] = {
        part: level * factor(part) * value for part, value in healthy.items()
    }
    content["loss"] = {
        name: {part: 1 - (1 - loss) ** factor(part) for part, loss in losses.items()}
        for name, losses in content["loss"].items()
    }
    content["asymmetry"] = {
        name: value * np.exp(rng.normal(0, ASYMMETRY_SD))
        for name, value in content["asymmetry"].items()
    }
    content["background"] = {
        tissue: value if tissue == calibration.reference_region else value * factor("", TISSUE_SD)
        for tissue, value in content["background"].items()
    }
    for section, ranges in (("scanner", RANGES), ("anatomy", HEAD)):
        content[section] |= {name: rng.uniform(*limits) for name, limits in ranges.items()}
    return type(calibration)(**content)


def simulated_scans(atlas, calibration, control, n_hospitals, per_diagnosis, seed):
    """Scans of people whom nobody has seen, hospital by hospital.

    Parameters
    ----------
    atlas : Atlas
        Its grid is the grid of the scans.
    calibration : Calibration
        The centre of what is drawn.
    control : str
        Diagnosis without any loss.
    n_hospitals : int
    per_diagnosis : int
        People of each diagnosis in each hospital.
    seed : int

    Yields
    ------
    diagnosis : str
    counts : ndarray of float32, shape of the atlas
    """
    group = {name: per_diagnosis for name in calibration.asymmetry}
    for k in range(n_hospitals):
        rng = generator(Stream.HOSPITALS, seed, k)
        scene, drawn = random_hospital(atlas, calibration, rng)
        cohort = Cohort({"definite": group}, seed=int(rng.integers(2**31)))
        scans, truth = draw_participants(cohort, drawn, control, Stream.HOSPITAL_PEOPLE)
        for person, binding in zip(
            scans.itertuples(), truth[list(BINDING_COLUMNS)].to_dict("records"), strict=True
        ):
            yield person.diagnosis, render(binding, person.age, scene, drawn, rng)
