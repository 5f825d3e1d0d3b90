"""What judges a scan: networks, settings, and what is known of the people that they learned from.

A judge is made of the results of a study (`of_study`) or read from a package (`package`); what it
says of a scan is the same in both cases. So that nothing of a participant has to travel with it,
it knows people by rounded numbers of groups only: no step of a distribution holds fewer than
`FEWEST` of them.
"""

from dataclasses import dataclass

import numpy as np

from datnet_core.settings import NetworkSettings
from datnet_images.atlas import Atlas
from datnet_study.settings import Images, Section

FEWEST = 5  # people in a step of a distribution, or in a count that is shown
STEPS = 20  # of a distribution at most
AGE = 60  # years, at which the norms are given
DIGITS = 3  # of what is kept of people: decimals, or significant ones of a distribution


class Norm(Section):
    """A measure of the controls by their age: at 60 years, change by decade, SD around it."""

    at_60: float
    per_decade: float
    sd: float
    n: int

    def z(self, value, age):
        """How many SD of the controls a value lies above what they have at an age.

        Examples
        --------
        >>> Norm(at_60=2.0, per_decade=-0.1, sd=0.2, n=20).z(1.5, 70)  # (1.5 - 1.9) / 0.2
        -2.0
        """
        expected = self.at_60 + self.per_decade * (age - AGE) / 10
        return round((value - expected) / self.sd, DIGITS)


class Doubt(Section):
    """How sure the networks were of people whom they had not seen, and how often they were right.

    Parameters
    ----------
    n : int
        People judged out of fold.
    accuracy : float
        Share of them that was right by the largest probability.
    scores : tuple of float
        Quantiles of 1 - p of the right diagnosis, from 0 to 1 in even steps.
    coverage : float
        Share of sets that is to hold the right diagnosis.
    least : float
        A scan whose largest probability lies below it is referred.
    referred, wrong, caught, kept : float
        Out of fold: share referred; share of the referred on whom the networks were wrong; share
        of all errors among the referred; share of the others that was right.
    """

    n: int
    accuracy: float
    scores: tuple[float, ...]
    coverage: float
    least: float
    referred: float
    wrong: float
    caught: float
    kept: float


class Facts(Section):
    """All of a judge that is words and numbers, as it stands in `package.json`."""

    name: str
    title: str
    phantom: bool
    tracer: str
    diagnoses: tuple[str, ...]
    control: str | None
    images: Images
    network: NetworkSettings
    people: dict[str, dict[str, str]]  # cohort and diagnosis to a number in words
    ages: tuple[int, int] | None  # between which nine in ten of those learned from are
    norms: dict[str, Norm] = {}
    places: dict[str, dict[str, tuple[float, ...]]] = {}  # measure and diagnosis to quantiles
    doubt: Doubt | None = None
    project: str  # its version
    atlas: str  # its hash


@dataclass(frozen=True, eq=False)  # two judges are one only if they are the same object
class Judge:
    """What judges a scan.

    Parameters
    ----------
    facts : Facts
    atlas : Atlas
    models : dict of str to torch.nn.Module
        By name, in evaluation mode, on the CPU; a new scan gets the mean of their probabilities.
    origin : str
        What it was made from, in words.
    content : str
        Hash of the package; empty for a judge that never was in one.
    """

    facts: Facts
    atlas: Atlas
    models: dict
    origin: str
    content: str = ""


def significant(values):
    """Values to `DIGITS` significant digits, so that 1 - p of very sure networks is not all 0.

    Parameters
    ----------
    values : array-like of any shape

    Returns
    -------
    ndarray of float of the same shape

    Examples
    --------
    >>> significant([0.12345, 1.2345e-6, 0])
    array([1.23e-01, 1.23e-06, 0.00e+00])
    """
    rounded = [float(f"{value:.{DIGITS}g}") for value in np.ravel(values)]
    return np.reshape(rounded, np.shape(values))


def quantiles(values):
    """Distribution of some values to `DIGITS` digits, in even steps of `FEWEST` or more of them.

    Parameters
    ----------
    values : array-like of shape (n,)

    Returns
    -------
    tuple of float
        From the first step to the last but one; the smallest and the largest value, each of one
        person, are not in it. Empty where there are too few values.

    Examples
    --------
    >>> quantiles(range(11)), quantiles(range(9))
    ((5.0,), ())
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    steps = min(STEPS, len(values) // FEWEST)
    if steps < 2:
        return ()
    return tuple(significant(np.quantile(values, np.arange(1, steps) / steps)).tolist())


def share_below(steps, value):
    """Share of people with a lower value, in words, by the steps of `quantiles`.

    Parameters
    ----------
    steps : sequence of float
    value : float

    Returns
    -------
    str
        Linear between the quantiles; outside of them only that it is less or more than a step. A
        dash where there are no steps.

    Examples
    --------
    >>> share_below((1.0, 2.0, 4.0), 3.0), share_below((1.0, 2.0, 4.0), 0.0), share_below((), 0.0)
    ('62%', '<25%', '–')
    """
    if not steps:
        return "–"
    at = np.arange(1, len(steps) + 1) / (len(steps) + 1)
    if value < steps[0]:
        return f"<{at[0]:.0%}"
    if value > steps[-1]:
        return f">{at[-1]:.0%}"
    return f"{np.interp(value, steps, at):.0%}"


def counted(count):
    """A number of people, where it is small only that it is.

    Examples
    --------
    >>> counted(43), counted(3), counted(0)
    ('43', '<5', '0')
    """
    return str(count) if count >= FEWEST or count == 0 else f"<{FEWEST}"
