"""Scans that teach a network, and batches of them as its input (open point A13)."""

from typing import NamedTuple

import numpy as np
import torch

from datnet_core.network import last_grid


class Scans(NamedTuple):
    """What a network learns from, and what ends its training; other rows have no influence.

    Attributes
    ----------
    volumes : ndarray of float32, shape (n_scans, X, Y, Z)
        Uptake ratios; of a memory map, only one batch at a time is in memory.
    labels : int ndarray of shape (n_scans,)
        Index of the diagnosis of each scan.
    learn, stop : int ndarray
        Rows to learn from, and rows whose loss ends the training; of no rows, the last epoch does.
    """

    volumes: np.ndarray
    labels: np.ndarray
    learn: np.ndarray
    stop: np.ndarray


def check_scans(scans, network, training, label):
    """Refuse scans that are too few or too small for a network; `label` names the model."""
    n_stop = int(training.early_stopping_on != "none")
    if len(scans.learn) < 2 or len(scans.stop) < n_stop:
        raise ValueError(
            f"model {label}: {len(scans.learn)} scan(s) to learn from and "
            f"{len(scans.stop)} to stop by, expected at least 2 and {n_stop}; add participants"
        )
    shape = scans.volumes.shape[1:]
    grid = last_grid(network.resized_to or shape, network.n_levels)
    if network.normalisation == "instance" and max(grid) == 1:
        raise ValueError(
            "network.normalisation 'instance' has nothing to average over: "
            f"{network.n_levels} levels leave one voxel of {' x '.join(map(str, shape))}; lower "
            "network.n_levels, widen network.field_mm, or take 'batch'"
        )


def n_batches(n_scans, batch_size):
    """Batches of an epoch, none smaller than asked for: a batch of one has no variance.

    Examples
    --------
    >>> n_batches(47, 16), n_batches(5, 16)
    (2, 1)
    """
    return max(1, n_scans // batch_size)


def n_epochs(n_scans, training):
    """Epochs at most: as many as `training.max_steps` and `training.max_epochs` allow.

    Parameters
    ----------
    n_scans : int
        Scans to learn from.
    training : TrainingSettings

    Returns
    -------
    int
        The epoch in which the last step falls is finished.

    Examples
    --------
    >>> from datnet_core.settings import TrainingSettings
    >>> n_epochs(160, TrainingSettings(max_steps=95, batch_size=16))
    10
    """
    limits = [training.max_epochs]
    if training.max_steps is not None:
        limits.append(-(-training.max_steps // n_batches(n_scans, training.batch_size)))
    return min(limit for limit in limits if limit is not None)


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

    Examples
    --------
    >>> order = balanced_order(np.array([0, 0, 0, 0, 0, 1]), np.random.default_rng(0))
    >>> int((order == 5).sum())
    3
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
    """Rows of an array of volumes as network input; only these rows are read.

    Parameters
    ----------
    volumes : ndarray of float32, shape (n_scans, X, Y, Z)
    rows : int array-like of shape (N,)

    Returns
    -------
    Tensor of shape (N, 1, X, Y, Z)

    Examples
    --------
    >>> batch(np.zeros((5, 6, 7, 8), np.float32), [3, 0]).shape
    torch.Size([2, 1, 6, 7, 8])
    """
    order = np.argsort(rows)  # a memory map is read fastest from front to back
    x = torch.from_numpy(np.ascontiguousarray(volumes[np.asarray(rows)[order]])[np.argsort(order)])
    return x.unsqueeze(1).contiguous(memory_format=torch.channels_last_3d)
