"""Running a page and building a book, on tiny ones; and what every page of the study looks like."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
import yaml

from datnet_study import run
from datnet_study.run import build_book, run_page
from datnet_study.study import read_study

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
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
    """A project folder with one study; what `run_page` puts into the environment is undone."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "IPYTHONDIR", "DATNET_PROGRESS"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    (tmp_path / "data_manifest").mkdir()
    settings = {"name": "mine", "title": "My scans", "dataset": "scans"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.chdir(tmp_path)
    read_study("mine.yaml").results.mkdir(parents=True)
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


# --- run_page ---------------------------------------------------------------------------------


def test_a_page_runs_with_its_parameters_and_threads(project):
    output = project / "results" / "mine" / "pages" / "tiny.ipynb"
    lines = 'import os\nprint("word " * n_times, study, os.environ["OMP_NUM_THREADS"])'
    run_page(page(project, lines), output, {"n_times": 3}, threads=5)
    assert printed(output) == "word word word  mine.yaml 5\n"
    assert [path.name for path in output.parent.iterdir()] == ["tiny.ipynb"]


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


def test_a_page_that_misses_a_result_says_how_to_make_it(project):
    source = page(
        project,
        "from datnet_core import report\nfrom datnet_core.study import read_study\n"
        'report.read_table(read_study(study), "scans.tsv")',
    )
    expected = "FileNotFoundError: results/mine/scans.tsv is missing; .*make study STUDY=mine.yaml"
    with pytest.raises(RuntimeError, match=expected):
        run_page(source, project / "tiny.ipynb", {"study": "mine.yaml"})


# --- jobs -------------------------------------------------------------------------------------


def test_a_job_runs_a_page_and_reads_numbers_as_numbers(project):
    source, output = page(project, 'print(n_times + 1, "of", study)'), project / "tiny.ipynb"
    run.page(read_study("mine.yaml"), "1", source, output, "n_times=3")
    assert printed(output) == "4 of mine.yaml\n"


def test_a_job_ends_with_one_plain_message(project):
    command = [
        sys.executable,
        "-m",
        "datnet_study.run",
        "page",
        "other.yaml",
        "1",
        "a.py",
        "a.ipynb",
    ]
    done = subprocess.run([*command, "stage=fold-0"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "--- a stage=fold-0 ---" in done.stderr
    assert "no study file 'other.yaml'" in done.stderr
    assert "Traceback" not in done.stderr


# --- build_book -------------------------------------------------------------------------------


@pytest.fixture
def book(project):
    """A book of an introduction and one executed page; the study and the page."""
    (project / "book").mkdir()
    (project / "book" / "_toc.yml").write_text(
        "format: jb-book\nroot: intro\nchapters:\n  - file: pages/tiny\n"
    )
    (project / "book" / "intro.md").write_text(
        "# Intro\n\n```{include} notice.md\n```\n\n[the page](pages/tiny.ipynb)\n"
    )
    config = {"title": "Tiny", "execute": {"execute_notebooks": "off"}}
    config["parse"] = {"myst_enable_extensions": ["colon_fence"]}
    (project / "_config.yml").write_text(yaml.safe_dump(config))
    notebook = jupytext.reads(HEADER + "# %%\n1 + 1\n", "py:percent")
    study = read_study("mine.yaml")
    (study.results / "pages").mkdir()
    jupytext.write(notebook, study.results / "pages" / "tiny.ipynb")
    return study, study.results / "pages" / "tiny.ipynb"


def test_a_book_is_made_of_prose_notice_and_pages_and_replaces_the_old_one(book, monkeypatch):
    study, notebook = book
    old = study.results / "book" / "gone.html"
    old.parent.mkdir()
    old.touch()
    given = {}

    def build(command, **_):  # stands for jupyter-book, which the smoke study runs
        assert Path(command[0]).name == "jupyter-book"
        source = Path(command[2])
        given.update((str(p.relative_to(source)), p.read_text()) for p in source.rglob("*.*"))
        output = Path(command[command.index("--path-output") + 1]) / "_build" / "html"
        output.mkdir(parents=True)
        (output / "index.html").write_text("new")
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", build)
    build_book(study, [notebook])
    assert set(given) == {"_toc.yml", "intro.md", "notice.md", "pages/tiny.ipynb"}
    assert "My scans" in given["notice.md"]
    assert [p.name for p in (study.results / "book").iterdir()] == ["index.html"]
    assert sorted(p.name for p in study.results.iterdir()) == ["book", "book.log", "pages"]


def test_a_book_with_a_warning_is_not_built_and_the_warning_is_quoted(book):
    study, notebook = book
    intro = study.data_manifest.parent / "book" / "intro.md"
    intro.write_text(intro.read_text() + "\n[a](no_such_page.md)\n\n[b](nor_this_one.md)\n")
    with pytest.raises(RuntimeError) as failure:
        build_book(study, [notebook])
    first, *quoted = str(failure.value).splitlines()
    assert first == f"the book did not build; log: {study.results / 'book.log'}"
    for line, (number, name) in zip(quoted, [(8, "no_such"), (10, "nor_this")], strict=True):
        assert f"intro.md:{number}: WARNING" in line
        assert name in line
        assert str(study.results) not in line
    assert not (study.results / "book").exists()
    assert sorted(p.name for p in study.results.iterdir()) == ["book.log", "pages"]


# --- the pages of the study -------------------------------------------------------------------


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def source(request):
    return request.param


@pytest.fixture
def cells(source):
    return jupytext.read(source).cells


def code(cells):
    return [cell for cell in cells if cell.cell_type == "code"]


def test_pages_are_the_chapters_of_the_book():
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    chapters = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    pages = [file.removeprefix("pages/") for file in chapters if file.startswith("pages/")]
    assert sorted(pages) == [path.stem for path in SOURCES]


def test_the_source_is_a_percent_script_for_the_python_kernel(source):
    assert source.read_text().startswith("# ---\n# jupyter:\n")
    metadata = jupytext.read(source).metadata
    assert metadata["kernelspec"]["name"] == "python3"
    assert not list(source.parent.glob("*.ipynb"))


def test_no_output_is_kept_in_the_source(cells):
    assert not [cell for cell in code(cells) if cell.outputs or cell.execution_count]


def test_the_first_cell_is_the_title_and_the_only_one(cells):
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    titles = [c for c in cells if c.cell_type == "markdown" and c.source.startswith("# ")]
    assert titles == cells[:1]


def test_the_first_code_cell_holds_typed_parameters_that_run_as_they_are(cells):
    parameters = code(cells)[0]
    assert parameters.metadata["tags"] == ["parameters"]
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in cells) == 1
    for statement in ast.parse(parameters.source).body:
        assert isinstance(statement, ast.AnnAssign)
        value = ast.literal_eval(statement.value)
        assert type(value).__name__ == statement.annotation.id
        assert value or value == 0
    study = ast.literal_eval(ast.parse(parameters.source).body[0].value)
    assert read_study(ROOT / study).name == "smoke"


def test_every_parameter_has_a_line_of_help(source):
    import papermill

    found = papermill.inspect_notebook(jupytext.read(source))
    assert found
    assert [p["name"] for p in found.values() if not p["help"]] == []


def test_the_last_code_cell_writes_the_result_of_this_page(source, cells):
    # `training` writes it only after all stages, not after one.
    last = ast.parse(code(cells)[-1].source)
    calls = [n for n in ast.walk(last) if isinstance(n, ast.Call)]
    written = [c.args[1].value for c in calls if ast.unparse(c.func) == "report.write_result"]
    assert written == [source.stem]
    assert sum("write_result(" in cell.source for cell in code(cells)) == 1


def test_a_code_cell_has_at_most_20_lines(cells):
    assert [cell.source for cell in code(cells) if len(cell.source.splitlines()) > 20] == []


def test_a_page_has_no_class_no_install_and_no_path_of_its_own(cells):
    text = "\n".join(cell.source for cell in code(cells))
    for word in ("!pip", "%autoreload", "sys.path", "\nclass ", "/home", "/tmp"):
        assert word not in text


def test_a_page_ends_with_a_summary_of_three_points(cells):
    summary = [c.source for c in cells if c.cell_type == "markdown"][-1]
    assert summary.startswith("## Summary")
    assert 2 <= summary.count("\n- ") <= 3
