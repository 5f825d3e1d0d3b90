"""Minutes from injection to scan, from clock times of a DICOM header.

Days do not count: whatever has shifted the dates, or a midnight in between, two clock times of one
examination are less than a day apart. What this cannot be is found by its length.
"""

DAY_S = 24 * 3600
LONGEST_MIN = 12 * 60  # half a day: beyond it, one of the clocks counted to 12, or runs wrong


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
