"""A first look at the user's scan table, before anything heavy is imported.

The workflow plans with it; `scans.read_scans` reads and checks the table.
"""

import csv
from collections import Counter


def certainties(study):
    """Certainties of diagnosis that occur in a study, which decide the cohorts.

    Parameters
    ----------
    study : Study

    Returns
    -------
    set of str
    """
    if study.phantom:
        groups = study.phantom.participants.items()
        return {certainty for certainty, group in groups if sum(group.values())}
    return {row.get("certainty") for row in _rows(study)}


def participants(study):
    """Number of participants by certainty and diagnosis, those of follow-up scans counted once.

    Parameters
    ----------
    study : Study

    Returns
    -------
    dict of (str, str) to int
        Empty where there is no table, or none of the columns that this takes.
    """
    if study.phantom:
        groups = study.phantom.participants
        return {(key, name): n for key, group in groups.items() for name, n in group.items() if n}
    columns = ("certainty", "diagnosis", "participant_id")
    people = {tuple(row.get(name) for name in columns) for row in _rows(study)}
    return dict(Counter((certainty, name) for certainty, name, who in people if who))


def image_paths(study):
    """Images that the user's scan table names, relative to the data set; no other file counts.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of str
    """
    return [row["path"] for row in _rows(study) if row.get("path")]


def _rows(study):
    """Rows of `scans.tsv` as dicts of text; none where there is no table, which a page reports."""
    path = study.dataset_root / "scans.tsv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))
