"""Ways to explain one logit per scan, under one signature, to set full gradients beside.

Not in the paper. The methods other than full gradients are those of Captum: input x gradient,
integrated gradients (arXiv:1703.01365), and occlusion (arXiv:1311.2901).
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from tqdm import TqdmWarning

from datnet_core.saliency.decomposition import full_gradients
from datnet_core.saliency.maps import saliency_map

with warnings.catch_warnings():  # Captum would like widgets for a bar that it never draws here
    warnings.simplefilter("ignore", TqdmWarning)
    from captum.attr import InputXGradient, IntegratedGradients, Occlusion

N_STEPS = 64  # of the integral: leaves out about 1% of the logit in networks of the demonstration
WINDOW, STRIDE = 3, 2  # of occlusion, voxels: 12 mm and 8 mm at 4 mm, the size of a nucleus


@dataclass(frozen=True)
class Method:
    """A way to explain a logit."""

    function: Callable
    needs: tuple[str, ...]  # what the function takes, of model, x, targets and baseline
    one_pass: bool = False  # a single backward pass, fast enough for many networks

    @property
    def uses_network(self):
        """Whether the map depends on a network at all."""
        return "model" in self.needs


def published(model, x, targets):
    """Full gradients, post-processed as published."""
    return saliency_map(full_gradients(model, x, targets), x.shape[2:], "published")


def complete(model, x, targets):
    """Full gradients, signed terms summed."""
    return saliency_map(full_gradients(model, x, targets), x.shape[2:], "complete")


def input_x_gradient(model, x, targets):
    """Input times gradient: the input term of full gradients alone."""
    x = x.detach().clone().requires_grad_()
    return InputXGradient(model).attribute(x, target=targets)[:, 0].detach()


def integrated_gradients(model, x, targets, baseline):
    """(x - baseline) times the mean gradient on the way from the baseline to x."""
    maps = IntegratedGradients(model).attribute(
        x, baseline[None], targets, n_steps=N_STEPS, internal_batch_size=max(len(x), 64)
    )
    return maps[:, 0].detach()


@torch.no_grad()
def occlusion(model, x, targets, baseline):
    """Fall of the logit when a cube of voxels is replaced by the baseline."""
    window = (1, *[min(WINDOW, n) for n in x.shape[2:]])
    strides = (1, *[min(STRIDE, n) for n in window[1:]])
    return Occlusion(model).attribute(
        x, window, strides, baseline[None].expand_as(x), targets, perturbations_per_eval=4
    )[:, 0]


def deviation(x, baseline):
    """Distance of the scan from the baseline, without any network: what a method has to beat."""
    return (x - baseline)[:, 0]


def uptake(x):
    """The scan itself: brightness alone ranks the striatum first."""
    return x[:, 0]


EXPLAINED = ("model", "x", "targets")
METHODS = {
    "full gradients, published": Method(published, EXPLAINED, one_pass=True),
    "full gradients, complete": Method(complete, EXPLAINED, one_pass=True),
    "input x gradient": Method(input_x_gradient, EXPLAINED, one_pass=True),
    "integrated gradients": Method(integrated_gradients, (*EXPLAINED, "baseline")),
    "occlusion": Method(occlusion, (*EXPLAINED, "baseline")),
    "deviation, no network": Method(deviation, ("x", "baseline")),
    "uptake, no network": Method(uptake, ("x",)),
}


def contrast(model, n_classes, first, second):
    """A model with one logit: that of a class minus that of another.

    What tells two diagnoses apart is this difference, log p_first - log p_second; every method of
    `METHODS` explains it as class 0 of the new model.

    Parameters
    ----------
    model : torch.nn.Module
        Logits (N, n_classes); shared, not copied.
    n_classes, first, second : int
        Number of classes, and the two of them.

    Returns
    -------
    torch.nn.Module
        Logits (N, 1), in the mode of the model.

    Raises
    ------
    ValueError
        If the two are no different classes of the model.

    Examples
    --------
    >>> logits = torch.tensor([[1.0, 5.0, 4.0]])
    >>> contrast(nn.Identity(), 3, first=2, second=0)(logits).item()
    3.0
    """
    if first == second or not {first, second} <= set(range(n_classes)):
        raise ValueError(f"classes are {first} and {second}; expected two of {n_classes}")
    difference = nn.Linear(n_classes, 1, bias=False)
    with torch.no_grad():
        difference.weight.zero_()
        difference.weight[0, first], difference.weight[0, second] = 1, -1
    like = next(model.parameters(), difference.weight)  # device and precision
    return nn.Sequential(model, difference.to(like.device, like.dtype)).train(model.training)


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

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2, 3)).eval()
    >>> x, baseline = torch.tensor([[[[[3.0, 1.0]]]]]), torch.ones(1, 1, 1, 2)
    >>> attribution("deviation, no network", model, x, torch.tensor([0]), baseline)
    array([[[[2., 0.]]]], dtype=float32)
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
    tensors = {"x": x, "targets": targets, "baseline": baseline}
    given = {"model": model} | {name: tensor.to(device) for name, tensor in tensors.items()}
    maps = METHODS[method].function(*(given[name] for name in METHODS[method].needs))
    return maps.float().cpu().numpy()
