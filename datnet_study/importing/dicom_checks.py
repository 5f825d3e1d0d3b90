"""What stands in the way of a DICOM series: a line each, with what was found and what to do."""

from collections import Counter

import numpy as np
from pydicom.uid import ImplicitVRLittleEndian

from datnet_study.importing.dicom_geometry import SAME_MM, slice_positions
from datnet_study.importing.frames import frame_problems
from datnet_study.importing.timing import believable, delay_min, injection_seconds, start_seconds

# Units that grow with the counts (PS3.3, C.8.9.1.1.3), and how BIDS writes them.
COUNTS = {"": "", "CNTS": "counts", "BQML": "Bq/mL", "GML": "g/mL", "CPS": "1/s", "NONE": "",
          "PROPCNTS": "", "PROPCPS": ""}  # fmt: skip

NO_VOLUME = {"TOMO", "STATIC", "DYNAMIC", "WHOLE BODY", "GATED", "GATED TOMO"}  # C.8.4.9.1.1


def frame_times(series):
    """Start and length of each frame of time.

    Parameters
    ----------
    series : Series

    Returns
    -------
    starts : list of float or None
        Minutes after injection; None where the header does not say it, or says half a day or more.
    lengths : list of float
        Minutes; 0 where the header does not say it.
    """
    injected = injection_seconds(series.tracer, series.first.get("TimezoneOffsetFromUTC"))
    frames = {}
    for header in series.headers:
        after = delay_min(injected, start_seconds(header))
        length = float(header.get("ActualFrameDuration") or 0) / 60000  # ms
        frames.setdefault(frame_number(header), []).append((after, length))
    starts = [
        min((after for after, _ in frames[k] if after is not None), default=None)
        for k in sorted(frames)
    ]
    return believable(starts), [frames[k][0][1] for k in sorted(frames)]


def frame_number(header):
    """Frame of time that a slice belongs to, from 0 (PS3.3, C.8.9.4.1.9)."""
    per_frame = int(header.get("NumberOfSlices") or 0)
    index = int(header.get("ImageIndex") or 0)
    dynamic = int(header.get("NumberOfTimeSlices") or 1) > 1
    return (index - 1) // per_frame if dynamic and per_frame and index else 0


def series_problems(series, window_min=None, placed=True):
    """Reasons to leave a series out.

    Parameters
    ----------
    series : Series
        Of modality PT or NM.
    window_min : (float, float), optional
        Minutes after injection that the scan has to lie in.
    placed : bool
        Whether the header has to say where the image lies.

    Returns
    -------
    list of str
        Empty if there is none.
    """
    header = series.first
    problems = kind_problems(header)
    normal, positions = slice_positions(series)
    if normal is None and placed:
        problems.append(
            "no orientation or position of the image; left and right cannot be known: export it "
            "from the scanner's own archive"
        )
    elif normal is not None:
        problems += (_slices if header.Modality == "PT" else _frames)(series, positions)
    return problems + frame_problems(*frame_times(series), window_min)


def kind_problems(header):
    """Reasons why a series is no image of uptake, so that no choice is left between it and others.

    Parameters
    ----------
    header : pydicom.Dataset
        Of modality PT or NM.

    Returns
    -------
    list of str
        Empty if there is none.
    """
    units = str(header.get("Units") or "").strip()
    if units not in COUNTS:
        return [
            f"units {units!r}; expected {', '.join(filter(None, COUNTS))}: this is no image "
            "of counts (a map of attenuation?), take the emission series"
        ]
    if "REPROJECTION" in _words(header, "SeriesType"):  # C.8.9.1.1.4
        return ["projections of a volume; expected its slices: take the series of type IMAGE"]
    corrected = _words(header, "CorrectedImage")  # C.8.9.1
    if header.Modality == "PT" and corrected and "ATTN" not in corrected:
        return [
            f"corrected for {' '.join(corrected)}; expected ATTN too, for without it the middle of "
            "the head is too dark: take the series with attenuation correction"
        ]
    kinds = _words(header, "ImageType")
    if header.Modality == "NM" and NO_VOLUME & set(kinds):
        return [
            f"image type {' '.join(kinds)!r}; expected RECON TOMO: reconstruct the projections, "
            "and export the volume"
        ]
    return []


def _words(header, name):
    """Values of an attribute that has one or several: list of str."""
    value = header.get(name) or []
    return [value] if isinstance(value, str) else [str(word) for word in value]


def _slices(series, positions):
    """Slices that are missing or there twice (PS3.3, C.8.9.1 declares their number)."""
    header, n_found = series.first, len(series.files)
    times = Counter(each.get("SOPInstanceUID") for each in series.headers).values()
    if n_twice := sum(n > 1 for n in times):
        return [f"{n_twice} of the files are there twice; expected once: remove the copies"]
    n_frames = int(header.get("NumberOfTimeSlices") or 1)
    n_declared = int(header.get("NumberOfSlices") or 0) * n_frames
    if n_declared and n_declared != n_found:
        return [f"{n_found} slices; the header declares {n_declared}: export the series again"]
    places = np.unique(np.round(positions / SAME_MM).astype(int)) * SAME_MM
    steps = np.diff(places)
    if len(places) < 2:
        return ["one slice; expected a volume: export the whole series"]
    if steps.max() - steps.min() > 2 * SAME_MM:
        return [
            f"slices {steps.min():.1f} to {steps.max():.1f} mm apart; expected one distance, so "
            "some are missing: export the series again"
        ]
    if len(places) * len({frame_number(h) for h in series.headers}) != n_found:
        return [f"{n_found} slices at {len(places)} places; expected one each: export frames apart"]
    return []


def _frames(series, positions):
    """Frames of an NM file that are missing (PS3.3, C.8.4.8), or are no slices of one volume."""
    header, n = series.first, len(positions)
    if len(series.files) > 1:
        return [f"{len(series.files)} files in one NM series; expected one: move the others away"]
    declared = int(header.get("NumberOfSlices") or n)
    n_bytes = n * header.Rows * header.Columns * int(header.get("BitsAllocated") or 16) // 8
    packed = header.file_meta.get("TransferSyntaxUID", ImplicitVRLittleEndian).is_compressed
    if declared != n or (not packed and series.files[0].stat().st_size < n_bytes):
        return [f"fewer or more frames than the {declared} slices declared: export the file again"]
    if n < 2 or positions[0] == positions[1]:
        return [f"{n} frames without a distance; expected the slices of a volume: export it again"]
    return []
