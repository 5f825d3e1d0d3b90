"""A first look at the user's scan table, before anything heavy is imported.

The workflow plans with it; `scans.read_scans` reads and checks the table.
"""

from collections import Counter

from datnet_study.columns import translated
from datnet_study.problems import problem_list

_KNOWN = {}  # rows of the table that was read last, by its state: a plan looks at it many times


def refuse(path, problems):
    """Raise the problems of a table as one error, if there are any."""
    problems = list(dict.fromkeys(problems))
    if problems:
        raise problem_list(f"{path}: {len(problems)} problem(s)", problems)


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
        return {certainty for certainty, _ in study.phantom.people(study.sites)}
    return {row.get("certainty") for row in scan_rows(study)} - {None}


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
        return study.phantom.people(study.sites)
    columns = ("certainty", "diagnosis", "participant_id")
    people = {tuple(row.get(name) for name in columns) for row in scan_rows(study)}
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
    return [row["path"] for row in scan_rows(study) if row.get("path")]


def number_of_sites(study):
    """Sites at which scans of a study were made, whatever each is for.

    Parameters
    ----------
    study : Study

    Returns
    -------
    int
        0 where no scan has a site.
    """
    if study.phantom:
        return len(study.phantom.sites)
    return len({row.get("site") for row in scan_rows(study)} - {None})


def scan_rows(study):
    """Rows of the user's scan table in our words, with cohorts drawn; a value may be missing.

    Parameters
    ----------
    study : Study

    Returns
    -------
    tuple of dict
        Empty where the table cannot be read, which `read_scans` reports, first of all.
    """
    table = study.scan_table
    files = [path for path in (table.path, table.split_path) if path.is_file()]
    states = repr([table, *((path.stat().st_size, path.stat().st_mtime_ns) for path in files)])
    if states not in _KNOWN:
        _KNOWN.clear()
        try:
            _KNOWN[states] = tuple(translated(table).rows)
        except (FileNotFoundError, ValueError):
            _KNOWN[states] = ()
    return _KNOWN[states]
