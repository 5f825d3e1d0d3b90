"""What a page reads from other pages and writes for them."""

import json
import math

import pandas as pd

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
