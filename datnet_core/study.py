"""The study file: every scientific choice of a study as one typed, read-only object.

The open points of the paper that have a choice are keys here; `book/open_points.md` lists all.
"""

from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

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


Pair = tuple[float, float]


class Network(Section):
    """What DAT-Net sees (A12), its layout (A1), and how common it takes diagnoses to be (A14)."""

    field_mm: tuple[Pair, Pair, Pair] | None = ((-44, 44), (-40, 36), (-30, 34))
    n_filters: Positive = 16
    n_levels: Positive = 4
    normalisation: Literal["batch", "instance"] = "batch"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    n_members: Positive = 4
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


class Study(Section):
    """One study: its scans and every choice made with them.

    Exactly one of `dataset` (a folder that holds `scans.tsv`) and `phantom` is given.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
    title: str
    dataset: Path | None = None
    phantom: Phantom | None = None
    diagnoses: Annotated[tuple[str, ...], Field(min_length=2)] = ("IPD", "MSA", "PSP", "NC")
    control: str = "NC"
    images: Images = Images()
    network: Network = Network()
    training: Training = Training()
    decisions: Decisions = Decisions()
    saliency: Saliency = Saliency()
    radiomics: Radiomics = Radiomics()
    fusion: Fusion = Fusion()
    recipes: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Recipe] = {}
    _root: Path = PrivateAttr(default=Path())
    _source: Path = PrivateAttr(default=Path())

    @model_validator(mode="after")
    def _consistent(self):
        if (self.dataset is None) == (self.phantom is None):
            raise ValueError("give exactly one of `dataset` (your scans) and `phantom`")
        if len(set(self.diagnoses)) < len(self.diagnoses):
            raise ValueError(f"diagnoses names a group twice: {self.diagnoses}")
        if self.control not in self.diagnoses:
            raise ValueError(f"control {self.control!r} is not one of diagnoses {self.diagnoses}")
        for name in self.recipes:
            if name == "study" or yaml.safe_load(name) != name:
                raise ValueError(f"recipes.{name}: this word has another meaning; take another")
            self.recipe(name)  # an unknown key or value of a recipe is an error here, not later
        if self.phantom:
            groups = {name for group in self.phantom.participants.values() for name in group}
            if extra := sorted(groups - set(self.diagnoses)):
                raise ValueError(f"phantom.participants names {extra}, not in {self.diagnoses}")
            confirmed = sum(self.phantom.participants.get("confirmed", {}).values())
            if self.phantom.follow_ups > confirmed:
                raise ValueError(
                    f"phantom.follow_ups is {self.phantom.follow_ups}, expected at most the "
                    f"{confirmed} participants of certainty 'confirmed'"
                )
        return self

    def recipe(self, name):
        """Grid and network of a recipe; `study` is the study's own.

        Parameters
        ----------
        name : str
            `study` or a key of `recipes`.

        Returns
        -------
        grid_mm : float
        network : Network
            The study's, with what the recipe changes; one network for each model.

        Raises
        ------
        ValueError
            If there is no such recipe, or it has an unknown key or value.
        """
        if name == "study":
            return self.images.grid_mm, self.network
        if name not in self.recipes:
            raise ValueError(f"recipe {name!r} is not one of study, {', '.join(self.recipes)}")
        recipe = self.recipes[name]
        try:
            changed = Network(**self.network.model_dump() | recipe.network | {"n_members": 1})
        except ValidationError as error:
            lines = "; ".join(f"{item['loc'][0]}: {item['msg']}" for item in error.errors())
            raise ValueError(f"recipes.{name}.network: {lines}") from None
        return recipe.grid_mm or self.images.grid_mm, changed

    def volumes(self, grid_mm):
        """Array of all scans on a grid, made by the page `cohorts`."""
        own = grid_mm == self.images.grid_mm
        return self.results / ("volumes.npy" if own else f"volumes_{grid_mm:g}mm.npy")

    @property
    def results(self):
        """Folder of everything this study makes."""
        return self._root / "results" / self.name

    @property
    def data_manifest(self):
        """Folder of the atlas, the phantom's calibration and the claims."""
        return self._root / "data_manifest"

    @property
    def atlas_path(self):
        """Label image that defines every region."""
        return self.data_manifest / "atlas/tpl-MNI152NLin6Asym_res-02_atlas-datnet_dseg.nii.gz"

    @property
    def calibration_path(self):
        """Numbers of the phantom's generator."""
        return self.data_manifest / "phantom.yaml"

    @property
    def source(self):
        """The study file, as it was named."""
        return self._source

    @property
    def dataset_root(self):
        """Folder of the data set that holds `scans.tsv`."""
        return self.results / "dataset" if self.phantom else self._root / self.dataset

    @property
    def patients(self):
        """Diagnoses other than the control group."""
        return tuple(name for name in self.diagnoses if name != self.control)

    @property
    def compared(self):
        """Diagnoses compared with each other: the patient groups, or all if there is only one."""
        return self.patients if len(self.patients) > 1 else self.diagnoses

    @property
    def notice(self):
        """What the reader of any page has to know about the scans, in one paragraph."""
        if self.phantom:
            return (
                f"Study **{self.name}**, {self.title}: every scan here is a **digital phantom**, "
                "made by a computer. No number on this page was measured in a person, and none of "
                "them can confirm or refute a clinical claim of the paper."
            )
        return f"Study **{self.name}**: {self.title}. Scans of `{self.dataset}`."


def project_root():
    """Nearest folder, from the working directory upwards, that holds `data_manifest/`."""
    here = Path.cwd()
    return next((p for p in (here, *here.parents) if (p / "data_manifest").is_dir()), here)


def read_study(path):
    """Read and check a study file.

    Parameters
    ----------
    path : str or Path
        A YAML file, relative to the working directory or to the project's root.

    Returns
    -------
    Study

    Raises
    ------
    FileNotFoundError
        If there is no such file; the message names the places looked at.
    ValueError
        If the file is no YAML, or a key is unknown, missing or of the wrong type; one line per
        key.
    """
    root = project_root()
    places = [Path.cwd() / path, root / path]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        looked = " and ".join(str(place) for place in dict.fromkeys(places))
        raise FileNotFoundError(f"no study file {str(path)!r}; looked at {looked}")
    try:
        settings = yaml.safe_load(found.read_text())
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not readable as YAML\n{error}") from error
    if not isinstance(settings, dict):
        raise ValueError(f"{path}: expected `key: value` lines, found {type(settings).__name__}")
    try:
        study = Study(**settings)
    except ValidationError as error:
        lines = "\n".join(f"  {_explain(item)}" for item in error.errors())
        raise ValueError(f"{path}: {error.error_count()} setting(s) to correct\n{lines}") from None
    study._root, study._source = root, Path(path)
    return study


def _explain(item):
    """One pydantic error as `key: what was expected, what was found`."""
    key = ".".join(str(part) for part in item["loc"] if part != "[key]") or "study"
    if item["type"] == "extra_forbidden":
        known = _section_at(item["loc"][:-1]).model_fields
        return f"{key}: unknown key; expected one of {', '.join(known)}"
    if item["type"] == "missing":
        return f"{key}: missing"
    if item["type"] == "value_error":
        return str(item["ctx"]["error"])
    return f"{key}: {item['msg']}, found {item['input']!r}"[:300]


def _section_at(path):
    """Class of the section that a path of keys leads to."""
    found = Study
    for key in path:
        if get_origin(found) is dict:  # the key is a name of the user's
            found = get_args(found)[1]
        else:
            found = found.model_fields[key].annotation
            found = next((a for a in get_args(found) if type(None) in get_args(found)), found)
    return found
