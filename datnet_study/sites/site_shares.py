"""Which people of a site are taken, so that diagnoses are as common as they are asked to be.

This makes an experiment: what a method does where diagnoses are as common as at the site it learned
from, and where they are not. The labels choose who takes part; nothing learns from them.
"""

import numpy as np

EQUAL = "equal shares"
UNEQUAL = "unequal shares"
COMMON = 0.7  # share of the first diagnosis among unequal ones, as in a clinic of few others


def shares_of(kind, classes):
    """Shares of the diagnoses: all equal, or the first one common and the others equally rare.

    Examples
    --------
    >>> shares_of("unequal shares", ("IPD", "MSA", "PSP", "NC"))
    {'IPD': 0.7, 'MSA': 0.1, 'PSP': 0.1, 'NC': 0.1}
    """
    if kind == EQUAL:
        return dict.fromkeys(classes, 1 / len(classes))
    rare = round((1 - COMMON) / (len(classes) - 1), 9)
    return {name: COMMON if k == 0 else rare for k, name in enumerate(classes)}


def drawn_with_shares(diagnosis, rows, shares, seed, most=None):
    """Rows of as many people as there are enough of, with given shares of the diagnoses.

    Parameters
    ----------
    diagnosis : str ndarray of shape (n_scans,)
    rows : int ndarray
        Scans to draw from, one of each person.
    shares : dict of str to float
        By diagnosis.
    seed : int
    most : int, optional
        People at most.

    Returns
    -------
    int ndarray
        In the order of the table.

    Raises
    ------
    ValueError
        If a diagnosis has nobody.

    Examples
    --------
    >>> diagnosis = np.array(["A", "A", "A", "A", "B", "B"])
    >>> drawn_with_shares(diagnosis, np.arange(6), {"A": 0.5, "B": 0.5}, seed=0).shape
    (4,)
    """
    members = {name: rows[diagnosis[rows] == name] for name in shares}
    if lacking := [name for name, own in members.items() if not len(own)]:
        raise ValueError(
            f"nobody has the diagnosis {', '.join(lacking)}; expected people of each of "
            f"{', '.join(shares)}: leave it out of the shares, or add scans"
        )
    n = min(len(own) / shares[name] for name, own in members.items())
    n = n if most is None else min(n, most)
    rng = np.random.default_rng(seed)
    drawn = [
        rng.permutation(own)[: max(1, int(n * shares[name] + 1e-6))]
        for name, own in members.items()
    ]
    return np.sort(np.concatenate(drawn))
