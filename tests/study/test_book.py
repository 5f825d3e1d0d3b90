"""Building a book, of a tiny one: prose, notice and pages; a warning is an error."""

import json
import subprocess
from pathlib import Path

import jupytext
import pytest
import yaml

from datnet_study.book import build_book
from datnet_study.declaration import Declaration
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
        "format: jb-book\nroot: intro\nparts:\n  - caption: The study\n"
        "    chapters:\n      - file: pages/tiny\n      - file: pages/not_of_this_study\n"
    )
    (project / "book" / "intro.md").write_text(
        "# Intro\n\n```{include} notice.md\n```\n\n[the page](pages/tiny.ipynb)\n\n| A |\n|---|\n"
        "| {doc}`pages/tiny` |\n| {doc}`pages/not_of_this_study` |\n"
    )
    config = {"title": "Tiny", "execute": {"execute_notebooks": "off"}}
    config["parse"] = {"myst_enable_extensions": ["colon_fence", "deflist", "dollarmath"]}
    (project / "_config.yml").write_text(yaml.safe_dump(config))
    notebook = jupytext.reads(PAGE, "py:percent")
    study = read_study("mine.yaml")
    (study.results / "pages").mkdir()
    jupytext.write(notebook, study.results / "pages" / "tiny.ipynb")
    made_from = {"study_file": "mine.yaml", "scans": None, "code": "c0de", "commit": None}
    result = {"made_from": made_from | {"seeds": {"training": 0}}, "claims": {}, "result": "Two."}
    (study.results / "tiny.json").write_text(json.dumps(result))
    for name in ("shown.tsv", "people.tsv"):
        (study.results / name).write_text("a\n1\n")
    kinds = {"tiny.json": "aggregates", "shown.tsv": "aggregates", "people.tsv": "participants"}
    return study, Declaration("tiny", project / "tiny.py", (), kinds, ())


def test_a_book_is_made_of_prose_notice_and_pages_and_replaces_the_old_one(book, monkeypatch):
    study, page = book
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
    build_book(study, [page])
    library = {name for name in given if name.startswith("reference/")}
    assert "reference/datnet_core-metrics.md" in library
    assert set(given) - library == {"_toc.yml", "intro.md", "notice.md", "pages/tiny.ipynb"}
    assert "not_of_this_study" not in given["_toc.yml"]
    assert given["intro.md"].endswith("|---|\n| {doc}`pages/tiny` |\n")
    assert "My scans" in given["notice.md"]
    chapter = given["pages/tiny.ipynb"]
    assert "Two." in chapter and "c0de" in chapter
    assert "../files/shown.tsv" in chapter and "people.tsv" not in chapter
    book = study.results / "book"
    files = sorted(path.relative_to(book).as_posix() for path in book.rglob("*.*"))
    assert files == ["files/shown.tsv", "files/tiny.json", "index.html"]  # aggregates alone


def test_a_book_with_a_warning_is_not_built_and_the_warning_is_quoted(book):
    study, page = book
    intro = study.data_manifest.parent / "book" / "intro.md"
    intro.write_text(intro.read_text() + "\n[a](no_such_page.md)\n\n[b](nor_this_one.md)\n")
    with pytest.raises(RuntimeError) as failure:
        build_book(study, [page])
    first, *quoted = str(failure.value).splitlines()
    assert first == f"the book did not build; log: {study.results / 'book.log'}"
    for line, (number, name) in zip(quoted, [(12, "no_such"), (14, "nor_this")], strict=True):
        assert f"intro.md:{number}: WARNING" in line
        assert name in line
        assert str(study.results) not in line
    assert not (study.results / "book").exists()
    left = {path.name for path in study.results.iterdir()}
    assert left == {"book.log", "pages", "tiny.json", "shown.tsv", "people.tsv"}


@pytest.mark.parametrize("anchor", ["part", "gone"])
def test_a_book_whose_reporting_page_points_at_nothing_is_not_built(book, monkeypatch, anchor):
    study, page = book
    row = {"guideline": "CLEAR", "item": "6", "where": f"intro#{anchor}"}
    (study.results / "reporting.tsv").write_text("\t".join(row) + "\n" + "\t".join(row.values()))
    for name in ("pages/{}.ipynb", "{}.json"):
        made = (study.results / name.format("tiny")).read_bytes()
        (study.results / name.format("reporting")).write_bytes(made)

    def build(command, **_):
        output = Path(command[command.index("--path-output") + 1]) / "_build" / "html"
        output.mkdir(parents=True)
        (output / "intro.html").write_text('<section id="part">')
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", build)
    pages = [Declaration("reporting", page.source, (), {}, ())]
    if anchor == "part":
        build_book(study, pages)
        assert (study.results / "book/intro.html").is_file()
        return
    with pytest.raises(ValueError, match="CLEAR 6: intro#gone: the chapter has no such anchor"):
        build_book(study, pages)
    assert not (study.results / "book").exists()
