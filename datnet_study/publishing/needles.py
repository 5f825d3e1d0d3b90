"""What may not stand in a public book: words of the scan table, of image headers, of the machine.

A needle is a sequence of words. Words are runs of letters and digits, without case and accents, so
`sub-0012`, `SUB_0012` and `sub 0012` are one needle, and "sub0012" another one of the same person.

A needle that is one short or common word cannot be told from the book's own text: such an id counts
only behind words like "participant". `Needles.unsearched` says how many there are, by kind.
"""

import base64
import getpass
import hashlib
import re
import socket
import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from datnet_study.publishing.decoding import folded
from datnet_study.table import scan_rows
from datnet_study.table_file import read_table_file

WORD = re.compile(r"[^\W_]+")
ID, SESSION, FILE, DATE, TEXT, HEADER, MACHINE = (
    "participant id", "session id", "file name", "date", "free text of the scan table",
    "text of an image header", "place on the machine",
)  # fmt: skip
NUMBER = re.compile(r"[-+]?\d{1,4}([.,]\d+)?|n/a", re.IGNORECASE)  # or that there is none
PART = 4  # letters and digits of a word that stands for an id in an index of words
LONG = 5  # letters or digits from which a single word can be searched
DIGITS_OF_A_DAY = 8
FEW_WORDS = 12  # different words up to which a column holds classes
CONTEXT = ("participant", "patient", "subject", "sub", "id", "person", "case", "proband")
DAYS = ("%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y",
        "%d.%m.%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%B %d %Y")  # fmt: skip
HEADER_TEXTS = ("descrip", "aux_file", "intent_name", "db_name")
ROLES = {"participant_id": ID, "session_id": SESSION, "path": FILE}
CLASSES = ("diagnosis", "certainty", "sex", "site")


class Needles(NamedTuple):
    """Sequences of words with their kind, and how many of each kind cannot be searched."""

    of: dict  # words (tuple) to kind
    unsearched: Counter
    parts: set  # single words of ids, for an index that takes them apart


def needles_of(study, common, is_own):
    """What the public book of a study may not hold.

    Parameters
    ----------
    study : Study
    common : set of str
        Words of the project and of the packages that build the book; none of them is searched
        alone.
    is_own : callable
        Whether the project itself says some words one after the other, which then say nothing.

    Returns
    -------
    Needles
    """
    found, unsearched, texts = {}, Counter(), table_texts(study)
    texts |= {HEADER: list(header_texts(study)), MACHINE: machine_texts(study)}
    for kind, of in texts.items():
        for way in {way for text in set(of) for way in _variants(text, kind)}:
            words = words_of(way)
            for needle in _spellings(words, kind):
                if len(needle) > 1 and not is_own(needle) or is_searchable(needle, common):
                    found.setdefault(needle, kind)
                elif needle == words:
                    unsearched[kind] += 1
                    if kind == ID:
                        behind = ((before, *needle) for before in CONTEXT)
                        found |= {near: kind for near in behind if not is_own(near)}
            if kind in (TEXT, HEADER):
                for needle in _pieces(words, common, is_own):
                    found.setdefault(needle, kind)
    parts = {word for needle, kind in found.items() if kind == ID for word in needle}
    parts = {word for word in parts if not word.isalpha() and len(word) >= PART}
    return Needles(found, unsearched, parts - common)


def _pieces(words, common, is_own):
    """Rare words of a text, and three of its words one after the other."""
    yield from (w for w in zip(words, strict=True) if w[0].isalpha() and is_searchable(w, common))
    triples = zip(words, words[1:], words[2:], strict=False)
    yield from (triple for triple in triples if not is_own(triple))


def _spellings(words, kind):
    """Words one after the other, and as one word; of a date that only with eight digits."""
    joined = "".join(words)
    one = kind != DATE or not joined.isdigit() or len(joined) == DIGITS_OF_A_DAY
    return {words, *([(joined,)] if one else [])} - {(), ("",)}


def words_of(text):
    """Words of a text, as a tuple.

    Examples
    --------
    >>> words_of("Sub-0012, Müller")
    ('sub', '0012', 'muller')
    """
    return tuple(WORD.findall(folded(text)))


def is_searchable(needle, common):
    """Whether it is one word that can be told from the book's own: long enough, none of them."""
    return len(needle) == 1 and len(needle[0]) >= LONG and needle[0] not in common


def table_texts(study):
    """Cells of the scan table by kind, as they stand there and as the study reads them."""
    (_, header), *lines = read_table_file(study.scan_table.path, study.sheet)
    theirs = {study.columns.get(ours, ours): ours for ours in (*ROLES, *CLASSES)}
    found = {kind: [] for kind in (ID, SESSION, FILE, DATE, TEXT)}
    for k, name in enumerate(header):
        column = [cells[k] for _, cells in lines if cells[k]]
        kind = ROLES.get(theirs.get(name)) or _kind_of(column, theirs.get(name) in CLASSES)
        if kind == FILE:
            column = [Path(path.replace("\\", "/")).name for path in column]
        if kind == SESSION and all(_day(cell) for cell in column):
            kind = DATE
        if kind:
            found[kind] += column
    for row in scan_rows(study):
        found[ID].append(str(row.get("participant_id")))
        found[FILE].append(Path(str(row.get("path"))).name)
    found[FILE] += [text.split(".")[0] for text in found[FILE]]
    found[DATE] += [
        day for text in found[FILE] for day in re.findall(r"(?<!\d)(?:19|20)\d{6}(?!\d)", text)
    ]
    if len(set(found[SESSION])) <= FEW_WORDS:  # baseline and follow-up: of nobody in particular
        found[SESSION] = []
    return found


def _kind_of(column, of_classes):
    """What a column holds that the study does not use, or None: numbers, or words of classes."""
    if of_classes or not column:
        return None
    if all(_day(cell) for cell in column):
        return DATE
    if all(NUMBER.fullmatch(cell) for cell in column):
        return None
    return ID if all(re.fullmatch(r"\d{5,}", cell) for cell in column) else TEXT


def _day(text):
    """The day that a text names, or None."""
    text = re.split(r"[ T]\d\d:", text.strip())[0]
    for form in DAYS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def _variants(text, kind):
    """Ways to write the same."""
    if kind == DATE and (day := _day(text)):
        spelt = {day.strftime(form) for form in DAYS if form != "%d.%m.%y"}
        return spelt | {re.sub(r"\b0(?=\d)", "", way) for way in spelt if not way.isdigit()}
    if kind == ID:
        made = {text, *(text.removeprefix(start) for start in ("sub-",) if text != "sub-")}
        return made | {hidden for way in made for hidden in _hidden(way)}
    return {text}


def _hidden(text):
    """An id as a hash or in base64."""
    if len(text) < LONG:
        return set()
    digests = {hashlib.new(kind, text.encode()).hexdigest() for kind in ("md5", "sha1", "sha256")}
    return digests | {base64.b64encode(text.encode()).decode().rstrip("=")}


def header_texts(study):
    """Free texts of the headers of all images; a header that cannot be read has none."""
    import nibabel as nib

    for row in scan_rows(study):
        path = study.dataset_root / str(row.get("path"))
        if not path.is_file():
            continue
        header = nib.load(path).header
        for name in HEADER_TEXTS:
            if name in header.keys():  # noqa: SIM118, a header has no `in`
                yield bytes(header[name].tobytes()).rstrip(b"\0").decode("latin-1").strip()
        for extension in getattr(header, "extensions", ()):
            yield str(extension.get_content())


def machine_texts(study):
    """Folders of the study, of the project and of the user; names of user and machine."""
    folders = [study.dataset_root, study.scan_table.path.parent, study.file.parent]
    folders += [study.results.parents[1], Path.home()]
    folders = {str(folder.absolute()) for folder in folders} - {"/"}
    return [*folders, getpass.getuser(), socket.gethostname(), f"{tempfile.gettempdir()}/datnet"]
