"""Building a book, of a tiny one: prose, notice and pages; a warning is an error."""

import subprocess
from pathlib import Path

import jupytext
import pytest
import yaml

from datnet_study.book import build_book
from datnet_study.study import read_study

PAGE = """\
# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # A tiny page

# %%
1 + 1
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project folder with one study."""
    (tmp_path / "data_manifest").mkdir()
    settings = {"name": "mine", "title": "My scans", "dataset": "scans"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.chdir(tmp_path)
    read_study("mine.yaml").results.mkdir(parents=True)
    return tmp_path


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
    notebook = jupytext.reads(PAGE, "py:percent")
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
