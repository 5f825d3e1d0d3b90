"""The jobs of the workflow, each a process of its own: `python -m datnet_study.run KIND ...`.

The Snakefile calls this; a person runs `make study`, or a page with papermill.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jupytext
import papermill
import yaml

from datnet_study.study import read_study


def dataset(study, threads):
    """Write the phantom cohort of a study."""
    from datnet_core.images.atlas import read_atlas
    from datnet_phantom.dataset import write_cohort
    from datnet_phantom.numbers import read_calibration

    calibration = read_calibration(study.calibration_path, study.phantom.scanner)
    atlas = read_atlas(study.atlas_path)
    cohort = study.phantom.cohort
    reference = study.images.reference_region
    root, control = study.dataset_root, study.control
    write_cohort(root, cohort, calibration, atlas, control, reference, int(threads))


def grid(study, threads, spacing_mm):
    """Cache the scans of a study on another grid, for the recipes of the page `resolution`."""
    from datnet_core.images.atlas import read_atlas
    from datnet_core.images.volumes import cache_volumes
    from datnet_study.page import read_table

    spacing_mm, scans = float(spacing_mm), read_table(study, "scans.tsv")
    paths = [study.dataset_root / path for path in scans["path"]]
    atlas, reference = read_atlas(study.atlas_path), study.images.reference_region
    cache_volumes(paths, atlas, spacing_mm, reference, study.volumes(spacing_mm), int(threads))


def page(study, threads, source, output, *parameters):
    """Run a page; parameters are `name=value`, numbers as in YAML."""
    from datnet_study.run import run_page

    pairs = [item.split("=", 1) for item in parameters]
    values = {"study": str(study.source)} | {name: yaml.safe_load(text) for name, text in pairs}
    run_page(Path(source), Path(output), values, int(threads))


def book(study, threads, *notebooks):
    """Build the book from executed pages."""
    from datnet_study.run import build_book

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


def run_page(source, output, parameters, threads=2):
    """Execute a page into a notebook; the output appears only when every cell has run.

    Parameters
    ----------
    source : Path
        A py:percent page.
    output : Path
        Executed notebook to write.
    parameters : dict
        Values for the cell tagged `parameters`.
    threads : int
        Threads of the numerical libraries.

    Raises
    ------
    ValueError
        If a parameter is not in the page's parameter cell.
    RuntimeError
        If a cell fails: names page, cell, error and the half-run notebook kept as log.
    """
    source, output = Path(source), Path(output)
    notebook = jupytext.read(source)
    known = [p["name"] for p in papermill.inspect_notebook(notebook).values()]
    if unknown := sorted(set(parameters) - set(known)):
        raise ValueError(f"page {source.stem}: no parameter {unknown}; it has {known}")
    part = output.with_name(f"{output.stem}.log.ipynb")
    part.parent.mkdir(parents=True, exist_ok=True)
    os.environ |= {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    os.environ.setdefault("DATNET_PROGRESS", "bar" if sys.stderr.isatty() else "lines")
    with tempfile.TemporaryDirectory() as ipython_dir:  # kernels side by side share no history
        os.environ["IPYTHONDIR"] = ipython_dir
        try:
            papermill.execute_notebook(
                notebook,
                part,
                parameters=parameters,
                kernel_name="python3",
                progress_bar=False,
                stderr_file=sys.stderr,
                extra_arguments=["--IPKernelApp.log_level=50"],  # no note on local TCP
            )
        except papermill.PapermillExecutionError as error:
            raise RuntimeError(
                f"page {source.stem} failed in cell {error.cell_index} of {source}\n"
                f"  {error.ename}: {error.evalue}\n"
                f"  log with the cells that ran: {part}"
            ) from None
    os.replace(part, output)


def build_book(study, pages):
    """Assemble prose and executed pages, and build the HTML book; warnings are errors.

    Parameters
    ----------
    study : Study
    pages : sequence of Path
        Executed notebooks, put below `pages/` of the book.

    Raises
    ------
    RuntimeError
        If the build fails: names the log and quotes its warnings.
    """
    root = study.data_manifest.parent
    log = study.results / "book.log"
    with tempfile.TemporaryDirectory(dir=study.results) as folder:
        source = Path(folder) / "source"
        shutil.copytree(root / "book", source)
        (source / "pages").mkdir()
        for page in pages:
            shutil.copy(page, source / "pages")
        toc = yaml.safe_load((source / "_toc.yml").read_text())
        made = {f"pages/{Path(page).stem}" for page in pages}
        for part in toc.get("parts", [toc]):  # a study of own scans has no page on the phantom
            files = [chapter["file"] for chapter in part["chapters"]]
            kept = [name for name in files if name in made or not name.startswith("pages/")]
            part["chapters"] = [{"file": name} for name in kept]
        (source / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
        (source / "notice.md").write_text(f":::{{important}}\n{study.notice}\n:::\n")
        command = [Path(sys.executable).with_name("jupyter-book"), "build", source]
        command += ["--config", root / "_config.yml", "--path-output", folder]
        command += ["-W", "-n", "--keep-going"]  # all warnings in one go, each an error
        with log.open("w") as stream:
            built = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT)
        if built.returncode:
            lines = [line for line in log.read_text().splitlines() if "WARN" in line]
            quoted = "\n".join(f"  {line.replace(f'{source}/', '')}" for line in lines[:10])
            raise RuntimeError(f"the book did not build; log: {log}\n{quoted}")
        shutil.rmtree(study.results / "book", ignore_errors=True)
        os.replace(Path(folder) / "_build" / "html", study.results / "book")
