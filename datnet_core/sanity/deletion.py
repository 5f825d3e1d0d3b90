"""Deletion and insertion: how the verdict changes with the voxels that a map points at.

Not in the paper; after RISE (arXiv:1806.07421). Needs no truth, so every study can run it.
"""

import numpy as np
import torch


@torch.inference_mode()
def perturbation_curves(model, x, targets, maps, baseline, mask, *, n_steps=20):
    """Probability of a class while voxels are replaced by a baseline, most salient first.

    Deletion starts from the scan and ends at the baseline; insertion goes the other way. Voxels
    outside the mask stay as they are, so the two curves meet each other's ends.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode.
    x : Tensor of shape (N, 1, X, Y, Z)
        Network inputs.
    targets : int array-like of shape (N,)
        Class whose softmax probability is followed.
    maps : ndarray of shape (N, X, Y, Z)
        Order of the voxels, the largest first; take the absolute value of a signed map if both
        signs count. Ties go by voxel order.
    baseline : Tensor of shape (1, X, Y, Z)
        What replaces a voxel. For an uptake ratio the mean of many scans: 0 would be a hole in
        the brain, and a blurred scan has less striatal uptake, which looks like disease.
    mask : bool ndarray of shape (X, Y, Z)
        Voxels that take part.
    n_steps : int
        Number of equal steps.

    Returns
    -------
    deletion, insertion : ndarray of shape (N, n_steps + 1)
        At shares 0, 1 / n_steps, ..., 1 of the voxels.

    Raises
    ------
    ValueError
        If the shapes do not fit or the mask is empty.
    """
    if maps.shape != (len(x), *x.shape[2:]) or mask.shape != maps.shape[1:] or not mask.any():
        raise ValueError(
            f"got x of shape {tuple(x.shape)}, maps {maps.shape}, mask {mask.shape} with "
            f"{mask.sum()} voxels; expected one map per sample and a mask that is not empty"
        )
    baseline = baseline.to(x.device)
    n, n_voxels = len(x), int(mask.sum())
    ranks = np.full(maps.shape, n_voxels)
    order = np.argsort(-maps[:, mask], axis=1, kind="stable")  # (N, voxels)
    ranks[:, mask] = np.argsort(order, axis=1)  # the inverse permutation
    ranks = torch.from_numpy(ranks)[:, None].to(x.device)
    inside = torch.from_numpy(mask).to(x.device)
    curves = np.empty((2, n, n_steps + 1))
    of_target = np.arange(n), np.asarray(targets)
    for step, count in enumerate(np.round(np.linspace(0, n_voxels, n_steps + 1)).astype(int)):
        first = ranks < count  # (N, 1, X, Y, Z)
        deleted = torch.where(first, baseline, x)
        inserted = torch.where(inside & ~first, baseline, x)
        for curve, changed in zip(curves, (deleted, inserted), strict=True):
            curve[:, step] = torch.softmax(model(changed).double(), 1).cpu().numpy()[of_target]
    return curves[0], curves[1]


def curve_area(curves):
    """Area (N,) under curves (N, n_steps + 1) over the share of voxels, by the trapezoidal rule.

    It lies from 0 to 1; low is good for deletion, high for insertion.

    Examples
    --------
    >>> curve_area(np.array([[1.0, 0.5, 0.0]]))
    array([0.5])
    """
    return np.trapezoid(curves, dx=1 / (curves.shape[1] - 1), axis=1)
