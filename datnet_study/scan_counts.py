"""Settings of what a study asks about numbers of scans: the learning curve, the image ceiling."""

from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from datnet_study.settings import Fraction, Positive, Section

Growing = Annotated[tuple[Positive, ...], Field(min_length=1)]


def _check_growing(key, sizes):
    """Refuse sizes that do not grow."""
    if any(low >= high for low, high in pairwise(sizes)):
        raise ValueError(f"{key}: found {list(sizes)}, expected each larger than the one before")


class LearningCurve(Section):
    """Networks that learn from some participants of the training cohort, for `learning_curve`.

    `sizes` are numbers of participants; all of them come last in any case. For each, `repeats`
    networks learn, each from a draw of its own.
    """

    sizes: Growing = (25, 50, 100, 200)
    repeats: Positive = 3

    @model_validator(mode="after")
    def _growing(self):
        _check_growing("sizes", self.sizes)
        return self


class Ceiling(Section):
    """Networks that learn from simulated scans of a phantom's own generator, a mark on `truth`.

    They learn from the numbers `scans` of them, one network each, until more of them add less
    than `gain` to the mean AUC of `judged` further simulated scans. Each network is shown as many
    scans in its training, `shown`, repeats counted.
    """

    scans: Growing = (450, 900, 1800, 3600)
    shown: Positive = 72000
    judged: Annotated[int, Field(ge=40)] = 400
    gain: Fraction = 0.005

    @model_validator(mode="after")
    def _growing(self):
        _check_growing("scans", self.scans)
        return self


def check_counts(curve, ceiling, diagnoses, phantom):
    """Refuse a curve that cannot have every diagnosis, and a ceiling where nobody knows one.

    Parameters
    ----------
    curve, ceiling : LearningCurve or None, Ceiling or None
    diagnoses : sequence of str
        Of the study.
    phantom : bool
        Whether its scans are a phantom.

    Raises
    ------
    ValueError
        With what to change.
    """
    if curve and curve.sizes[0] < len(diagnoses):
        raise ValueError(
            f"learning_curve.sizes begins with {curve.sizes[0]}, expected at least one participant "
            f"of each of {len(diagnoses)} diagnoses"
        )
    if ceiling and not phantom:
        raise ValueError("ceiling is for a phantom, whose generator is known; leave it out")
