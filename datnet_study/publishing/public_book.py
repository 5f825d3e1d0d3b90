"""The public book of a study: pages with public forms only, searched before anybody sees it.

Two steps. The first takes the public forms out of the executed pages into the folder `public` of
the results, which holds aggregates only; the second builds a book from that folder, the prose and
the reference, and puts it into place if `check.check_public` finds nothing.
"""

import json
import shutil

import nbformat

from datnet_core.files import whole
from datnet_study.book import code_facts, html_book
from datnet_study.chapter import chapter
from datnet_study.graph import Graph
from datnet_study.masked_words import masked_words
from datnet_study.masking import FEWEST, TO_AVERAGE, is_small
from datnet_study.notice import notice_of
from datnet_study.publishing.baseline import common_words, is_own
from datnet_study.publishing.check import check_public, refuse_leaks
from datnet_study.publishing.left_out import what_is_left_out
from datnet_study.publishing.needles import needles_of
from datnet_study.publishing.public_pages import public_page
from datnet_study.table import participants

BLIND = "predictions/blind_test.tsv"
CONFIRMED, DEFINITE = "confirmed", "definite"
LEFT_OUT = "left_out"  # chapter that says what this book leaves out


def build_public_book(study):
    """Make a book for everybody from the pages that ran, or refuse with what stands in the way.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Path
        Its first page.

    Raises
    ------
    ValueError
        If a job of the study is not done, if a diagnosis has too few people, or if the finished
        book holds what it may not: a line for each finding.
    RuntimeError
        If the build fails.
    """
    graph = Graph(study)
    if left := [job.name for job in graph.missing() if job.name != "book"]:
        raise ValueError(
            f"study {study.name} has {len(left)} jobs to do, {', '.join(left[:3])} …; run it "
            f"first: make study STUDY={study.source}"
        )
    folder = study.results / "public"
    shutil.rmtree(folder, ignore_errors=True)
    pages = _write_public(study, graph.declarations.values(), folder)
    chapters = {name: _chapter(name, folder) for name in pages}
    images = [image for page in pages.values() for image in page.images]
    words = {f"pages/{name}.html, words in images": page.words for name, page in pages.items()}
    needles = needles_of(study, common_words(), is_own)
    changes = {name: page.changes for name, page in pages.items()}
    more = {LEFT_OUT: what_is_left_out(changes, needles.unsearched)}
    with html_book(study, chapters, notice_of(study, public=True), folder, more) as html:
        refuse_leaks(check_public(html, study, needles, images, words))
        html.replace(folder / "book")
    return folder / "book" / "index.html"


def _enough_people(study):
    """Whether mean images, and the blind test, may be shown; refused where even groups may not."""
    sizes = participants(study)
    definite = {name: n for (sure, name), n in sizes.items() if sure == DEFINITE}
    if few := [name for name, n in definite.items() if is_small(n)]:
        raise ValueError(
            f"the training cohort has fewer than {FEWEST} participants of {', '.join(few)}; "
            "expected at least so many of each diagnosis in a public book: name the other "
            "diagnoses under `diagnoses`, map this one to null, and run the study again"
        )
    confirmed = [n for (sure, _), n in sizes.items() if sure == CONFIRMED]
    return {
        "averages": min(definite.values(), default=0) >= TO_AVERAGE,
        "blind test": not any(is_small(n) for n in confirmed),
    }


def _write_public(study, declarations, folder):
    """Write what is public of each page: its notebook, and what its chapter says besides."""
    people, pages = _enough_people(study), {}
    for page in declarations:
        name, blind = page.page, BLIND in (*page.reads, *page.writes)
        notebook = nbformat.read(study.results / f"pages/{name}.ipynb", 4)
        shown = people["blind test"] or not blind
        pages[name] = public_page(notebook, people["averages"], shown)
        result = json.loads((study.results / f"{name}.json").read_text())
        said = {
            "facts": {"Study": study.name} | code_facts(result["made_from"]),
            "result": masked_words(result["result"]) if shown else "",
            "claims": list(result["claims"]),
            "ended": "without" in result,
        }
        (folder / "pages").mkdir(parents=True, exist_ok=True)
        with whole(folder / f"pages/{name}.ipynb") as part:
            nbformat.write(pages[name].notebook, part)
        with whole(folder / f"pages/{name}.json") as part:
            part.write_text(json.dumps(said, indent=1))
    return pages


def _chapter(name, folder):
    """Chapter of the book from what is public of a page."""
    said = json.loads((folder / f"pages/{name}.json").read_text())
    return chapter(nbformat.read(folder / f"pages/{name}.ipynb", 4), **said)
