"""The numbers of the phantom's generator, each with its source (`data_manifest/phantom.yaml`)."""

from pathlib import Path

import pandas as pd
import yaml


def read_calibration(path, scanner=None):
    """Read the generator's numbers, without their sources.

    Parameters
    ----------
    path : str or Path
        `data_manifest/phantom.yaml`.
    scanner : dict of str to float, optional
        Numbers of another scanner, in place of those of the section `scanner`.

    Returns
    -------
    dict
        Nested as the file; each `{value, source}` becomes its value. The citations and the
        published values are left out.

    Raises
    ------
    ValueError
        If `scanner` has a name that the file does not.
    """
    numbers = _values(_generator(yaml.safe_load(Path(path).read_text())))
    if unknown := sorted(set(scanner or {}) - set(numbers["scanner"])):
        known = ", ".join(numbers["scanner"])
        raise ValueError(f"phantom.scanner names {unknown}; expected some of {known}")
    return numbers | {"scanner": numbers["scanner"] | (scanner or {})}


def read_sources(path):
    """Every number of the generator beside its source.

    Parameters
    ----------
    path : str or Path
        `data_manifest/phantom.yaml`.

    Returns
    -------
    DataFrame
        `number` (its place in the file, with dots), `value`, `source`.

    Raises
    ------
    ValueError
        If a number has no source, or names a source that is neither `assumption`, `definition`
        nor one of the citations.
    """
    content = yaml.safe_load(Path(path).read_text())
    rows = pd.DataFrame(_numbers(_generator(content), ()), columns=["number", "value", "source"])
    known = {"assumption", "definition", "fit", *content["citations"]}
    unknown = rows[~rows["source"].fillna("").str.split(":").str[0].isin(known)]
    if len(unknown):
        lines = "\n".join(f"  {row.number}: {row.source}" for row in unknown.itertuples())
        raise ValueError(f"{path}: expected a source of {sorted(known)} for each number\n{lines}")
    return rows


def read_published(path):
    """Published regional values, one row each, with the citation of their source.

    Parameters
    ----------
    path : str or Path
        `data_manifest/phantom.yaml`.

    Returns
    -------
    DataFrame
        `source`, `tracer`, `diagnosis`, `n`, `region`, `side` (both, worse, better), `value` and
        `sd` (in percent of healthy binding; NaN where not given), `citation`.
    """
    content = yaml.safe_load(Path(path).read_text())
    rows = pd.DataFrame(content["published"])
    return rows.assign(citation=rows["source"].map(content["citations"]))


def read_history(path):
    """How the numbers came to be what they are: `date`, `change` and `seen`, a row each."""
    return pd.DataFrame(yaml.safe_load(Path(path).read_text())["history"])


def _generator(content):
    """The sections that the generator uses, without those about them."""
    about = ("citations", "published", "history")
    return {name: section for name, section in content.items() if name not in about}


def _values(node):
    """The numbers below a node of the file."""
    if not isinstance(node, dict):
        return node
    if "value" in node:
        return node["value"]
    return {key: _values(child) for key, child in node.items()}


def _numbers(node, path):
    """Place, value and source of every number below a node."""
    if isinstance(node, dict) and "value" not in node:
        return [row for key, child in node.items() for row in _numbers(child, (*path, key))]
    found = node if isinstance(node, dict) else {"value": node, "source": None}
    return [(".".join(path), found["value"], found.get("source"))]
