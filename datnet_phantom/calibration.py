"""The numbers of the phantom's generator as one typed, read-only object.

`numbers` reads it from a file such as `data_manifest/phantom.yaml`, which has a source for each; a
key that is missing, unknown or impossible is an error there, before anything is drawn.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from datnet_phantom.regions import PARTS

Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[Number, Field(gt=0)]
AtLeastZero = Annotated[Number, Field(ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Loss = Annotated[Number, Field(ge=0, lt=1)]  # what is left has a logarithm
MeanAndSD = tuple[Number, AtLeastZero]


class Numbers(BaseModel):
    """A section of the file; unknown keys are errors and numbers cannot be changed."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, section):
        if not isinstance(section, dict):
            return section  # pydantic says so
        unknown = [str(key) for key in section if key not in cls.model_fields]
        if unknown:
            known = ", ".join(cls.model_fields)
            raise ValueError(f"unknown key {', '.join(unknown)}; expected some of {known}")
        return section


class Tracer(Numbers):
    """What was injected."""

    name: str
    radionuclide: str  # as BIDS writes it: C11, F18, I123
    half_life_min: Positive


class Spread(Numbers):
    """SD of log binding between people."""

    person: AtLeastZero
    region_control: AtLeastZero
    region_patient: AtLeastZero
    side: Positive  # or the densities of the oracle would not exist


class Clinic(Numbers):
    """Age, sex and scores by diagnosis; scores of the patient groups only."""

    age: dict[str, MeanAndSD]  # years
    female: dict[str, Share]
    symptom_duration_years: dict[str, MeanAndSD]
    updrs: dict[str, MeanAndSD]
    hoehn_yahr: dict[str, MeanAndSD]
    correlation_with_severity: Annotated[Number, Field(ge=-1, le=1)]


class Anatomy(Numbers):
    """Shape of the individual head before normalisation; SDs are between people."""

    background_sd: AtLeastZero
    soft_tissue_mm: AtLeastZero
    deformation_mm: AtLeastZero
    deformation_knots_mm: Positive
    ventricle_mm: tuple[Number, Number, Number]
    ventricle_reach_mm: Positive
    ventricle_per_decade: Number
    ventricle_sd: AtLeastZero


class Scanner(Numbers):
    """Device, reconstruction, normalisation and filter; SDs are between scans."""

    injected_mbq: Positive
    frame_start_min: AtLeastZero
    frame_min: Positive
    brain_share: Positive
    sensitivity_cps_per_kbq: Positive
    attenuation: Positive
    noise_equivalent_share: Positive
    reconstruction_noise: AtLeastZero
    brain_width_mm: Positive
    brain_length_mm: Positive
    brain_height_mm: Positive
    resolution_fwhm_mm: Positive
    filter_fwhm_mm: AtLeastZero
    normalised_share: Share
    shift_mm: AtLeastZero
    rotation_degree: AtLeastZero
    zoom: AtLeastZero
    counts: Positive
    counts_sd: AtLeastZero
    correction_bias: Annotated[Number, Field(gt=-1)] = 0.0  # `scanner.correction_factor`


class Calibration(Numbers):
    """All numbers of the generator.

    A diagnosis is known if `loss` or, without any loss, `asymmetry` names it; then every other
    table has to.
    """

    tracer: Tracer
    reference_region: str  # what the true and the published ratios refer to; its uptake is 1
    healthy_binding_ratio: dict[str, AtLeastZero]  # at age 60, by part of a region
    decline_per_decade: Loss
    loss: dict[str, dict[str, Loss]]  # at severity 1, by diagnosis and part of a region
    spread: Spread
    severity_sd: AtLeastZero  # of log severity
    asymmetry: dict[str, AtLeastZero]  # (better side - worse side) / mean, by diagnosis
    asymmetry_sd: AtLeastZero
    yearly_progression: AtLeastZero
    follow_up_years: tuple[AtLeastZero, AtLeastZero]  # shortest and longest
    clinic: Clinic
    background: dict[str, AtLeastZero]  # uptake by tissue
    anatomy: Anatomy
    scanner: Scanner

    @model_validator(mode="after")
    def _complete_tables(self):
        parts = [part for region in PARTS.values() for part in region]
        tables = {"healthy_binding_ratio": self.healthy_binding_ratio}
        tables |= {f"loss.{name}": losses for name, losses in self.loss.items()}
        for place, table in tables.items():
            _same_keys(place, table, parts)
        for region, names in PARTS.items():
            if not sum(self.healthy_binding_ratio[name] for name in names) > 0:
                raise ValueError(f"healthy_binding_ratio of {region} is 0, expected more")
        uptake = self.background.get(self.reference_region)
        if uptake != 1:
            raise ValueError(
                f"background of {self.reference_region} is {uptake}, expected 1 of the "
                "reference_region"
            )
        for name in ("age", "female"):
            _same_keys(f"clinic.{name}", getattr(self.clinic, name), self.asymmetry)
        for name in ("symptom_duration_years", "updrs", "hoehn_yahr"):
            _same_keys(f"clinic.{name}", getattr(self.clinic, name), self.loss)
        if unknown := set(self.loss) - set(self.asymmetry):
            raise ValueError(f"asymmetry has no {', '.join(sorted(unknown))}, which loss names")
        return self


def _same_keys(place, table, expected):
    """Refuse a table that lacks a key or has one too many."""
    if set(table) != set(expected):
        raise ValueError(f"{place} has {', '.join(table)}; expected {', '.join(expected)}")
