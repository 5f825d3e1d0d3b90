"""Full-gradient saliency of any convolutional torch module, with its completeness check.

Paper section: saliency maps of DAT-Net, after Srinivas & Fleuret 2019 (arXiv:1905.00780).

A network of affine layers, (leaky) ReLUs and pooling is affine around each input, so a logit f is
an input term plus one term per bias:  f(x) = <df/dx, x> + sum_l <df/dy_l, b_l>,  where y_l is the
output of layer l and b_l its bias, repeated over space.
"""

import math
from collections import Counter
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def _types(*kinds):
    """Torch modules of these kinds in 1, 2 and 3 dimensions."""
    return tuple(getattr(nn, f"{kind}{n}d") for kind in kinds for n in (1, 2, 3))


_NORMS = (*_types("BatchNorm", "InstanceNorm"), nn.GroupNorm)
_AFFINE = (*_types("Conv"), nn.Linear)
_HOMOGENEOUS = (
    *_types("MaxPool", "AvgPool", "AdaptiveAvgPool", "AdaptiveMaxPool", "Dropout"),
    *(nn.Dropout, nn.ReLU, nn.LeakyReLU, nn.Flatten, nn.Identity, nn.Upsample),
)
_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
LARGEST_GAP = 1e-3  # of a map that is not refused; rounding leaves 1e-6 in single precision
_INTERPOLATION = {1: "linear", 2: "bilinear", 3: "trilinear"}


class FullGradients(NamedTuple):
    """Signed terms that sum to one logit per sample; layer l has its own channels and grid."""

    logits: torch.Tensor  # (N,) of each sample's target class, before softmax
    input_term: torch.Tensor  # (N, C, *spatial), input times gradient
    bias_terms: dict[str, torch.Tensor]  # module name -> (N, C_l, *spatial_l); 2nd call: "name#2"


def _check_model(model):
    """Refuse training mode and modules that break the decomposition."""
    for name, module in model.named_modules():
        found = f"{name or 'model'} ({type(module).__name__})"
        has_children = next(module.children(), None) is not None
        # A built-in with children (attention, transformer) computes more than its children do.
        own_composite = has_children and not type(module).__module__.startswith("torch.nn")
        supported = isinstance(module, (*_NORMS, *_AFFINE, *_HOMOGENEOUS, *_CONTAINERS))
        if not (own_composite or supported):
            raise ValueError(
                f"{found} has no full-gradient decomposition; expected convolution, linear, batch/"
                "instance/group norm, ReLU, LeakyReLU, dropout, max/average pooling or flatten"
            )
        if module.training:
            raise ValueError(f"{found} is in training mode; call model.eval() first")
        if isinstance(module, _types("BatchNorm")) and module.running_mean is None:
            raise ValueError(f"{found} has no running statistics; expected track_running_stats")


def _linearised_norm(module, x):
    """Output of a norm as an affine map with constant statistics, and its implicit bias.

    With running statistics its own output is that already, and None stands for it.
    """
    n, n_channels = x.shape[:2]
    if getattr(module, "running_mean", None) is not None:
        var, mean = module.running_var[None], module.running_mean[None]  # (1, C)
    else:
        groups = getattr(module, "num_groups", n_channels)  # an instance norm has C groups of one
        grouped = x.detach().reshape(n, groups, -1)
        var, mean = torch.var_mean(grouped, dim=-1, correction=0)  # (N, groups)
        var, mean = (s.repeat_interleave(n_channels // groups, dim=1) for s in (var, mean))
    scale, beta = torch.rsqrt(var + module.eps), torch.zeros_like(var)
    if module.weight is not None:
        scale, beta = scale * module.weight.detach(), beta + module.bias.detach()
    tail = (1,) * (x.ndim - 2)
    scale, mean, beta = (s.reshape(*s.shape, *tail) for s in (scale, mean, beta))  # (., C, 1, ...)
    bias = beta - scale * mean
    if getattr(module, "running_mean", None) is not None:
        return None, bias
    # Subtracting the mean first avoids the cancellation of scale * x + shift in float32.
    return scale * (x - mean) + beta, bias


def full_gradients(model, x, targets):
    """Full-gradient decomposition (arXiv:1905.00780) of one logit per sample, in one backward pass.

    Convolutions and linear layers contribute their bias. Norms are affine maps with the implicit
    bias beta - gamma mu / sqrt(var + eps): mu and var are the running statistics of a batch norm;
    of an instance or group norm they are the statistics of this input, **held constant**. Else
    such a norm would be scale-invariant and the input term zero; held constant, the terms ignore
    how the statistics depend on the input (a voxel's part in shifting and rescaling its channel).

    Parameters
    ----------
    model : torch.nn.Module
        Network in eval mode returning logits (N, n_classes). Modules may be called in any order
        and more than once. Operations outside modules (sums, padding) are not checked:
        `completeness_gap` shows it if one breaks the identity.
    x : Tensor of shape (N, C, *spatial)
        Input batch on the device of the model.
    targets : int array_like of shape (N,)
        Class index whose logit is explained, per sample.

    Returns
    -------
    FullGradients
        Terms that add up to the logits.

    Raises
    ------
    ValueError
        If a module is unsupported or in training mode (the message has its path and type), or if
        logits or targets have the wrong shape or range.
    """
    _check_model(model)
    x = x.detach().requires_grad_()
    calls, outputs, biases = Counter(), [], {}

    def keep_output(name):
        def hook(module, inputs, output):
            if isinstance(module, _NORMS):
                linearised, bias = _linearised_norm(module, inputs[0])
                output = output if linearised is None else linearised
            elif isinstance(module, nn.Linear):
                bias = module.bias.detach()  # features are the last axis
            else:
                bias = module.bias.detach().reshape(1, -1, *(1,) * (output.ndim - 2))
            calls[name] += 1
            biases[name if calls[name] == 1 else f"{name}#{calls[name]}"] = bias
            outputs.append(output)
            return output.clone()  # an in-place ReLU then leaves the kept tensor alone

        return hook

    handles = [
        module.register_forward_hook(keep_output(name or "model"))
        for name, module in model.named_modules()
        if isinstance(module, _NORMS) or (isinstance(module, _AFFINE) and module.bias is not None)
    ]
    try:
        with torch.enable_grad():
            logits = _target_logits(model(x.clone()), targets, len(x))
            # Samples are independent in eval mode: the gradient of the sum holds each one's own.
            gradients = torch.autograd.grad(
                logits.sum(), [x, *outputs], allow_unused=True, materialize_grads=True
            )
    finally:
        for handle in handles:
            handle.remove()
    bias_terms = {
        name: (bias * gradient).movedim(-1, 1) if bias.ndim == 1 else bias * gradient
        for (name, bias), gradient in zip(biases.items(), gradients[1:], strict=True)
    }
    return FullGradients(logits.detach(), x.detach() * gradients[0], bias_terms)


def _target_logits(logits, targets, n):
    """Logit of each sample's target class, (N,)."""
    if logits.ndim != 2 or len(logits) != n:
        raise ValueError(f"model returned shape {tuple(logits.shape)}; expected ({n}, n_classes)")
    targets, n_classes = np.asarray(targets), logits.shape[1]
    valid = targets.dtype.kind in "iu" and np.isin(targets, range(n_classes)).all()
    if targets.shape != (n,) or not valid:
        raise ValueError(f"targets are {targets}; expected {n} integers from 0 to {n_classes - 1}")
    return logits[torch.arange(n), torch.from_numpy(targets.astype(np.int64))]


def completeness_gap(terms):
    """Distance of the sum of all terms from the logit, relative to the logit.

    gap = |logit - sum of terms| / max(|logit|, 1), with sums in float64. The floor of 1 keeps
    rounding at a logit near zero from looking large: probabilities depend on differences of
    logits, so a gap of 0.001 changes the odds by 0.1% there.

    Parameters
    ----------
    terms : FullGradients
        Decomposition of N samples.

    Returns
    -------
    float64 Tensor of shape (N,)
        Gap, unitless; about 1e-6 for a float32 network, 0 in exact arithmetic.
    """
    logits = terms.logits.double()
    every_term = (terms.input_term, *terms.bias_terms.values())
    total = sum(term.flatten(1).sum(1, dtype=torch.float64) for term in every_term)
    return (logits - total).abs() / logits.abs().clamp_min(1)


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
    `completeness_gap` but have no place in a map. Terms of a single voxel are kept: they
    interpolate to a constant, which leaves the ``"rescaled"`` and ``"highest_voxels"`` regions of
    `top_region` alone and raises the floor that its other rules see.

    Parameters
    ----------
    terms : FullGradients
        Decomposition of N samples.
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
    """
    shape = tuple(shape)
    sums = {}  # layers of one size are summed first: one interpolation for each size
    for _, channel_sum in _channel_sums(terms, shape, postprocess):
        size = channel_sum.shape[2:]
        sums[size] = sums.get(size, 0) + channel_sum
    conserve_mass = postprocess == "complete"
    return sum(_interpolated(part, shape, conserve_mass, align_corners) for part in sums.values())


def layer_maps(terms, shape, postprocess="published", align_corners=False):
    """Part of `saliency_map` that comes from each layer; the parts add up to it.

    Parameters
    ----------
    terms, shape, postprocess, align_corners
        As in `saliency_map`.

    Returns
    -------
    dict of str to Tensor of shape (N, *shape)
        ``"input voxels"`` and then the layers with spatial axes, in the order of their calls.

    Raises
    ------
    ValueError
        As `saliency_map`.
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
        As in `full_gradients` and `saliency_map`; the model has one input channel, and its
        device and precision are used.
    volumes : ndarray of shape (N, X, Y, Z)
        Network inputs, already normalised; a memory map is read chunk by chunk.
    chunk_size : int
        Volumes per backward pass; bounds the memory.

    Returns
    -------
    maps : float32 ndarray of shape (N, X, Y, Z)
        Maps on the grid of the volumes.
    gaps : float64 ndarray of shape (N,)
        See `completeness_gap`.

    Raises
    ------
    ValueError
        If lengths differ, `chunk_size` is below 1, or the terms of a scan do not add up to its
        logit; also see `full_gradients`, `saliency_map`.
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
        gaps[part] = completeness_gap(terms).cpu()
        if not gaps[part].max() <= LARGEST_GAP:
            raise ValueError(
                f"terms miss {gaps[part].max():.2g} of a logit, expected at most {LARGEST_GAP:g}: "
                "the model computes something outside its modules that is not piecewise linear"
            )
    return maps, gaps
