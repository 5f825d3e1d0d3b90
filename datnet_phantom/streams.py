"""The random numbers of the phantom: which use draws from which stream.

No two uses share a draw, whatever their seeds: a stream is told apart from all others by four
numbers (seed, number, session, use), which NumPy's `SeedSequence` hashes as they are. Within a
stream the draws follow one another: of a scan tissue uptake, deformation and ventricles, noise,
misregistration, count scale. A follow-up draws the first three from the stream of the first scan,
because the anatomy of a person stays.
"""

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What random numbers are for; a new use takes a new number, never one of these."""

    PEOPLE = 0  # of a cohort: diagnosis, clinic, binding; number 0 draws who has a follow-up
    SCANS = 1  # of a cohort: anatomy, noise, misregistration, counts
    ORACLE_PEOPLE = 2  # whom the oracle measures the scanner with
    ORACLE_SCANS = 3  # their images
    SUMMARY = 4  # binding of many people, for the maps of true differences
    HOSPITALS = 5  # made-up ones, and the scans of their people
    HOSPITAL_PEOPLE = 6  # of one of them, whose seed the stream above draws
    YARDSTICK_PEOPLE = 7  # whom the image ceiling learns from
    YARDSTICK_SCANS = 8  # their images
    SITES = 9  # seed of the people and scans of one site


def generator(stream, seed, number=0, session=0):
    """Generator of one stream.

    Parameters
    ----------
    stream : Stream
        What it is for.
    seed : int
        0 or more.
    number : int
        Of the participant or the draw.
    session : int
        0 for the first scan, 1 for the follow-up.

    Returns
    -------
    numpy.random.Generator

    Examples
    --------
    >>> people = generator(Stream.PEOPLE, seed=0, number=3)
    >>> summary = generator(Stream.SUMMARY, seed=0, number=3)
    >>> people.integers(1000, size=3).tolist() == summary.integers(1000, size=3).tolist()
    False
    """
    return np.random.default_rng([seed, number, session, int(stream)])
