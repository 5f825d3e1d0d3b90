"""Build the book from the prose around the pages, the pages that ran, and the library."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import nbformat
import yaml

from datnet_study.chapter import chapter, plain
from datnet_study.checklists import read_resolved, refuse_dead_anchors
from datnet_study.lookup import write_lookup
from datnet_study.reference import write_reference

FILES = "files"  # folder of the book with the results of the pages
REPORTING = "reporting"  # page whose items say where the book reports them
PAGE = re.compile(r"`pages/(\w+)`")


def build_book(study, declarations):
    """Assemble prose, executed pages and reference, and build the HTML book.

    Beside a page stand its result and tables; of scans that are no phantom only those that the page
    declares as aggregates.

    Parameters
    ----------
    study : Study
    declarations : sequence of Declaration
        Of the pages that ran.

    Raises
    ------
    RuntimeError
        If the build fails: names the log and quotes its warnings.
    """
    shown = {page.page: _shown_files(page, study) for page in declarations}
    chapters = {page.page: _chapter(page, shown[page.page], study) for page in declarations}
    with html_book(study, chapters, study.notice, study.results) as html:
        for name in {name for names in shown.values() for name in names}:
            (html / FILES / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(study.results / name, html / FILES / name)
        shutil.rmtree(study.results / "book", ignore_errors=True)
        html.replace(study.results / "book")


@contextmanager
def html_book(study, chapters, notice, where, more=None):
    """Build a book of chapters, the prose around them and the reference; warnings are errors.

    Parameters
    ----------
    study : Study
    chapters : dict of str to nbformat.NotebookNode
        By page; the table of contents loses the pages that are not there.
    notice : str
        What a reader has to know about the scans, plain text.
    where : Path
        Folder for the log, `book.log`, and for what is made on the way.
    more : dict of str to str, optional
        Chapters behind the prose: name of the file without suffix to Markdown.

    Yields
    ------
    Path
        Folder of the HTML, which is removed afterwards if it is still there.

    Raises
    ------
    RuntimeError
        If the build fails: names the log and quotes its warnings.
    ValueError
        If an item of a reporting guideline points at a place that the book does not have.
    """
    root = study.data_manifest.parent
    log, more = where / "book.log", more or {}
    with tempfile.TemporaryDirectory(dir=where) as folder:
        source = Path(folder) / "source"
        shutil.copytree(root / "book", source)
        (source / "pages").mkdir()
        for name, made in chapters.items():
            nbformat.write(made, source / "pages" / f"{name}.ipynb")
        for name, text in more.items():
            (source / f"{name}.md").write_text(text, encoding="utf-8")
        toc = yaml.safe_load((source / "_toc.yml").read_text())
        present = {f"pages/{name}" for name in chapters}
        for part in toc["parts"]:  # a study of own scans has no page on the phantom
            names = [entry["file"] for entry in part["chapters"]]
            names = [name for name in names if name in present or not name.startswith("pages/")]
            part["chapters"] = [{"file": name} for name in names]
        toc["parts"][-1]["chapters"] += [{"file": name} for name in more]
        prose = source / "intro.md"
        prose.write_text(rows_of_pages(prose.read_text(), set(chapters)))
        library = write_reference(source)
        for caption, names in (("Look up", write_lookup(source)), ("Library", library)):
            files = [{"file": name} for name in names]
            toc["parts"].append({"caption": caption, "chapters": files})
        (source / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
        (source / "notice.md").write_text(f":::{{important}}\n{plain(notice)}\n:::\n")
        command = [Path(sys.executable).with_name("jupyter-book"), "build", source]
        command += ["--config", root / "_config.yml", "--path-output", folder]
        command += ["-W", "-n", "--keep-going"]  # all warnings in one go, each an error
        with log.open("w") as stream:
            built = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=False)
        if built.returncode:
            lines = [line for line in log.read_text().splitlines() if "WARN" in line]
            quoted = "\n".join(f"  {line.replace(f'{source}/', '')}" for line in lines[:10])
            raise RuntimeError(f"the book did not build; log: {log}\n{quoted}")
        html = Path(folder) / "_build" / "html"
        if REPORTING in chapters:
            refuse_dead_anchors(read_resolved(study.results / f"{REPORTING}.tsv"), html)
        yield html


def rows_of_pages(text, present):
    r"""Prose without the rows of its tables that lead to a page which a study has not.

    Examples
    --------
    >>> rows_of_pages("| {doc}`pages/truth` |\n| {doc}`pages/claims` |", {"claims"})
    '| {doc}`pages/claims` |'
    """
    return "\n".join(
        line
        for line in text.split("\n")
        if not line.startswith("|") or set(PAGE.findall(line)) <= present
    )


def _chapter(page, files, study):
    """An executed page as a chapter."""
    result = json.loads((study.results / f"{page.page}.json").read_text())
    made_from = result["made_from"]
    facts = {
        "Study": f"{study.name} ({made_from['study_file']})",
        "Scans": (made_from["scans"] or "none read")[:12],
        **code_facts(made_from),
        "Results": {name: f"../{FILES}/{name}" for name in files},
    }
    notebook = nbformat.read(study.results / f"pages/{page.page}.ipynb", 4)
    claims, ended = list(result["claims"]), "without" in result
    return chapter(notebook, facts, result["result"], claims, ended)


def code_facts(made_from):
    """What the end of a chapter says of code and seeds, from `origin.made_from`."""
    return {
        "Code": f"{made_from['code'][:12]}, commit {made_from['commit'] or 'unknown'}",
        "Seeds": ", ".join(f"{name} {seed}" for name, seed in made_from["seeds"].items()),
    }


def _shown_files(page, study):
    """Results of a page that the book has a copy of: tables and numbers, no image."""
    names = [
        name
        for name, kind in page.writes.items()
        if name.endswith((".json", ".tsv")) and (kind == "aggregates" or study.phantom)
    ]
    return [name for name in names if (study.results / name).is_file()]
