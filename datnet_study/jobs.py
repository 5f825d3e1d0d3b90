"""The jobs of a study one by one: what each runs, reads and writes, and what it depends on."""

import json
from dataclasses import asdict, dataclass, field

from datnet_core import fingerprint
from datnet_core.fingerprint import code_hash
from datnet_study.declaration import expanded
from datnet_study.depends import (
    atlas_files,
    contents,
    hand_made,
    manifest_files,
    own_files,
    settings_of,
    short_hash,
)
from datnet_study.fits import FILES, SIMULATED, planned_fits, variants
from datnet_study.places import NULL, null_files
from datnet_study.simulated import weight_files
from datnet_study.table import image_paths


@dataclass(frozen=True)
class Job:
    """One job: files are named relative to the results of the study."""

    name: str
    command: tuple  # arguments of `python -m datnet_study.run`
    reads: tuple = ()
    writes: tuple = ()
    kept: tuple = ()  # of `writes`: not removed before the job, which continues them
    depends: dict = field(default_factory=dict)  # what its results depend on, by kind
    recipe: str = "study"  # of a network
    shown: str = ""  # hash of what only its own look depends on, such as the prose of a page
    threads: int = 1
    priority: int = 0


def jobs_of(study, declarations):
    """All jobs of a study.

    Parameters
    ----------
    study : Study
    declarations : sequence of Declaration
        Of its pages.

    Yields
    ------
    Job
    """
    own = {} if study.phantom else own_files(study)
    yield from _dataset(study)
    yield from _normalise(study, own)
    yield from _pages(study, declarations, own)
    yield from _grids(study)
    yield from _fits(study)
    yield from _ceiling(study)
    yield from _book(study, declarations)


def _dataset(study):
    """The phantom cohort, for a study that has one."""
    if study.phantom is None:
        return
    numbers = [study.data_manifest / name for name in study.phantom.number_files]
    depends = {
        "code": code_hash(fingerprint.ROOT / "datnet_phantom" / "dataset.py"),
        "settings": settings_of(study, ("phantom", "control", "images.reference_region")),
        "files": contents([*numbers, *atlas_files(study)], study.data_manifest.parent),
    }
    images = tuple(f"dataset/{name}" for name in image_paths(study))  # once they are known
    writes = ("dataset/scans.tsv", "dataset/truth/scans.tsv", *images)
    yield Job("dataset", ("dataset",), (), writes, images, depends, threads=2)


def _normalise(study, own):
    """The scans in MNI space, for a study that has them in native space."""
    if study.images.space == "mni":
        return
    used = ("scan_fwhm_mm", "filter_fwhm_mm", "fit_striatum", "input", "reference_region")
    atlas = contents(atlas_files(study), study.data_manifest.parent)
    depends = {
        "code": code_hash(fingerprint.ROOT / "datnet_study" / "native.py"),
        "settings": settings_of(study, [f"images.{name}" for name in used]),
        "files": own | hand_made(study.by_hand("transforms")) | atlas,
    }
    reads, writes = ("dataset/scans.tsv",), ("normalised/scans.tsv",)
    yield Job("normalise", ("normalise",), reads, writes, (), depends, threads=2)


def _pages(study, declarations, own):
    """The pages, each with its declaration."""
    fill = {"diagnosis": study.compared, "variant": variants(study)}
    for page in declarations:
        reads, files = [], {}
        for name in page.reads:
            if name.startswith("data_manifest/"):
                found = manifest_files(page, name, study)
                files |= contents(found, study.data_manifest.parent)
            elif name == "verdicts":
                files |= hand_made(study.by_hand(name))
            elif name.startswith(f"{NULL}/"):
                files |= contents(null_files(study, name), study.results.parent)
            else:
                reads.append(name)
        if "dataset/scans.tsv" in reads:
            files |= own
        depends = {
            "code": code_hash(page.source),
            "settings": settings_of(study, page.settings, page.source),
            "files": files,
        }
        writes = (*expanded(page.writes, fill), f"pages/{page.page}.ipynb")
        yield Job(
            page.page,
            ("page", page.page),
            tuple(reads),
            writes,
            page.cache,
            depends,
            shown=short_hash(page.source.read_text(encoding="utf-8") + study.notice),
            threads=page.threads,
        )


def _grids(study):
    """The scans on other grids, for the recipes."""
    spacings = {study.recipe(name).grid_mm for name in study.recipes} - {study.images.grid_mm}
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


def _fits(study):
    """The networks, each a job, whichever of them a process trains."""
    code = code_hash(fingerprint.ROOT / "datnet_study" / "networks.py")
    planned, shipped = planned_fits(study), {}
    if any(fit.start == SIMULATED for fit in planned):
        shipped = contents(weight_files(study), study.data_manifest.parent)
    for fit in planned:
        recipe = study.recipe(fit.recipe)
        begins = () if fit.start in (None, SIMULATED) else (f"{fit.start}/{FILES[0]}",)
        depends = {
            "code": code,
            "network": fit.folder,
            "files": shipped if fit.start == SIMULATED else {},
            "settings": settings_of(study, ("diagnoses",))
            | {"recipe": [asdict(part) for part in recipe[1:]]},
        }
        yield Job(
            fit.job_name,
            ("fit", fit.folder),
            ("scans.tsv", "volumes.json", *begins, study.volumes(recipe.grid_mm).name),
            fit.files,
            fit.files,
            depends,
            recipe=fit.recipe,
            priority=0 if fit.kind == "study" else -1,  # long pages wait for the study's own
        )


def _ceiling(study):
    """The image ceiling, for a study that asks for it."""
    if study.ceiling is None:
        return
    used = ("phantom", "control", "diagnoses", "images", "network", "training", "ceiling")
    depends = {
        "code": code_hash(fingerprint.ROOT / "datnet_study" / "ceiling.py"),
        "settings": settings_of(study, used),
        "files": contents(
            [study.calibration_path, *atlas_files(study)], study.data_manifest.parent
        ),
    }
    reads = ("scans.tsv", "volumes.json", study.volumes(study.images.grid_mm).name)
    writes = ("ceiling.tsv", "predictions/ceiling.tsv")
    yield Job("ceiling", ("ceiling",), reads, writes, (), depends, priority=-1)


def _book(study, declarations):
    """The book of all pages."""
    root = fingerprint.ROOT
    prose = [root / name for name in ("_config.yml", "Makefile")]  # its help is a chapter
    prose += sorted(path for path in root.glob("book/**/*") if path.is_file())
    texts = {page.page: page.source.read_text() for page in declarations}
    depends = {
        "code": code_hash(root / "datnet_study" / "book.py"),
        "library": contents(sorted(root.glob("datnet_*/**/*.py")), root),  # its reference
        "files": contents(prose, root),
        "pages": short_hash(json.dumps(texts)),
        "notice": study.notice,
    }
    pages = [f"pages/{page.page}.ipynb" for page in declarations]
    results = [f"{page.page}.json" for page in declarations]
    reads = (*pages, *results)
    yield Job("book", ("book",), reads, ("book/index.html",), (), depends)
