"""Reads the numbers of the phantom's generator, each with its source.

`data_manifest/phantom.yaml` is the file of [11C]CFT; another tracer is another such file, named in
the study file (`phantom.numbers`).
"""

import hashlib
import json
from pathlib import Path

import pandas as pd
import yaml
from pydantic import ValidationError

from datnet_phantom.calibration import Calibration, Scanner


def read_calibration(path, scanner=None):
    """Read the generator's numbers, without their sources.

    Parameters
    ----------
    path : str or Path
        Such as `data_manifest/phantom.yaml`.
    scanner : dict of str to float, optional
        Numbers of another scanner, in place of those of the section `scanner`.

    Returns
    -------
    Calibration
        The citations, the published values and the history are left out.

    Raises
    ------
    FileNotFoundError
        If there is no such file; the message names those there are.
    ValueError
        If a key is missing, unknown or of an impossible value, one line each; or if `scanner` has
        a name that the file does not.

    Examples
    --------
    >>> numbers = read_calibration("data_manifest/phantom.yaml", {"filter_fwhm_mm": 6.0})
    >>> numbers.tracer.name, numbers.loss["PSP"]["caudate"], numbers.scanner.filter_fwhm_mm
    ('CFT', 0.54, 6.0)
    """
    numbers = _values(_generator(_content(path)))
    if scanner:
        known = numbers.get("scanner", {})
        names = list(known | dict.fromkeys(Scanner.model_fields))
        if unknown := sorted(set(scanner) - set(names)):
            raise ValueError(
                f"phantom.scanner names {unknown}; expected some of {', '.join(names)}"
            )
        numbers["scanner"] = known | scanner
    try:
        return Calibration(**numbers)
    except ValidationError as error:
        lines = "\n".join(f"  {_explain(item)}" for item in error.errors())
        changed = " with the study's phantom.scanner" if scanner else ""
        message = f"{path}{changed}: {error.error_count()} number(s) to correct\n{lines}"
        raise ValueError(message) from None


def read_sources(path):
    """Every number of the generator beside its source.

    Parameters
    ----------
    path : str or Path
        Such as `data_manifest/phantom.yaml`.

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
    content = _content(path)
    rows = pd.DataFrame(_numbers(_generator(content), ()), columns=["number", "value", "source"])
    known = {"assumption", "definition", "fit", *content["citations"]}
    unknown = rows[~rows["source"].fillna("").str.split(":").str[0].isin(known)]
    if len(unknown):
        lines = "\n".join(f"  {row.number}: {row.source}" for row in unknown.itertuples())
        raise ValueError(f"{path}: expected a source of {sorted(known)} for each number\n{lines}")
    return rows


def numbers_hash(path):
    """Hash of the generator's numbers: another one, another generator.

    Parameters
    ----------
    path : str or Path
        Such as `data_manifest/phantom.yaml`.

    Returns
    -------
    str
        Twelve hexadecimal digits. Sources, citations, published values and history do not count.
    """
    numbers = json.dumps(_values(_generator(_content(path))), sort_keys=True)
    return hashlib.sha256(numbers.encode()).hexdigest()[:12]


def read_published(path):
    """Published regional values, one row each, with the citation of their source.

    Parameters
    ----------
    path : str or Path
        Such as `data_manifest/phantom.yaml`.

    Returns
    -------
    DataFrame
        `source`, `tracer`, `diagnosis`, `n`, `region`, `side` (both, worse, better), `value` and
        `sd` (in percent of healthy binding; NaN where not given), `citation`.
    """
    content = _content(path)
    rows = pd.DataFrame(content["published"])
    return rows.assign(citation=rows["source"].map(content["citations"]))


def read_history(path):
    """How the numbers came to be what they are.

    Parameters
    ----------
    path : str or Path
        Such as `data_manifest/phantom.yaml`.

    Returns
    -------
    DataFrame
        `date`, `change`, and `seen`: what had been looked at by then.
    """
    return pd.DataFrame(_content(path)["history"])


def _content(path):
    """The file as nested dicts."""
    path = Path(path)
    if not path.is_file():
        there = ", ".join(sorted(p.name for p in path.parent.glob("phantom*.yaml"))) or "none"
        raise FileNotFoundError(f"no numbers of a phantom in {path}; there are: {there}")
    return yaml.safe_load(path.read_text())


def _explain(item):
    """One error of pydantic as `key: what was expected, what was found`."""
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "missing":
        return f"{key}: missing"
    if item["type"] == "value_error":
        return f"{key}: {item['ctx']['error']}".removeprefix(": ")
    return f"{key}: {item['msg']}, found {item['input']!r}"


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
    number = node if isinstance(node, dict) else {"value": node}
    return [(".".join(path), number["value"], number.get("source"))]
