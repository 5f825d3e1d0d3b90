"""Clinical values of PPMI: a table with a row for each visit of a participant, joined to the scans.

Curated tables of PPMI have the columns PATNO and EVENT_ID; the names of their other columns change
between releases, so a map says them (`data_manifest/ppmi_clinical.yaml`).
"""

from dataclasses import replace
from typing import Literal

import yaml
from pydantic import ValidationError

from datnet_study.importing.participants import NUMBERS, plain_value
from datnet_study.settings import Section, Word
from datnet_study.settings_errors import explain
from datnet_study.study_file import project_root
from datnet_study.table_file import read_table_file

NAMES = "data_manifest/ppmi_clinical.yaml"


class ClinicalNames(Section):
    """Names of a clinical table; of several for one column, the first that it has is taken."""

    participant: list[Word]
    visit: list[Word]
    columns: dict[Literal[NUMBERS], list[Word]]
    visits: dict[Word, Word] = {}
    sheet: Word | None = None


def read_names(path=None):
    """Read a map of the names of a clinical table.

    Parameters
    ----------
    path : Path, optional
        YAML file; the one of the project, if not given.

    Returns
    -------
    ClinicalNames

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it is no such map: names the key.
    """
    path = path or project_root() / NAMES
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; expected a map of names, like {NAMES}")
    try:
        return ClinicalNames.model_validate(yaml.safe_load(path.read_text(encoding="utf-8-sig")))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not readable as YAML ({error})") from error
    except ValidationError as error:
        raise ValueError(f"{path}: {'; '.join(text for _, text in explain(error))}") from None


def read_clinical(path, names):
    """Clinical values of each visit.

    Parameters
    ----------
    path : Path
        As `read_table_file` takes it.
    names : ClinicalNames

    Returns
    -------
    values : dict of (str, str) to dict
        By participant and visit; what is missing there has no entry.
    remarks : list of str
        A line for each cell that is no number, and is taken as missing.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_table_file`; or if a column that the map names is not there, or a visit has two
        rows.
    """
    (_, header), *lines = read_table_file(path, names.sheet)
    keys = {"participant": names.participant, "visit": names.visit}
    places = {ours: _place(path, header, ours, a) for ours, a in (keys | names.columns).items()}
    values, remarks = {}, []
    for number, cells in lines:
        key = cells[places["participant"]], cells[places["visit"]]
        if key in values:
            raise ValueError(
                f"{path}, line {number}: a second row of one participant and visit; expected one: "
                "remove the other"
            )
        values[key] = {}
        for ours in names.columns:
            try:
                value = plain_value(ours, cells[places[ours]], f"{path}, line {number}")
            except ValueError as error:
                remarks.append(f"{error}; taken as missing")
                continue
            values[key] |= {ours: value} if value is not None else {}
    return values, remarks


def with_clinical(scans, path, names):
    """Scans with the clinical values of their visit; a scan without any stays as it is.

    Parameters
    ----------
    scans : list of SourceScan
    path : Path
        Clinical table.
    names : ClinicalNames

    Returns
    -------
    scans : list of SourceScan
    remarks : list of str

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_clinical`.
    """
    values, remarks = read_clinical(path, names)
    found, without = [], []
    for scan in scans:
        visits = dict.fromkeys((scan.visit, names.visits.get(scan.visit)))
        row = next((values[at] for v in visits if (at := (scan.participant, v)) in values), None)
        if row is None and not scan.problems:
            without.append(scan)
        found.append(replace(scan, values=scan.values | (row or {})))
    if without:
        used = sum(not scan.problems for scan in scans)
        remarks.insert(
            0,
            f"{path}: no row for the visit of {len(without)} of {used} scans, such as "
            f"{without[0].where}; they come in without clinical values. Where visits have other "
            "names, say so under `visits` of the map",
        )
    return found, remarks


def _place(path, header, ours, theirs):
    """Index of the first of some names that a header has."""
    for name in theirs:
        if name in header:
            return header.index(name)
    raise ValueError(
        f"{path}: no column for {ours}; expected {' or '.join(theirs)}, which the map of names "
        f"says ({NAMES}): copy the map, correct the name, or take {ours} out, and say NAMES="
    )
