"""What a page shows to its reader: notice, tables, numbers with their intervals."""

import html
import re

import numpy as np
from IPython.display import HTML, Markdown

from datnet_study.agreement import compare
from datnet_study.claims import read_claims
from datnet_study.masked_tables import SAID, masked_styler
from datnet_study.masked_words import masked_words
from datnet_study.public_forms import IN_WORDS, public_html


def notice(page):
    """Box that opens every page and says what its scans are; in public, not where they lie."""
    title = "Digital phantom, no patient data" if page.phantom else "Scans of this study"
    box, public = (
        f'<div class="admonition important"><p class="admonition-title">{title}</p>'
        f"<p>{html.escape(text)}</p></div>"
        for text in (page.notice, page.public_notice)
    )
    return public_html(HTML(box), public)


def table(rows, of_groups=False, not_people=()):
    """Show a table as it is, without row numbers; markup in its texts is shown as text.

    Parameters
    ----------
    rows : DataFrame
        Texts and numbers, already rounded; column names are the headings.
    of_groups : bool
        Whether its rows are about groups. Then the public book has it, without counts of few people
        (`masked_tables.masked_styler`); else it is left out there.
    not_people : sequence of str
        Columns whose whole numbers count no people.

    Returns
    -------
    pandas.io.formats.style.Styler
    """
    rows = rows.map(_escaped).rename(columns=_escaped)
    shown = rows.style.hide().set_table_attributes('class="dataframe"')
    if of_groups:
        kept = [_escaped(name) for name in not_people]
        shown.public = (lambda: masked_styler(shown, kept).to_html()), SAID, False
    return shown


def markup(text, sentences=False):
    """Show HTML that holds numbers of groups only.

    Parameters
    ----------
    text : str
    sentences : bool
        Whether it holds sentences, which lose their counts of few people in public.

    Returns
    -------
    IPython.display.HTML
    """
    masked = masked_words(text) if sentences else text
    return public_html(HTML(text), masked, IN_WORDS if masked != text else "")


def _escaped(value):
    """A text with its markup as text; anything else as it is."""
    return html.escape(value, quote=False) if isinstance(value, str) else value


def first_sentence(text):
    """The first sentence of a text: up to a full stop before a space and a capital.

    Examples
    --------
    >>> first_sentence("The AUC is 0.69 (P = 0.3). So it may be chance.")
    'The AUC is 0.69 (P = 0.3).'
    """
    return re.split(r"(?<=\.) (?=[A-Z])", text, maxsplit=1)[0]


def interval(value, low, high, digits=3):
    """A number and its interval as text.

    Examples
    --------
    >>> interval(0.5, 0.25, 0.75, digits=2)
    '0.50 (0.25 to 0.75)'
    >>> interval(0.5, np.nan, np.nan), interval(np.nan, np.nan, np.nan)
    ('0.500 (no interval)', '–')
    """
    if np.isnan(value):
        return "–"
    limits = f"{low:.{digits}f} to {high:.{digits}f}"
    return f"{value:.{digits}f} ({'no interval' if np.isnan(low + high) else limits})"


def signed(value, low, high, digits=3):
    """A difference and its interval as text, with their signs.

    Examples
    --------
    >>> signed(0.1, -0.05, 0.25, digits=2), signed(np.nan, np.nan, np.nan)
    ('+0.10 (-0.05 to +0.25)', '–')
    """
    if np.isnan(value):
        return "–"
    limits = "no interval" if np.isnan(low + high) else f"{low:+.{digits}f} to {high:+.{digits}f}"
    return f"{value:+.{digits}f} ({limits})"


def p_value(p):
    """A P value as text, two significant digits; a dash where there is none."""
    return "–" if np.isnan(p) else f"{p:.2g}"


def claims_of(table, columns):
    """Claims whose values stand in a table of performance, with their intervals.

    Parameters
    ----------
    table : DataFrame
        Output of `performance.diagnostic_table`, one row per diagnosis.
    columns : dict of str to (str, str)
        Diagnosis and column of each claim, by its id; `<column>_low` and `<column>_high` hold the
        interval.

    Returns
    -------
    dict of str to dict
        For `Page.close`; without the claims on diagnoses that the study has not.
    """
    return {
        claim: {
            "value": table.loc[name, column],
            "low": table.loc[name, f"{column}_low"],
            "high": table.loc[name, f"{column}_high"],
        }
        for claim, (name, column) in columns.items()
        if name in table.index
    }


def direction(low, high, *, more, less, even):
    """Words for a difference by its interval: above 0, below 0, or neither.

    Parameters
    ----------
    low, high : float
        Limits of the interval of the difference.
    more, less, even : str
        What to say if the interval lies above 0, below 0, or contains 0 (or is not a number, or has
        no width: then too little is known of it).

    Returns
    -------
    str

    Examples
    --------
    >>> direction(-0.1, 0.2, more="better", less="worse", even="not told apart from it")
    'not told apart from it'
    """
    if low > 0 and high > low:
        return more
    return less if high < 0 and high > low else even


def claims_table(page, claims):
    """Paper's value, this study's value and the verdict for the claims of one page.

    Where the study has a value for none of them, a sentence says what is missing.

    Parameters
    ----------
    page : Page
        Declares `data_manifest/claims.tsv` and the setting `diagnoses`.
    claims : dict
        As in `Page.close`.

    Returns
    -------
    pandas.io.formats.style.Styler or IPython.display.Markdown
    """
    known = read_claims(page.path("data_manifest/claims.tsv"))
    results = [{"page": page.name, "claims": claims}]
    compared = compare(known, results, page.settings.diagnoses)
    mine = compared[compared["section"] == page.name]
    if set(mine["verdict"]) == {"not computed here"} and all(mine["ours"]):
        texts = mine["ours"].str[3:-1]  # of "– (no MSA, no PSP)"
        missing = dict.fromkeys(part for text in texts for part in text.split(", "))
        return Markdown(
            f"This study has a value for none of the {len(mine)} claims that the paper makes "
            f"here: {', '.join(missing)}."
        )
    paired = mine["as_pair"].radd(", ").where(mine["as_pair"] != "", "")
    mine = mine.assign(verdict=mine["verdict"] + paired)
    columns = ["quantity", "group", "paper", "ours", "verdict"]
    return table(mine[columns], of_groups=True, not_people=columns)
