"""A page while it runs: it opens what its header declares, and closes when all is written.

Pages talk to each other through files in `results/<study>/` only. What a page does not declare it
cannot read, write or look up; what it declares and does not write is an error too.
"""

import fnmatch
import json
import subprocess
import time
from functools import cached_property

import numpy as np
import pandas as pd
from pydantic_core import to_json

from datnet_core import fingerprint
from datnet_core.files import whole
from datnet_study.declaration import expanded, line_of, read_declaration, setting
from datnet_study.fits import model_folder, variants
from datnet_study.study import read_study


def open_page(name, study, into="study"):
    """Open a page of a study: check its declaration and give access to what it declares.

    Parameters
    ----------
    name : str
        Name of the page, `notebooks/<name>.py`.
    study : str or Path
        Study file.
    into : str
        Folder below `results/` that the page writes to; `study` is the study's own. What it reads
        comes from the study in either case.

    Returns
    -------
    Page

    Raises
    ------
    FileNotFoundError, ValueError
        As `study.read_study` and `declaration.read_declaration`; or if the study has no such page.
    """
    source = fingerprint.ROOT / "notebooks" / f"{name}.py"
    return Page(read_declaration(source), read_study(study), into)


class Page:
    """What a page may read, write and look up; made by `open_page`.

    Attributes
    ----------
    name : str
    settings : object
        The declared settings by attribute, with `patients` and `compared` where `diagnoses` and
        `control` are declared.
    notice : str
        What a reader has to know about the scans.
    phantom : bool
        Whether the scans are a digital phantom.
    variants : list of str
        Variants of the protocol that are trained beside the study itself.
    """

    def __init__(self, declaration, study, into="study"):
        self.name, self.notice, self.phantom = declaration.page, study.notice, bool(study.phantom)
        self._declaration, self._study, self._begin = declaration, study, time.perf_counter()
        self._target = study.results if into == "study" else study.results.with_name(into)
        fill = {"diagnosis": study.compared, "variant": variants(study)}
        self._writes, self._written = expanded(declaration.writes, fill), set()
        self.variants = fill["variant"]
        if declaration.only_if and not getattr(study, declaration.only_if):
            raise ValueError(
                f"page {self.name} is for studies with `{declaration.only_if}`; "
                f"{study.source} has none"
            )
        self.settings = _settings(declaration, study)

    def path(self, name):
        """Path of a declared file to read.

        Parameters
        ----------
        name : str
            As in the header: below `results/<study>/`, or beginning with `data_manifest/` or
            `dataset/`.

        Returns
        -------
        Path

        Raises
        ------
        PermissionError
            If the header does not declare it; names the line to edit.
        FileNotFoundError
            If it is not there, with the command that makes it.
        """
        if not any(fnmatch.fnmatch(name, pattern) for pattern in self._declaration.reads):
            raise PermissionError(
                f"page {self.name} reads {name!r}, which its header does not declare; add it to "
                f"`reads` ({line_of(self._declaration.source, 'reads')})"
            )
        study = self._study
        if name.startswith("data_manifest/"):
            path = study.data_manifest.parent / name
        elif name.startswith("dataset/"):
            path = study.dataset_root / name.removeprefix("dataset/")
        else:
            path = study.results / name
        if not path.exists():
            raise FileNotFoundError(
                f"{name} of study {study.name} is missing; the study makes it: make study STUDY="
                f"{study.source}"
            )
        return path

    def table(self, name):
        """Table that another page wrote; keys are text, missing values are empty fields."""
        keys = {"participant_id": str, "session_id": str}
        return pd.read_csv(self.path(name), sep="\t", dtype=keys)

    def result(self, page):
        """Content of another page's result file: `numbers`, `claims`, `made_from`."""
        return json.loads(self.path(f"{page}.json").read_text())

    def scans(self):
        """The scan table with cohorts and folds, one row per scan."""
        return self.table("scans.tsv")

    def volumes(self, recipe="study"):
        """Uptake ratios of all scans, a memory map of shape (n_scans, X, Y, Z)."""
        grid_mm, _ = self._study.recipe(recipe)
        return np.load(self.path(self._study.volumes(grid_mm).name), mmap_mode="r")

    def field(self, recipe="study"):
        """Part of the grid that the network sees, as a tuple of three slices."""
        from datnet_core.images.grid import field_of_view

        grid_mm, network = self._study.recipe(recipe)
        return field_of_view(grid_mm, network.field_mm)

    def seen(self, recipe="study"):
        """What the network sees of all scans, a memory map of shape (n_scans, x, y, z)."""
        return self.volumes(recipe)[(slice(None), *self.field(recipe))]

    def grid(self):
        """Affine (4, 4) and shape of the grid of the study."""
        from datnet_core.images.grid import study_grid

        return study_grid(self.settings.images.grid_mm)

    def atlas(self):
        """The label image that defines every region."""
        from datnet_core.images.atlas import read_atlas

        return read_atlas(self.path(f"data_manifest/atlas/{self._study.atlas_path.name}"))

    def recipe(self, name):
        """Grid in mm and network of a recipe; `study` is the study's own."""
        return self._study.recipe(name)

    def train(self):
        """Train the networks of the study that are missing; finished ones are kept.

        In the workflow, jobs of their own have done it before the page runs.
        """
        from datnet_study.fits import planned_fits, train

        fits = [fit for fit in planned_fits(self._study) if fit.kind == "study"]
        train(self._study, fits, self.scans())
        return fits

    def models(self, variant="study", recipe="study"):
        """Folder of the models of the study, of a variant of its protocol, or of a recipe."""
        folder = model_folder(variant, recipe)
        self.path(f"{folder}/fold-0")
        return self._study.results / folder

    def fold_models(self):
        """The models of the folds, in evaluation mode, fold 0 first."""
        from datnet_core.training.prediction import load_model

        folder, network = self.models(), self.settings.network
        training = self.settings.training
        names = [f"fold-{k}" for k in range(training.n_folds)]
        return [load_model(folder / name, network, training.accelerator) for name in names]

    def output(self, name):
        """Path of a declared file for a function that writes it; better is `writing`.

        Raises
        ------
        PermissionError
            If the header does not declare it; names the line to edit.
        """
        if name not in self._writes:
            raise PermissionError(
                f"page {self.name} writes {name!r}, which its header does not declare; add it to "
                f"`writes` ({line_of(self._declaration.source, 'writes')})"
            )
        self._written.add(name)
        return self._target / name

    def writing(self, name):
        """Context with the path to write a declared file to, which appears only when whole."""
        return whole(self.output(name))

    def write_table(self, name, table):
        """Write a declared table, tab-separated, without its index."""
        with self.writing(name) as part:
            table.to_csv(part, sep="\t", index=False, float_format="%.8g")

    def close(self, numbers, claims=None, result=""):
        """Write `<page>.json`: every number the page reports, and what they were made from.

        Parameters
        ----------
        numbers : dict
            What the page reports; not-a-number becomes null.
        claims : dict, optional
            By claim id: a dict of `value` and, where there is one, `low`, `high`, `p`.
        result : str
            What the page found, in a sentence with its numbers and how sure they are; the book
            shows it below the title.

        Raises
        ------
        RuntimeError
            If a declared file was not written.
        """
        with self.writing(f"{self.name}.json") as part:
            others = [name for name in self._writes if name != f"{self.name}.json"]
            missing = [name for name in others if name not in self._written]
            missing += [name for name in others if not (self._target / name).exists()]
            if missing := sorted(set(missing)):
                raise RuntimeError(
                    f"page {self.name} did not write {missing}, which its header declares; write "
                    f"it, or correct `writes` ({line_of(self._declaration.source, 'writes')})"
                )
            result = {
                "page": self.name,
                "study": self._study.name,
                "numbers": numbers,
                "claims": claims or {},
                "result": result,
                "made_from": self.made_from,
            }
            plain = {"inf_nan_mode": "null", "fallback": lambda value: value.tolist()}
            part.write_bytes(to_json(result, indent=1, **plain) + b"\n")

    @cached_property
    def made_from(self):
        """Where the numbers of the page come from: scans, code, settings, seeds, time."""
        study = self._study
        record = study.results / "volumes.json"
        phantom = {"phantom": study.phantom.seed} if study.phantom else {}
        return {
            "study_file": str(study.source),
            "scans": json.loads(record.read_text())["sha256"] if record.is_file() else None,
            "code": fingerprint.code_hash(self._declaration.source),
            "commit": _commit(),
            "seeds": {"training": study.training.seed} | phantom,
            "settings": {
                name: setting(study.model_dump(mode="json"), name, self._declaration.source)
                for name in self._declaration.settings
            },
            "seconds": round(time.perf_counter() - self._begin, 1),
        }


class _Settings:
    """Declared settings by attribute; any other is an error that names the line to edit."""

    def __init__(self, values, prefix, source):
        self.__dict__.update(values)
        self.__dict__.update(_prefix=prefix, _source=source)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(
            f"page {self._source.stem} uses the setting `{self._prefix}{name}`, which its header "
            f"does not declare; add it to `settings` ({line_of(self._source, 'settings')})"
        )


def _settings(declaration, study):
    """The settings that a page declares, nested as in the study file."""
    top, sections = {}, {}
    for name in declaration.settings:
        setting(study.model_dump(), name, declaration.source)  # there is one of this name
        section, _, key = name.rpartition(".")
        if section:
            sections.setdefault(section, {})[key] = getattr(getattr(study, section), key)
        else:
            top[name] = getattr(study, name)
    for section, values in sections.items():
        top.setdefault(section, _Settings(values, f"{section}.", declaration.source))
    if {"diagnoses", "control"} <= set(top):
        top |= {"patients": study.patients, "compared": study.compared}
    return _Settings(top, "", declaration.source)


def _commit():
    """Commit of the project that runs, with a mark where files were changed; None without git."""
    command = ["git", "-C", fingerprint.ROOT, "describe", "--always", "--dirty", "--exclude=*"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    return said.stdout.strip()
