"""Running a page: the notebook appears only when every cell has run."""

import json
import os
from pathlib import Path

import psutil
import pytest

from datnet_study.execute import OURS, run_page
from datnet_study.warm import ADDRESS, serving

VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "IPYTHONDIR")
HEADER = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A tiny page

# %% tags=["parameters"]
study: str = "mine.yaml"  # study file
n_times: int = 2  # how often

"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder to run in; what `run_page` puts into the environment is undone."""
    for name in VARIABLES:
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def page(project, *cells):
    source = project / "tiny.py"
    source.write_text(HEADER + "".join(f"# %%\n{cell}\n\n" for cell in cells))
    return source


def printed(path):
    """Text that the cells of an executed notebook printed."""
    cells = json.loads(path.read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "".join("".join(output.get("text", "")) for output in outputs)


def test_a_page_runs_with_its_parameters_and_threads(project):
    output = project / "results" / "mine" / "pages" / "tiny.ipynb"
    lines = 'import os\nprint("word " * n_times, study, os.environ["OMP_NUM_THREADS"])'
    run_page(page(project, lines), output, {"n_times": 3}, threads=5)
    assert printed(output) == "word word word  mine.yaml 5\n"
    assert [path.name for path in output.parent.iterdir()] == ["tiny.ipynb"]


def test_a_kernel_is_forked_from_the_server_where_there_is_one(project, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    output = project / "tiny.ipynb"
    source = page(project, "import psutil\nprint(psutil.Process().ppid(), study)")
    with serving(OURS, ["json"]) as environment:
        monkeypatch.setenv(ADDRESS, environment[ADDRESS])
        servers = [child.pid for child in psutil.Process().children()]
        run_page(source, output, {"study": "warm.yaml"})
        parent, study = printed(output).split()
    assert int(parent) in servers
    assert study == "warm.yaml"


def test_the_callers_surroundings_change_nothing(project, monkeypatch):
    (project / "matplotlibrc.mine").write_text("figure.dpi: 11\n")
    (project / "start.py").write_text("raise SystemExit('started')")
    kernel = project / "jupyter/kernels/python3/kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text('{"argv": ["false"], "display_name": "x", "language": "python"}')
    for name, value in {
        "MPLBACKEND": "Agg",
        "MATPLOTLIBRC": "matplotlibrc.mine",
        "JUPYTER_PATH": "jupyter",
        "PYTHONSTARTUP": "start.py",
        "PYTHONWARNINGS": "error",
    }.items():
        monkeypatch.setenv(name, value)
    output = project / "tiny.ipynb"
    lines = (
        "import matplotlib.pyplot as plt\nplt.rcParams['figure.dpi'] == 100",
        "plt.subplots()[0]",
    )
    run_page(page(project, *lines), output, {})
    dpi, figure = (cell["outputs"] for cell in json.loads(output.read_text())["cells"][-2:])
    assert dpi[0]["data"]["text/plain"] == ["True"]
    assert "image/png" in figure[0]["data"]


def test_a_figure_that_is_not_drawn_fails_its_page(project):
    lines = "import matplotlib\nmatplotlib.use('svg')\nfrom matplotlib.figure import Figure\n"
    lines += "fig = Figure()\nfig.subplots()\nfig"
    output = project / "tiny.ipynb"
    with pytest.raises(RuntimeError, match="page tiny: 1 figure.s. are words, <Figure size"):
        run_page(page(project, lines), output, {})
    assert not output.exists()


def test_an_unknown_parameter_is_refused_before_anything_runs(project):
    source = page(project, "open('ran', 'w')")
    with pytest.raises(ValueError, match=r"page tiny: no parameter \['times'\]; it has .*n_times"):
        run_page(source, project / "out" / "tiny.ipynb", {"times": 3, "study": "mine.yaml"})
    assert not (project / "out").exists()
    assert not (project / "ran").exists()


def test_a_failing_cell_is_named_and_leaves_a_log_but_no_output(project):
    source = page(project, "print('before')", "1 / 0", "open('after', 'w')")
    output = project / "out" / "tiny.ipynb"
    with pytest.raises(RuntimeError) as failure:
        run_page(source, output, {"study": "mine.yaml"})
    # Cells: 0 title, 1 parameters, 2 the injected ones, 3 "before", 4 the division.
    log = project / "out" / "tiny.log.ipynb"
    assert str(failure.value).splitlines() == [
        f"page tiny failed in cell 4 of {source}",
        "  ZeroDivisionError: division by zero",
        f"  log with the cells that ran: {log}",
    ]
    assert not output.exists()
    assert not (project / "after").exists()
    assert printed(log).startswith("before")


def test_the_environment_is_afterwards_as_it_was(project, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS")
    before = dict(os.environ)
    with pytest.raises(RuntimeError, match="page tiny failed"):
        run_page(page(project, "1 / 0"), project / "tiny.ipynb", {}, threads=1)
    assert dict(os.environ) == before


def test_a_page_that_failed_before_leaves_no_log_once_it_runs(project):
    output = project / "tiny.ipynb"
    with pytest.raises(RuntimeError, match="page tiny failed"):
        run_page(page(project, "1 / 0"), output, {})
    assert (project / "tiny.log.ipynb").is_file()
    run_page(page(project, "print('done')"), output, {})
    assert printed(output) == "done\n"
    assert not (project / "tiny.log.ipynb").exists()
