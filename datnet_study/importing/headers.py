"""DICOM files of a folder, as series of headers without pixels."""

import filecmp
import warnings
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.misc import is_dicom

from datnet_core.progress import progress

READ = (  # what the import looks at; person and place only where an id is made of them
    "PatientID", "PatientSex", "PatientAge", "PatientBirthDate", "StudyDate", "StudyTime",
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "SeriesDescription",
    "SeriesNumber", "SeriesTime", "AcquisitionTime", "AcquisitionDateTime", "TimezoneOffsetFromUTC",
    "Modality", "ImageType", "SeriesType", "Units", "DecayCorrection", "CorrectedImage",
    "NumberOfSlices", "NumberOfTimeSlices", "NumberOfFrames", "ImageIndex", "FrameReferenceTime",
    "ActualFrameDuration", "BitsAllocated", "Rows", "Columns", "PixelSpacing", "SliceThickness",
    "SpacingBetweenSlices", "ImageOrientationPatient", "ImagePositionPatient",
    "DetectorInformationSequence", "RadiopharmaceuticalInformationSequence",
)  # fmt: skip
# Secondary captures (PS3.4, B.5) keep the modality of what they show: a screen, or a projection.
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
NAMED = (".dcm", ".ima")
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
            bare = _is_bare(path)
            if not bare and not is_dicom(path):
                if path.suffix.lower() in NAMED:
                    broken.append(f"{path}: named as DICOM, and is none; copy it again")
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # values against the standard, checked where used
                header = pydicom.dcmread(
                    path, stop_before_pixels=True, specific_tags=list(READ), force=bare
                )
                uid = str(header.get("SeriesInstanceUID") or path.parent)
        except UNREADABLE as error:
            broken.append(f"{path}: no readable DICOM ({error}); copy it from the source again")
            continue
        if header.get("Modality"):
            groups.setdefault(uid, []).append((path, header))
        elif path.name.upper() != "DICOMDIR":  # the index of a disk
            broken.append(f"{path}: no modality in its header; copy it from the source again")
    return [Series(*map(tuple, zip(*group, strict=True))) for group in groups.values()], broken


def _is_bare(path):
    """Without the preamble of a file (PS3.10, 7.1), as archives before it wrote: data set only."""
    with path.open("rb") as stream:
        return stream.read(3) in (b"\x02\0\0", b"\x08\0\0", b"\x08\0\x05", b"\x08\0\x08")


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
    found = [kept for series in found if (kept := _without_captures(series)).files]
    found = [s for s in found if description in str(s.first.get("SeriesDescription") or "")]
    if n_others := len(everything) - len(found):
        remarks.append(f"{source}: {n_others} series of other kinds passed over")
    single = [_without_copies(series) for series in found]
    if n_copies := sum(len(series.files) for series in found) - sum(len(s.files) for s in single):
        remarks.append(f"{source}: {n_copies} files are copies of others and passed over")
    return single, remarks


def _without_captures(series):
    """A series without pictures of a screen, which may be all that there is."""
    pairs = [
        (path, header)
        for path, header in zip(series.files, series.headers, strict=True)
        if not str(header.get("SOPClassUID") or "").startswith(CAPTURE)
    ]
    return Series(*zip(*pairs, strict=True)) if pairs else Series((), ())


def _without_copies(series):
    """A series with each file once, where the same bytes lie in several places."""
    kept = {}
    for path, header in zip(series.files, series.headers, strict=True):
        same = kept.setdefault(header.get("SOPInstanceUID") or path, [])
        if not any(filecmp.cmp(path, other, shallow=False) for other, _ in same):
            same.append((path, header))
    if sum(map(len, kept.values())) == len(series.files):
        return series
    return Series(*map(tuple, zip(*sum(kept.values(), []), strict=True)))
