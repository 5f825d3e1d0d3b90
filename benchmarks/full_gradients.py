"""Cost of full-gradient maps, as ratios measured in one run; about a minute on two cores.

    python benchmarks/full_gradients.py

Prints, for one network of the study in its field of view and over the whole head, the time of the
maps of a batch of 16 scans against one forward-and-backward pass of the same batch, and against
an implementation that takes one sample, one layer and one channel at a time.
"""

import math
import time

import torch
import torch.nn.functional as F
from torch.nn.functional import cross_entropy

from datnet_core.network import build
from datnet_core.saliency.decomposition import full_gradients
from datnet_core.saliency.maps import saliency_map
from datnet_images.grid import field_of_view, study_grid
from datnet_study.study import read_study

BATCH, N_CLASSES, REPEATS = 16, 4, 5


def timed(call):
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def forward_and_backward(model, x, targets):
    """One pass as training does it, with the gradients of all weights."""
    model.zero_grad()
    cross_entropy(model(x), targets).backward()


def batched(model, x, targets):
    """Maps of the batch as the library makes them."""
    return saliency_map(full_gradients(model, x, targets), x.shape[2:])


def one_by_one(model, x, targets):
    """The same maps by one backward pass per sample and one interpolation per channel."""
    shape, maps = x.shape[2:], []
    for sample, target in zip(x, targets, strict=True):
        terms = full_gradients(model, sample[None], target[None])
        total = torch.zeros(shape)
        for term in (terms.input_term, *terms.bias_terms.values()):
            if term.ndim < 5:
                continue
            magnitude = term[0].abs()
            magnitude = magnitude - magnitude.min()
            magnitude = magnitude / magnitude.max().clamp_min(torch.finfo(term.dtype).tiny)
            for channel in magnitude:
                total += F.interpolate(channel[None, None], shape, mode="trilinear")[0, 0]
        maps.append(total)
    return torch.stack(maps)


def gradient_rows():
    """Times of both fields of view as rows of `performance`, each the best of several."""
    torch.manual_seed(0)
    study = read_study("data_manifest/paper.yaml")
    field = field_of_view(study.images.grid_mm, study.network.field_mm)
    shapes = {
        "field": tuple(part.stop - part.start for part in field),
        "whole_head": study_grid(study.images.grid_mm)[1],
    }
    model = build(N_CLASSES, study.network).to(memory_format=torch.channels_last_3d)
    model.train()(torch.rand(BATCH, 1, *shapes["field"]))  # fills batch norms
    model.eval()
    targets = torch.arange(BATCH) % N_CLASSES
    for name, shape in shapes.items():
        x = torch.rand(BATCH, 1, *shape).contiguous(memory_format=torch.channels_last_3d)
        step, maps = math.inf, math.inf
        for _ in range(REPEATS):  # in turn, so that a drift of the machine meets both
            step = min(step, timed(lambda x=x: forward_and_backward(model, x, targets)))
            maps = min(maps, timed(lambda x=x: batched(model, x, targets)))
        slow = timed(lambda x=x: one_by_one(model, x, targets))
        few = model, x[:2], targets[:2]
        difference = (one_by_one(*few) - batched(*few)).abs().max()
        title = f"maps of {' x '.join(map(str, shape))} voxels"
        yield f"maps.{name}.ms", title, 1000 * maps / BATCH, "ms a map"
        yield f"maps.{name}.passes", title, maps / step, "times a forward and a backward pass"
        alone = f"{title}, one by one"
        yield f"maps.{name}.one_by_one", alone, slow / maps, "times those of a batch"
        alone = f"{title}, largest difference of the two"
        yield f"maps.{name}.difference", alone, difference.item(), "in the unit of a map"


if __name__ == "__main__":
    for found in gradient_rows():
        print("{}: {:.3g} {}".format(*found[1:]))
