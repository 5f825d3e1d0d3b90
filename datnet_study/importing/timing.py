"""Minutes from injection to scan, from clock times of a DICOM header.

Days do not count: whatever has shifted the dates, or a midnight in between, two clock times of one
examination are less than a day apart. What this cannot be is found by its length.
"""

import re

DAY_S = 24 * 3600
LONGEST_MIN = 12 * 60  # half a day: beyond it, one of the clocks counted to 12, or runs wrong
EARLIEST_MIN = -10  # cameras are started before the injection, so that no activity is lost


def day_seconds(text):
    """Seconds since midnight of a DICOM time or date with time (PS3.5, 6.2: TM and DT).

    Parameters
    ----------
    text : str or None
        `HHMMSS.FFFFFF`, parts of it, or with a date of eight digits before it.

    Returns
    -------
    float or None
        None where it is no such time.

    Examples
    --------
    >>> day_seconds("131500.5"), day_seconds("20190823131500+0100"), day_seconds("13:15:00")
    (47700.5, 47700.0, 47700.0)
    """
    digits = str(text or "").replace(":", "").split("+")[0].split("-")[0].strip()
    whole, _, fraction = digits.partition(".")
    whole = whole[8:] if len(whole) > 6 else whole
    if not whole.isdigit() or len(whole) not in (2, 4, 6) or not (fraction or "0").isdigit():
        return None
    hours, minutes, seconds = (int(whole[k : k + 2] or 0) for k in (0, 2, 4))
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    return 3600.0 * hours + 60 * minutes + seconds + float(f"0.{fraction or 0}")


def injection_seconds(tracer, zone=None):
    """When the tracer was injected, by the clock of the scanner.

    Parameters
    ----------
    tracer : pydicom.Dataset
        Item of the tracer (PS3.3, C.8.9.2).
    zone : str, optional
        `TimezoneOffsetFromUTC` of the header (C.12.1.1.8), as `+0200`.

    Returns
    -------
    float or None
        Seconds since midnight.
    """
    whole, time = (tracer.get(f"RadiopharmaceuticalStart{kind}") for kind in ("DateTime", "Time"))
    given, clock = day_seconds(whole), day_seconds(time)
    offset, zone = zone_seconds(whole), zone_seconds(zone)
    if given is None or (offset is not None and zone is None and clock is not None):
        return clock  # which needs no zone, for it counts as the times of the images do
    return given if offset is None or zone is None else (given - offset + zone) % DAY_S


def start_seconds(header):
    """When the counts of an image began, by the clock of the scanner (PS3.3, C.8.9.4.1.4).

    Parameters
    ----------
    header : pydicom.Dataset

    Returns
    -------
    float or None
        Seconds since midnight. Where no time of acquisition is given, that of the series, and the
        time of the frame after it, which lies in the middle of the frame (C.8.9.4.1.5).
    """
    for name in ("AcquisitionTime", "AcquisitionDateTime"):
        if (start := day_seconds(header.get(name))) is not None:
            return start
    series = day_seconds(header.get("SeriesTime"))
    middle, length = (
        float(header.get(name) or 0) / 1000  # ms
        for name in ("FrameReferenceTime", "ActualFrameDuration")
    )
    return None if series is None else (series + max(middle - length / 2, 0)) % DAY_S


def zone_seconds(text):
    """Offset from UTC at the end of a date with time, or alone; None where there is none.

    Examples
    --------
    >>> zone_seconds("20190823131500+0130"), zone_seconds("-0500"), zone_seconds("20190823131500")
    (5400.0, -18000.0, None)
    """
    match = re.search(r"([+-])(\d\d)(\d\d)$", str(text or "").strip())
    return match and float(f"{match[1]}1") * (3600 * int(match[2]) + 60 * int(match[3]))


def believable(starts_min):
    """Delays of the frames of a scan, those shortly before the injection below 0.

    Parameters
    ----------
    starts_min : list of float or None
        From `delay_min`, 0 to a day.

    Returns
    -------
    list of float or None
        None for what is half a day or more.

    Examples
    --------
    >>> believable([1439.5, 59.5]), believable([1439.5]), believable([780.0])  # minutes
    ([-0.5, 59.5], [None], [None])
    """
    day = DAY_S / 60
    if any(start is not None and start < LONGEST_MIN for start in starts_min):
        starts_min = [
            start - day if start is not None and start - day >= EARLIEST_MIN else start
            for start in starts_min
        ]
    return [start if start is not None and start < LONGEST_MIN else None for start in starts_min]


def delay_min(injection, start):
    """Minutes from one clock time to the next time that the clock shows the other.

    Parameters
    ----------
    injection, start : float or None
        Seconds since midnight.

    Returns
    -------
    float or None

    Examples
    --------
    >>> delay_min(day_seconds("233000"), day_seconds("003000"))  # over midnight
    60.0
    """
    if injection is None or start is None:
        return None
    return (start - injection) % DAY_S / 60


def frames_within(starts_min, lengths_min, window_min):
    """Which frames lie in a window of time; half a minute at each end is forgiven.

    Parameters
    ----------
    starts_min, lengths_min : sequence of float
        Of each frame, minutes after injection and minutes.
    window_min : (float, float)

    Returns
    -------
    list of int

    Examples
    --------
    >>> frames_within([0, 60, 65, 70], [60, 5, 5, 10], (60, 75))
    [1, 2]
    """
    low, high = window_min[0] - 0.5, window_min[1] + 0.5
    pairs = zip(starts_min, lengths_min, strict=True)
    return [k for k, (start, n) in enumerate(pairs) if start >= low and start + n <= high]
