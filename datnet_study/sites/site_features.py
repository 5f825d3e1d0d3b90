"""What a network has in front of its last layer, and what scans of another site change there."""

import copy

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import update_bn

from datnet_core.network import last_linear
from datnet_core.training.augmentation import augmented, draw_changes
from datnet_core.training.batches import batch, n_batches
from datnet_core.training.streams import Draws, stream_seed

N_PASSES = 5  # over the scans of a site, for its statistics
OTHER_SITE = 1  # last number of a stream of random numbers that belongs to the other site


class Pooled(nn.Module):
    """What a network has in front of its last layer: features (N, n_features) of volumes."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        """Pooled features of a batch of volumes (N, 1, X, Y, Z)."""
        *first, datnet = self.network if isinstance(self.network, nn.Sequential) else [self.network]
        for module in first:
            x = module(x)
        return datnet.head[:-1](datnet.encoder(datnet.pool(datnet.stem(x))))


def with_statistics_of(model, volumes, training):
    """A copy of a network whose batch norms have the means and variances of other scans.

    Parameters
    ----------
    model : torch.nn.Module
        Output of `network.build`, trained; it is not changed.
    volumes : ndarray of float32, shape (n_scans, X, Y, Z)
        Scans without labels; they pass a few times, changed as in the training.
    training : TrainingSettings

    Returns
    -------
    torch.nn.Module
        In evaluation mode. Weights are the same.

    References
    ----------
    Li et al. 2018, doi:10.1016/j.patcog.2018.03.005, adaptive batch normalization.
    """
    rng = np.random.default_rng(stream_seed(Draws.EPOCH, training.seed, OTHER_SITE))

    def batches():
        for _ in range(N_PASSES):
            order = rng.permutation(len(volumes))
            for rows in np.array_split(order, n_batches(len(order), training.batch_size)):
                yield changed_batch(volumes, rows, training, rng)

    own = copy.deepcopy(model)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(stream_seed(Draws.DROPOUT, training.seed, OTHER_SITE))
        update_bn(batches(), own)
    return own.eval()


@torch.inference_mode()
def features_of_scans(model, volumes, batch_size=16):
    """Features that a network has in front of its last layer.

    Parameters
    ----------
    model : torch.nn.Module
        Output of `network.build`, in evaluation mode.
    volumes : ndarray of float32, shape (n_scans, X, Y, Z)
    batch_size : int
        Scans at once.

    Returns
    -------
    ndarray of float32, shape (n_scans, n_features)
    """
    if not len(volumes):
        return np.empty((0, last_linear(model).in_features), np.float32)
    chunks = np.array_split(np.arange(len(volumes)), max(1, -(-len(volumes) // batch_size)))
    return np.concatenate([Pooled(model)(batch(volumes, rows)).numpy() for rows in chunks])


def changed_batch(volumes, rows, training, rng):
    """Scans as the recipe of a training changes them.

    Parameters
    ----------
    volumes : ndarray of float32, shape (n_scans, X, Y, Z)
    rows : int ndarray of shape (N,)
    training : TrainingSettings
    rng : numpy.random.Generator
        Draws the changes; noise comes from the generator of torch.

    Returns
    -------
    Tensor of shape (N, 1, X, Y, Z)
    """
    changes = draw_changes(len(rows), training, rng)
    return augmented(batch(volumes, rows), changes, training.noise_sd)
