"""What a page reads from other pages, writes for them, and shows to its reader."""

import json
import math
import re

import pandas as pd
from IPython.display import HTML

from datnet_core.claims import compare, read_claims
from datnet_core.files import whole


def upstream(study, name):
    """Path of a file that another page writes.

    Parameters
    ----------
    study : Study
    name : str
        File below `results/<study>/`.

    Returns
    -------
    Path

    Raises
    ------
    FileNotFoundError
        If it is not there, with the command that makes it.
    """
    path = study.results / name
    if not path.exists():
        raise FileNotFoundError(
            f"results/{study.name}/{name} is missing; the study makes it: make study STUDY="
            f"{study.source}"
        )
    return path


def read_table(study, name):
    """Table that another page wrote; keys are text, missing values are empty fields."""
    return pd.read_csv(
        upstream(study, name), sep="\t", dtype={"participant_id": str, "session_id": str}
    )


def write_table(study, name, table):
    """Write a table below `results/<study>/`.

    Parameters
    ----------
    study : Study
    name : str
        Path below the results folder, ending in `.tsv`.
    table : DataFrame
        Written without its index.
    """
    with whole(study.results / name) as part:
        table.to_csv(part, sep="\t", index=False, float_format="%.8g")


def write_result(study, page, numbers, claims):
    """Write `results/<study>/<page>.json`: every number a page reports.

    Parameters
    ----------
    study : Study
    page : str
        Name of the page.
    numbers : dict
        What the page reports.
    claims : dict
        By claim id: a dict of `value` and, where there is one, `low`, `high`, `p`.
    """
    result = {"page": page, "study": study.name, "numbers": numbers, "claims": claims}
    with whole(study.results / f"{page}.json") as part:
        part.write_text(json.dumps(_plain(result), indent=1, allow_nan=False) + "\n")


def read_result(study, page):
    """Content of another page's result file."""
    return json.loads(upstream(study, f"{page}.json").read_text())


def notice(study):
    """Box that opens every page and says what its scans are."""
    title = "Digital phantom, no patient data" if study.phantom else "Scans of this study"
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", study.notice)
    return HTML(
        f'<div class="admonition important"><p class="admonition-title">{title}</p>'
        f"<p>{text}</p></div>"
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
        Row of `diagnostics.diagnostic_table`.
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


def _plain(value):
    """NumPy and pandas values as JSON ones; not-a-number becomes null."""
    if isinstance(value, dict):
        return {str(key): _plain(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(child) for child in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
