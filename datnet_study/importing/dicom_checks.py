"""What stands in the way of a DICOM series: a line each, with what was found and what to do."""

from collections import Counter

import numpy as np

from datnet_study.importing.dicom_geometry import SAME_MM, slice_positions
from datnet_study.importing.frames import frame_problems
from datnet_study.importing.timing import LONGEST_MIN, day_seconds, delay_min

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
    tracer = series.tracer
    given = day_seconds(tracer.get("RadiopharmaceuticalStartDateTime"))
    injected = (
        given if given is not None else day_seconds(tracer.get("RadiopharmaceuticalStartTime"))
    )
    frames = {}
    for header in series.headers:
        start = day_seconds(header.get("AcquisitionTime"))
        start = start if start is not None else day_seconds(header.get("SeriesTime"))
        after = delay_min(injected, start)
        known = after is not None and after < LONGEST_MIN
        length = float(header.get("ActualFrameDuration") or 0) / 60000  # ms
        frames.setdefault(frame_number(header), []).append((after if known else None, length))
    starts = [
        min((after for after, _ in frames[k] if after is not None), default=None)
        for k in sorted(frames)
    ]
    return starts, [frames[k][0][1] for k in sorted(frames)]


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
    problems = _kind(header)
    normal, positions = slice_positions(series)
    if normal is None and placed:
        problems.append(
            "no orientation or position of the image; left and right cannot be known: export it "
            "from the scanner's own archive"
        )
    elif normal is not None:
        problems += (_slices if header.Modality == "PT" else _frames)(series, positions)
    return problems + frame_problems(*frame_times(series), window_min)


def _kind(header):
    """The series is no uptake image, or not a reconstructed one."""
    units = str(header.get("Units") or "").strip()
    if units not in COUNTS:
        return [
            f"units {units!r}; expected {', '.join(filter(None, COUNTS))}: this is no image "
            "of counts (a map of attenuation?), take the emission series"
        ]
    kinds = [str(kind) for kind in header.get("ImageType") or []]
    if header.Modality == "NM" and NO_VOLUME & set(kinds):
        return [
            f"image type {' '.join(kinds)!r}; expected RECON TOMO: reconstruct the projections, "
            "and export the volume"
        ]
    return []


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
    packed = header.file_meta.TransferSyntaxUID.is_compressed
    if declared != n or (not packed and series.files[0].stat().st_size < n_bytes):
        return [f"fewer or more frames than the {declared} slices declared: export the file again"]
    if n < 2 or positions[0] == positions[1]:
        return [f"{n} frames without a distance; expected the slices of a volume: export it again"]
    return []
