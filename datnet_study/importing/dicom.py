"""Scans of a folder of DICOM files: PET (a file for each slice) and SPECT (one NM file)."""

import re
import subprocess
import tempfile
import warnings
from collections import Counter
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
from dcm2niix import bin as dcm2niix

from datnet_study.importing.dicom_checks import (
    COUNTS,
    frame_times,
    kind_problems,
    series_problems,
)
from datnet_study.importing.dicom_geometry import slice_positions, upright
from datnet_study.importing.frames import frames_to_take, mean_of_frames
from datnet_study.importing.headers import wanted_series
from datnet_study.importing.source_scan import SourceScan

NOT_UNDERSTOOD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
UPTAKE = ("PT", "NM")
OLDEST = 110  # years; beyond it, a day of birth like 19000101 stands for an unknown one
MBQ = {"PT": 1e-6, "NM": 1.0}  # the dose is in Bq in PET (PS3.3, C.8.9.2), in MBq in NM (C.8.4.10)


def dicom_scans(source, wanted):
    """PET and SPECT scans below a folder.

    Parameters
    ----------
    source : Path
    wanted : Wanted

    Returns
    -------
    scans : list of SourceScan
    remarks : list of str
        What else there is, and files that cannot be read.
    """
    found, remarks = wanted_series(source, UPTAKE, wanted.series)
    exams = Counter(_examination(series) for series in found if not kind_problems(series.first))
    return [series_scan(s, wanted, exams[_examination(s)]) for s in found], remarks


def series_scan(series, wanted, n_of_examination=1, placed=True, participant=None):
    """A series as a scan of the source.

    Parameters
    ----------
    series : Series
    wanted : Wanted
    n_of_examination : int
        Series of the same examination.
    placed : bool
        Whether the header has to say where the image lies.
    participant : str, optional
        Id at the source; `PatientID` of the header, if not given.

    Returns
    -------
    SourceScan
        Where a header cannot be understood, that is its problem: the others go on.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's, of values that nobody uses
            return _understood(series, wanted, n_of_examination, placed, participant)
    except NOT_UNDERSTOOD as error:
        line = f"header that cannot be understood ({error}): export the series again"
        read = partial(converted, series, [])
        return SourceScan(series.files[0], participant or "", "", "", 0, read, problems=(line,))


def _understood(series, wanted, n_of_examination, placed, participant):
    """A series as a scan, by its header."""
    header = series.first
    problems = series_problems(series, wanted.window_min, placed)
    participant = participant or str(header.get("PatientID") or "").strip()
    if not participant:
        problems.append("no PatientID; expected one, for it tells participants apart: export again")
    if n_of_examination > 1 and not kind_problems(header):
        problems.append(
            f"series {header.get('SeriesNumber')}, one of {n_of_examination} of the same "
            "examination; expected one: say with SERIES= a part of the description of the right one"
        )
    frames = [] if problems else frames_to_take(*frame_times(series), wanted.window_min)
    n_slices = int(header.get("NumberOfFrames") or len(series.files))
    files = [(state.st_size, state.st_mtime_ns) for state in map(Path.stat, series.files)]
    return SourceScan(
        where=series.folder if len(series.files) > 1 else series.files[0],
        participant=participant,
        session=" ".join(_examination(series)[1:]),
        identity=f"{header.get('SeriesInstanceUID')} {files} {frames}",
        n_voxels=n_slices * int(header.get("Rows") or 0) * int(header.get("Columns") or 0),
        read=partial(converted, series, frames),
        values=_values(series, frames),
        sidecar=_sidecar(series, frames),
        tracer=_tracer(series.tracer),
        problems=tuple(problems),
    )


def converted(series, frames):
    """The image of a series by dcm2niix: the mean of its chosen frames, by their length.

    Parameters
    ----------
    series : Series
    frames : list of int

    Returns
    -------
    img : nibabel.Nifti1Image
        3D.
    facts : dict
        What the conversion has found, for the sidecar: nothing here.

    Raises
    ------
    ValueError
        If dcm2niix makes no image of it, or another than the header says.
    """
    with tempfile.TemporaryDirectory() as folder:
        # Links to the files of this series only: others may lie in the same folder, and so many
        # paths are more than a command line takes.
        inside, outside = Path(folder, "in"), Path(folder, "out")
        inside.mkdir()
        outside.mkdir()
        for k, path in enumerate(series.files):
            (inside / f"{k:06d}.dcm").symlink_to(path.absolute())
        command = [dcm2niix, "-b", "n", "-z", "n", "-f", "image", "-o", outside, inside]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        images = sorted(outside.glob("*.nii"))
        if len(images) != 1:
            said = re.findall(r"(?:Error|Warning): (.*)", done.stdout + done.stderr)
            raise ValueError(f"dcm2niix made {len(images)} images, expected one ({said[-1:]})")
        img = nib.load(images[0])
        data = np.asanyarray(img.dataobj).copy()  # before the folder goes
    data = mean_of_frames(data, frames, frame_times(series)[1])
    img, (normal, positions) = nib.Nifti1Image(data, img.affine), slice_positions(series)
    return (img if normal is None else upright(img, normal, positions)), {}


def age_of(header):
    """Age in whole years, or None.

    Parameters
    ----------
    header : pydicom.Dataset
        `PatientAge` as `064Y` (PS3.5, 6.2: AS); else from the dates of birth and examination,
        which shift together where somebody has shifted them.

    Returns
    -------
    int or None
    """
    if match := re.fullmatch(r"(\d{3})([DWMY])", str(header.get("PatientAge") or "")):
        per_year = {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}[match[2]]
        if int(match[1]):  # 000Y stands where somebody took the age away
            return int(int(match[1]) / per_year)
    born, seen = (str(header.get(key) or "") for key in ("PatientBirthDate", "StudyDate"))
    if not all(re.fullmatch(r"\d{8}", day) for day in (born, seen)):
        return None
    years = int(seen[:4]) - int(born[:4]) - (seen[4:] < born[4:])
    return years if 0 <= years <= OLDEST else None


def _examination(series):
    """Who was examined, and when: what orders the sessions of a participant."""
    keys = ("PatientID", "StudyDate", "StudyTime", "StudyInstanceUID")
    return tuple(str(series.first.get(key) or "") for key in keys)


def _tracer(item):
    """Name of the tracer as the scanner has it: coded, or free text."""
    coded = (item.get("RadiopharmaceuticalCodeSequence") or [{}])[0].get("CodeMeaning")
    return str(coded or item.get("Radiopharmaceutical") or "")


def _values(series, frames):
    """Columns of the scan table that a header has."""
    header, starts = series.first, frame_times(series)[0]
    sex = str(header.get("PatientSex") or "")
    start = starts[frames[0]] if frames else None
    return {
        "age": age_of(header),
        "sex": sex if sex in ("F", "M") else None,
        "injection_to_scan_min": None if start is None else round(start, 1),
    }


def _sidecar(series, frames):
    """Technical facts under the names of BIDS: numbers, and terms that the standard defines."""
    header, tracer = series.first, series.tracer
    starts, lengths = frame_times(series)
    dose, half_life = tracer.get("RadionuclideTotalDose"), tracer.get("RadionuclideHalfLife")
    decay = str(header.get("DecayCorrection") or "")
    facts = {
        "Modality": header.Modality,
        "Units": COUNTS.get(str(header.get("Units") or "")),
        "InjectedRadioactivity": dose and round(float(dose) * MBQ[header.Modality], 3),
        "InjectedRadioactivityUnits": dose and "MBq",
        "RadionuclideHalfLife": half_life and float(half_life),
        "DecayCorrection": decay if decay in ("START", "ADMIN", "NONE") else None,
        "FrameTimesStart": [starts[k] * 60 for k in frames if starts[k] is not None],
        "FrameDuration": [lengths[k] * 60 for k in frames if lengths[k]],
    }
    return {name: value for name, value in facts.items() if value}
