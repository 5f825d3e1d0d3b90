"""Frames of time: which to take, what is in the way, and their mean."""

import numpy as np

from datnet_study.importing.timing import frames_within


def frames_to_take(starts_min, lengths_min, window_min):
    """The frames that lie in the window, or the only one.

    Parameters
    ----------
    starts_min : list of float or None
        Minutes after injection; None where it is not known.
    lengths_min : list of float
    window_min : (float, float) or None

    Returns
    -------
    list of int

    Examples
    --------
    >>> frames_to_take([60, 65, 70], [5, 5, 5], (60, 70)), frames_to_take([None], [15], None)
    ([0, 1], [0])
    """
    if window_min is None:
        return [0] if len(starts_min) == 1 else []
    if None in starts_min:
        return []
    return frames_within(starts_min, lengths_min, window_min)


def frame_problems(starts_min, lengths_min, window_min):
    """Reasons why no frame can be taken: list of str. Parameters as `frames_to_take`."""
    if window_min is None:
        if len(starts_min) == 1:
            return []
        known = f" from {starts_min[0]:.0f} min on" if starts_min[0] is not None else ""
        return [f"{len(starts_min)} frames{known}; expected one: say which with WINDOW=60-75 (min)"]
    if None in starts_min:
        return [
            "no believable time from injection to scan; a window cannot be checked: correct the "
            "times of the header (a clock that counts to 12?), or give no WINDOW"
        ]
    if not frames_within(starts_min, lengths_min, window_min):
        pairs = zip(starts_min, lengths_min, strict=True)
        spans = ", ".join(f"{start:.0f}-{start + length:.0f}" for start, length in pairs)
        return [
            f"frames at {spans[:80]} min after injection; expected some within "
            f"{window_min[0]:g}-{window_min[1]:g}: give another WINDOW, or leave the scan out"
        ]
    return []


def mean_of_frames(data, frames, lengths):
    """Mean of some frames, by their length.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, n_frames) or (X, Y, Z)
    frames : list of int
    lengths : sequence of float, n_frames
        All count the same where one is 0, which stands for not known.

    Returns
    -------
    ndarray of shape (X, Y, Z)

    Examples
    --------
    >>> mean_of_frames(np.array([[[[1.0, 4.0, 9.0]]]]), [0, 1], [5, 10, 5])  # (5 + 40) / 15
    array([[[3.]]], dtype=float32)
    """
    if data.ndim == 3:
        return data
    weights = np.array(lengths, float)[frames]
    weights = weights if weights.all() else None
    return np.average(data[..., frames], axis=3, weights=weights).astype(np.float32)


def minutes_of(text):
    """Minutes after injection from and to, of `60-75`.

    Parameters
    ----------
    text : str

    Returns
    -------
    (float, float)

    Raises
    ------
    ValueError
        If these are no two numbers, or the second is not the larger one.

    Examples
    --------
    >>> minutes_of("60-75")
    (60.0, 75.0)
    """
    low, _, high = text.partition("-")
    try:
        window = float(low), float(high)
    except ValueError:
        window = 1.0, 0.0
    if window[0] >= window[1]:
        raise ValueError(f"window {text!r}; expected minutes after injection, such as 60-75")
    return window
