"""The public book from executed pages, with a builder that stands for jupyter-book."""

import json
import subprocess
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from datnet_study import book
from datnet_study.declaration import Declaration
from datnet_study.public_forms import MIME
from datnet_study.publishing import public_book

WHO = "KX-40721"


@pytest.fixture
def page(study, monkeypatch, tmp_path):
    """An executed page of the tiny cohort with one public display, and a builder."""
    monkeypatch.chdir(study.results.parents[1])
    (study.results / "pages").mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(public_book, "participants", lambda _: sizes(PD=12, MSA=11))
    write(study, "<p>40</p>")
    declared = Declaration("tiny", tmp_path / "tiny.py", ("predictions/blind_test.tsv",), {}, ())
    graph = SimpleNamespace(missing=lambda: [], declarations={"tiny": declared})
    monkeypatch.setattr(public_book, "Graph", lambda *_: graph)
    root = study.results.parents[1]
    (root / "book").mkdir(exist_ok=True)
    (root / "book" / "_toc.yml").write_text(
        "format: jb-book\nroot: intro\nparts:\n  - caption: A\n    chapters:\n"
        "      - file: pages/tiny\n"
    )
    (root / "book" / "intro.md").write_text("# Intro\n")

    def build(command, **_):
        source, output = command[2], command[command.index("--path-output") + 1]
        html = type(source)(output) / "_build" / "html"
        for path in (path for path in source.rglob("*") if path.suffix in (".ipynb", ".md")):
            made = html / path.relative_to(source).with_suffix(".html")
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(path.read_text())
        (html / "index.html").write_text("first")
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", build)
    monkeypatch.setattr(book, "write_reference", lambda _: [])
    return graph


def sizes(confirmed=None, **definite):
    found = {("definite", name): n for name, n in definite.items()}
    return found | {("confirmed", name): n for name, n in (confirmed or {}).items()}


def write(study, shown, result="Of 40 scans 2 fail."):
    form = {"type": "text/html", "data": shown, "said": "", "words": [], "averages": False}
    outputs = [new_output("display_data", {"text/html": WHO, MIME: form})]
    cells = [new_markdown_cell("# Tiny"), new_code_cell("1", outputs=outputs)]
    nbformat.write(new_notebook(cells=cells), study.results / "pages" / "tiny.ipynb")
    made_from = {"study_file": WHO, "scans": WHO, "code": "c0de", "commit": None, "seeds": {}}
    content = {"made_from": made_from, "claims": {}, "result": result}
    (study.results / "tiny.json").write_text(json.dumps(content))


def test_the_book_holds_what_is_public_and_says_what_it_leaves_out(study, page):
    first = public_book.build_public_book(study)
    assert first == study.results / "public" / "book" / "index.html" and first.is_file()
    chapter = (first.parent / "pages" / "tiny.html").read_text()
    assert "<p>40</p>" in chapter and "Of 40 scans fewer than 5 fail." in chapter
    everything = "".join(p.read_text() for p in (study.results / "public").rglob("*.*"))
    assert WHO not in everything
    assert "What this book leaves out" in (first.parent / "left_out.html").read_text()


def test_a_book_with_a_leak_is_refused_and_none_stands_there(study, page):
    public_book.build_public_book(study)
    write(study, f"<p>{WHO}</p>")
    with pytest.raises(ValueError, match="the public book was not made") as error:
        public_book.build_public_book(study)
    assert "pages/tiny.html: participant id" in str(error.value)
    assert WHO not in str(error.value)
    assert not (study.results / "public" / "book").exists()


def test_a_study_with_something_to_do_has_no_public_book(study, page):
    page.missing = lambda: [SimpleNamespace(name="training"), SimpleNamespace(name="book")]
    with pytest.raises(ValueError, match="has 1 jobs to do, training …; run it first: make study"):
        public_book.build_public_book(study)


def test_groups_of_few_people_are_refused_or_left_out(study, page, monkeypatch):
    monkeypatch.setattr(public_book, "participants", lambda _: sizes(PD=40, MSA=4))
    with pytest.raises(ValueError, match="fewer than 5 participants of MSA"):
        public_book.build_public_book(study)
    monkeypatch.setattr(public_book, "participants", lambda _: sizes({"PD": 3}, PD=40, MSA=9))
    first = public_book.build_public_book(study)
    chapter = (first.parent / "pages" / "tiny.html").read_text()
    assert "too few people" in chapter and "<p>40</p>" not in chapter
