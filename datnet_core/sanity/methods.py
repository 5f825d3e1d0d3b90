"""Ways to explain one logit per scan, under one signature, to set full gradients beside.

Not in the paper. The methods other than full gradients are those of Captum: input x gradient,
integrated gradients (arXiv:1703.01365), and occlusion (arXiv:1311.2901).
"""

import warnings

import torch
from tqdm import TqdmWarning

from datnet_core.saliency.decomposition import full_gradients
from datnet_core.saliency.maps import saliency_map

with warnings.catch_warnings():  # Captum would like widgets for a bar that it never draws here
    warnings.simplefilter("ignore", TqdmWarning)
    from captum.attr import InputXGradient, IntegratedGradients, Occlusion

N_STEPS = 64  # of the integral: leaves out about 1% of the logit in networks of the demonstration
WINDOW, STRIDE = 3, 2  # of occlusion, voxels: 12 mm and 8 mm at 4 mm, the size of a nucleus


def published(model, x, targets, baseline):
    """Full gradients, post-processed as published; no baseline is used."""
    return saliency_map(full_gradients(model, x, targets), x.shape[2:], "published")


def complete(model, x, targets, baseline):
    """Full gradients, signed terms summed; no baseline is used."""
    return saliency_map(full_gradients(model, x, targets), x.shape[2:], "complete")


def input_x_gradient(model, x, targets, baseline):
    """Input times gradient: the input term of full gradients alone; no baseline is used."""
    x = x.detach().clone().requires_grad_()
    return InputXGradient(model).attribute(x, target=targets)[:, 0].detach()


def integrated_gradients(model, x, targets, baseline):
    """(x - baseline) times the mean gradient on the way from the baseline to x."""
    return (
        IntegratedGradients(model)
        .attribute(
            x, baseline[None], targets, n_steps=N_STEPS, internal_batch_size=max(len(x), 64)
        )[:, 0]
        .detach()
    )


@torch.no_grad()
def occlusion(model, x, targets, baseline):
    """Fall of the logit when a cube of voxels is replaced by the baseline."""
    window = (1, *[min(WINDOW, n) for n in x.shape[2:]])
    strides = (1, *[min(STRIDE, n) for n in window[1:]])
    return Occlusion(model).attribute(
        x, window, strides, baseline[None].expand_as(x), targets, perturbations_per_eval=4
    )[:, 0]


def deviation(model, x, targets, baseline):
    """Distance of the scan from the baseline, without any network: what a method has to beat."""
    return (x - baseline)[:, 0]


def uptake(model, x, targets, baseline):
    """The scan itself: brightness alone ranks the striatum first."""
    return x[:, 0]


METHODS = {
    "full gradients, published": published,
    "full gradients, complete": complete,
    "input x gradient": input_x_gradient,
    "integrated gradients": integrated_gradients,
    "occlusion": occlusion,
    "deviation, no network": deviation,
    "uptake, no network": uptake,
}


def attribution(method, model, x, targets, baseline):
    """Map of each scan by one method.

    Parameters
    ----------
    method : str
        A key of `METHODS`.
    model : torch.nn.Module
        In evaluation mode, one input channel, logits (N, n_classes).
    x : Tensor of shape (N, 1, X, Y, Z)
        Network inputs.
    targets : int Tensor of shape (N,)
        Class whose logit is explained.
    baseline : Tensor of shape (1, X, Y, Z)
        Scan that stands for the absence of evidence.

    Returns
    -------
    ndarray of float32, shape (N, X, Y, Z)
        Signed and in units of the logit; full gradients as published are unitless and not
        negative; deviation and uptake are in uptake ratio.

    Raises
    ------
    ValueError
        If the method is unknown, the model is in training mode, or the shapes do not fit.
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; expected one of {', '.join(METHODS)}")
    if model.training:
        raise ValueError("the model is in training mode; call model.eval() first")
    if baseline.shape != x.shape[1:] or len(targets) != len(x):
        raise ValueError(
            f"got x of shape {tuple(x.shape)}, baseline {tuple(baseline.shape)}, {len(targets)} "
            "targets; expected a baseline like one sample of x, and one target per sample"
        )
    device = next(model.parameters()).device
    found = METHODS[method](model, x.to(device), targets.to(device), baseline.to(device))
    return found.float().cpu().numpy()
