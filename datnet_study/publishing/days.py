"""Dates by their form: a public book has none besides the days that the project's own prose has.

A date of birth need not stand in the scan table; it may come from a header, a note or an error.
"""

import re
from datetime import date

MONTHS = (
    r"(?:jan(?:uar[yi]?)?|feb(?:ruar[yi]?)?|mar(?:ch)?|märz|apr(?:il)?|ma[yi]|jun[ei]?|jul[yi]?|"
    r"aug(?:ust)?|sep(?:t(?:ember)?)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)"
)
DAY, MONTH, YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
BETWEEN = r"[-‐‑./]"  # also hyphens that do not break
FORMS = re.compile(
    rf"(?<![\w.])(?:{YEAR}(?P<a>{BETWEEN}){MONTH}(?P=a){DAY}(?:T\d\d:?\d\d[:.\d]*)?"  # 1955-11-28
    rf"|{DAY}(?P<b>[./]){MONTH}(?P=b)(?:{YEAR}|\d\d)"  # 28.11.1955, 28/11/55
    rf"|{MONTH}(?P<c>[/]){DAY}(?P=c)(?:{YEAR}|\d\d)"  # 11/28/55
    rf"|{DAY}\.?[ -]{MONTHS}\.?[ -](?:{YEAR}|\d\d)"  # 28. November 1955, 28-Nov-55
    rf"|{MONTHS}\.? {DAY}(?:st|nd|rd|th)?,? {YEAR}"  # November 28, 1955
    rf"|{YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"  # 19551128
    r")(?![\w.]*\d)",
    re.IGNORECASE,
)


def days_in(text, today=None):
    """Places of dates in a text, in any usual form.

    Parameters
    ----------
    text : str
    today : datetime.date, optional
        Day of the build, which a book may have.

    Yields
    ------
    (int, int)
        Start and end.

    Examples
    --------
    >>> text = "born 1955-11-28, seen 7 Mar 2019, version 1.10.0, made 2026-01-02"
    >>> [text[start:end] for start, end in days_in(text, date(2026, 1, 2))]
    ['1955-11-28', '7 Mar 2019']
    """
    made = (today or date.today()).isoformat()
    for found in FORMS.finditer(text):
        if found[0] != made:
            yield found.span()
