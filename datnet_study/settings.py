"""The groups of settings of a study file, each a typed, read-only section with its defaults.

Those of the network and its training are in `datnet_core.settings`. The open points of the paper
that have a choice are keys of these sections; `book/open_points.md` lists all.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from datnet_core.training.plan import VARIANTS
from datnet_study.columns import COLUMNS
from datnet_study.site_roles import BOTH, TEST, TRAIN

Fraction = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Width = Annotated[float, Field(ge=0, allow_inf_nan=False)]  # mm; 0 is none
Certainty = Literal["possible", "definite", "confirmed"]
Column = Literal[COLUMNS]
Protocol = Literal[tuple(VARIANTS)]
SiteRole = Literal[TRAIN, TEST, BOTH]


def _text(word):
    """A number that YAML has read, as the word of a table that it was."""
    if isinstance(word, bool) or not isinstance(word, (int, float)):
        return word
    return f"{word:g}" if word == int(word) else str(word)


Word = Annotated[str, BeforeValidator(_text)]  # of a table
UserPath = Annotated[Path, AfterValidator(Path.expanduser)]


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


class Images(Section):
    """Grid of the analyses (A9), the region that normalises the counts, and those measured.

    `input` is what voxels of the scans are: counts, their ratio to the reference, or binding
    potentials (that ratio less 1). `space` is where the scans lie: in MNI space already, or as the
    camera has them (`native`). `scan_fwhm_mm` is the resolution of the scanner, `filter_fwhm_mm`
    of the filter: applied to native scans (0: they are smoothed), and in MNI space what the scans
    have behind them. `site_fwhm_mm` is the resolution of finished scans, filters included, by site,
    from a measurement; it is estimated for sites that are not named. `fit_striatum` says
    whether striatum and midbrain move the map of a native scan. `transforms` is a folder of
    transforms by hand, `verdicts` a file of verdicts.
    """

    grid_mm: PositiveFloat = 4.0
    input: Literal["counts", "ratio", "bp"] = "counts"
    space: Literal["mni", "native"] = "mni"
    scan_fwhm_mm: PositiveFloat = 6.0
    filter_fwhm_mm: Width = 10.0
    site_fwhm_mm: dict[Word, PositiveFloat] = {}
    fit_striatum: bool = True
    transforms: UserPath | None = None
    verdicts: UserPath | None = None
    reference_region: str = "occipital"
    regions: Annotated[tuple[str, ...], Field(min_length=1)] = ("putamen", "caudate")

    @model_validator(mode="after")
    def _of_one_space(self):
        if self.space == "mni" and self.transforms is not None:
            raise ValueError("transforms is for scans in native space; write space: native")
        if self.space == "mni" and not self.fit_striatum:
            raise ValueError(
                "fit_striatum is false, and space mni: such scans are not moved; leave it out, or "
                "write space: native"
            )
        if self.space == "native" and self.input == "bp":
            raise ValueError(
                "input is bp, and space native: outside the head a binding potential of 0 cannot "
                "be told from tissue; give counts, or ratios with input: ratio"
            )
        return self


class Saliency(Section):
    """Full-gradient maps, the salient region (A2, A3), and regions that tables list."""

    postprocess: Literal["published", "complete"] = "published"
    region_rule: Literal["rescaled", "of_maximum", "highest_voxels", "mass"] = "rescaled"
    region_threshold: Fraction = 0.7
    region_source: Literal["cross_fitted", "per_participant", "per_diagnosis"] = "cross_fitted"
    regions: tuple[str, ...] = (
        "putamen", "caudate", "accumbens", "midbrain", "thalamus", "occipital", "cerebellum",
    )  # fmt: skip


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


def check_names(diagnoses):
    """Refuse diagnoses that are named twice, or that cannot be part of the names of files.

    Parameters
    ----------
    diagnoses : sequence of str

    Raises
    ------
    ValueError
        With the names.
    """
    if len(set(diagnoses)) < len(diagnoses):
        raise ValueError(f"diagnoses names a group twice: {diagnoses}")
    if odd := [name for name in diagnoses if not re.fullmatch(r"[A-Za-z0-9][\w+-]*", name, re.A)]:
        raise ValueError(
            f"diagnoses has {odd}, expected letters, digits, _, + and -; give short names, and map "
            "the words of the table to them under values.diagnosis"
        )


def check_mirroring(network, flips):
    """Refuse mirror images that no network has learned from, or of another part of the head.

    Parameters
    ----------
    network : NetworkSettings
    flips : bool
        Whether scans are mirrored in the training.

    Raises
    ------
    ValueError
        Names the setting to change.
    """
    if network.both_sides and not flips:
        raise ValueError(
            "network.both_sides is true, but with training.flips false no network has seen a "
            "mirror image; set both to the same"
        )
    low, high = network.field_mm[0] if network.field_mm else (0, 0)
    if flips and low != -high:
        raise ValueError(
            f"network.field_mm goes from {low:g} to {high:g} mm along x; expected as far to "
            "the left as to the right, because scans are mirrored (training.flips)"
        )
