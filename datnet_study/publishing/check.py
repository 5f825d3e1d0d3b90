"""Search a public book for whatever it may not hold: every byte of every file.

Files that the tools of the book or its prose bring along are known by their content, and pass. Of
all others, each kind of file, each image and each text has to be one that may be there.
"""

import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from datnet_study.problems import problem_list
from datnet_study.publishing.baseline import digest, is_own, known_files
from datnet_study.publishing.days import days_in
from datnet_study.publishing.decoding import embedded_images, folded, texts, without_images
from datnet_study.publishing.needles import DATE, ID, MACHINE, WORD
from datnet_study.publishing.rows import (
    people_by_age,
    people_in_rows,
    people_in_words,
    small_counts,
)

TEXT_FILES = {".html", ".js", ".css", ".txt", ".ipynb", ".md", ".inv", ".map", ".bib", ""}
IMAGE_FILES = {".png", ".svg", ".ico"}
INDEX = "searchindex.js"  # has each word by itself
GAP = 3  # characters between two words of a needle
AROUND = 30  # characters of an excerpt on either side
HIDDEN = "▇"
PLACES = re.compile(
    rf"(?<![\w.])(?:/home/[\w.-]+|/root/[\w.-]|/Users/[\w.-]+|[A-Z]:\\\\?Users\\|"
    rf"{re.escape(tempfile.gettempdir())}/[\w.-]+|\\\\[\w.-]+\\[\w.$-]+)"
)


class Finding(NamedTuple):
    """Something that a public book may not hold; the excerpt has a block in its place."""

    file: str
    kind: str
    excerpt: str


def check_public(folder, study, needles, images=(), drawn=None):
    """Search a folder that is to be published.

    Parameters
    ----------
    folder : Path
    study : Study
        Rows of whose scan table are looked for in tables.
    needles : Needles
        Words that are searched for.
    images : collection of bytes
        Images that may be there, besides those of the tools and of the prose.
    drawn : dict of str to sequence of str, optional
        Words that were drawn into images, by what is said of their place.

    Returns
    -------
    list of Finding
    """
    allowed, by_first = {digest(image) for image in images} | known_files(), {}
    people = people_by_age(study)
    for words, kind in needles.of.items():
        by_first.setdefault(words[0], []).append((words, kind))
    findings = []
    for place, texts_of_image in (drawn or {}).items():
        found = _in_text("\n".join(texts_of_image), by_first)
        findings += [Finding(place, *of) for of in found]
    for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        findings += [Finding(name, *found) for found in _in_text(name, by_first)]
        data = path.read_bytes()
        if path.name == INDEX:
            parts = {word: [((word,), ID)] for word in needles.parts}
            findings += [Finding(name, *found) for found in _in_text(data.decode(), parts)]
        if digest(data) not in allowed:
            findings += [Finding(name, *f) for f in _in_file(path, data, people, by_first, allowed)]
    return list(dict.fromkeys(findings))


def refuse_leaks(findings):
    """Raise what a check has found as one error, if there is anything.

    Raises
    ------
    ValueError
        With a line for each finding: file, kind, and the words around it.
    """
    if findings:
        kinds = ", ".join(f"{n} of {kind}" for kind, n in Counter(f.kind for f in findings).items())
        lines = [f"{f.file}: {f.kind}: {f.excerpt}" for f in findings]
        raise problem_list(
            f"the public book was not made: {len(findings)} finding(s), {kinds}. Take out what "
            "brings them in (a column of the table, a title, a page), and make it again",
            lines,
        )


def _in_file(path, data, people, by_first, allowed):
    """Kind and excerpt of what a file may not hold."""
    kind = path.suffix.lower()
    if kind not in TEXT_FILES | IMAGE_FILES:
        yield "kind of file", f"{kind or 'no suffix'}, {len(data)} bytes; no such file is needed"
    elif kind in IMAGE_FILES:
        yield "image of unknown origin", f"{len(data)} bytes; it may show one participant"
    known = set()  # the same again in another layer says nothing new
    data = without_images(data, lambda image: digest(image) in allowed)
    for where, text in texts(data):
        place = where.strip(", ")
        for found, excerpt in _in_text(text, by_first, known):
            yield found, f"{excerpt}{f' ({place})' if place else ''}"
        if any(digest(image) not in allowed for image in embedded_images(text)):
            yield "image of unknown origin", f"inside a text{f' ({place})' if place else ''}"
        yield from _by_form(text, people)
        if kind in (".html", ".ipynb") and "without tags" not in place:
            yield from people_in_rows(text, people)
            yield from small_counts(text)


def _by_form(text, people):
    """What is known by its form, whatever the scan table says: places, dates, one participant."""
    for kind, spans in {
        MACHINE: (found.span() for found in PLACES.finditer(text)),
        DATE: days_in(text),
    }.items():
        for span in spans:
            if not is_own(WORD.findall(folded(text[slice(*span)]))):
                yield kind, _excerpt(text, *span)
    yield from people_in_words(text, people)


def _in_text(text, by_first, known=()):
    """Kind and excerpt of each needle in a text; those in `known` are left out, others added."""
    seen = set()
    text = folded(text)
    if by_first.keys().isdisjoint(WORD.findall(text)):
        return
    words = [(found[0], *found.span()) for found in WORD.finditer(text)]
    for at, (word, start, end) in enumerate(words):
        for needle, kind in by_first.get(word, ()):
            last = at + len(needle) - 1
            if last >= len(words) or any(words[at + k][0] != w for k, w in enumerate(needle)):
                continue
            if needle in known:
                continue
            gaps = [words[k + 1][1] - words[k][2] for k in range(at, last)]
            if max(gaps, default=0) <= GAP and not _in_decimal(text, needle, start, end):
                seen.add(needle)
                yield kind, _excerpt(text, start, words[last][2])
    if isinstance(known, set):
        known |= seen


def _in_decimal(text, needle, start, end):
    """Whether digits are those of a number with a point."""
    if len(needle) > 1 or not needle[0].isdigit():
        return False
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    return bool(re.fullmatch(r"\d[.,]", before) or re.fullmatch(r"[.,]\d", after))


def _excerpt(text, start, end):
    """What stands around a place of a text, with a block for what was found."""
    before, after = text[max(start - AROUND, 0) : start], text[end : end + AROUND]
    return " ".join(f"{before}{HIDDEN}{after}".split())
