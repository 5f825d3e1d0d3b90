"""Batches of scans: which ones, in which order, and as network input (open point A13)."""

import numpy as np
import torch


def balanced_order(labels, rng):
    """Positions of as many scans as given, every class equally often up to one scan.

    Parameters
    ----------
    labels : int ndarray of shape (n,)
    rng : numpy.random.Generator

    Returns
    -------
    int ndarray of shape (n,)
        In random order; scans of a small class come several times, of a large one not all.
    """
    classes = np.unique(labels)
    shares = np.full(len(classes), len(labels) // len(classes))
    shares[rng.permutation(len(classes))[: len(labels) % len(classes)]] += 1
    picks = []
    for name, share in zip(classes, shares, strict=True):
        members = np.flatnonzero(labels == name)
        repeats = [rng.permutation(members) for _ in range(-(-share // len(members)))]
        picks.append(np.concatenate(repeats)[:share])
    return rng.permutation(np.concatenate(picks))


def batch(volumes, rows):
    """Rows of the array as network input, (N, 1, X, Y, Z); only these rows are read."""
    order = np.argsort(rows)  # a memory map is read fastest from front to back
    x = torch.from_numpy(np.ascontiguousarray(volumes[np.asarray(rows)[order]])[np.argsort(order)])
    return x.unsqueeze(1).contiguous(memory_format=torch.channels_last_3d)
