"""One epoch of training: which scans, in which batches, how they are changed, what is judged.

Paper section "Deep Neural Network and its Interpretation": Adam, categorical cross-entropy; open
point A13.
"""

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import get_ema_multi_avg_fn

from datnet_core.network import last_linear
from datnet_core.training.augmentation import augmented, draw_changes
from datnet_core.training.batches import balanced_order, batch, n_batches
from datnet_core.training.prediction import predict


def running_mean(decay):
    """Update rule of the averaged weights for `torch.optim.swa_utils.AveragedModel`.

    mean_k = d_k mean_(k-1) + (1 - d_k) w_k with d_k = min(decay, (1 + k) / (10 + k)): in its first
    steps the mean follows the weights. With a constant decay it would hold on to the random start,
    and the early stopping would take that for the best epoch of a small cohort.

    Parameters
    ----------
    decay : float
        Share of the mean that a step keeps, 0 (the last weights) to below 1.

    Returns
    -------
    callable
        Of the averaged tensors, the current ones, and the number of steps so far.
    """

    def update(averaged, current, n_steps):
        k = int(n_steps)
        get_ema_multi_avg_fn(min(decay, (1 + k) / (10 + k)))(averaged, current, n_steps)

    return update


def adam(network, training):
    """Adam; the public code has an L2 penalty on the weights of the last layer alone.

    Parameters
    ----------
    network : torch.nn.Module
        Its last linear layer gets the penalty `training.head_l2`.
    training : TrainingSettings

    Returns
    -------
    torch.optim.Adam
    """
    last = last_linear(network).weight
    others = [p for p in network.parameters() if p is not last]
    # The gradient of l2 |w|^2 is 2 l2 w; PyTorch adds weight_decay w.
    groups = [{"params": others}, {"params": [last], "weight_decay": 2 * training.head_l2}]
    return torch.optim.Adam(groups, lr=training.learning_rate, fused=True)


def train_epoch(fabric, model, scans, *, averaged, optimizer, training, rng):
    """One pass over as many scans as there are to learn from.

    Parameters
    ----------
    fabric : lightning_fabric.Fabric
        Number type, device and number of devices.
    model : torch.nn.Module
        The network, which is changed.
    scans : Scans
    averaged : torch.optim.swa_utils.AveragedModel
        Running mean of the weights, which is changed too.
    optimizer : torch.optim.Optimizer
    training : TrainingSettings
    rng : numpy.random.Generator
        Draws the order and the changes of the scans.

    Returns
    -------
    float
        Mean cross-entropy.
    """
    model.train()
    if training.balanced_classes:
        order = balanced_order(scans.labels[scans.learn], rng)
    else:
        order = rng.permutation(len(scans.learn))
    share = slice(fabric.global_rank, None, fabric.world_size)  # of this device in each batch
    total = 0.0
    for rows in np.array_split(scans.learn[order], n_batches(len(order), training.batch_size)):
        changes = draw_changes(len(rows), training, rng).of(share)
        rows = rows[share]
        x = augmented(batch(scans.volumes, rows), changes, training.noise_sd)  # (N, 1, X, Y, Z)
        y = torch.from_numpy(scans.labels[rows])
        loss = cross_entropy(model(x.to(fabric.device)), y.to(fabric.device))
        optimizer.zero_grad()
        fabric.backward(loss)
        optimizer.step()
        averaged.update_parameters(model)
        total += loss.item() * len(rows)
    return float(fabric.all_reduce(total, reduce_op="sum")) / len(order)


def validation_loss(model, scans, batch_size):
    """Mean cross-entropy of the scans that end the training, each class weighing the same.

    Parameters
    ----------
    model : torch.nn.Module
        Judged in evaluation mode.
    scans : Scans
    batch_size : int
        Scans at once.

    Returns
    -------
    float
    """
    y = scans.labels[scans.stop]
    proba = predict(model.eval(), scans.volumes, scans.stop, batch_size)
    loss = -np.log(np.maximum(proba[np.arange(len(y)), y], 1e-12))
    return float(np.mean([loss[y == k].mean() for k in np.unique(y)]))
