"""Rows of a table that look like a participant, and counts of few people."""

import html
import re

from datnet_study.masking import MARK, hidden_in_columns, is_small
from datnet_study.publishing.baseline import is_own
from datnet_study.publishing.decoding import TAG, folded
from datnet_study.publishing.needles import WORD
from datnet_study.table import scan_rows

TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL | re.IGNORECASE)
ROW = re.compile(r"<tr\b.*?(?=<tr\b|</table>|</tbody>|</thead>)", re.DOTALL | re.IGNORECASE)
CELL = re.compile(r"<t[hd]\b[^>]*>(.*?)(?=</t[hd]>|<t[hd]\b|</tr>|$)", re.DOTALL | re.IGNORECASE)
KEYS = {"participant id", "session id", "patient id", "subject id"}
PEOPLE = {
    "participants", "scans", "patients", "people", "persons", "subjects", "n", "women", "men",
    "pass", "look", "fail", "excluded", "weaker on the left", "visits",
}  # fmt: skip
NOUNS = r"(?:participants?|scans?|patients?|people|persons?|women|men|subjects?|controls?)"
COUNTED = re.compile(
    rf"(?<![\w.,−-])([1-4]) (?:{NOUNS})\b|(?<![\w.,])(\d+) of (?:the )?(\d+) {NOUNS}"
)
AROUND = 60  # characters that hold two words
EXACT = re.compile(r"\d+[.,]\d+")


def people_in_rows(text, study):
    """Tables with a column of ids, and rows with age, sex and diagnosis of one participant.

    Ages with decimals count; whole years are shared by many.

    Yields
    ------
    (str, str)
        Kind and what was found, without its values.
    """
    if "<t" not in text.casefold():
        return
    people = _people(study)
    for rows in _tables(text):
        heads = {" ".join(_words(cell)) for cell in rows[0]} if rows else set()
        if KEYS & heads:
            yield "table of participants", f"a column {sorted(KEYS & heads)[0]!r}"
        for row in rows:
            cells = {cell.casefold() for cell in row}
            words = set(_words(" ".join(row)))
            for age in {cell for cell in row if EXACT.fullmatch(cell)}:
                for sex, diagnosis in people.get(age.replace(",", "."), ()):
                    if sex in cells and diagnosis in words | cells:
                        yield "row of one participant", "age, sex and diagnosis side by side"
                        break


def small_counts(text):
    """Counts of fewer than five people in tables and sentences, and what gives them away.

    Sentences of the project itself do not count.

    Yields
    ------
    (str, str)
        Kind and where it stands.
    """
    for rows in _tables(text):
        if len(rows) < 2:
            continue
        heads = [" ".join(cell.casefold().split()) for cell in rows[0]]
        of_people = [k for k, head in enumerate(heads) if head in PEOPLE]
        body = [row for row in rows[1:] if len(row) == len(heads)]
        columns = [[row[k] for row in body] for k in of_people]
        whole = [column for column in columns if all(cell.isdigit() for cell in column)]
        if any(cell.isdigit() and is_small(int(cell)) for column in columns for cell in column):
            yield "count below 5", f"a table with the column {heads[of_people[0]]!r}"
        elif body and whole and len(whole) == len(columns):
            counts = list(zip(*([int(cell) for cell in column] for column in whole), strict=True))
            if MARK not in str(rows) and hidden_in_columns(counts).any():
                yield "count that follows by subtraction", f"a table with {', '.join(heads)[:60]}"
    plain = html.unescape(TAG.sub(" ", text))
    for found in COUNTED.finditer(plain):
        few = found[1] or is_small(int(found[2])) or is_small(int(found[3]) - int(found[2]))
        before, after = plain[: found.start()], plain[found.end() :]
        around = [*_words(before[-AROUND:])[-2:], *_words(found[0]), *_words(after[:AROUND])[:2]]
        if few and not is_own(around):
            yield "count below 5", f"a sentence with {re.sub(chr(92) + 'd+', '▇', found[0])!r}"


def _words(text):
    """Words of a text."""
    return WORD.findall(folded(text))


def _tables(text):
    """Cells of each table, row by row, without markup."""
    if "<table" not in text.casefold():
        return
    for table in TABLE.findall(text):
        yield [
            [" ".join(html.unescape(TAG.sub("", cell)).split()) for cell in CELL.findall(row)]
            for row in ROW.findall(table)
        ]


def _people(study):
    """Sex and diagnosis of the participants of each age that has decimals."""
    found = {}
    for row in scan_rows(study):
        age = str(row.get("age"))
        if EXACT.fullmatch(age):
            words = (str(row.get("sex")).casefold(), str(row.get("diagnosis")).casefold())
            found.setdefault(age, set()).add(words)
    return found
