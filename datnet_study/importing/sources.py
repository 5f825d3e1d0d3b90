"""Which kind of source a folder is, and its scans."""

from datnet_study.importing.bids import bids_scans
from datnet_study.importing.dicom import dicom_scans
from datnet_study.importing.participants import read_participants, with_participants
from datnet_study.importing.ppmi import COLUMNS, ppmi_scans, search_table

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
    """
    scans, remarks = READERS[kind](source, wanted)
    if wanted.table and kind != "ppmi":
        scans = with_participants(scans, read_participants(wanted.table), wanted.table)
    return scans, remarks
