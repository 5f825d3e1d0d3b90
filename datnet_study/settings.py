"""The groups of settings of a study file, each a typed, read-only section with its defaults.

The open points of the paper that have a choice are keys here; `book/open_points.md` lists all.
"""

from dataclasses import fields
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from datnet_phantom.cohort import Cohort

Fraction = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Certainty = Literal["possible", "definite", "confirmed"]


class Section(BaseModel):
    """A group of settings; unknown keys are errors and values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _name_known_keys(cls, settings):
        """Put the known keys in place of an unknown key's value: `explain` finds them there."""
        if not isinstance(settings, dict):
            return settings
        known = tuple(cls.model_fields)
        return {key: value if key in known else known for key, value in settings.items()}


class Phantom(Section):
    """Size, seed and labels of the digital phantom cohort, and the numbers it is made with.

    `numbers` is a file of `data_manifest/`, one for each tracer; `scanner` replaces some of its
    numbers of the scanner.
    """

    seed: Count = 2022
    participants: dict[Certainty, dict[str, Count]]
    follow_ups: Count = 0
    mislabelled: dict[Certainty, Annotated[float, Field(ge=0, lt=1)]] = {
        "possible": 0.25,
        "definite": 0.02,
        "confirmed": 0.0,
    }
    identical_patients: bool = False
    numbers: Annotated[str, Field(pattern=r"^phantom[A-Za-z0-9._-]*\.yaml$")] = "phantom.yaml"
    scanner: dict[str, float] = {}

    @property
    def cohort(self):
        """What the generator of the phantom is given: this section without the numbers."""
        return Cohort(**{key.name: getattr(self, key.name) for key in fields(Cohort)})


class Images(Section):
    """Grid of the analyses and the region that normalises the counts (A9)."""

    grid_mm: PositiveFloat = 4.0
    reference_region: str = "occipital"


Pair = tuple[float, float]


class Network(Section):
    """What DAT-Net sees (A12), its layout (A1), and how common it takes diagnoses to be (A14)."""

    field_mm: tuple[Pair, Pair, Pair] | None = ((-44, 44), (-40, 36), (-30, 34))
    n_filters: Positive = 16
    n_levels: Positive = 4
    normalisation: Literal["batch", "instance"] = "batch"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    n_members: Positive = 4
    both_sides: bool = True
    class_prior: Literal["cohort", "uniform"] = "cohort"
    standardised: bool = False
    resized_to: tuple[Positive, Positive, Positive] | None = None


class Recipe(Section):
    """Another grid or network, compared with the study's own on the page `resolution`."""

    grid_mm: PositiveFloat | None = None
    network: dict[str, object] = {}


class Training(Section):
    """Optimisation (A13, A14), folds, early stopping (A7), and what it runs on."""

    seed: Count = 0
    n_folds: Annotated[int, Field(ge=2)] = 6
    pretrain: bool = True
    learning_rate: PositiveFloat = 2e-4
    batch_size: Annotated[int, Field(ge=2)] = 16
    averaging: Annotated[float, Field(ge=0, lt=1)] = 0.98
    max_epochs: Positive = 60
    patience: Positive = 20
    early_stopping_on: Literal["inner", "test_fold"] = "inner"
    inner_fraction: Fraction = 0.2
    balanced_classes: bool = True
    flips: bool = True
    halve_after: Positive | None = None
    head_l2: Annotated[float, Field(ge=0)] = 0.0
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    devices: Positive = 1

    @model_validator(mode="after")
    def _two_scans_for_each_device(self):
        if self.batch_size < 2 * self.devices:
            raise ValueError(
                f"training.batch_size is {self.batch_size}, expected at least 2 for each of "
                f"{self.devices} device(s)"
            )
        return self


class Saliency(Section):
    """Full-gradient maps and the salient region (A2, A3)."""

    postprocess: Literal["published", "complete"] = "published"
    region_rule: Literal["rescaled", "of_maximum", "highest_voxels", "mass"] = "rescaled"
    region_threshold: Fraction = 0.7
    region_source: Literal["cross_fitted", "per_participant"] = "cross_fitted"


class Radiomics(Section):
    """Grey-level discretisation of the radiomic features (A4)."""

    bin_width: PositiveFloat = 0.1


class Fusion(Section):
    """XGBoost on network probabilities and clinical data (A10)."""

    n_estimators: Positive = 200
    max_depth: Positive = 3
    learning_rate: PositiveFloat = 0.05


class Decisions(Section):
    """From probabilities to a diagnosis (A5, A6)."""

    cross_validation: Literal["youden", "argmax"] = "youden"
    blind_test: Literal["argmax", "youden"] = "argmax"
    blind_test_model: Literal["ensemble", "refit"] = "ensemble"


def explain(error):
    """Errors of a section, each as its keys and `key: what was expected, what was found`.

    Parameters
    ----------
    error : pydantic.ValidationError

    Returns
    -------
    list of (tuple, str)
        Keys from the top down and the message.
    """
    return [_explain(item) for item in error.errors()]


def _explain(item):
    """One error of pydantic."""
    keys = tuple(part for part in item["loc"] if part != "[key]")
    name = ".".join(map(str, keys)) or "study"
    if item["type"] == "extra_forbidden":
        text = f"{name}: unknown key; expected one of {', '.join(item['input'])}"
    elif item["type"] == "missing":
        text = f"{name}: missing"
    elif item["type"] == "value_error":
        text = str(item["ctx"]["error"])
    else:
        text = f"{name}: {item['msg']}, found {item['input']!r}"[:300]
    return keys, text
