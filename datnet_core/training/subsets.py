"""Participants in an order whose beginnings are small cohorts, for learning curves.

Not in the paper. The first n of an order are a cohort of n, and the first m < n a part of it, so
that what a curve shows is the number of participants and not another draw.
"""

import numpy as np


def drawn_order(participant, diagnosis, seed):
    """Participants in a random order, each beginning of which has the shares of the diagnoses.

    The first of each diagnosis come before all others, so that no diagnosis is missing. Of the
    others, the k-th of the n of a diagnosis has the place (k + 1/2) / n, k from 0: the numbers of
    a beginning are as good as in proportion, and never fall when it grows.

    Parameters
    ----------
    participant, diagnosis : str array-like of shape (n_scans,)
        Person and label of each scan.
    seed : int
        Seed of the draw; the order of the scans has no influence.

    Returns
    -------
    ndarray of str, shape (n_participants,)

    Examples
    --------
    >>> people = [f"sub-{k}" for k in range(8)]
    >>> order = drawn_order(people, ["IPD"] * 6 + ["MSA"] * 2, seed=0)
    >>> sorted(order[:4].tolist())[-1] >= "sub-6", len(order)  # three of IPD, one of MSA
    (True, 8)
    """
    people, first = np.unique(np.asarray(participant), return_index=True)
    label = np.asarray(diagnosis)[first]
    shuffled = np.random.default_rng(seed).permutation(len(people))
    people, label = people[shuffled], label[shuffled]
    place = np.empty(len(people))
    for name in np.unique(label):
        group = np.flatnonzero(label == name)
        place[group] = (np.arange(len(group)) + 0.5) / len(group)
        place[group[0]] = 0
    return people[np.argsort(place, kind="stable")]


def first_rows(participant, diagnosis, size, seed):
    """Scans of the first participants of a drawn order.

    Parameters
    ----------
    participant, diagnosis, seed
        As in `drawn_order`.
    size : int or None
        Number of participants; None for all.

    Returns
    -------
    int ndarray
        Positions among the scans, in their order; all scans of whoever is drawn.

    Raises
    ------
    ValueError
        If there are fewer participants.

    Examples
    --------
    >>> first_rows(["a", "b", "a"], ["IPD", "MSA", "IPD"], 2, seed=0)
    array([0, 1, 2])
    """
    order = drawn_order(participant, diagnosis, seed)
    if size is not None and size > len(order):
        raise ValueError(
            f"{size} participants to learn from, and there are {len(order)}; lower "
            "learning_curve.sizes, or add participants"
        )
    return np.flatnonzero(np.isin(participant, order[:size]))
