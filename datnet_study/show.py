"""What a page shows to its reader: notice, tables, numbers with their intervals."""

import html

from IPython.display import HTML

from datnet_study.claims import compare, read_claims


def notice(study):
    """Box that opens every page and says what its scans are."""
    title = "Digital phantom, no patient data" if study.phantom else "Scans of this study"
    return HTML(
        f'<div class="admonition important"><p class="admonition-title">{title}</p>'
        f"<p>{html.escape(study.notice)}</p></div>"
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
    """A value of a table's row with its interval, for `write_result`.

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


def claims_table(study, page, claims):
    """Paper's value, this study's value and the verdict for the claims of one page.

    Parameters
    ----------
    study : Study
    page : str
        Name of the page.
    claims : dict
        As in `write_result`.

    Returns
    -------
    pandas.io.formats.style.Styler
    """
    known = read_claims(study.data_manifest / "claims.tsv")
    compared = compare(known, [{"page": page, "claims": claims}])
    mine = compared[compared["section"] == page]
    return table(mine[["quantity", "group", "paper", "ours", "verdict"]])
