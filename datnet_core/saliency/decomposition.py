"""Full-gradient decomposition of any convolutional torch module, with its completeness check.

A network of affine layers, (leaky) ReLUs and pooling is affine around each input, so a logit f is
an input term plus one term per bias:  f(x) = <df/dx, x> + sum_l <df/dy_l, b_l>,  where y_l is the
output of layer l and b_l its bias, repeated over space (Srinivas & Fleuret 2019, arXiv:1905.00780).
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from datnet_core.network import MirrorImage


def _types(*kinds):
    """Torch modules of these kinds in 1, 2 and 3 dimensions."""
    return tuple(getattr(nn, f"{kind}{n}d") for kind in kinds for n in (1, 2, 3))


_NORMS = (*_types("BatchNorm", "InstanceNorm"), nn.GroupNorm)
_AFFINE = (*_types("Conv"), nn.Linear)
_HOMOGENEOUS = (
    *_types("MaxPool", "AvgPool", "AdaptiveAvgPool", "AdaptiveMaxPool", "Dropout"),
    *(nn.Dropout, nn.ReLU, nn.LeakyReLU, nn.Flatten, nn.Identity, nn.Upsample),
)
_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict, MirrorImage)


class FullGradients(NamedTuple):
    """Signed terms that sum to one logit per sample; layer l has its own channels and grid."""

    logits: torch.Tensor  # (N,) of each sample's target class, before softmax
    input_term: torch.Tensor  # (N, C, *spatial), input times gradient
    bias_terms: dict[str, torch.Tensor]  # module name -> (N, C_l, *spatial_l); 2nd call: "name#2"


def _check_model(model):
    """Refuse training mode and modules that break the decomposition."""
    for name, module in model.named_modules():
        named = f"{name or 'model'} ({type(module).__name__})"
        has_children = next(module.children(), None) is not None
        # A built-in with children (attention, transformer) computes more than its children do.
        own_composite = has_children and not type(module).__module__.startswith("torch.nn")
        supported = isinstance(module, (*_NORMS, *_AFFINE, *_HOMOGENEOUS, *_CONTAINERS))
        if not (own_composite or supported):
            raise ValueError(
                f"{named} has no full-gradient decomposition; expected convolution, linear, batch/"
                "instance/group norm, ReLU, LeakyReLU, dropout, max/average pooling or flatten"
            )
        if module.training:
            raise ValueError(f"{named} is in training mode; call model.eval() first")
        if isinstance(module, _types("BatchNorm")) and module.running_mean is None:
            raise ValueError(f"{named} has no running statistics; expected track_running_stats")


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
        `completeness_gap` shows it if one breaks the identity. Terms of a part that runs on the
        mirror image (`network.MirrorImage`) are turned back.
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

    Examples
    --------
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(2, 3)).eval()
    >>> terms = full_gradients(model, torch.rand(4, 1, 2), [0, 1, 2, 0])
    >>> bool((completeness_gap(terms) < 1e-5).all())
    True
    """
    _check_model(model)
    x = x.detach().requires_grad_()
    calls = Counter()
    outputs = []
    biases = {}

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
            mirrored = sum(mirror.in_use for mirror in mirrors) % 2
            biases[name if calls[name] == 1 else f"{name}#{calls[name]}"] = bias, mirrored
            outputs.append(output)
            return output.clone()  # an in-place ReLU then leaves the kept tensor alone

        return hook

    mirrors = [module for module in model.modules() if isinstance(module, MirrorImage)]
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
    bias_terms = {}
    for (name, (bias, mirrored)), gradient in zip(biases.items(), gradients[1:], strict=True):
        term = (bias * gradient).movedim(-1, 1) if bias.ndim == 1 else bias * gradient
        bias_terms[name] = term.flip(MirrorImage.AXIS) if mirrored and term.ndim == x.ndim else term
    return FullGradients(logits.detach(), x.detach() * gradients[0], bias_terms)


def _target_logits(logits, targets, n):
    """Logit of each sample's target class, (N,)."""
    if logits.ndim != 2 or len(logits) != n:
        raise ValueError(f"model returned shape {tuple(logits.shape)}; expected ({n}, n_classes)")
    targets = np.asarray(targets)
    n_classes = logits.shape[1]
    valid = targets.dtype.kind in "iu" and np.isin(targets, range(n_classes)).all()
    if targets.shape != (n,) or not valid:
        raise ValueError(f"targets are {targets}; expected {n} integers from 0 to {n_classes - 1}")
    return logits[torch.arange(n), torch.from_numpy(targets.astype(np.int64))]


def completeness_gap(terms):
    """Distance of the sum of all terms of `FullGradients` from the logit, relative to the logit.

    gap = |logit - sum of terms| / max(|logit|, 1), with sums in float64. The floor of 1 keeps
    rounding at a logit near zero from looking large: probabilities depend on differences of
    logits, so a gap of 0.001 changes the odds by 0.1% there.

    Returns
    -------
    float64 Tensor of shape (N,)
        Gap, unitless; about 1e-6 for a float32 network, 0 in exact arithmetic.
    """
    logits = terms.logits.double()
    every_term = (terms.input_term, *terms.bias_terms.values())
    total = sum(term.flatten(1).sum(1, dtype=torch.float64) for term in every_term)
    return (logits - total).abs() / logits.abs().clamp_min(1)
