"""Run a page with papermill, and build the book from the pages that ran."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jupytext
import papermill
import yaml


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
