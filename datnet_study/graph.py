"""The jobs of a study and what each depends on, from the declarations of the pages.

Every job ends with a record, `records/<job>.<fingerprint>`, whose name holds a hash of everything
the job depends on: code, settings, the user's files by content, and the same of the jobs it starts
from. A job whose record is not there runs. So content decides, never the time of a file, and also
where the records of the workflow engine are lost.
"""

import json
from dataclasses import asdict
from fnmatch import fnmatch

from datnet_core import fingerprint
from datnet_core.fingerprint import code_hash
from datnet_study import declaration
from datnet_study.depends import (
    atlas_files,
    contents,
    hand_made,
    manifest_files,
    own_files,
    settings_of,
    short_hash,
)
from datnet_study.fits import FILES, planned_fits, variants
from datnet_study.job import Job
from datnet_study.table import image_paths

LANES = 2  # processes that train networks side by side on one machine


class Graph:
    """All jobs of a study.

    Parameters
    ----------
    study : Study
    n_lanes : int or None
        Processes that train networks one after the other, side by side; None for one process for
        each network, as on a cluster.

    Raises
    ------
    ValueError
        If a declaration is wrong, or a page reads what no job writes; names the line to edit.
    """

    def __init__(self, study, n_lanes=None):
        on_devices = study.training.accelerator == "gpu" or study.training.devices > 1
        self.study, self._made_from = study, {}
        self.n_lanes = 1 if n_lanes and on_devices else n_lanes  # which all lanes would share
        self._own_files = {} if study.phantom else own_files(study)
        self.declarations = declaration.declarations_of(study)
        jobs = [
            *self._dataset(),
            *self._normalise(),
            *self._pages(),
            *self._grids(),
            *self._fits(),
            self._book(),
        ]
        self.jobs, self.writer = {}, {}
        for job in jobs:
            if job.name in self.jobs:
                raise ValueError(f"the name {job.name!r} has another meaning; rename the page")
            self.jobs[job.name] = job
            for name in job.writes:
                other = self.writer.setdefault(name, job)
                if other is not job:
                    raise ValueError(f"{name!r} is written by {other.name} and {job.name}")
        for job in jobs:
            self._resolved(job)

    def targets(self):
        """Every file of the finished study, with the records; a job whose own is missing runs."""
        records = [self.record(job) for job in self.jobs.values()]
        return records + [name for job in self.jobs.values() for name in job.writes]

    def inputs(self, job):
        """Files that a job needs, those of other jobs with their records."""
        names = self._resolved(job)
        writers = {self.writer[name].name for name in names if name in self.writer}
        return names + [self.record(self.jobs[name]) for name in sorted(writers - {job.name})]

    def record(self, job):
        """Name of the file that says that a job is done, with its fingerprint."""
        parts = json.dumps([self.made_from(job), job.shown], sort_keys=True)
        return f"records/{job.name}.{short_hash(parts)}"

    def made_from(self, job):
        """What the results of a job depend on, as a dict of hashes and settings."""
        if job.name not in self._made_from:
            upstream = {}
            for name in self._resolved(job):
                if name in self.writer and self.writer[name].name not in upstream:
                    before = self.writer[name]
                    upstream[before.name] = short_hash(
                        json.dumps(self.made_from(before), sort_keys=True)
                    )
            self._made_from[job.name] = job.depends | {"starts_from": upstream}
        return self._made_from[job.name]

    def _resolved(self, job):
        """Files that a job reads: patterns become the files of other jobs that they match."""
        names = []
        for name in job.reads:
            if "*" in name:
                names += [n for n, w in self.writer.items() if fnmatch(n, name) and w is not job]
            elif name in self.writer:
                names.append(name)
            elif not (name.startswith("dataset/") and self.study.phantom is None):
                page = self.declarations.get(job.name)
                line = f" ({declaration.line_of(page.source, 'reads')})" if page else ""
                raise ValueError(
                    f"{'page' if page else 'job'} {job.name} reads {name!r}, which no page writes; "
                    f"correct its header{line}, or add the page that writes it"
                )
        return list(dict.fromkeys(names))

    def _dataset(self):
        """The phantom cohort, for a study that has one."""
        study = self.study
        if study.phantom is None:
            return []
        depends = {
            "code": code_hash(fingerprint.ROOT / "datnet_phantom" / "dataset.py"),
            "settings": settings_of(study, ("phantom", "control", "images.reference_region")),
            "files": contents(
                [study.calibration_path, *atlas_files(study)], study.data_manifest.parent
            ),
        }
        images = tuple(f"dataset/{name}" for name in image_paths(study))  # once they are known
        writes = ("dataset/scans.tsv", "dataset/truth/scans.tsv", *images)
        return [Job("dataset", ("dataset",), (), writes, images, depends, threads=2)]

    def _normalise(self):
        """The scans in MNI space, for a study that has them in native space."""
        study = self.study
        if study.images.space == "mni":
            return []
        used = ("scan_fwhm_mm", "filter_fwhm_mm", "input", "reference_region")
        atlas = contents(atlas_files(study), study.data_manifest.parent)
        depends = {
            "code": code_hash(fingerprint.ROOT / "datnet_study" / "native.py"),
            "settings": settings_of(study, [f"images.{name}" for name in used]),
            "files": self._own_files | hand_made(study.by_hand("transforms")) | atlas,
        }
        reads, writes = ("dataset/scans.tsv",), ("normalised/scans.tsv",)
        return [Job("normalise", ("normalise",), reads, writes, (), depends, threads=2)]

    def _pages(self):
        """The pages, each with its declaration."""
        fill = {"diagnosis": self.study.compared, "variant": variants(self.study)}
        for page in self.declarations.values():
            reads, files = [], {}
            for name in page.reads:
                if name.startswith("data_manifest/"):
                    found = manifest_files(page, name, self.study)
                    files |= contents(found, self.study.data_manifest.parent)
                elif name == "verdicts":
                    files |= hand_made(self.study.by_hand(name))
                else:
                    reads.append(name)
            if "dataset/scans.tsv" in reads:
                files |= self._own_files
            depends = {
                "code": code_hash(page.source),
                "settings": settings_of(self.study, page.settings, page.source),
                "files": files,
            }
            writes = (*declaration.expanded(page.writes, fill), f"pages/{page.page}.ipynb")
            yield Job(
                page.page,
                ("page", page.page),
                tuple(reads),
                writes,
                page.cache,
                depends,
                shown=short_hash(page.source.read_text(encoding="utf-8") + self.study.notice),
                threads=page.threads,
            )

    def _grids(self):
        """The scans on other grids, for the recipes."""
        study = self.study
        spacings = {study.recipe(name)[0] for name in study.recipes} - {study.images.grid_mm}
        for spacing_mm in sorted(spacings):
            array = study.volumes(spacing_mm).name
            depends = {
                "code": code_hash(fingerprint.ROOT / "datnet_study" / "cached_scans.py"),
                "settings": settings_of(study, ("images",)) | {"grid_mm": spacing_mm},
            }
            yield Job(
                f"grid_{spacing_mm:g}mm".replace(".", "_"),
                ("grid", f"{spacing_mm:g}"),
                ("scans.tsv", "volumes.json"),
                (array, array.replace(".npy", ".json")),
                (array, array.replace(".npy", ".json")),
                depends,
                threads=2,
            )

    def _fits(self):
        """The networks, in lanes: a process trains several, one after the other."""
        study = self.study
        code = code_hash(fingerprint.ROOT / "datnet_study" / "networks.py")
        levels = {}
        for fit in planned_fits(study):
            levels.setdefault((fit.kind, fit.start is not None), []).append(fit)
        for (kind, starts), fits in levels.items():
            n_lanes = min(self.n_lanes or len(fits), len(fits))
            for k in range(n_lanes):
                lane = fits[k::n_lanes]
                recipes = sorted({fit.recipe for fit in lane})
                arrays = {study.volumes(study.recipe(name)[0]).name for name in recipes}
                begins = {f"{fit.start}/{FILES[0]}" for fit in lane if fit.start}
                depends = {
                    "code": code,
                    "networks": [fit.folder for fit in lane],
                    "settings": settings_of(study, ("training", "diagnoses"))
                    | {name: asdict(study.recipe(name)[1]) for name in recipes},
                }
                writes = tuple(name for fit in lane for name in fit.files)
                yield Job(
                    f"fit_{kind}_{'folds' if starts else 'first'}_{k}",
                    ("fit", *(fit.folder for fit in lane)),
                    ("scans.tsv", "volumes.json", *sorted(arrays | begins)),
                    writes,
                    writes,
                    depends,
                    priority=0 if kind == "study" else -1,  # long pages wait for the study's own
                )

    def _book(self):
        """The book of all pages."""
        root = fingerprint.ROOT
        prose = [root / "_config.yml", *sorted(p for p in root.glob("book/**/*") if p.is_file())]
        texts = {name: page.source.read_text() for name, page in self.declarations.items()}
        depends = {
            "code": code_hash(root / "datnet_study" / "book.py"),
            "library": contents(sorted(root.glob("datnet_*/**/*.py")), root),  # its reference
            "files": contents(prose, root),
            "pages": short_hash(json.dumps(texts)),
            "notice": self.study.notice,
        }
        pages = [f"pages/{name}.ipynb" for name in self.declarations]
        results = [f"{name}.json" for name in self.declarations]
        reads = (*pages, *results)
        return Job("book", ("book",), reads, ("book/index.html",), (), depends)
