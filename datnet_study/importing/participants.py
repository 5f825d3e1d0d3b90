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
OTHER_NAMES = {"diagnosis": "group"}  # as many BIDS data sets call it
MISSING = ("", "n/a", "na", "nan", ".")  # the last as SAS writes it
SEXES = {"m": "M", "male": "M", "f": "F", "female": "F", "o": None, "other": None}  # of BIDS


def read_participants(path, ids=IDS):
    """Values of each participant, by the id at the source.

    Parameters
    ----------
    path : Path
        As `read_table_file` takes it; a row for each participant, with a column of ids and columns
        of a scan table under their own names.
    ids : sequence of str
        Names that the column of ids may have, in any case.

    Returns
    -------
    dict of str to (dict, list of str)
        Values, and problems of the row.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_table_file`; or if there is no column of ids, or a participant has two rows.
    """
    (_, header), *lines = read_table_file(path)
    names = [name.lower() for name in header]
    at = next((names.index(name) for name in ids if name in names), None)
    if at is None:
        raise ValueError(
            f"{path}: columns {', '.join(header)[:80]}; expected one of {', '.join(ids)} with the "
            "ids that the scans have at the source: rename it"
        )
    people = {}
    for number, cells in lines:
        if cells[at] in people:
            raise ValueError(f"{path}, line {number}: a second row of one id; remove one")
        row = dict(zip(names, cells, strict=True))
        people[cells[at]] = plain_values(row, f"{path}, line {number}")
    return people


def plain_values(row, where):
    """Those values of a row that a study reads, and its problems.

    Parameters
    ----------
    row : dict of str to str
        By the name of the column, in lower case.
    where : str
        File and line, for messages.

    Returns
    -------
    values : dict of str to str
    problems : list of str
    """
    values, problems = {}, []
    for name in (*WORDS, *NUMBERS):
        text = row.get(name, row.get(OTHER_NAMES.get(name), ""))
        try:
            value = plain_value(name, text, where)
        except ValueError as error:
            problems.append(str(error))
        else:
            values |= {name: value} if value is not None else {}
    return values, problems


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
    if name == "sex" and text.lower() in SEXES:
        return SEXES[text.lower()]
    if name in WORDS:
        if re.fullmatch(WORDS[name], text, re.ASCII):
            return text
        raise ValueError(f"{where}: {name} is no short word; expected letters, digits: shorten it")
    number = text.replace(",", ".").removesuffix("+")  # BIDS has 89+ for all that are older
    if re.fullmatch(r"\d+(\.\d*)?", number):
        return number
    raise ValueError(f"{where}: {name} is no number; expected one, or n/a: correct the cell")


def with_participants(scans, people, where):
    """Scans with the values of their participants; who is not in the table is left out.

    Parameters
    ----------
    scans : list of SourceScan
    people : dict
        Output of `read_participants`.
    where : Path
        The table, for messages.

    Returns
    -------
    list of SourceScan
    """
    plain = {who.lstrip("0") for who in people}
    found = []
    for scan in scans:
        line = f"participant has no row in {where}; expected one: "
        spoilt = scan.participant.lstrip("0") in plain
        line += "one has other zeros in front: make ids text, not numbers" if spoilt else "add it"
        values, problems = people.get(scan.participant, ({}, [line]))
        values = scan.values | values
        found.append(replace(scan, values=values, problems=(*scan.problems, *problems)))
    return found
