"""The groups of settings of a study file, each a typed, read-only section with its defaults.

Those of the network and its training are in `datnet_core.settings`. The open points of the paper
that have a choice are keys of these sections; `book/open_points.md` lists all.
"""

from dataclasses import fields, is_dataclass
from typing import Annotated, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Certainty = Literal["possible", "definite", "confirmed"]


class Section(BaseModel):
    """A group of settings; unknown keys are errors and values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Phantom(Section):
    """Size, seed and labels of the digital phantom cohort, and numbers of another scanner."""

    seed: Count = 2022
    participants: dict[Certainty, dict[str, Count]]
    follow_ups: Count = 0
    mislabelled: dict[Certainty, Annotated[float, Field(ge=0, lt=1)]] = {
        "possible": 0.25,
        "definite": 0.02,
        "confirmed": 0.0,
    }
    identical_patients: bool = False
    scanner: dict[str, float] = {}


class Images(Section):
    """Grid of the analyses and the region that normalises the counts (A9)."""

    grid_mm: PositiveFloat = 4.0
    reference_region: str = "occipital"


class Recipe(Section):
    """Another grid or network, compared with the study's own on the page `resolution`."""

    grid_mm: PositiveFloat | None = None
    network: dict[str, object] = {}


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


def explain(item, section):
    """One pydantic error as `key: what was expected, what was found`.

    Parameters
    ----------
    item : dict
        One of `ValidationError.errors()`.
    section : type
        What was to be made: a `Section` or a dataclass.

    Returns
    -------
    str
    """
    key = ".".join(str(part) for part in item["loc"] if part != "[key]") or "study"
    if item["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        known = _keys(_section_at(item["loc"][:-1], section))
        return f"{key}: unknown key; expected one of {', '.join(known)}"
    if item["type"] == "missing":
        return f"{key}: missing"
    if item["type"] == "value_error":
        return ".".join(map(str, (*item["loc"], item["ctx"]["error"])))
    if item["type"] in ("dataclass_type", "model_type"):
        return f"{key}: expected `key: value` lines, found {item['input']!r}"[:300]
    return f"{key}: {item['msg']}, found {item['input']!r}"[:300]


def _keys(section):
    """Types of a section's settings, by key."""
    if is_dataclass(section):
        return {field.name: field.type for field in fields(section)}
    return {name: field.annotation for name, field in section.model_fields.items()}


def _section_at(path, section):
    """Class of the section that a path of keys leads to."""
    for key in path:
        if get_origin(section) is dict:  # the key is a name of the user's
            section = get_args(section)[1]
        else:
            section = _keys(section)[key]
            parts = get_args(section)
            section = parts[0] if type(None) in parts else section
    return section
