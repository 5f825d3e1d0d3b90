"""One image in two places: found by its voxels, however the copy was made."""

import numpy as np
from scipy.spatial import cKDTree

from datnet_study.problems import problem_list

SAME = 0.003  # root mean square difference of ratios; noise alone makes more between two scans
N_VOXELS = 400  # of each scan, for a first look


def repeated_images(volumes):
    """Pairs of scans that hold the same image.

    A copy that was compressed, reoriented, rescaled or saved as another number type differs by
    rounding only.

    Parameters
    ----------
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios; a memory map is read scan by scan.

    Returns
    -------
    list of (int, int)
        Rows, the smaller first.

    Examples
    --------
    >>> volumes = np.random.default_rng(0).random((3, 4, 5, 6))
    >>> volumes[2] = volumes[0] + 1e-5
    >>> repeated_images(volumes)
    [(0, 2)]
    """
    step = max(round((volumes[0].size / N_VOXELS) ** (1 / 3)), 1)
    looks = np.stack([volume[::step, ::step, ::step].ravel() for volume in volumes])
    close = cKDTree(looks).query_pairs(2 * SAME * np.sqrt(looks.shape[1]))
    return [(int(a), int(b)) for a, b in sorted(close) if _difference(volumes, a, b) < SAME]


def refuse_repeated(scans, volumes):
    """Refuse a table in which an image stands twice, so that none is learned from and judged.

    Parameters
    ----------
    scans : DataFrame
        Output of `read_scans`.
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios of its rows.

    Raises
    ------
    ValueError
        A line for each pair.
    """
    names = scans["participant_id"] + "/" + scans["session_id"] + " (" + scans["path"] + ")"
    if pairs := repeated_images(volumes):
        raise problem_list(
            f"{len(pairs)} pair(s) of scans hold the same image; expected an image once: correct "
            "the paths, or take rows out of the table",
            [f"{names[a]} and {names[b]}" for a, b in pairs],
        )


def _difference(volumes, a, b):
    """Root mean square difference of two scans."""
    return float(np.sqrt(np.mean((volumes[a] - volumes[b]) ** 2)))
