"""Sites of a phantom cohort: who is imaged where, and from which random streams.

A scanner and a tracer belong to a site; disease, clinic and anatomy belong to a person. Nobody
changes when a site is added: the seed of each site is drawn from that of the cohort and the name of
the site, and the home site has the people and scans of a cohort without sites.
"""

import hashlib
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from datnet_phantom.calibration import Calibration
from datnet_phantom.cohort import Cohort, check_sites, site_label
from datnet_phantom.people import draw_participants, scan_path
from datnet_phantom.streams import Stream, generator

OF_SITE = ("tracer", "reference_region", "healthy_binding_ratio", "background", "scanner")
AGAIN = 2  # number of the session of people who are imaged at a second site


class Imaged(NamedTuple):
    """The scans of one site; both tables have a row for each."""

    cohort: Cohort
    calibration: Calibration
    scans: pd.DataFrame  # columns of `scans.tsv`
    truth: pd.DataFrame
    streams: list  # seed, number and session of the random stream of each scan
    of_person: list  # those of the first scan of the person, where the anatomy is from; or None


def imaged(cohort, calibration, control, sites=None):
    """Who is imaged at each site of a cohort.

    Parameters
    ----------
    cohort : Cohort
    calibration : Calibration
        Numbers of a cohort without sites.
    control : str
        Diagnosis without any loss.
    sites : mapping of str to (Site, Calibration), optional
        Sites by name, each with its numbers.

    Returns
    -------
    list of Imaged
        One without the column `site` if there are no sites; else one of the home site, then of the
        people of each other site, then of those who are imaged again.

    Raises
    ------
    ValueError
        If not exactly one site is the home site, or `people_of` names no other site with people of
        its own. As `draw_participants`.
    """
    if not sites:
        return [_own(cohort, calibration, control, "")]
    check_sites({name: site for name, (site, _) in sites.items()})
    own = {}
    for name, (site, numbers) in sites.items():
        if site.is_home:
            own[name] = _own(cohort, numbers, control, "")
    for name, (site, numbers) in sites.items():
        if site.participants:
            seed = site_seed(cohort.seed, name)
            people = replace(cohort, participants=site.participants, seed=seed, follow_ups=0)
            own[name] = _own(people, numbers, control, site_label(name))
    again = {
        name: _again(own[site.people_of], numbers, control, name, cohort.seed)
        for name, (site, numbers) in sites.items()
        if site.people_of is not None
    }
    return [
        part._replace(scans=part.scans.assign(site=name))
        for group in (own, again)
        for name, part in group.items()
    ]


def site_seed(seed, name):
    """Seed of all draws of a site, whatever other sites there are.

    Examples
    --------
    >>> site_seed(2022, "pet_b") == site_seed(2022, "pet_b") != site_seed(2022, "pet_c")
    True
    """
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:7])
    return int(generator(Stream.SITES, seed, number).integers(1 << 62))


def _own(cohort, calibration, control, label):
    """The people of one site alone; their ids begin with its label."""
    scans, truth = draw_participants(cohort, calibration, control)
    number = scans["participant_id"].str.removeprefix("sub-")
    session = scans.groupby("participant_id").cumcount()
    streams = [(cohort.seed, int(n), int(k)) for n, k in zip(number, session, strict=True)]
    of_person = [(seed, n, 0) if k else None for seed, n, k in streams]
    scans, truth = (_renamed(table, f"sub-{label}" + number) for table in (scans, truth))
    return Imaged(cohort, calibration, scans, truth, streams, of_person)


def _again(own, calibration, control, site, seed):
    """The people of another site, `confirmed` ones, with the tracer and scanner of this site."""
    update = {name: getattr(calibration, name) for name in OF_SITE}
    calibration = own.calibration.model_copy(update=update)
    scans, truth = draw_participants(own.cohort, calibration, control)
    first = np.array([session == 0 for *_, session in own.streams])
    rows = first & (own.scans["certainty"] == "confirmed").to_numpy()
    ids, session = own.scans.loc[rows, "participant_id"], f"ses-{site_label(site)}"
    scans, truth = (_renamed(table[rows], ids, session) for table in (scans, truth))
    of_person = [place for place, row in zip(own.streams, rows, strict=True) if row]
    streams = [(site_seed(seed, site), number, AGAIN) for _, number, _ in of_person]
    return Imaged(own.cohort, calibration, scans, truth, streams, of_person)


def _renamed(table, ids, session=None):
    """A table with other ids, and paths that follow from them."""
    table = table.assign(participant_id=ids)
    if session is not None:
        table = table.assign(session_id=session)
    if "path" in table:
        keys = table[["participant_id", "session_id"]].to_dict("records")
        table = table.assign(path=[scan_path(**key) for key in keys])
    return table.reset_index(drop=True)
