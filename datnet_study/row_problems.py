"""What is wrong with rows of the scan table, in words, with their lines in the user's file."""

from pathlib import Path

import pandas as pd

from datnet_study.columns import row_name

LISTED = 12  # rows of one problem; more are counted


def failed_checks(cases, scans):
    """Failure cases of pandera in words: a line for each value and rule, or for each row.

    Parameters
    ----------
    cases : DataFrame
        `failure_cases` of pandera's error.
    scans : DataFrame
        The rows in our words, with the line of the file as index.

    Returns
    -------
    list of str
    """
    at = {}
    for column, check, found, row in cases[["column", "check", "failure_case", "index"]].values:
        if check.startswith("["):
            problem = f"{_row(scans, row)}: {check.strip('[]')}"
        elif check == "not_nullable":
            problem = f"{column} is missing"
        else:
            problem = f"{column} = {found!r}: {check}"
            if check.startswith("expected one of"):
                problem += f"; map it under values.{column}"
        at.setdefault(problem, []).append(row)
    return [
        problem if problem.startswith("row ") else f"{_which(scans, rows)}: {problem}"
        for problem, rows in sorted(at.items(), key=lambda item: min(item[1]))
    ]


def _row(scans, line):
    """Line of the file, participant and session of a row."""
    return row_name(scans.loc[line])


def _which(scans, lines):
    """One row by its name, several by their lines."""
    lines = sorted(set(lines))
    if len(lines) == 1:
        return _row(scans, lines[0])
    more = f" and {len(lines) - LISTED} more" if len(lines) > LISTED else ""
    return f"rows {', '.join(map(str, lines[:LISTED]))}{more}"


def path_problems(scans, folder):
    """Rows whose file is missing or lies outside the data set; a link may lead outside.

    Parameters
    ----------
    scans : DataFrame
        As in `failed_checks`.
    folder : Path
        Of the images.

    Returns
    -------
    list of str
    """
    problems = []
    for line, path in scans.get("path", pd.Series()).dropna().items():
        where = f"{_row(scans, line)}: path = {path!r}:"
        if path.startswith("..") or Path(path).is_absolute():
            problems.append(f"{where} outside the data set {folder}; let `dataset` hold all images")
        elif not (folder / path).is_file():
            broken = "; it is a link to nothing" if (folder / path).is_symlink() else ""
            problems.append(f"{where} no such file in {folder}{broken}")
    return problems
