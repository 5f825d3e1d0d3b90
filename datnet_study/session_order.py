"""Which scan of a participant came first: by age where it tells, else by the name of the session.

The first scan is the one that a participant is judged by, so a doubtful order is said.
"""

import re

NAMED = 3  # participants of a remark; more are counted


def by_number(name):
    """A name that sorts by the numbers in it.

    Examples
    --------
    >>> sorted(["ses-10", "ses-2"], key=by_number)
    ['ses-2', 'ses-10']
    """
    return re.sub(r"\d+", lambda number: number[0].zfill(20), name)


def in_order(scans):
    """Scans ordered by participant, then by time.

    Parameters
    ----------
    scans : DataFrame
        `participant_id`, `session_id` and `age`, years. Ages count where all scans of a participant
        have one: a scan without age could come before or after any of the others.

    Returns
    -------
    DataFrame
        With a new index; scans of the same age are ordered by name, and numbers in it as numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> scans = pd.DataFrame({"participant_id": "sub-1", "session_id": ["b", "a"]})
    >>> in_order(scans.assign(age=[60.0, 61.0]))["session_id"].tolist()
    ['b', 'a']
    >>> in_order(scans.assign(age=[60.0, None]))["session_id"].tolist()
    ['a', 'b']
    """
    keys = scans[["participant_id", "session_id"]].assign(
        age=_telling_ages(scans), number=scans["session_id"].map(by_number)
    )
    order = ["participant_id", "age", "number", "session_id"]
    return scans.loc[keys.sort_values(order).index].reset_index(drop=True)


def order_remarks(scans):
    """What to look at where nothing but different words says which scan came first.

    Parameters
    ----------
    scans : DataFrame
        Output of `in_order`.

    Returns
    -------
    list of str
        One remark, or none. Names that differ in their numbers alone are taken as counted.
    """
    keys = [scans["participant_id"], _telling_ages(scans)]
    doubtful = {}
    for (who, _), names in scans.groupby(keys, dropna=False)["session_id"]:
        if names.str.replace(r"\d+", "", regex=True).nunique() > 1:
            doubtful.setdefault(who, f"{who} ({', '.join(names)})")
    if not doubtful:
        return []
    named = ", ".join(list(doubtful.values())[:NAMED])
    more = f" and {len(doubtful) - NAMED} more" if len(doubtful) > NAMED else ""
    return [
        f"{named}{more}: no ages say which scan came first, so the names of the sessions do; if "
        "that is wrong, give ages with decimals, or numbers as names (values.session_id)"
    ]


def _telling_ages(scans):
    """Ages of those who have one at each scan; missing for all others."""
    known = scans["age"].notna().groupby(scans["participant_id"]).transform("all")
    return scans["age"].where(known)
