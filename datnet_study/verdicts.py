"""Which scans are used: the verdict that was measured, unless a person says otherwise.

The file of a person has a row for each scan that somebody looked at: `participant_id`,
`session_id`, `verdict` (pass or fail) and `reason`, and all of it stands in the results.
"""

import pandas as pd

from datnet_study.columns import KEYS, label
from datnet_study.table import refuse
from datnet_study.table_file import read_table_file

WORDS = ("fail", "look", "pass")
DECIDED = ("pass", "fail")  # what a person may say
EXPECTED = "participant_id, session_id, verdict, reason"


def read_verdicts(path, scans):
    """Read the verdicts of a person.

    Parameters
    ----------
    path : Path
        A table with the columns `participant_id`, `session_id`, `verdict` and `reason`.
    scans : DataFrame
        Output of `read_scans`.

    Returns
    -------
    DataFrame
        These columns, as text.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column is missing, a row names no scan or one twice, or has no verdict or no reason;
        with the lines.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"images.verdicts: no file {path}; expected a table with the columns {EXPECTED}"
        )
    (_, header), *lines = read_table_file(path)
    if missing := [name for name in (*KEYS, "verdict", "reason") if name not in header]:
        raise ValueError(f"{path}: no column {', '.join(missing)}; expected {EXPECTED}")
    known, rows, problems = set(scans[list(KEYS)].itertuples(index=False, name=None)), {}, []
    for number, cells in lines:
        row = dict(zip(header, cells, strict=True))
        scan = tuple(label(kind, row[key]) for key, kind in zip(KEYS, ("sub", "ses"), strict=True))
        name = f"line {number} ({row['participant_id']}/{row['session_id']})"
        if scan not in known:
            problems.append(f"{name}: no such scan in the table of scans")
        if scan in rows:
            problems.append(f"{name}: has a verdict in a line before; expected one")
        if row["verdict"] not in DECIDED:
            problems.append(f"{name}: verdict = {row['verdict']!r}; expected pass or fail")
        if not row["reason"]:
            problems.append(f"{name}: no reason; say why, for it stands in the results")
        rows[scan] = (*map(str, scan), row["verdict"], row["reason"])
    refuse(path, problems)
    return pd.DataFrame(list(rows.values()), columns=[*KEYS, "verdict", "reason"])


def with_verdicts(quality, by_hand=None):
    """Add to measured verdicts what a person says, and whether each scan is used.

    Parameters
    ----------
    quality : DataFrame
        Output of `checked_scans` or `normalise_scans`.
    by_hand : DataFrame, optional
        Output of `read_verdicts`.

    Returns
    -------
    DataFrame
        With `by_hand` and `reason`, empty where nobody looked, and `used`: a scan that fails is
        not, unless it passes by hand.

    Raises
    ------
    ValueError
        If a scan passes by hand that has no image in MNI space.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"participant_id": ["a", "b"], "session_id": "1", "verdict": ["pass", "fail"],
    ...      "path": ["a.nii", "b.nii"]}
    ... )
    >>> with_verdicts(table)["used"].tolist()
    [True, False]
    >>> said = table.assign(verdict=["fail", "pass"], reason="seen")
    >>> with_verdicts(table, said)["used"].tolist()
    [False, True]
    """
    if by_hand is None:
        by_hand = pd.DataFrame(columns=[*KEYS, "verdict", "reason"], dtype=object)
    said = by_hand[[*KEYS, "verdict", "reason"]].rename(columns={"verdict": "by_hand"})
    table = quality.merge(said, on=list(KEYS), how="left", validate="1:1")
    table["used"] = table["by_hand"].fillna(table["verdict"]) != "fail"
    lost = table[table["used"] & table["path"].isna()]
    if len(lost):
        names = ", ".join(lost["participant_id"] + "/" + lost["session_id"])
        raise ValueError(
            f"images.verdicts: {names} cannot pass, for there is no image in MNI space; put a "
            "transform by hand into the folder images.transforms"
        )
    return table


def used_scans(scans, quality):
    """Scans of a study that are used, with the paths of their images in MNI space.

    Parameters
    ----------
    scans : DataFrame
        Output of `read_scans`.
    quality : DataFrame
        Output of `with_verdicts`.

    Returns
    -------
    DataFrame
        Rows of `scans` in their order.
    """
    keys = list(KEYS)
    both = scans.drop(columns="path").merge(
        quality[[*keys, "path", "used"]], on=keys, how="left", validate="1:1"
    )
    return both.loc[both["used"], list(scans.columns)].reset_index(drop=True)


def verdicts_by_diagnosis(quality, scans):
    """How many scans pass, are to be looked at, or fail, and how many are left out, by diagnosis.

    Parameters
    ----------
    quality : DataFrame
        Output of `with_verdicts`.
    scans : DataFrame
        `participant_id`, `session_id`, `diagnosis`.

    Returns
    -------
    DataFrame
        A row for each diagnosis, columns `fail`, `look`, `pass`, `scans`, `excluded`, and `share`:
        the excluded ones among the scans.

    Examples
    --------
    >>> quality = pd.DataFrame(
    ...     {"participant_id": ["a", "b"], "session_id": "1", "verdict": ["pass", "fail"],
    ...      "used": [True, False]}
    ... )
    >>> found = verdicts_by_diagnosis(quality, quality.assign(diagnosis=["NC", "PD"]))
    >>> found.loc["PD"].to_dict()
    {'fail': 1.0, 'look': 0.0, 'pass': 0.0, 'scans': 1.0, 'excluded': 1.0, 'share': 1.0}
    """
    keys = list(KEYS)
    both = quality[[*keys, "verdict", "used"]].merge(
        scans[[*keys, "diagnosis"]], on=keys, validate="1:1"
    )
    counts = pd.crosstab(both["diagnosis"], both["verdict"])
    counts.columns.name = counts.index.name = None
    counts = counts.reindex(columns=list(WORDS), fill_value=0)
    counts["scans"] = counts.sum(axis=1)
    counts["excluded"] = (~both["used"].astype(bool)).groupby(both["diagnosis"]).sum()
    return counts.assign(share=counts["excluded"] / counts["scans"])
