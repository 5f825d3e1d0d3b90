"""One job of the workflow, each a process of its own: `python -m datnet_core.jobs KIND ...`.

The Snakefile calls this; a person runs `make study`, or a page with papermill.
"""

import sys
from pathlib import Path

import yaml

from datnet_core.study import read_study


def dataset(study, threads):
    """Write the phantom cohort of a study."""
    from datnet_core.atlas import read_atlas
    from datnet_core.calibration import read_calibration
    from datnet_core.phantom import write_cohort

    calibration = read_calibration(study.calibration_path, study.phantom.scanner)
    atlas = read_atlas(study.atlas_path)
    write_cohort(study.dataset_root, study.phantom, calibration, atlas, study.control, int(threads))


def grid(study, threads, spacing_mm):
    """Cache the scans of a study on another grid, for the recipes of the page `resolution`."""
    from datnet_core.atlas import read_atlas
    from datnet_core.report import read_table
    from datnet_core.volumes import cache_volumes

    spacing_mm, scans = float(spacing_mm), read_table(study, "scans.tsv")
    paths = [study.dataset_root / path for path in scans["path"]]
    atlas, reference = read_atlas(study.atlas_path), study.images.reference_region
    cache_volumes(paths, atlas, spacing_mm, reference, study.volumes(spacing_mm), int(threads))


def page(study, threads, source, output, *parameters):
    """Run a page; parameters are `name=value`, numbers as in YAML."""
    from datnet_core.pages import run_page

    pairs = [item.split("=", 1) for item in parameters]
    values = {"study": str(study.source)} | {name: yaml.safe_load(text) for name, text in pairs}
    run_page(Path(source), Path(output), values, int(threads))


def book(study, threads, *notebooks):
    """Build the book from executed pages."""
    from datnet_core.pages import build_book

    build_book(study, [Path(notebook) for notebook in notebooks])


def where(study):
    """Say where the book of a study is."""
    sys.stdout.write(f"The book of study {study.name}: {study.results / 'book/index.html'}\n")


JOBS = {"dataset": dataset, "grid": grid, "page": page, "book": book, "where": where}

if __name__ == "__main__":
    kind, study_file, *rest = sys.argv[1:]
    if kind == "page":
        sys.stderr.write(f"\n--- {' '.join([Path(rest[1]).stem, *rest[3:]])} ---\n")
    try:
        JOBS[kind](read_study(study_file), *rest)
    except (RuntimeError, ValueError, FileNotFoundError) as error:
        sys.exit(f"\n{error}\n")
