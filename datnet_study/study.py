"""The study file: every scientific choice of a study as one typed, read-only object.

Its groups of settings are in `settings`; this module puts them together, checks them against
each other, and knows where the files of a study lie.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, PrivateAttr, ValidationError, model_validator

from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_study.columns import ScanTable
from datnet_study.ingredients import Ingredients, Recipe
from datnet_study.notice import notice_of
from datnet_study.phantom_settings import Phantom
from datnet_study.problems import problem_list
from datnet_study.scan_counts import Ceiling, LearningCurve, check_counts
from datnet_study.settings import (
    Column,
    Decisions,
    Fusion,
    Images,
    Protocol,
    Radiomics,
    Saliency,
    Section,
    SiteRole,
    UserPath,
    Word,
    check_mirroring,
    check_names,
)
from datnet_study.settings_errors import explain
from datnet_study.study_file import ATLAS, project_root, read_settings


@dataclass(frozen=True)
class Place:
    """Where a study stands: the project's folder, the study file as named and as found."""

    root: Path
    source: Path
    file: Path
    split: Path  # file that states `split`: a study that extends it has the same draw


class Study(Section):
    """One study: its scans and every choice made with them.

    Exactly one of `dataset` (a folder of images) and `phantom` is given; `table`, `sheet`,
    `columns`, `values` and `split` say how its table is read (`ScanTable`), `sites` who is judged.
    A study whose diagnoses do not hold the usual `control` has no controls.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
    title: str
    dataset: UserPath | None = None
    table: UserPath | None = None  # `scans.tsv` in the data set
    sheet: str | None = None
    columns: dict[Column, Word] = {}
    values: dict[Column, dict[Word, Word | None]] = {}
    split: Annotated[float, Field(ge=0, lt=1)] | None = None
    sites: dict[Word, SiteRole] = {}
    phantom: Phantom | None = None
    diagnoses: Annotated[tuple[str, ...], Field(min_length=2)] = ("IPD", "MSA", "PSP", "NC")
    control: str = "NC"
    images: Images = Images()
    network: NetworkSettings = NetworkSettings()
    training: TrainingSettings = TrainingSettings()
    decisions: Decisions = Decisions()
    saliency: Saliency = Saliency()
    radiomics: Radiomics = Radiomics()
    fusion: Fusion = Fusion()
    protocols: tuple[Protocol, ...] = ()
    learning_curve: LearningCurve | None = None
    ceiling: Ceiling | None = None
    recipes: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Recipe] = {}
    _place: Place = PrivateAttr()

    def model_post_init(self, place):
        """Take the `Place` from the context of the validation; `read_study` gives it."""
        if not isinstance(place, Place):
            raise TypeError(f"a study needs its place, found {place!r}; read it with `read_study`")
        self._place = place

    @model_validator(mode="after")
    def _consistent(self):
        if (self.dataset is None) == (self.phantom is None):
            raise ValueError("give exactly one of `dataset` (your scans) and `phantom`")
        check_names(self.diagnoses)
        if "control" in self.model_fields_set and self.control not in self.diagnoses:
            raise ValueError(f"control {self.control!r} is not one of diagnoses {self.diagnoses}")
        for name in self.recipes:
            if name == "study" or yaml.safe_load(name) != name:
                raise ValueError(f"recipes.{name}: this word has another meaning; take another")
        for name in ("study", *self.recipes):  # an unknown key of a recipe is an error here too
            _, network, training = self.recipe(name)
            check_mirroring(network, training.flips)
        if self.phantom:
            given = self.model_fields_set
            self.phantom.check(self.diagnoses, self.images.space, given, self.sites)
        check_counts(self.learning_curve, self.ceiling, self.diagnoses, bool(self.phantom))
        return self

    def recipe(self, name):
        """What a network of a recipe is made of; `study` is the study's own.

        Parameters
        ----------
        name : str
            `study` or a key of `recipes`.

        Returns
        -------
        Ingredients
            Those of the study, with what the recipe changes; one network for each model.

        Raises
        ------
        ValueError
            If there is no such recipe, or it has an unknown key or value.
        """
        own = Ingredients(self.images.grid_mm, self.network, self.training)
        if name == "study":
            return own
        if name not in self.recipes:
            raise ValueError(f"recipe {name!r} is not one of study, {', '.join(self.recipes)}")
        return self.recipes[name].changed(own, name)

    def volumes(self, grid_mm):
        """Array of all scans on a grid, made by the page `cohorts`."""
        own = grid_mm == self.images.grid_mm
        return self.results / ("volumes.npy" if own else f"volumes_{grid_mm:g}mm.npy")

    @property
    def results(self):
        """Folder of everything this study makes."""
        return self._place.root / "results" / self.name

    @property
    def data_manifest(self):
        """Folder of the atlas, the phantom's calibration and the claims."""
        return self._place.root / "data_manifest"

    @property
    def atlas_path(self):
        """Label image that defines every region."""
        return self._place.root / ATLAS

    @property
    def calibration_path(self):
        """Numbers of the phantom's generator."""
        return self.data_manifest / (self.phantom.numbers if self.phantom else "phantom.yaml")

    @property
    def source(self):
        """The study file, as it was named."""
        return self._place.source

    @property
    def file(self):
        """The study file, where it was found."""
        return self._place.file

    @property
    def dataset_root(self):
        """Folder of the data set that holds `scans.tsv`."""
        return self.results / "dataset" if self.phantom else self._place.root / self.dataset

    @property
    def images_root(self):
        """Folder of the images in MNI space; paths of `scans.tsv` in the results begin there."""
        return self.results / "normalised" if self.images.space == "native" else self.dataset_root

    def by_hand(self, kind):
        """Path of what a person made, `verdicts` or `transforms`; None where there is nothing."""
        path = getattr(self.images, kind)
        return path and self._place.root / path

    @property
    def scan_table(self):
        """Where the table of scans is, and how it is to be read: a `ScanTable`."""
        return ScanTable(
            self._place.root / self.table if self.table else self.dataset_root / "scans.tsv",
            self.dataset_root,
            self.sheet,
            self.columns,
            self.values,
            self.sites,
            self.split,
            self._place.split.with_suffix(".split.tsv"),
            self.training.seed,
        )

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
        """What the reader of any page has to know about the scans: a paragraph of plain text."""
        return notice_of(self)


def read_study(path):
    """Read and check a study file.

    Parameters
    ----------
    path : str or Path
        A YAML file, relative to the working directory or to the project's root. It may start
        from another one: `extends: paper.yaml`, a file beside it or in `data_manifest/`.

    Returns
    -------
    Study

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no project; the message names the places looked at.
    ValueError
        If a file is no YAML, or a key is unknown, missing or of the wrong type; one line per
        key, with the file if it is another one.
    """
    root = project_root()
    path = Path(path).expanduser()
    places = [Path.cwd() / path, root / path]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        looked = " and ".join(str(place) for place in dict.fromkeys(places))
        raise FileNotFoundError(f"no study file {str(path)!r}; looked at {looked}")
    settings = read_settings(found, root / "data_manifest")
    place = Place(root, path, found, settings.file_of(("split",)))
    try:
        return Study.model_validate(settings.values, context=place)
    except ValidationError as error:
        files = [(settings.file_of(keys), text) for keys, text in explain(error)]
        lines = [text if file == found else f"{text} (in {file})" for file, text in files]
        raise problem_list(f"{path}: {len(lines)} setting(s) to correct", lines) from None
