"""DICOM files of a folder, as series of headers without pixels."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.misc import is_dicom

from datnet_core.progress import progress

READ = (  # what the import looks at; person and place only where an id is made of them
    "PatientID", "PatientSex", "PatientAge", "PatientBirthDate", "StudyDate", "StudyTime",
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SeriesDescription", "SeriesNumber",
    "SeriesTime", "AcquisitionTime", "Modality", "ImageType", "Units", "DecayCorrection",
    "NumberOfSlices", "NumberOfTimeSlices", "NumberOfFrames", "ImageIndex", "FrameReferenceTime",
    "ActualFrameDuration", "BitsAllocated", "Rows", "Columns", "PixelSpacing", "SliceThickness",
    "SpacingBetweenSlices", "ImageOrientationPatient", "ImagePositionPatient",
    "DetectorInformationSequence", "RadiopharmaceuticalInformationSequence",
)  # fmt: skip
UNREADABLE = (OSError, EOFError, ValueError, KeyError, AttributeError, InvalidDicomError)


@dataclass(frozen=True)
class Series:
    """Files of one DICOM series and their headers, in the same order."""

    files: tuple
    headers: tuple

    @property
    def folder(self):
        """Where the first file lies."""
        return self.files[0].parent

    @property
    def first(self):
        """Header of the first file."""
        return self.headers[0]

    @property
    def tracer(self):
        """Item of the tracer (PS3.3, C.8.9.2 and C.8.4.10); empty where there is none."""
        items = self.first.get("RadiopharmaceuticalInformationSequence") or [pydicom.Dataset()]
        return items[0]


def source_files(source):
    """All files below a folder, without hidden ones, in order.

    Parameters
    ----------
    source : Path

    Returns
    -------
    list of Path
    """
    paths = sorted(Path(source).rglob("*"))
    names = (path.relative_to(source).parts for path in paths)
    shown = [not any(name.startswith(".") for name in parts) for parts in names]
    return [
        path for path, is_shown in zip(paths, shown, strict=True) if is_shown and path.is_file()
    ]


def read_series(source):
    """DICOM series below a folder; files that are no DICOM are passed over.

    Parameters
    ----------
    source : Path

    Returns
    -------
    series : list of Series
    broken : list of str
        A line for each file that begins as DICOM and cannot be read.
    """
    groups, broken = {}, []
    for path in progress(source_files(source), "reading headers", unit="file"):
        try:
            if not is_dicom(path):
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # values against the standard, checked where used
                header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(READ))
                uid = str(header.get("SeriesInstanceUID") or path.parent)
        except UNREADABLE as error:
            broken.append(f"{path}: no readable DICOM ({error}); copy it from the source again")
            continue
        if header.get("Modality"):
            groups.setdefault(uid, []).append((path, header))
        elif path.name.upper() != "DICOMDIR":  # the index of a disk
            broken.append(f"{path}: no modality in its header; copy it from the source again")
    return [Series(*map(tuple, zip(*group, strict=True))) for group in groups.values()], broken


def wanted_series(source, modalities, description=""):
    """Series of some modalities whose description holds a text.

    Parameters
    ----------
    source : Path
    modalities : sequence of str
    description : str

    Returns
    -------
    series : list of Series
    remarks : list of str
        Lines about files that cannot be read, and about other series.
    """
    everything, remarks = read_series(source)
    found = [series for series in everything if series.first.Modality in modalities]
    found = [s for s in found if description in str(s.first.get("SeriesDescription") or "")]
    if n_others := len(everything) - len(found):
        remarks.append(f"{source}: {n_others} series of other kinds passed over")
    return found, remarks
