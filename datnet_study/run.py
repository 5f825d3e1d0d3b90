"""The jobs of the workflow, each a process of its own: `python -m datnet_study.run KIND STUDY ...`.

The Snakefile calls this with the jobs of `graph`; a person runs `make study`, the kind `study`.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import yaml

from datnet_core.files import whole
from datnet_study.commands import COMMANDS, add_commands
from datnet_study.records import claim, folder_of, forget, note_cost
from datnet_study.study import read_study


def dataset(study, arguments):
    """Write the phantom cohort of a study."""
    if study.phantom is None:
        raise ValueError(f"{study.source} has no `phantom`; its scans are in {study.dataset}")
    from datnet_images.atlas import read_atlas
    from datnet_phantom.dataset import write_cohort
    from datnet_phantom.numbers import read_calibration

    calibration = read_calibration(study.calibration_path, study.phantom.scanner)
    atlas = read_atlas(study.atlas_path)
    cohort, reference = study.phantom.cohort, study.images.reference_region
    root, control, threads = study.dataset_root, study.control, arguments.threads
    sites = {
        name: (own.site, read_calibration(study.data_manifest / numbers, scanner))
        for name, own in study.phantom.sites.items()
        for numbers, scanner in [study.phantom.numbers_of(name)]
    }
    write_cohort(root, cohort, calibration, atlas, control, reference, sites=sites, n_jobs=threads)


def normalise(study, arguments):
    """Bring the scans of a study to MNI space; finished ones are kept."""
    from datnet_images.atlas import read_atlas
    from datnet_study.native import normalise_scans
    from datnet_study.scans import read_scans

    folder = study.results / "normalised"
    table = normalise_scans(
        read_scans(study.scan_table, study.diagnoses),
        study.dataset_root,
        folder,
        read_atlas(study.atlas_path),
        study.images,
        by_hand=study.by_hand("transforms"),
        n_jobs=arguments.threads,
    )
    with whole(folder / "scans.tsv") as part:
        table.to_csv(part, sep="\t", index=False)


def grid(study, arguments):
    """Cache the scans of a study on another grid, for the recipes of the page `resolution`."""
    from datnet_images.atlas import read_atlas
    from datnet_study.cached_scans import cache_scans
    from datnet_study.result_table import read_result_table

    names = read_result_table(study.results / "scans.tsv")["path"]
    paths = [study.images_root / path for path in names]
    atlas, target = read_atlas(study.atlas_path), study.volumes(arguments.spacing_mm)
    cache_scans(paths, atlas, study.images, arguments.spacing_mm, target, arguments.threads)


def fit(study, arguments):
    """Train networks, one after the other in this process; finished ones are kept."""
    from datnet_study.fits import planned_fits
    from datnet_study.networks import train
    from datnet_study.result_table import read_result_table

    planned = {job.folder: job for job in planned_fits(study)}
    if unknown := sorted(set(arguments.folders) - set(planned)):
        raise ValueError(f"study {study.name} has no network {unknown}; it has {list(planned)}")
    scans = read_result_table(study.results / "scans.tsv")
    train(study, [planned[folder] for folder in arguments.folders], scans)


def ceiling(study, _):
    """Estimate the best that images of a phantom study allow, with simulated people."""
    from datnet_study.ceiling import image_ceiling

    image_ceiling(study)


def page(study, arguments):
    """Run a page into a notebook below `pages/` of the results."""
    from datnet_study.execute import run_page

    source = study.data_manifest.with_name("notebooks") / f"{arguments.page}.py"
    if not source.is_file():
        pages = sorted(path.stem for path in source.parent.glob("*.py"))
        raise ValueError(f"no page {arguments.page!r}; there are {', '.join(pages)}")
    output = _target(study, arguments) / "pages" / f"{arguments.page}.ipynb"
    given = {"study": str(study.source)} | _parameters(arguments)
    run_page(source, output, given, arguments.threads)


def _parameters(arguments):
    """Values for the parameters of a page, by name."""
    for item in arguments.parameters:
        if "=" not in item:
            raise ValueError(f"{item!r} is no parameter; expected name=value")
    pairs = [item.split("=", 1) for item in arguments.parameters]
    return {name: yaml.safe_load(text) for name, text in pairs}


def _target(study, arguments):
    """Folder that a page writes to, by its parameter `into`."""
    return folder_of(study, _parameters(arguments).get("into", "study"))


def book(study, _):
    """Build the book from the pages that ran."""
    from datnet_study.book import build_book
    from datnet_study.declaration import declarations_of

    build_book(study, list(declarations_of(study).values()))


def public(study, _):
    """Build the book that everybody may see, from the public forms of what the pages show."""
    from datnet_study.publishing.public_book import build_public_book

    sys.stdout.write(f"The public book of study {study.name}: {build_public_book(study)}\n")


def workflow(study, arguments):
    """Run the jobs of a study that are not done, by Snakemake, and say where the book is."""
    from datnet_study.graph import Graph
    from datnet_study.workflow import run_workflow

    n_jobs = len(Graph(study).missing())
    if not n_jobs:  # as Snakemake, whose own start takes longer
        sys.stdout.write("Nothing to do: nothing has changed since the last run.\n")
    elif code := run_workflow(study, n_jobs, arguments.options, arguments.profile, arguments.debug):
        sys.exit(code)
    elif not Graph(study).missing():  # not where some jobs were asked for, in place of all
        from datnet_study.archiving import write_crate

        write_crate(study)
    sys.stdout.write(f"The book of study {study.name}: {study.results / 'book/index.html'}\n")


def plan(study, _):
    """Say which jobs a run would do, a line each, and about what they cost."""
    from datnet_study.costs import plan_text
    from datnet_study.graph import Graph
    from datnet_study.ready import ready_study

    ready_study(study.source)  # as a run would, which stops at a wrong table
    jobs = Graph(study).missing()
    sys.stdout.write(f"{plan_text(study, jobs)}\n")


JOBS = {"study": workflow} | {
    job.__name__: job for job in (plan, dataset, normalise, grid, fit, ceiling, page, book, public)
}


def parser():
    """The command line: a kind of job, a study file, and what the kind needs besides."""
    top = argparse.ArgumentParser(prog="python -m datnet_study.run", description=__doc__)
    kinds = top.add_subparsers(dest="kind", required=True)
    for name, job in JOBS.items():
        kind = kinds.add_parser(name, help=job.__doc__.splitlines()[0])
        kind.add_argument("study", help="study file")
        kind.add_argument("--threads", type=int, default=1, help="threads, or scans at once")
        kind.add_argument("--record", type=Path, nargs="+", help="says that the job is done")
        kind.add_argument("--debug", action="store_true", help="show errors with their traceback")
        if name == "study":
            kind.add_argument("--profile", default="local", help="folder of profiles/")
            kind.add_argument("options", nargs="*", help="for Snakemake, behind --")
        if name == "grid":
            kind.add_argument("spacing_mm", type=float, help="voxel size of the grid, mm")
        if name == "fit":
            kind.add_argument("folders", nargs="+", help="networks, as models/fold-0/member-0")
        if name == "page":
            kind.add_argument("page", help="name of a file in notebooks/, without .py")
            kind.add_argument("parameters", nargs="*", help="name=value, values as in YAML")
    add_commands(kinds)
    return top


def main(arguments=None):
    """Run one job; its older records go before, its own comes when it is done.

    Errors end in one message, with their type if no check has foreseen them, such as a full disk;
    with `--debug`, in a traceback.
    """
    arguments = parser().parse_args(arguments)
    try:
        if arguments.kind not in COMMANDS:
            for job in _jobs(arguments):
                _run_job(job)
        elif code := COMMANDS[arguments.kind](arguments):
            sys.exit(code)
    except Exception as error:
        if arguments.debug:
            raise
        if isinstance(error, (RuntimeError, ValueError, FileNotFoundError)):
            sys.exit(f"\n{error}\n")
        command = f"python -m datnet_study.run {arguments.kind} … --debug"
        sys.exit(f"\n{type(error).__name__}: {error}; `{command}` shows where\n")


def _jobs(arguments):
    """The jobs of a command: each network is one, with its own record."""
    parts = [{"folders": [name]} for name in arguments.folders] if arguments.kind == "fit" else [{}]
    for record, part in zip(arguments.record or [None] * len(parts), parts, strict=True):
        yield argparse.Namespace(**vars(arguments) | part | {"record": record})


def _run_job(arguments):
    """Run a job of a study."""
    begin, threads = time.time(), str(1 if arguments.kind == "fit" else arguments.threads)
    os.environ |= {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}  # of this job alone
    study = read_study(arguments.study)
    job = arguments.record and arguments.record.name.rpartition(".")[0]
    if job:
        sys.stderr.write(f"\n--- {job} ---\n")
    elsewhere = arguments.kind == "page" and _target(study, arguments) != study.results
    if arguments.kind not in ("study", "plan") and not elsewhere:
        claim(study)
        forget(study, _made(arguments))
    JOBS[arguments.kind](study, arguments)
    if job:
        page, network = getattr(arguments, "page", None), getattr(arguments, "folders", [None])[0]
        note_cost(study, job, begin, arguments.threads, page, network)
        with whole(arguments.record) as part:
            part.write_text(f"{_made(arguments)}\n")


def _made(arguments):
    """What a job makes; its record holds it, and the record's name what it was made from."""
    names = {"fit": "folders", "page": "page", "grid": "spacing_mm"}
    made = getattr(arguments, names.get(arguments.kind, ""), "all")
    return f"{arguments.kind} {made[0] if isinstance(made, list) else made}"


if __name__ == "__main__":
    main()
