"""A page while it runs: it opens what its header declares, and closes when all is written.

Pages talk to each other through files in `results/<study>/` only. What a page does not declare it
cannot read, write or look up; what it declares and does not write is an error too.
"""

import fnmatch
import gc
import json
import time

import numpy as np
from IPython import get_ipython
from pydantic_core import to_json

from datnet_core import fingerprint
from datnet_core.files import whole
from datnet_study.declaration import expanded, line_of, read_declaration
from datnet_study.fits import curve_starts, model_folder, variants
from datnet_study.notice import notice_of
from datnet_study.origin import made_from
from datnet_study.places import null_result, place_of
from datnet_study.public_forms import offer_public_forms
from datnet_study.records import folder_of, forget
from datnet_study.result_table import read_result_table
from datnet_study.settings_view import declared_settings
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
        Folder below `results/` to write to; `study` is the study's own, from which it reads.

    Returns
    -------
    Page

    Raises
    ------
    FileNotFoundError, ValueError
        As `study.read_study` and `declaration.read_declaration`; or if the study has no such page.
    """
    gc.freeze()  # nilearn collects garbage at each image, and has not to look at what is imported
    offer_public_forms(get_ipython())
    source = fingerprint.ROOT / "notebooks" / f"{name}.py"
    return Page(read_declaration(source), read_study(study), into)


class Page:
    """What a page may read, write and look up; made by `open_page`.

    Attributes
    ----------
    name : str
    settings : SettingsView
        The declared settings by attribute.
    notice, public_notice, phantom : str, str, bool
        What a reader has to know about the scans, also in public; whether they are a phantom.
    where : str
        Where numbers hold, for sentences: on this phantom, or in this study.
    variants, curve : list of str, tuple of str
        Variants of the protocol, trained beside the study; what its learning curve starts from.
    ended : bool
        Whether `end` has closed the page.
    """

    def __init__(self, declaration, study, into="study"):
        self.name, self.phantom = declaration.page, bool(study.phantom)
        self.notice, self.public_notice = study.notice, notice_of(study, public=True)
        self._declaration, self._study, self._begin = declaration, study, time.perf_counter()
        self._target = folder_of(study, into)
        if self._target == study.results:  # the record of its last run goes
            forget(study, f"page {self.name}")
        fill = {"diagnosis": study.compared, "variant": variants(study)}
        self._writes, self._written = expanded(declaration.writes, fill), set()
        self.variants, self.curve, self.ended = fill["variant"], curve_starts(study), False
        self.where = "on this phantom" if study.phantom else "in this study"
        if declaration.only_if and not getattr(study, declaration.only_if):
            what = declaration.only_if
            raise ValueError(
                f"page {self.name} is for studies with `{what}`; {study.source} has none"
            )
        self.settings = declared_settings(declaration, study)

    def path(self, name):
        """Path of a declared file to read.

        Parameters
        ----------
        name : str
            As in the header, see `places.place_of`.

        Raises
        ------
        PermissionError
            If the header does not declare it; names the line to edit.
        FileNotFoundError
            If it is not there, with the command that makes it.
        """
        path = place_of(self._study, self._declared(name))
        if not path.exists():
            raise FileNotFoundError(
                f"{name} of study {self._study.name} is missing; make it: "
                f"make study STUDY={self._study.source}"
            )
        return path

    def table(self, name):
        """Table that another page wrote, by `result_table.read_result_table`."""
        return read_result_table(self.path(name))

    def scan_table(self):
        """The table of scans as the study file says that it is to be read: a `ScanTable`."""
        self.path("dataset/scans.tsv")
        return self._study.scan_table

    def result(self, page):
        """Content of another page's result file: `numbers`, `claims`, `made_from`."""
        return json.loads(self.path(f"{page}.json").read_text())

    def null(self, page):
        """Content of another page's result file in the study `null`; None where it is not there."""
        return null_result(self._study, self._declared(f"null/{page}.json"))

    def _declared(self, name):
        """The name of a file to read, if the header declares it."""
        if any(fnmatch.fnmatch(name, pattern) for pattern in self._declaration.reads):
            return name
        raise PermissionError(
            f"page {self.name} reads {name!r}, which its header does not declare; add it to "
            f"`reads` ({line_of(self._declaration.source, 'reads')})"
        )

    def scans(self):
        """The scan table with cohorts and folds, one row per scan."""
        return self.table("scans.tsv")

    def volumes(self, recipe="study"):
        """Uptake ratios of all scans, a memory map of shape (n_scans, X, Y, Z)."""
        name = self._study.volumes(self._study.recipe(recipe).grid_mm).name
        return np.load(self.path(name), mmap_mode="r")

    def field(self, recipe="study"):
        """Part of the grid that the network sees, as a tuple of three slices."""
        from datnet_images.grid import field_of_view

        made = self._study.recipe(recipe)
        return field_of_view(made.grid_mm, made.network.field_mm)

    def seen(self, recipe="study"):
        """What the network sees of all scans, a memory map of shape (n_scans, x, y, z)."""
        return self.volumes(recipe)[(slice(None), *self.field(recipe))]

    def grid(self):
        """Affine (4, 4) and shape of the grid of the study."""
        from datnet_images.grid import study_grid

        return study_grid(self._study.images.grid_mm)

    def atlas(self):
        """The label image that defines every region."""
        from datnet_images.atlas import read_atlas

        return read_atlas(self.path(f"data_manifest/atlas/{self._study.atlas_path.name}"))

    def recipe(self, name):
        """`Ingredients` of a recipe: grid, network, training; `study` is the study's own."""
        return self._study.recipe(name)

    def models(self, variant="study", recipe="study"):
        """Folder of the models of the study, of a variant of its protocol, or of a recipe."""
        folder = model_folder(variant, recipe)
        self.path(f"{folder}/fold-0")
        return self._study.results / folder

    def output(self, name):
        """Path of a declared file for a function that writes it, as in `path`; see `writing`."""
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

    def end(self, without, so, elsewhere=""):
        """Close a page with "This study has `without`, so `so`. `elsewhere`"; no cell runs then."""
        said = f"This study has {without}, so {so}. {elsewhere}".rstrip()
        self.close({}, result=said, without=without)
        self.ended = True
        if shell := get_ipython():
            shell.input_transformers_post.append(lambda _: [])  # of a cell, nothing is left

    def close(self, numbers, claims=None, result="", without=""):
        """Write `<page>.json`: every number the page reports, and what they were made from.

        Parameters
        ----------
        numbers : dict
            What the page reports; not-a-number becomes null.
        claims : dict, optional
            By claim id: `value` and, where there are any, `low`, `high`, `p`; or `why` it has none.
        result : str
            What the page found, in a sentence with its numbers and how sure they are; the book
            shows it below the title.
        without : str
            What ended the page, see `end`.

        Raises
        ------
        RuntimeError
            If a declared file was not written.
        """
        with self.writing(f"{self.name}.json") as part:
            others = set(self._writes) - {f"{self.name}.json"}
            there = {name for name in self._written if (self._target / name).exists()}
            if missing := sorted(others - there):
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
                "made_from": made_from(self._declaration, self._study, self._begin),
            } | ({"without": without} if without else {})
            plain = {"inf_nan_mode": "null", "fallback": lambda value: value.tolist()}
            part.write_bytes(to_json(result, indent=1, **plain) + b"\n")
