"""What a table of participants adds to their scans: diagnosis and clinical values.

The table may hold anything; taken are the columns that a study reads, and of them only numbers and
short words, for what is written from here may be given to others.
"""

import re
from dataclasses import replace

from datnet_study.table_file import read_table_file

IDS = ("participant_id", "patientid", "patient_id", "patient id", "patient", "subject")
WORDS = {"diagnosis": r"[A-Za-z][\w +/.-]{0,23}", "certainty": r"[A-Za-z]{1,12}",
         "sex": r"[A-Za-z0-9]{1,6}"}  # fmt: skip
NUMBERS = ("age", "symptom_duration_years", "updrs", "hoehn_yahr")
MISSING = ("", "n/a", "na", "nan")


def read_participants(path, sheet=None):
    """Values of each participant, by the id at the source.

    Parameters
    ----------
    path : Path
        As `read_table_file` takes it; a row for each participant, with a column of ids (one of
        `IDS`, in any case) and columns of a scan table under their own names.
    sheet : str, optional

    Returns
    -------
    dict of str to dict

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_table_file`; or if there is no column of ids, a participant has two rows, or a
        value is no number or short word; the line is named.
    """
    (_, header), *lines = read_table_file(path, sheet)
    names = [name.lower() for name in header]
    at = next((names.index(name) for name in IDS if name in names), None)
    if at is None:
        raise ValueError(
            f"{path}: columns {', '.join(header)[:80]}; expected one of {', '.join(IDS)} with the "
            "ids that the scans have at the source: rename it"
        )
    people = {}
    for number, cells in lines:
        if cells[at] in people:
            raise ValueError(f"{path}, line {number}: a second row of one participant; remove one")
        people[cells[at]] = {
            name: plain_value(name, cells[names.index(name)], f"{path}, line {number}")
            for name in (*WORDS, *NUMBERS)
            if name in names
        }
    return people


def plain_value(name, text, where):
    """A value that may be written, or None where it is missing.

    Parameters
    ----------
    name : str
        Column of a scan table.
    text : str
    where : str
        File and line, for messages.

    Returns
    -------
    str or None

    Raises
    ------
    ValueError
        If it is neither a number nor a short word, whichever the column holds.

    Examples
    --------
    >>> plain_value("age", "89+", "row 1"), plain_value("diagnosis", "MSA-P", "row 1")
    ('89', 'MSA-P')
    """
    if text.lower() in MISSING:
        return None
    if name in WORDS:
        if re.fullmatch(WORDS[name], text, re.ASCII):
            return text
        raise ValueError(
            f"{where}: {name} is no short word; expected letters and digits: shorten it"
        )
    number = text.replace(",", ".").removesuffix("+")  # BIDS has 89+ for all that are older
    if re.fullmatch(r"\d+(\.\d*)?", number):
        return number
    raise ValueError(f"{where}: {name} is no number; expected one, or n/a: correct the cell")


def with_participants(scans, people, where):
    """Scans with the values of their participants; who is not in the table is left out.

    Parameters
    ----------
    scans : list of SourceScan
    people : dict of str to dict
        Output of `read_participants`.
    where : Path
        The table, for messages.

    Returns
    -------
    list of SourceScan
    """
    found = []
    for scan in scans:
        known = people.get(scan.participant)
        if known is None:
            line = f"participant has no row in {where}; expected one: add it"
            found.append(replace(scan, problems=(*scan.problems, line)))
        else:
            given = {name: value for name, value in known.items() if value is not None}
            found.append(replace(scan, values=scan.values | given))
    return found
