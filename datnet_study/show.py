"""What a page shows to its reader: notice, tables, numbers with their intervals."""

import html

from IPython.display import HTML

from datnet_study.claims import compare, read_claims


def notice(page):
    """Box that opens every page and says what its scans are."""
    title = "Digital phantom, no patient data" if page.phantom else "Scans of this study"
    return HTML(
        f'<div class="admonition important"><p class="admonition-title">{title}</p>'
        f"<p>{html.escape(page.notice)}</p></div>"
    )


def table(rows):
    """Show a table as it is, without row numbers.

    Parameters
    ----------
    rows : DataFrame
        Texts and numbers, already rounded; column names are the headings.

    Returns
    -------
    pandas.io.formats.style.Styler
    """
    return rows.style.hide().set_table_attributes('class="dataframe"')


def interval(value, low, high, digits=3):
    """A number and its interval as text."""
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def claim(row, name):
    """A value of a table's row with its interval, for `Page.close`.

    Parameters
    ----------
    row : Series
        Row of `tables.diagnostic_table`.
    name : str
        Column; `<name>_low` and `<name>_high` hold the interval.

    Returns
    -------
    dict
    """
    return {"value": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}


def claims_table(page, claims):
    """Paper's value, this study's value and the verdict for the claims of one page.

    Parameters
    ----------
    page : Page
        Declares `data_manifest/claims.tsv`.
    claims : dict
        As in `Page.close`.

    Returns
    -------
    pandas.io.formats.style.Styler
    """
    known = read_claims(page.path("data_manifest/claims.tsv"))
    compared = compare(known, [{"page": page.name, "claims": claims}])
    mine = compared[compared["section"] == page.name]
    return table(mine[["quantity", "group", "paper", "ours", "verdict"]])
