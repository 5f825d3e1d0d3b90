"""Domain-adversarial training: labelled scans of one site, unlabelled scans of another.

The paper's outlook: carry the network over to another tracer and camera. A small second head tells
from the pooled features which site a scan is of; behind a layer that reverses its gradient, it
pushes the network towards features that do not say so (Ganin and Lempitsky 2015, arXiv:1409.7495).
Batches, changes of the scans, optimiser and running mean are those of `datnet_core.training`, so
that without a push the network is, to the byte, the one that `fit` trains on one CPU in float32.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel

from datnet_core.network import build, last_linear
from datnet_core.progress import progress
from datnet_core.training.batches import balanced_order, n_batches, n_epochs
from datnet_core.training.epochs import adam, running_mean
from datnet_core.training.streams import Draws, stream_seed
from datnet_study.sites.site_features import (
    OTHER_SITE,
    Pooled,
    changed_batch,
    with_statistics_of,
)

STEEPNESS = 10  # of the schedule, as in the article
HIDDEN = 16  # units of the head that tells sites apart
HEAD_RATE = 10  # times the learning rate: the network's is so low that the head would not follow it


class AtTwoSites(NamedTuple):
    """Networks with the same weights, one for each site; both in evaluation mode."""

    source: nn.Module
    target: nn.Module  # statistics of its batch norms are those of the unlabelled scans


class GradientReversal(torch.autograd.Function):
    """The identity, whose gradient is -factor times that of the identity."""

    @staticmethod
    def forward(ctx, x, factor):
        """The features as they are."""
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        """The gradient, reversed; the factor has none."""
        return -ctx.factor * gradient, None


def reversal_factor(progress_made, weight):
    """How strongly the gradient is reversed: weight (2 / (1 + exp(-10 p)) - 1).

    Parameters
    ----------
    progress_made : float
        p, the share of the training that is done, 0 to 1.
    weight : float
        Lambda, what the factor grows to.

    Returns
    -------
    float

    Examples
    --------
    >>> reversal_factor(0, 0.3), round(reversal_factor(1, 0.3), 4)
    (0.0, 0.3)
    """
    return float(weight * (2 / (1 + np.exp(-STEEPNESS * progress_made)) - 1))


def train_adversarial(scans, target, classes, *, network, training, weight):
    """Train a network on labelled scans of one site and unlabelled scans of another.

    loss = cross-entropy of the diagnoses + cross-entropy of the sites, with the gradient of the
    second reversed in front of its head. Each site has its own statistics in batch norms (Li et al.
    2018, doi:10.1016/j.patcog.2018.03.005), so unlabelled scans reach the weights through the
    reversed gradient alone. Always on a CPU, in float32, to the last epoch.

    Parameters
    ----------
    scans : Scans
        Of the labelled site; its rows `learn` teach.
    target : ndarray of float32, shape (n_target, X, Y, Z)
        Unlabelled scans of the other site. There is no argument for their labels.
    classes : sequence of str
        Diagnoses in the order of the logits.
    network, training : NetworkSettings, TrainingSettings
    weight : float
        Lambda; 0 for the same training without a push.

    Returns
    -------
    AtTwoSites

    Raises
    ------
    ValueError
        If there are fewer than two unlabelled scans, they have another shape, or the weight is
        negative.
    RuntimeError
        If the loss is no longer a number.
    """
    _check(scans, target, weight)
    seed = training.seed
    torch.manual_seed(stream_seed(Draws.WEIGHTS, seed, OTHER_SITE))
    head = domain_head(last_linear(build(len(classes), network)).in_features)
    torch.manual_seed(stream_seed(Draws.WEIGHTS, seed))
    model = build(len(classes), network).to(memory_format=torch.channels_last_3d)
    faster = replace(training, learning_rate=HEAD_RATE * training.learning_rate)
    optimizers = adam(model, training), adam(head, faster)
    longest = n_epochs(len(scans.learn), training)
    halving = {"factor": 0.5, "patience": (training.halve_after or longest) - 1, "threshold": 0}
    schedules = [ReduceLROnPlateau(optimizer, **halving) for optimizer in optimizers]  # as `fit`
    averaged = AveragedModel(model, multi_avg_fn=running_mean(training.averaging), use_buffers=True)
    for epoch in progress(range(longest), f"training against {len(target)} scans", unit="epoch"):
        torch.manual_seed(stream_seed(Draws.DROPOUT, seed, epoch, 0))
        loss = _epoch(
            (model, head), scans, target, averaged, optimizers, training,
            epoch=epoch, longest=longest, weight=weight,
        )  # fmt: skip
        if not np.isfinite(loss):
            raise RuntimeError(
                f"adversarial training: loss of epoch {epoch} is {loss}, expected a number; lower "
                "the weight or training.learning_rate"
            )
        for schedule in schedules:
            schedule.step(loss)
    source = averaged.module.eval()
    return AtTwoSites(source, with_statistics_of(source, target, training))


def domain_head(n_features):
    """Head that says how much a scan looks like one of the other site: a logit (N, 1)."""
    return nn.Sequential(nn.Linear(n_features, HIDDEN), nn.LeakyReLU(0.01), nn.Linear(HIDDEN, 1))


def _check(scans, target, weight):
    """Refuse what cannot teach."""
    if len(target) < 2 or target.shape[1:] != scans.volumes.shape[1:]:
        raise ValueError(
            f"unlabelled scans have the shape {target.shape}, expected at least 2 of "
            f"{scans.volumes.shape[1:]} voxels as the labelled ones; give more, on the same grid"
        )
    if weight < 0:
        raise ValueError(f"weight of the reversed gradient is {weight}, expected 0 or more")


def _epoch(modules, scans, target, averaged, optimizers, training, *, epoch, longest, weight):
    """One pass over the labelled scans, with as many unlabelled ones; mean loss of the labels."""
    model, head = modules
    model.train()
    rng = np.random.default_rng(stream_seed(Draws.EPOCH, training.seed, epoch))
    if training.balanced_classes:
        order = balanced_order(scans.labels[scans.learn], rng)
    else:
        order = rng.permutation(len(scans.learn))
    steps = np.array_split(scans.learn[order], n_batches(len(order), training.batch_size))
    unlabelled = _target_features(model, target, [len(rows) for rows in steps], training, epoch)
    total = 0.0
    for step, (rows, others) in enumerate(zip(steps, unlabelled, strict=True)):
        features = Pooled(model)(changed_batch(scans.volumes, rows, training, rng))
        logits, y = last_linear(model)(features), torch.from_numpy(scans.labels[rows])
        loss = cross_entropy(logits, y)
        factor = reversal_factor((epoch + step / len(steps)) / longest, weight)
        seen = GradientReversal.apply(torch.cat([features, others]), factor)
        of_target = torch.cat([torch.zeros(len(features), 1), torch.ones(len(others), 1)])
        for optimizer in optimizers:
            optimizer.zero_grad()
        (loss + binary_cross_entropy_with_logits(head(seen), of_target)).backward()
        for optimizer in optimizers:
            optimizer.step()
        averaged.update_parameters(model)
        total += loss.item() * len(rows)
    return total / len(order)


def _target_features(model, target, sizes, training, epoch):
    """Yield, step by step, features (N, n_features) of as many unlabelled scans as labelled ones.

    They have the statistics of their own batch. The running statistics of the network and the
    random numbers of the labelled scans stay as they are: batch norms write into copies, and
    dropout and noise draw from a stream of their own.
    """
    rng = np.random.default_rng(stream_seed(Draws.EPOCH, training.seed, epoch, OTHER_SITE))
    rounds = -(-sum(sizes) // len(target))
    order = np.concatenate([rng.permutation(len(target)) for _ in range(rounds)])
    for step, rows in enumerate(np.split(order[: sum(sizes)], np.cumsum(sizes)[:-1])):
        seed = stream_seed(Draws.DROPOUT, training.seed, epoch, step, OTHER_SITE)
        pooled = Pooled(model)
        copies = {name: buffer.clone() for name, buffer in pooled.named_buffers()}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            x = changed_batch(target, rows, training, rng)
            features = functional_call(pooled, copies, (x,))
        yield features
