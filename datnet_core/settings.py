"""Settings of a network and of its training: plain dataclasses, checked when they are made.

Paper section "Deep Neural Network and its Interpretation"; `book/open_points.md` explains the
letters. The range of a number stands in its type, once: it is checked here, and pydantic, which
reads study files, applies the same range.
"""

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Annotated, Literal, get_args, get_origin


@dataclass(frozen=True)
class Range:
    """Least value of a number, value to be above, value to be below; none may be infinite."""

    ge: float | None = None
    gt: float | None = None
    lt: float | None = None

    def expected(self, value):
        """What a number should have been, in words; empty where it is in the range."""
        limits = []
        if self.ge is not None and not value >= self.ge:
            limits.append(f"at least {self.ge:g}")
        if self.gt is not None and not value > self.gt:
            limits.append(f"more than {self.gt:g}")
        if self.lt is not None and not value < self.lt:
            limits.append(f"less than {self.lt:g}")
        if not math.isfinite(value):
            limits.append("a finite number")
        return " and ".join(limits)

    def __get_pydantic_core_schema__(self, source, handler):
        """Hand the range to pydantic where it reads the settings from a file."""
        limits = {name: limit for name, limit in vars(self).items() if limit is not None}
        finite = {"allow_inf_nan": False} if source is float else {}
        return handler(source) | limits | finite


Positive = Annotated[int, Range(ge=1)]
Share = Annotated[float, Range(ge=0, lt=1)]
Pair = tuple[float, float]


class _Checked:
    """Refuses values of another type or out of their range when the settings are made."""

    __pydantic_config__ = {"extra": "forbid"}  # an unknown key of a study file is an error

    def __post_init__(self):
        problems = []
        for field in fields(self):
            value = getattr(self, field.name)
            if expected := _expected(field.type, value):
                problems.append(f"{field.name} is {value!r}, expected {expected}")
        if problems:
            raise ValueError("; ".join(problems))


@dataclass(frozen=True)
class NetworkSettings(_Checked):
    """What DAT-Net sees (A12), its layout (A1), and how common it takes diagnoses to be (A14).

    Parameters
    ----------
    field_mm : tuple of 3 (low, high) or None
        Box that the network sees, mm in MNI space along x, y and z; None is the whole image.
    n_filters : int
        Filters of the first encoder stack.
    n_levels : int
        Number of encoder stacks; each but the first halves the grid and doubles the filters.
    normalisation : {"batch", "instance"}
        After each convolution.
    dropout : float
        Share of channels dropped inside a residual pair, 0 to below 1.
    n_members : int
        Networks of a model; their mean logit counts.
    both_sides : bool
        Whether a network judges the mirror image of a scan as well.
    class_prior : {"cohort", "uniform"}
        Whether a class is as common as among the scans learned from, or all equally.
    standardised : bool
        Whether each volume becomes a z-score first, as in the authors' code.
    resized_to : tuple of 3 int or None
        Voxels that each volume is interpolated to first, as in the authors' code.

    Raises
    ------
    ValueError
        If a value is of another type or out of range: names each, and what was expected.

    Examples
    --------
    >>> NetworkSettings(n_filters=4).n_levels
    4
    >>> NetworkSettings(n_filters=0)
    Traceback (most recent call last):
    ...
    ValueError: n_filters is 0, expected at least 1
    """

    field_mm: tuple[Pair, Pair, Pair] | None = ((-44, 44), (-40, 36), (-30, 34))
    n_filters: Positive = 8
    n_levels: Positive = 4
    normalisation: Literal["batch", "instance"] = "batch"
    dropout: Share = 0.3
    n_members: Positive = 1
    both_sides: bool = True
    class_prior: Literal["cohort", "uniform"] = "cohort"
    standardised: bool = False
    resized_to: tuple[Positive, Positive, Positive] | None = None


@dataclass(frozen=True)
class TrainingSettings(_Checked):
    """Optimisation (A13, A14), folds, early stopping (A7), and what training runs on.

    Parameters
    ----------
    seed : int
        Of the first weights, the order of the scans, mirroring, dropout and inner splits.
    n_folds : int
        Folds of the cross-validation.
    pretrain_on : {"cohort", "simulated", "both", "none"}
        What a network has learned from before the folds: the uncertain diagnoses, simulated people
        (weights that come with the project), these and then the uncertain diagnoses, or nothing.
    learning_rate : float
        Of Adam.
    batch_size : int
        Scans of a step, at least 2 on each device.
    averaging : float
        Share of the running mean of the weights that a step keeps, 0 to below 1.
    max_steps, max_epochs : int or None
        Batches after which training ends with the epoch, and epochs at most; None sets no limit.
        Where steps are the limit, few scans teach as long as many; the limit of epochs is for those
        who have less than about 80 scans to learn from.
    patience : int
        Epochs without a lower validation loss after which training ends.
    early_stopping_on : {"inner", "test_fold", "none"}
        Scans whose loss ends the training: some of those to learn from, those to be judged, or no
        scans; then all of them teach, and the last weights are kept.
    inner_fraction : float
        Share of the participants that the inner split takes away.
    balanced_classes, flips : bool
        Whether classes come equally often, and whether half of the scans are mirrored.
    shift_voxels : int
        A scan that is learned from is moved by up to as many voxels along each axis.
    contrast_sd, noise_sd : float
        SD of the logarithm of a factor on a scan's differences from its mean, and of noise in each
        voxel, in the unit of the volumes; 0 for neither.
    halve_after : int or None
        Epochs without a lower loss after which the learning rate is halved.
    head_l2 : float
        L2 penalty on the weights of the last layer.
    precision : {"32-true", "bf16-mixed"}
        Number type.
    accelerator : {"auto", "cpu", "gpu"}
        What training and prediction run on.
    devices : int
        Number of devices that share a batch.

    Raises
    ------
    ValueError
        As `NetworkSettings`, if a batch has less than 2 scans for each device, and if neither steps
        nor epochs have a limit.
    """

    seed: Annotated[int, Range(ge=0)] = 0
    n_folds: Annotated[int, Range(ge=2)] = 6
    pretrain_on: Literal["cohort", "simulated", "both", "none"] = "cohort"
    learning_rate: Annotated[float, Range(gt=0)] = 2e-4
    batch_size: Annotated[int, Range(ge=2)] = 16
    averaging: Share = 0.98
    max_steps: Positive | None = 1100
    max_epochs: Positive | None = 250
    patience: Positive = 20
    early_stopping_on: Literal["inner", "test_fold", "none"] = "none"
    inner_fraction: Annotated[float, Range(gt=0, lt=1)] = 0.2
    balanced_classes: bool = True
    flips: bool = True
    shift_voxels: Annotated[int, Range(ge=0)] = 1
    contrast_sd: Annotated[float, Range(ge=0)] = 0.0
    noise_sd: Annotated[float, Range(ge=0)] = 0.1
    halve_after: Positive | None = None
    head_l2: Annotated[float, Range(ge=0)] = 0.0
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    devices: Positive = 1

    def __post_init__(self):
        super().__post_init__()
        if self.batch_size < 2 * self.devices:
            raise ValueError(
                f"batch_size is {self.batch_size}, expected at least 2 for each of "
                f"{self.devices} device(s)"
            )
        if self.max_steps is None and self.max_epochs is None:
            raise ValueError("max_steps and max_epochs are None, expected a number for one of them")

    @property
    def learns_from_cohort(self):
        """Whether a network first learns from the uncertain diagnoses, where there are any."""
        return self.pretrain_on in ("cohort", "both")

    @property
    def starts_simulated(self):
        """Whether a network starts from the weights that learned from simulated people."""
        return self.pretrain_on in ("simulated", "both")


def _expected(kind, value):
    """What a value of a type should have been, in words; empty where it is right."""
    origin, parts = get_origin(kind), get_args(kind)
    if type(None) in parts:
        return "" if value is None else _expected(parts[0], value)
    if origin is Annotated:
        return _expected(parts[0], value) or parts[1].expected(value)
    if origin is tuple:
        fits = isinstance(value, tuple) and len(value) == len(parts)
        problems = map(_expected, parts, value) if fits else [f"a tuple of {len(parts)}"]
        return next(filter(None, problems), "")
    if origin is Literal:
        fits, words = value in parts, " or ".join(map(repr, parts))
    elif kind is bool:
        fits, words = isinstance(value, bool), "True or False"
    else:
        number, words = (Integral, "a whole number") if kind is int else (Real, "a number")
        fits = isinstance(value, number) and not isinstance(value, bool)
    return "" if fits else words
