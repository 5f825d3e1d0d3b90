"""Does a saliency map depend on what the network learned? Weights randomised layer by layer.

Not in the paper; the model-parameter randomisation test of Adebayo et al. 2018 (arXiv:1810.03292).
"""

import copy
from dataclasses import replace
from fnmatch import fnmatch

import numpy as np
import torch
from scipy.stats import spearmanr

from datnet_core.network import Ensemble, build
from datnet_core.training.batches import batch


def blocks(model):
    """Names of the modules that make up a torch module, in the order in which they were declared.

    They are its children with weights; a sequence of blocks is listed block by block. Parallel
    networks (a `ModuleList`) are alike, and a `*` stands for their numbers.

    Examples
    --------
    >>> blocks(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)))
    ['0', '2']
    """
    names = []
    children = dict(model.named_children())
    weighted = [n for n, c in children.items() if next(c.parameters(), None) is not None]
    if len(weighted) == 1 and not isinstance(model, torch.nn.ModuleList):
        only = children[weighted[0]]
        if not isinstance(only, torch.nn.ModuleList) and next(only.children(), None) is not None:
            return [f"{weighted[0]}.{inner}" for inner in blocks(only)]  # a wrapper
    for name, child in children.items():
        inner_blocks = [b for b in child.children() if next(b.children(), None) is not None]
        if isinstance(child, torch.nn.ModuleList):
            names += [f"{name}.*.{inner}" for inner in blocks(child[0])]
        elif isinstance(child, torch.nn.Sequential) and inner_blocks:
            names += [f"{name}.{inner}" for inner in blocks(child)]
        elif next(child.parameters(), None) is not None:
            names.append(name)
    return names


def cascade(model, layers, seed=0):
    """Yield the model with ever more of its layers randomised.

    The entries of each weight, bias and running statistic are permuted. What was learned is gone,
    and the distribution of the values stays. (Drawing the start values again would set the bias
    of every batch norm to zero, and a full-gradient map would change for that reason alone.)

    Parameters
    ----------
    model : torch.nn.Module
        Left as it is; a copy is changed.
    layers : sequence of str
        Names of modules in the order of randomisation, usually from the output to the input; a
        `*` stands for any.
    seed : int
        Seed of the permutations.

    Yields
    ------
    layer : str
        The module that was randomised last.
    model : torch.nn.Module
        The same copy in every step: use it before the next.

    Raises
    ------
    ValueError
        If a name is no module of the model or has nothing to randomise.
    """
    changed = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(seed)
    modules = dict(changed.named_modules())
    for layer in layers:
        meant = [module for name, module in modules.items() if fnmatch(name, layer)]
        if not any(True for module in meant for _ in module.parameters()):
            raise ValueError(f"layer {layer!r} has no weights; the model has {list(modules)[1:]}")
        with torch.no_grad():
            for tensor in [t for m in meant for t in (*m.parameters(), *m.buffers())]:
                if tensor.is_floating_point():
                    order = torch.randperm(tensor.numel(), generator=generator)
                    tensor.copy_(tensor.flatten()[order].reshape(tensor.shape))
        yield layer, changed


def rank_correlation(maps_a, maps_b, mask):
    """Spearman correlation (N,) of two maps of each scan inside a mask; NaN if one is constant.

    Parameters
    ----------
    maps_a, maps_b : ndarray of shape (N, X, Y, Z)
        Magnitudes; pass absolute values of signed maps.
    mask : bool ndarray of shape (X, Y, Z)
        Voxels that count.
    """
    pairs = zip(maps_a[:, mask], maps_b[:, mask], strict=True)
    return np.array(
        [spearmanr(a, b).statistic if np.ptp(a) > 0 and np.ptp(b) > 0 else np.nan for a, b in pairs]
    )


@torch.no_grad()
def untrained_model(n_classes, network, volumes, seed=0, batch_size=16):
    """A model whose weights are drawn and never trained, in evaluation mode.

    Its batch norms get the mean and variance of the volumes: as they are drawn they would have no
    bias, and a full-gradient map would differ from that of a trained network for that reason alone.

    Parameters
    ----------
    n_classes : int
    network : NetworkSettings
    volumes : ndarray of float32, shape (n_scans, X, Y, Z)
        Network inputs, two or more; no label is needed.
    seed : int
        Of the weights.
    batch_size : int
        Volumes at once.

    Returns
    -------
    Ensemble
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        still = replace(network, dropout=0.0)
        members = [build(n_classes, still) for _ in range(network.n_members)]
    parts = np.array_split(np.arange(len(volumes)), max(1, len(volumes) // batch_size))
    for member in members:
        for module in member.modules():
            if hasattr(module, "momentum"):
                module.momentum = None  # the mean over all batches
        member.train()
        for rows in parts:
            member(batch(volumes, rows))
    model = Ensemble(members, network.both_sides).eval()
    return model.to(memory_format=torch.channels_last_3d)
