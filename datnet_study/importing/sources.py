"""Which kind of source a folder is, and its scans."""

import re
from collections import Counter

from datnet_study.importing.bids import bids_scans
from datnet_study.importing.dicom import dicom_scans
from datnet_study.importing.headers import source_files
from datnet_study.importing.participants import read_participants, with_participants
from datnet_study.importing.ppmi import COLUMNS, ppmi_scans, search_table

PACKED = re.compile(r".*\.(zip|rar|7z|tar|tgz|tar\.\w+|dcm\.gz)(\.\w{2,3})?", re.IGNORECASE)
READERS = {"bids": bids_scans, "dicom": dicom_scans, "ppmi": ppmi_scans}


def kind_of(source, wanted):
    """Kind of a source, found from what lies at its top.

    Parameters
    ----------
    source : Path
    wanted : Wanted

    Returns
    -------
    str
        `bids` where a data set describes itself, `ppmi` where there is a search table of that
        archive, else `dicom`.

    Raises
    ------
    ValueError
        If there are several search tables, or none beside a folder PPMI.
    """
    if (source / "dataset_description.json").is_file():
        return "bids"
    if search_table(source, wanted):
        return "ppmi"
    if source.name == "PPMI" or (source / "PPMI").is_dir():
        raise ValueError(
            f"{source}: no search table; expected a CSV with the columns {', '.join(COLUMNS)}: "
            "download it from the search of the image archive into this folder, or say TABLE="
        )
    return "dicom"


def scans_of(kind, source, wanted):
    """Scans of a source, with what a table of participants adds.

    Parameters
    ----------
    kind : str
        Output of `kind_of`.
    source : Path
    wanted : Wanted

    Returns
    -------
    scans : list of SourceScan
    remarks : list of str
        Lines about other files.

    Raises
    ------
    ValueError
        If a clinical table is given for a source that is no archive of PPMI.
    """
    if kind != "ppmi" and (wanted.clinical or wanted.names):
        raise ValueError(
            f"{source}: CLINICAL and NAMES are for an archive of PPMI; expected for other sources "
            "a table with a row for each participant: say TABLE="
        )
    scans, remarks = READERS[kind](source, wanted)
    remarks = [*remarks, *_packed(source), *_tracers(scans)]
    if wanted.table and kind != "ppmi":
        scans = with_participants(scans, read_participants(wanted.table), wanted.table)
    return scans, remarks


def _packed(source):
    """Archives in a source: nobody has looked into them."""
    packed = [path for path in source_files(source) if PACKED.fullmatch(path.name)]
    if not packed:
        return []
    return [f"{packed[0]}: packed ({len(packed)} such files), not looked into: unpack it first"]


def _tracers(scans):
    """More than one tracer, among scans that are taken."""
    names = {}
    for scan in scans:
        plain = re.sub(r"\W", "", scan.tracer).casefold()
        if plain and not scan.problems:
            names.setdefault(plain, []).append(scan.tracer)
    if len(names) < 2:
        return []
    counts = Counter({spellings[0]: len(spellings) for spellings in names.values()})
    found = ", ".join(f"{name!r} ({n})" for name, n in counts.most_common())
    return [f"scans of several tracers: {found}; a study is of one: say which with SERIES="]
