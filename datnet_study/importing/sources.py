"""Which kind of source a folder is, and its scans."""

from datnet_study.importing.dicom import dicom_scans
from datnet_study.importing.participants import read_participants, with_participants

READERS = {"dicom": dicom_scans}


def scans_of(kind, source, wanted):
    """Scans of a source, with what a table of participants adds.

    Parameters
    ----------
    kind : str
        A key of `READERS`.
    source : Path
    wanted : Wanted

    Returns
    -------
    scans : list of SourceScan
    remarks : list of str
        Lines about other files.
    """
    scans, remarks = READERS[kind](source, wanted)
    if wanted.table:
        scans = with_participants(scans, read_participants(wanted.table), wanted.table)
    return scans, remarks
