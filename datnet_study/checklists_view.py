"""Reporting items as tables with links, as counts, and in a sentence."""

import html
import re

import pandas as pd

from datnet_study.checklists import KEY, PLACE, STATUSES

SIGN = {"reported": "✓", "partly": "◐", "missing": "✗", "not_applicable": "–", "unverified": "?"}
LOOK = {"reported": "agrees", "partly": "lower", "missing": "differs"}  # of the style of the book


def items_counted(rows):
    """How many items of each guideline have each status.

    Parameters
    ----------
    rows : DataFrame
        Output of `checklists.of_study`.

    Returns
    -------
    DataFrame of int
        Guidelines in the order of the table, a column for each of `checklists.STATUSES`.
    """
    order = list(dict.fromkeys(rows["guideline"]))
    counted = pd.crosstab(rows["guideline"], rows["status"])
    return counted.reindex(index=order, columns=list(STATUSES), fill_value=0)


def items_in_words(rows):
    """What is reported of one guideline, and what is missing by its label.

    Parameters
    ----------
    rows : DataFrame
        Items of one guideline, as `checklists.of_study` makes them.

    Returns
    -------
    str
        Without a full stop.

    Examples
    --------
    >>> table = {"guideline": "CLEAR", "label": ["aims", "keywords"], "item": ["6", "3"]}
    >>> items_in_words(pd.DataFrame(table | {"status": ["reported", "missing"]}))
    '1 of 2 items of CLEAR that apply (partly: 0 items; missing: keywords)'
    """
    of = rows.groupby("status")["label"].apply(list).to_dict()
    applying = len(rows) - len(of.get("not_applicable", []))
    missing = ", ".join(dict.fromkeys(of.get("missing", []))) or "nothing"
    unread = f"; not read: {len(of['unverified'])} items" if "unverified" in of else ""
    return (
        f"{len(of.get('reported', []))} of {applying} items of {rows['guideline'].iloc[0]} that "
        f"apply (partly: {len(of.get('partly', []))} items; missing: {missing}{unread})"
    )


def items_view(rows):
    """The items of one guideline as a table, each with links to where it is reported.

    Parameters
    ----------
    rows : DataFrame
        As in `items_in_words`; the table is shown in the chapter of a page.

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> row = {"guideline": "CLEAR", "item": "6", "label": "aims", "status": "reported"}
    >>> row |= {"where": "methods#images", "key": "", "reason": "", "source": "https://a.org"}
    >>> '<a href="../methods.html#images">methods, images</a>' in items_view(pd.DataFrame([row]))
    True
    """
    name = html.escape(rows["guideline"].iloc[0])
    heads = ("item", "what it asks, in our words", "status", "where", "what is lacking, or why")
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    body = "\n".join(_row(row) for row in rows.to_dict("records"))
    return (
        f'<div class="claims"><table class="claims items" aria-label="Items of {name}">'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(row):
    """Row of the table; the number of the item leads to where its text was read."""
    number, status = html.escape(row["item"]), row["status"]
    if row["source"]:
        number = f'<a href="{html.escape(row["source"])}">{number}</a>'
    places = [_place(text) for text in row["where"].split()]
    places += [_result(text) for text in row["key"].split()]
    mark = (
        f'<span class="verdict {LOOK.get(status, "cannot")}"><span aria-hidden="true">'
        f"{SIGN[status]}</span> {status.replace('_', ' ')}</span>"
    )
    reason = re.sub("`(.+?)`", r"<code>\1</code>", html.escape(row["reason"]))
    cells = (html.escape(row["label"]), mark, "<br>".join(places), reason)
    texts = "".join(f"<td>{text}</td>" for text in cells)
    return f'<tr><th scope="row">{number}</th>{texts}</tr>'


def _place(text):
    """Link to an anchor of the book, from the folder of the pages."""
    name, anchor = PLACE.fullmatch(text).groups()
    page = name.removeprefix("pages/")
    address = f"{page}.html" if page != name else f"../{name}.html"
    words = anchor.removeprefix(f"fig-{page.replace('_', '-')}-").replace("-", " ")
    return f'<a href="{address}#{html.escape(anchor)}">{page.replace("_", " ")}, {words}</a>'


def _result(text):
    """Link to the result file of a page, with the key of the number in it."""
    page, key = KEY.fullmatch(text).groups()
    return f'<a href="{page}.html">{page.replace("_", " ")}</a>: <code>{html.escape(key)}</code>'
