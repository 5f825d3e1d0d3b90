"""The user's table in our words: which column is what, and what its words mean.

`columns` and `values` of the study file say so; only this module and `scans` know column names.
Paper section "Study Protocol": the certainty of a diagnosis decides the cohort.
"""

import os
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from datnet_study.site_roles import BOTH, EXTERNAL, give_roles, on_both_sides
from datnet_study.split import drawn, read_draw
from datnet_study.table_file import read_table_file

KEYS = ("participant_id", "session_id")
NUMBERS = ("age", "symptom_duration_years", "updrs", "hoehn_yahr")
COLUMNS = (*KEYS, "path", "diagnosis", "certainty", "age", "sex", *NUMBERS[1:], "site")
MISSING = {"", "n/a", "N/A", "NA", "na", "nan", "NaN", "null", "NULL", "None", "#N/A"}
COMMA = re.compile(r"[+-]?\d+,\d+")  # no number of ours reaches 1,000, so it is a decimal comma


@dataclass(frozen=True)
class ScanTable:
    """Where the scan table lies, and how it is to be read; `Study.scan_table` is a study's own."""

    path: Path
    folder: Path  # of the images
    sheet: str | None = None
    columns: dict = field(default_factory=dict)  # name in the table, by our name
    values: dict = field(default_factory=dict)  # by our column: our word by theirs; None is missing
    sites: dict = field(default_factory=dict)  # what each site is for; none: all for both
    split: float | None = None  # share of the participants to draw for the blind test
    split_path: Path | None = None  # file of the draw
    seed: int = 0


class Translated(NamedTuple):
    """Rows in our words, each with its `line`; what stands in the way; and who was drawn."""

    rows: list
    problems: list
    sides: dict


def translated(table):
    """Read a scan table in our words; rules of single columns are left to `scans`.

    Parameters
    ----------
    table : ScanTable

    Returns
    -------
    Translated
        A missing value is None. Rows whose diagnosis `values` maps to null are left out, and
        those that the role of their site leaves out (`site_roles`).

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_table_file` and `read_draw`.
    """
    (_, header), *lines = read_table_file(table.path, table.sheet)
    places, problems = _places(table, header)
    others = [word for word, ours in table.values.get("diagnosis", {}).items() if ours is None]
    rows = []
    for number, cells in lines:
        if "diagnosis" not in places or cells[places["diagnosis"]] not in others:
            words = {name: _value(table, name, cells[k]) for name, k in places.items()}
            rows.append({"line": number} | words)
    if not rows:
        raise ValueError(
            f"{table.path}: values.diagnosis leaves out each of the {len(lines)} rows; expected "
            "some that are one of the diagnoses"
        )
    if "session_id" not in places and "session_id" not in table.columns:
        problems += _one_session(rows)
    problems += _labelled(rows)
    for row in rows:
        if row.get("path") is not None:
            row["path"] = relative(row["path"], table.folder)
    rows, refused = give_roles(rows, table.sites, row_name)
    problems += refused
    sides = {}
    if table.split is not None:
        free = [row for row in rows if table.sites.get(row.get("site"), BOTH) == BOTH]
        judged = {row.get("participant_id") for row in rows if row.get("certainty") == EXTERNAL}
        sides, refused = _divided(table, free, judged)
        problems += refused
    problems += on_both_sides(rows)
    return Translated(rows, problems, sides)


def label(kind, text):
    """A BIDS label from an id of any form, or None where a letter would be lost.

    Parameters
    ----------
    kind : str
        `sub` or `ses`.
    text : str
        Punctuation and spaces go, accents too.

    Returns
    -------
    str or None

    Examples
    --------
    >>> label("sub", "sub-01"), label("sub", "P_00-7"), label("sub", "患者7")
    ('sub-01', 'sub-P007', None)
    """
    bare = re.sub(rf"^{kind}[-_ ]", "", text, flags=re.IGNORECASE)
    letters = [c for c in unicodedata.normalize("NFKD", bare) if c.isalnum()]
    if not letters or not all(c.isascii() for c in letters):
        return None
    return f"{kind}-{''.join(letters)}"


def relative(path, folder):
    """A path of the table relative to the folder of images: backslashes and absolute paths too.

    A Mac stores accents in another form than tables hold: taken is the one that is there.
    """
    path = path.replace("\\", "/")
    forms = [path, *(unicodedata.normalize(form, path) for form in ("NFC", "NFD"))]
    path = next((form for form in forms if (Path(folder) / form).exists()), path)
    if Path(path).is_absolute():
        below = os.path.relpath(path, Path(folder).absolute())
        path = path if below.startswith("..") else below
    return os.path.normpath(path)


def row_name(row):
    """Line of the file, participant and session of a row, for messages."""
    return f"row {row['line']} ({'/'.join(str(row[key]) for key in KEYS if key in row)})"


def _places(table, header):
    """Index of each of our columns in the table, and what is wrong with `columns`."""
    names = [" ".join(name.split()) for name in header]
    places, problems = {}, []
    for ours in COLUMNS:
        theirs = " ".join(table.columns.get(ours, ours).split())
        n = names.count(theirs)
        if n == 1:
            places[ours] = names.index(theirs)
        elif n:
            problems.append(f"column {theirs!r}: {n} columns have this name; expected one")
        elif ours in table.columns:
            known = ", ".join(repr(name) for name in names if name)
            problems.append(f"columns.{ours}: no column {theirs!r}; the table has {known}")
    return places, problems


def _value(table, name, text):
    """Our word for a cell; None where it is missing."""
    words = table.values.get(name, {})
    if text in words:
        return words[text]
    if text in MISSING:
        return None
    if name in NUMBERS and COMMA.fullmatch(text):
        return text.replace(",", ".")
    return text


def _one_session(rows):
    """Name the one session of each participant; who has several is a problem."""
    lines = {}
    for row in rows:
        lines.setdefault(row.get("participant_id"), []).append(row["line"])
        row["session_id"] = "ses-1"
    return [
        f"participant {name} is in rows {', '.join(map(str, at))}: name the column that tells the "
        "scans apart under columns.session_id"
        for name, at in lines.items()
        if name is not None and len(at) > 1
    ]


def _labelled(rows):
    """Give ids the form of BIDS; two ids that would become the same are a problem."""
    problems, were = [], {}
    for row in rows:
        for key, kind in zip(KEYS, ("sub", "ses"), strict=True):
            text = row.get(key)
            made = label(kind, text) if text is not None else None
            if text is not None and made is None:
                problems.append(
                    f"row {row['line']}: {key} = {text!r}: expected letters a-z and digits; give "
                    f"another id, or map it under values.{key}"
                )
            elif text is not None:
                row[key] = made
                if kind == "sub":
                    same = were.setdefault(made.lower(), {})  # some disks do not tell a from A
                    same.setdefault(text, row["line"])
    for texts in were.values():
        if len(texts) > 1:
            made = label("sub", next(iter(texts)))
            found = " and ".join(f"{text!r} (row {line})" for text, line in texts.items())
            problems.append(f"participants {found} would both be {made}; rename one")
    return problems


def _divided(table, rows, judged):
    """Draw the blind test among all who are not of certainty `possible`.

    Who is judged at a test-only site as well may not teach: unless an earlier draw says otherwise,
    they are in the blind test, and count as a part of its share.
    """
    before = read_draw(table.split_path, table.split)
    problems, people = [], {}
    for row in rows:
        found, who = row.get("certainty"), row.get("participant_id")
        if found == "confirmed":
            problems.append(
                f"{row_name(row)}: certainty = 'confirmed', and split draws the blind test; map "
                "the word to definite under values.certainty, or leave split out"
            )
        elif found == "possible" and before.get(who):
            problems.append(
                f"{row_name(row)}: certainty = 'possible', but kept for the blind test in "
                f"{table.split_path}; take the row out of the table or the line out of that file"
            )
        elif found in (None, "definite") and who is not None:
            people[who] = str(row.get("diagnosis"))
    before = dict.fromkeys(judged, True) | before
    sides = drawn(people, table.split, table.seed, before)
    for row in rows:
        if row.get("participant_id") in sides and row.get("certainty") in (None, "definite"):
            row["certainty"] = "confirmed" if sides[row["participant_id"]] else "definite"
    return sides, problems
