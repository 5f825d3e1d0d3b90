"""Run a page with papermill: the notebook appears only when every cell has run."""

import os
import sys
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import jupytext
import papermill
from jupyter_client import AsyncKernelManager

from datnet_study.public_forms import MIME
from datnet_study.warm import ADDRESS

# A page runs in this interpreter and looks the same whoever calls it.
OURS = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # figures become images of cells
    "MATPLOTLIBRC": str(Path(find_spec("matplotlib").origin).parent / "mpl-data/matplotlibrc"),
    "JUPYTER_PREFER_ENV_PATH": "1",  # no kernel `python3` of the user's home
    "JUPYTER_PATH": None,
    "PYTHONSTARTUP": None,
    "PYTHONWARNINGS": None,
    "PYTHONUTF8": "1",  # files are read as UTF-8 in any locale
}
BAR = "{l_bar}{bar:30}| {n_fmt}/{total_fmt} {unit} [{elapsed}<{remaining}{postfix}]"


class WarmKernels(AsyncKernelManager):
    """Kernels that are forked from the server of `warm` where there is one."""

    def format_kernel_cmd(self, extra_arguments=None):
        """Command of the kernel, which is `python -m ...`."""
        command = super().format_kernel_cmd(extra_arguments)
        if ADDRESS in os.environ and command[1] == "-m":
            command[2:2] = ["datnet_study.warm"]
        return command


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
        If a cell fails, or a figure is not drawn: names page, cell, error and the notebook kept as
        log.
    """
    source, output = Path(source), Path(output)
    notebook = jupytext.read(source)
    known = [p["name"] for p in papermill.inspect_notebook(notebook).values()]
    if unknown := sorted(set(parameters) - set(known)):
        raise ValueError(f"page {source.stem}: no parameter {unknown}; it has {known}")
    part = output.with_name(f"{output.stem}.log.ipynb")
    part.parent.mkdir(parents=True, exist_ok=True)
    variables = OURS | {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    if sys.stderr.isatty():  # the kernel has no terminal, but what it prints arrives at one
        variables |= {"TQDM_BAR_FORMAT": BAR, "TQDM_MININTERVAL": "0.3"}
    with tempfile.TemporaryDirectory() as ipython_dir:  # kernels side by side share no history
        variables["IPYTHONDIR"] = ipython_dir
        with _environment(variables):
            try:
                done = papermill.execute_notebook(
                    notebook,
                    part,
                    parameters=parameters,
                    kernel_name="python3",
                    kernel_manager_class=WarmKernels,
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
    if undrawn := _undrawn(done):
        raise RuntimeError(
            f"page {source.stem}: {len(undrawn)} figure(s) are words, {undrawn[0]}; expected "
            "images, but a cell changes the backend of matplotlib\n"
            f"  log with the cells that ran: {part}"
        )
    part.replace(output)


def _undrawn(notebook):
    """Figures that an executed notebook shows as words only."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [output.get("data", {}) for output in outputs]
    words = [data["text/plain"] for data in shown if set(data) - {MIME} == {"text/plain"}]
    return [text for text in words if text.startswith("<Figure")]


@contextmanager
def _environment(variables):
    """Environment variables for the kernel, which inherits them; undone afterwards.

    None takes a variable away.
    """
    before = {name: os.environ.get(name) for name in variables}
    _set(variables)
    try:
        yield
    finally:
        _set(before)


def _set(variables):
    """Set environment variables, or take them away."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
