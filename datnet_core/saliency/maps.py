"""Saliency maps from the terms of a full-gradient decomposition.

Paper section: saliency maps of DAT-Net, after Srinivas & Fleuret 2019 (arXiv:1905.00780).
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from datnet_core.saliency.decomposition import completeness_gap, full_gradients

LARGEST_GAP = 1e-3  # of a map that is not refused; rounding leaves 1e-6 in single precision
_INTERPOLATION = {1: "linear", 2: "bilinear", 3: "trilinear"}


def _rescaled_magnitude(term):
    """Absolute value rescaled to 0-1 per sample over all channels and voxels; 0 if constant."""
    magnitude = term.abs()
    axes = tuple(range(1, term.ndim))  # no flattening: it would copy channels-last tensors
    low, high = magnitude.amin(axes, keepdim=True), magnitude.amax(axes, keepdim=True)
    tiny = torch.finfo(term.dtype).tiny
    return magnitude.sub_(low).div_((high - low).clamp_min(tiny))


def _interpolated(channel_sum, shape, conserve_mass, align_corners):
    """Linear interpolation of (N, 1, *spatial_l) to (N, *shape)."""
    if channel_sum[0, 0].numel() == 1:  # exactly constant, free of the rounding of weights
        value = channel_sum[:, 0] / (math.prod(shape) if conserve_mass else 1)
        return value.expand(-1, *shape)
    mode = _INTERPOLATION[len(shape)]
    options = {"size": shape, "mode": mode, "align_corners": align_corners}
    if conserve_mass:
        # Dividing each source voxel by the total weight it gives makes its mass arrive whole.
        with torch.enable_grad():
            ones = torch.ones_like(channel_sum[:1]).requires_grad_()
            (weight,) = torch.autograd.grad(F.interpolate(ones, **options).sum(), ones)
        if (weight == 0).any():
            size = tuple(ones.shape[2:])
            raise ValueError(f"shape {shape} skips voxels of a layer of {size}; expected larger")
        channel_sum = channel_sum / weight
    return F.interpolate(channel_sum, **options)[:, 0]


def saliency_map(terms, shape, postprocess="published", align_corners=False):
    """One map per sample from the terms of the decomposition.

    ``"published"`` takes each term's absolute value, rescales it to 0-1 per sample over all
    channels, sums the channels, interpolates linearly and sums over the input and all layers
    (FullGrad, arXiv:1905.00780).
    ``"complete"`` sums the signed terms and interpolates so that each voxel of a layer keeps its
    mass: the map then sums to the logit less the terms without spatial axes.

    Terms without spatial axes (linear layers, norms after flattening) count in
    `decomposition.completeness_gap` but have no place in a map. Terms of a single voxel are
    kept: they interpolate to a constant, which leaves the ``"rescaled"`` and ``"highest_voxels"``
    regions of `top_region` alone and raises the floor that its other rules see.

    Parameters
    ----------
    terms : FullGradients
        Decomposition of N samples, output of `decomposition.full_gradients`.
    shape : tuple of int
        Spatial shape of the maps in voxels, usually that of the input.
    postprocess : {"published", "complete"}
        How terms become a map.
    align_corners : bool
        Where the voxels of a layer lie: the centres of its outer voxels at the corners of the map
        (true, as in the authors' code), or its outer edges at the edges of the map.

    Returns
    -------
    Tensor of shape (N, *shape)
        Unitless and non-negative if published; signed and in units of the logit if complete.

    Raises
    ------
    ValueError
        If `postprocess` is unknown or `shape` does not fit the terms.

    Examples
    --------
    >>> model = torch.nn.Conv1d(1, 1, 1, bias=False).eval()
    >>> model.weight.data[:] = 2
    >>> model = torch.nn.Sequential(model, torch.nn.AdaptiveAvgPool1d(1), torch.nn.Flatten()).eval()
    >>> terms = full_gradients(model, torch.tensor([[[1.0, 3.0]]]), [0])
    >>> saliency_map(terms, (2,), "complete")  # halves of 2 x 1 and 2 x 3
    tensor([[1., 3.]])
    """
    shape = tuple(shape)
    sums = {}  # layers of one size are summed first: one interpolation for each size
    for _, channel_sum in _channel_sums(terms, shape, postprocess):
        size = channel_sum.shape[2:]
        sums[size] = sums.get(size, 0) + channel_sum
    conserve_mass = postprocess == "complete"
    return sum(_interpolated(part, shape, conserve_mass, align_corners) for part in sums.values())


def layer_maps(terms, shape, postprocess="published", align_corners=False):
    """Part of `saliency_map` that comes from each layer; its arguments and errors apply.

    Returns
    -------
    dict of str to Tensor of shape (N, *shape)
        ``"input voxels"`` and then the layers with spatial axes, in the order of their calls; the
        parts add up to the map.
    """
    return {
        name: _interpolated(channel_sum, tuple(shape), postprocess == "complete", align_corners)
        for name, channel_sum in _channel_sums(terms, shape, postprocess)
    }


def _channel_sums(terms, shape, postprocess):
    """Yield name and post-processed channel sum (N, 1, *spatial_l) of each term with a place."""
    if postprocess not in ("published", "complete"):
        raise ValueError(f"postprocess is {postprocess!r}; expected 'published' or 'complete'")
    n_axes = terms.input_term.ndim - 2
    if len(shape) != n_axes or n_axes not in _INTERPOLATION:
        raise ValueError(f"shape is {tuple(shape)}; expected one to three axes, those of the input")
    for name, term in {"input voxels": terms.input_term, **terms.bias_terms}.items():
        if term.ndim == n_axes + 2:
            term = _rescaled_magnitude(term) if postprocess == "published" else term
            yield name, term.sum(1, keepdim=True)


def saliency_maps(model, volumes, targets, postprocess="published", chunk_size=16):
    """Saliency maps and completeness gaps of many volumes, a chunk at a time.

    Parameters
    ----------
    model, targets, postprocess
        As in `decomposition.full_gradients` and `saliency_map`; the model has one input channel,
        and its device and precision are used.
    volumes : ndarray of shape (N, X, Y, Z)
        Network inputs, already normalised; a memory map is read chunk by chunk.
    chunk_size : int
        Volumes per backward pass; bounds the memory.

    Returns
    -------
    maps, gaps : float32 ndarray of shape (N, X, Y, Z), float64 ndarray of shape (N,)
        Maps on the grid of the volumes; see `decomposition.completeness_gap`.

    Raises
    ------
    ValueError
        If lengths differ, `chunk_size` is below 1, or the terms of a scan do not add up to its
        logit; also see `decomposition.full_gradients`, `saliency_map`.
    """
    targets = np.asarray(targets)
    if targets.shape != volumes.shape[:1] or chunk_size < 1:
        raise ValueError(
            f"got volumes of shape {volumes.shape}, targets of shape {targets.shape}, chunk_size "
            f"{chunk_size}; expected one target per volume and chunk_size >= 1"
        )
    parameter = next(model.parameters())
    maps, gaps = np.empty(volumes.shape, np.float32), np.empty(len(volumes))
    for start in range(0, len(volumes), chunk_size):
        part = slice(start, start + chunk_size)
        x = torch.tensor(volumes[part], dtype=parameter.dtype, device=parameter.device)
        terms = full_gradients(model, x[:, None], targets[part])  # (n, 1, X, Y, Z)
        maps[part] = saliency_map(terms, volumes.shape[1:], postprocess).cpu()
        gaps[part] = checked_gap(terms)
    return maps, gaps


def checked_gap(terms):
    """Completeness gap (N,) of terms; refuses, by a `ValueError`, terms that miss their logit."""
    gap = completeness_gap(terms).cpu()
    if not gap.max() <= LARGEST_GAP:
        raise ValueError(
            f"terms miss {gap.max():.2g} of a logit, expected at most {LARGEST_GAP:g}: "
            "the model computes something outside its modules that is not piecewise linear"
        )
    return gap


def maps_of_classes(model, volumes, n_classes, mask, ways=("published",), chunk_size=16):
    """Maps of many volumes for every class, the voxels of a mask only.

    Parameters
    ----------
    model, volumes, chunk_size
        As in `saliency_maps`; its errors apply.
    n_classes : int
        Classes of the model, each explained for every volume.
    mask : bool ndarray of shape (X, Y, Z)
        Voxels to keep, V in number.
    ways : sequence of str
        Ways to make a map of the same terms, as `postprocess` of `saliency_map`.

    Returns
    -------
    list of float32 ndarray of shape (N, n_classes, V)
        One for each way.
    """
    shape = (len(volumes), n_classes, np.count_nonzero(mask))
    found = [np.empty(shape, np.float32) for _ in ways]
    parameter = next(model.parameters())
    for start in range(0, len(volumes), chunk_size):
        part = slice(start, start + chunk_size)
        x = torch.tensor(volumes[part], dtype=parameter.dtype, device=parameter.device)[:, None]
        for c in range(n_classes):
            terms = full_gradients(model, x, np.full(len(x), c))
            checked_gap(terms)
            for maps, way in zip(found, ways, strict=True):
                maps[part, c] = saliency_map(terms, mask.shape, way).cpu().numpy()[:, mask]
    return found
