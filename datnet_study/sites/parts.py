"""Parts of the people of a site: what is fitted on some of them judges the others."""

import numpy as np


def part_of_people(participants, n_parts, seed=0):
    """Part of each scan; all scans of a person are in one, and no label has a say.

    Parameters
    ----------
    participants : array-like of str, shape (n_scans,)
    n_parts : int
    seed : int

    Returns
    -------
    int ndarray of shape (n_scans,)
        From 0; parts differ by one person at most.

    Examples
    --------
    >>> part_of_people(["a", "b", "a", "c"], 2).tolist()
    [1, 0, 1, 0]
    """
    people, of_scan = np.unique(np.asarray(participants, dtype=str), return_inverse=True)
    part = np.empty(len(people), dtype=int)
    part[np.random.default_rng(seed).permutation(len(people))] = np.arange(len(people)) % n_parts
    return part[of_scan]


def balanced_rows(rows, site):
    """Rows to learn from, repeated until each site has as many as the largest.

    Parameters
    ----------
    rows : int ndarray of shape (n,)
        Rows of the scan table.
    site : str ndarray of shape (n,)
        Site of each of them.

    Returns
    -------
    int ndarray

    Examples
    --------
    >>> balanced_rows(np.array([3, 4, 5]), np.array(["a", "a", "b"])).tolist()
    [3, 4, 5, 5]
    """
    groups = [rows[site == name] for name in dict.fromkeys(site.tolist())]
    most = max(len(group) for group in groups)
    return np.concatenate([np.resize(group, most) for group in groups])
