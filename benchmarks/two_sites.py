"""Simulated scans of two sites, for the scripts `spect_seeds` and `adaptation_choice`.

Heads are made at 4 mm instead of 2, for time. People of the two sites, and of every seed, are
others; none is in a study.
"""

import numpy as np

from datnet_images.atlas import coarser_atlas, read_atlas
from datnet_images.grid import field_of_view, study_grid
from datnet_phantom.unwritten import unwritten_scans, yardstick_people
from datnet_study.sites.site_shares import drawn_with_shares, shares_of
from datnet_study.sites.transfer import TwoSites
from datnet_study.study_file import ATLAS

GRID_MM, REFERENCE, CONTROL = 4.0, "occipital", "NC"
CLASSES = ("IPD", "MSA", "PSP", "NC")
SOURCE = {"IPD": 56, "MSA": 40, "PSP": 32, "NC": 20}  # as in demo.yaml
HELD_OUT = {"IPD": 15, "MSA": 15, "PSP": 15, "NC": 15}
TARGET = {"IPD": 84, "MSA": 30, "PSP": 30, "NC": 30}  # enough for 120 with equal or unequal shares
JUDGED = {"IPD": 105, "MSA": 50, "PSP": 50, "NC": 50}
OTHER_PEOPLE = 50_000  # added to the seed for the other site


def site_scans(calibration, groups, seed, folder):
    """Uptake ratios of all people of one site on the whole grid, and their diagnoses."""
    people = yardstick_people(sum(groups.values()), groups, calibration, CONTROL, seed=seed)
    shape = study_grid(GRID_MM)[1]
    volumes = unwritten_scans(
        people,
        len(people),
        folder / f"scans-{seed}.npy",
        coarser_atlas(read_atlas(ATLAS), GRID_MM),
        calibration,
        REFERENCE,
        spacing_mm=GRID_MM,
        field=tuple(slice(0, n) for n in shape),
        seed=seed,
    )
    return np.array(volumes), people["diagnosis"].to_numpy()


def simulated_sites(source, target, seed, folder):
    """Scans of two sites, of which a share is held out or judged.

    Returns
    -------
    TwoSites, str ndarray
        Rows `target` and `judged` are everybody of the other site who may be drawn; diagnoses.
    """
    first, its = site_scans(source, _sum(SOURCE, HELD_OUT), seed, folder)
    second, others = site_scans(target, _sum(TARGET, JUDGED), seed + OTHER_PEOPLE, folder)
    diagnosis = np.concatenate([its, others])
    labels = np.array([CLASSES.index(name) for name in diagnosis])
    rows = np.arange(len(labels))
    learn = _first_of(its, SOURCE)
    seen = len(its) + _first_of(others, TARGET)
    rest = np.setdiff1d(rows, np.concatenate([learn, seen]))
    at_source = rest < len(its)
    volumes = np.concatenate([first, second])
    return TwoSites(volumes, labels, learn, rest[at_source], seen, rest[~at_source]), diagnosis


def with_kind(scans, diagnosis, kind, seed, most=None):
    """The same with people of the other site drawn so that diagnoses have shares of a kind."""
    shares = shares_of(kind, CLASSES)
    target, judged = (
        drawn_with_shares(diagnosis, rows, shares, seed, n)
        for rows, n in ((scans.target, most), (scans.judged, None))
    )
    return scans._replace(target=target, judged=judged)


def seen_field(network):
    """Part of the grid that the network sees."""
    return field_of_view(GRID_MM, network.field_mm)


def _sum(first, second):
    """Numbers of people in two groups together."""
    return {name: n + second[name] for name, n in first.items()}


def _first_of(diagnosis, groups):
    """Rows of the first people of each diagnosis."""
    rows = [np.flatnonzero(diagnosis == name)[:n] for name, n in groups.items()]
    return np.sort(np.concatenate(rows))
