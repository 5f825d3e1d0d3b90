"""Which layers a saliency map comes from: the mean map of each layer, and what it adds.

Not in the paper, which shows the sum over layers. Layers near the output have a few voxels per
side and many channels; rescaled one by one and summed, they can outweigh the others.
"""

import numpy as np
import pandas as pd
import torch

from datnet_core.saliency.decomposition import full_gradients
from datnet_core.saliency.maps import layer_maps


def mean_layer_maps(
    model, volumes, targets, postprocess="published", chunk_size=16, *, align_corners=False
):
    """Mean map of each layer over scans.

    Parameters
    ----------
    model, volumes, targets, postprocess, chunk_size, align_corners
        As in `maps.saliency_maps` and `maps.saliency_map`.

    Returns
    -------
    maps : dict of str to ndarray of shape (X, Y, Z)
        By layer as in `maps.layer_maps`; their sum is the mean of the saliency maps.
    grids : dict of str to tuple of int
        Number of channels and voxels along each axis of the same layers.
    """
    parameter = next(model.parameters())
    sums, grids = {}, {}
    for start in range(0, len(volumes), chunk_size):
        part = slice(start, start + chunk_size)
        x = torch.tensor(volumes[part], dtype=parameter.dtype, device=parameter.device)
        terms = full_gradients(model, x[:, None], targets[part])
        every = {"input voxels": terms.input_term} | terms.bias_terms
        for name, maps in layer_maps(terms, volumes.shape[1:], postprocess, align_corners).items():
            sums[name] = sums.get(name, 0) + maps.sum(0, dtype=torch.float64).cpu().numpy()
            grids[name] = tuple(every[name].shape[1:])
    return {name: total / len(volumes) for name, total in sums.items()}, grids


def by_grid(maps, grids, mask):
    """Sum the layers of each grid, and say what each adds to the whole map.

    With m_g the map of grid g and M their sum, both over the voxels of the mask: the share of the
    sum is sum(m_g) / sum(M), the share of the pattern cov(m_g, M) / var(M). A layer of one voxel
    adds to the sum and nothing to the pattern. Both add up to 1.

    Parameters
    ----------
    maps, grids : dict
        Output of `mean_layer_maps`.
    mask : bool ndarray of shape (X, Y, Z)
        Brain voxels.

    Returns
    -------
    grid_maps : dict of str to ndarray of shape (X, Y, Z)
        By size of the grid such as ``"11 x 10 x 9"``, the finest first.
    table : DataFrame
        `grid`, `shape` (the same as a tuple of int), `layers`, `channels` (of all its layers),
        `share_of_sum`, `share_of_pattern`.

    Examples
    --------
    >>> ramp, flat = np.arange(4.0).reshape(1, 2, 2), np.full((1, 2, 2), 4.0)
    >>> grids = {"input voxels": (1, 1, 2, 2), "last": (8, 1, 1, 1)}
    >>> table = by_grid({"input voxels": ramp, "last": flat}, grids, flat > 0)[1]
    >>> table["shape"].tolist(), table["share_of_pattern"].tolist()
    ([(1, 2, 2), (1, 1, 1)], [1.0, 0.0])
    """
    names = {}
    for name, (_, *size) in grids.items():
        names.setdefault(tuple(size), []).append(name)
    whole = sum(maps.values())[mask]
    grid_maps, rows = {}, []
    for size in sorted(names, key=np.prod, reverse=True):
        label = " x ".join(map(str, size))
        grid_maps[label] = sum(maps[name] for name in names[size])
        inside = grid_maps[label][mask]
        covariance = ((inside - inside.mean()) * (whole - whole.mean())).mean()
        # A layer that sees the scan and its mirror image counts once: its second call is "name#2".
        channels_of = {name.split("#")[0]: grids[name][0] for name in names[size]}
        pattern = covariance / whole.var() if np.ptp(inside) > 0 else 0.0
        rows.append(
            {
                "grid": label,
                "shape": size,
                "layers": len(channels_of),
                "channels": sum(channels_of.values()),
                "share_of_sum": inside.sum() / whole.sum(),
                "share_of_pattern": pattern,
            }
        )
    return grid_maps, pd.DataFrame(rows)
