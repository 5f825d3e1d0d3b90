"""Reporting guidelines item by item: what a study reports and where, and what it does not.

`data_manifest/reporting.tsv` has a row for each item of TRIPOD+AI, STARD-AI, CLEAR and CLAIM 2024
(Collins 2024, Sounderajah 2025, Kocak 2023, Tejani 2024), with labels of our own. What the book
says of an item stands at an anchor of a chapter (`pages/cohorts#who-takes-part`, `methods#images`)
or under a key of the numbers of a page (`blind_test:accuracy`). An anchor or a key that is not
there is an error, so the table cannot promise what is gone.
"""

import re

import pandas as pd

from datnet_study.problems import problem_list

ITEM_COLUMNS = (
    "guideline", "item", "label", "applies", "status", "where", "key", "reason", "source",
)  # fmt: skip
STATUSES = {  # and what a row with it has to have
    "reported": "a where or a key",
    "partly": "a where or a key, and a reason",
    "missing": "a reason, and neither where nor key",
    "not_applicable": "a reason, and neither where nor key",
    "unverified": "neither where, key nor source: nobody has read the item's text",
}
APPLIES = {
    "always": "to every study",
    "people": "where scans are of people: of a phantom there is nobody to ask about",
    "phantom": "as the row says to a phantom; people's own answer is left to whoever has the scans",
    "sites": "where a study has the sites that the pages of the row are about; elsewhere to none",
}
NOBODY = "a phantom: nobody was recruited, examined, treated or diagnosed"
PLACE = re.compile(r"((?:pages/)?\w+)#([\w.-]+)")
KEY = re.compile(r"(\w+):([\w.]+)")
ID = re.compile(r'\bid="([^"]+)"')


def read_checklists(path):
    """Read and check the table of reporting items.

    Parameters
    ----------
    path : Path

    Returns
    -------
    DataFrame of shape (n_items, 9)
        Columns `ITEM_COLUMNS`, all text; `status` is that of a study as `applies` says.

    Raises
    ------
    ValueError
        If columns differ, an item stands twice, a word is not known, or a row lacks what its
        status asks for: a line for each problem, with the item.
    """
    rows = read_resolved(path)
    if tuple(rows.columns) != ITEM_COLUMNS:
        raise ValueError(f"{path}: columns {list(rows.columns)}; expected {list(ITEM_COLUMNS)}")
    problems = []
    for row in rows.to_dict("records"):
        problems += [f"{item_name(row)}: {text}" for text in _problems(row)]
    twice = rows[rows.duplicated(["guideline", "item"])].to_dict("records")
    problems += [f"{item_name(row)}: stands twice" for row in twice]
    if problems:
        raise problem_list(f"{path}: {len(problems)} problem(s)", problems)
    return rows


def read_resolved(path):
    """Items as a page wrote them, the output of `of_study`: a DataFrame of texts."""
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def _problems(row):
    """What is wrong with a row of the table."""
    problems = [f"{name} is empty" for name in ("guideline", "item", "label") if not row[name]]
    for name, known in {"applies": APPLIES, "status": STATUSES}.items():
        if row[name] not in known:
            problems.append(f"{name} = {row[name]!r}, expected one of {', '.join(known)}")
    for name, form in {"where": PLACE, "key": KEY}.items():
        problems += [
            f"{name} = {text!r}, expected such as "
            + ("pages/cohorts#images" if name == "where" else "blind_test:accuracy")
            for text in row[name].split()
            if not form.fullmatch(text)
        ]
    status, placed = row["status"], bool(row["where"] or row["key"])
    needs_place = status in ("reported", "partly")
    needs_reason = status not in ("reported", "unverified")
    fits = placed == needs_place and (row["reason"] or not needs_reason)
    if row["applies"] == "phantom" and not row["reason"]:
        problems.append("reason is empty; say what the owner of scans of people has to report")
    if status in STATUSES and not (fits and bool(row["source"]) == (status != "unverified")):
        read = "" if status == "unverified" else ", and the source where its text was read"
        problems.append(f"status is {status}, expected {STATUSES[status]}{read}")
    return problems


def item_name(row):
    """Guideline and number of an item, for messages."""
    return f"{row['guideline']} {row['item']}"


def of_study(rows, phantom, ended):
    """The items as they stand in one study.

    Parameters
    ----------
    rows : DataFrame
        Output of `read_checklists`.
    phantom : bool
        Whether the scans are a phantom.
    ended : dict of str to str
        What a page of this study lacked, so that it ended early (`Page.end`), by its name.

    Returns
    -------
    DataFrame
        Without the column `applies`. What asks about people does not apply to a phantom; what only
        a phantom answers is missing elsewhere; what a page was to say that had nothing to say is
        missing, with the reason; if it asks about sites that are not there, it does not apply.

    Examples
    --------
    >>> row = dict.fromkeys(ITEM_COLUMNS, "") | {"status": "missing", "applies": "people"}
    >>> of_study(pd.DataFrame([row]), True, {})["status"].tolist()
    ['not_applicable']
    """
    made = [_of_study(row, phantom, ended) for row in rows.to_dict("records")]
    return pd.DataFrame(made, columns=ITEM_COLUMNS).drop(columns="applies")


def _of_study(row, phantom, ended):
    """A row as it stands in one study."""
    nowhere = {"where": "", "key": ""}
    if row["status"] == "unverified":
        return row
    if phantom and row["applies"] == "people":
        return row | nowhere | {"status": "not_applicable", "reason": NOBODY}
    if not phantom and row["applies"] == "phantom":
        return row | nowhere | {"status": "missing"}
    for page in pages_named([row]):
        if page in ended:
            status = "not_applicable" if row["applies"] == "sites" else "missing"
            return row | nowhere | {"status": status, "reason": f"this study has {ended[page]}"}
    kept = "" if row["status"] == "reported" else row["reason"]
    return row | {"reason": kept}


def pages_named(rows):
    """Names of the pages whose chapter or numbers some rows (dicts) point at, in order."""
    places = [text for row in rows for text in row["where"].split() if text.startswith("pages/")]
    names = [PLACE.fullmatch(text)[1].removeprefix("pages/") for text in places]
    names += [KEY.fullmatch(text)[1] for row in rows for text in row["key"].split()]
    return list(dict.fromkeys(names))


def refuse_dead_keys(rows, results):
    """Refuse a table that names a result which a page does not have.

    Parameters
    ----------
    rows : DataFrame
        Output of `of_study`.
    results : dict of str to dict
        Content of the result file of each page that is named, by its name.

    Raises
    ------
    ValueError
        A line for each dead key: the item, and what the page has.
    """
    problems = []
    for row in rows.to_dict("records"):
        for text in row["key"].split():
            page, path = KEY.fullmatch(text).groups()
            numbers = results.get(page, {}).get("numbers", {})
            if missing := _missing_part(numbers, path):
                problems.append(f"{item_name(row)}: {text}: the page has no {missing}")
    _refuse("results that no page has", problems)


def _missing_part(numbers, path):
    """The first part of a path (a.b) that numbers do not have; empty where all is there."""
    for part in path.split("."):
        if not isinstance(numbers, dict) or part not in numbers:
            known = ", ".join(list(numbers)[:8]) if isinstance(numbers, dict) else ""
            return f"{part!r}; it has {known or 'nothing there'}"
        numbers = numbers[part]
    return ""


def refuse_dead_anchors(rows, html):
    """Refuse a book in which an item points at a chapter or an anchor that is not there.

    Parameters
    ----------
    rows : DataFrame
        Output of `of_study`.
    html : Path
        Folder of the finished book.

    Raises
    ------
    ValueError
        A line for each dead anchor: the item, the place, and what is missing.
    """
    anchors, problems = {}, []
    for row in rows.to_dict("records"):
        for text in row["where"].split():
            name, anchor = PLACE.fullmatch(text).groups()
            if name not in anchors:
                path = html / f"{name}.html"
                anchors[name] = set(ID.findall(path.read_text())) if path.is_file() else None
            if anchors[name] is None:
                problems.append(f"{item_name(row)}: {text}: the book has no such chapter")
            elif anchor not in anchors[name]:
                problems.append(f"{item_name(row)}: {text}: the chapter has no such anchor")
    _refuse("places that the book does not have", problems)


def _refuse(what, problems):
    """Raise an error with a line for each problem, if there are any."""
    if problems:
        title = f"data_manifest/reporting.tsv names {what}; correct its columns where and key"
        raise problem_list(title, problems)
