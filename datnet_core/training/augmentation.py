"""Small changes of the scans that are learned from: what a network should not mind.

A head may lie a voxel aside, an uptake may be stronger in all places, noise is another in each
scan, and which side is worse says nothing about the diagnosis (open point A13).
"""

from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import pad

MIRRORED = 0.5  # share of the scans, with `flips`


class Changes(NamedTuple):
    """What happens to each scan of a batch.

    Attributes
    ----------
    mirrored : bool ndarray of shape (N,)
    shift : int ndarray of shape (N, 3)
        Voxels along each axis.
    contrast : ndarray of shape (N,)
        Factor on the differences from the mean of the scan.
    """

    mirrored: np.ndarray
    shift: np.ndarray
    contrast: np.ndarray

    def of(self, rows):
        """Changes of some of the scans."""
        return Changes(*(values[rows] for values in self))


def draw_changes(n, training, rng):
    """Draw what happens to the scans of a batch.

    Parameters
    ----------
    n : int
        Number of scans.
    training : TrainingSettings
        Its `flips`, `shift_voxels` and `contrast_sd`.
    rng : numpy.random.Generator

    Returns
    -------
    Changes

    Examples
    --------
    >>> from datnet_core.settings import TrainingSettings
    >>> still = TrainingSettings(flips=False)
    >>> draw_changes(2, still, np.random.default_rng(0)).mirrored
    array([False, False])
    """
    mirrored = rng.random(n) < MIRRORED * training.flips
    far = training.shift_voxels
    shift = rng.integers(-far, far, (n, 3), endpoint=True) if far else np.zeros((n, 3), int)
    sd = training.contrast_sd
    contrast = np.exp(sd * rng.standard_normal(n)) if sd else np.ones(n)
    return Changes(mirrored, shift, contrast)


def augmented(x, changes, noise_sd=0.0):
    """Scans after their changes, in place; noise comes from the generator of torch.

    Parameters
    ----------
    x : Tensor of shape (N, 1, X, Y, Z)
        Left and right are the first spatial axis.
    changes : Changes
    noise_sd : float
        In the unit of the volumes.

    Returns
    -------
    Tensor of shape (N, 1, X, Y, Z)
        Where a scan was moved away, its outermost voxels stand.
    """
    turned = torch.from_numpy(changes.mirrored)
    x[turned] = x[turned].flip(2)
    far = int(np.abs(changes.shift).max(initial=0))
    if far:
        wide = pad(x, [far] * 6, mode="replicate")  # (N, 1, X + 2 far, Y + 2 far, Z + 2 far)
        starts = (far - changes.shift).tolist()
        for volume, source, (i, j, k) in zip(x[:, 0], wide[:, 0], starts, strict=True):
            n_x, n_y, n_z = volume.shape
            volume.copy_(source[i : i + n_x, j : j + n_y, k : k + n_z])
    if (changes.contrast != 1).any():
        mean = x.mean(dim=(2, 3, 4), keepdim=True)
        factor = torch.from_numpy(changes.contrast).to(x.dtype).reshape(-1, 1, 1, 1, 1)
        x.sub_(mean).mul_(factor).add_(mean)
    if noise_sd:
        x.add_(torch.randn_like(x), alpha=noise_sd)
    return x
