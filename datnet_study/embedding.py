"""What a network knows of a scan before its last layer: the pooled features.

Not in the paper, which joins probabilities with the clinical data. Features of different models lie
in different spaces: only those of one model can be compared with each other.
"""

import numpy as np
import torch

from datnet_core.network import last_linear
from datnet_core.training.batches import batch


@torch.inference_mode()
def pooled_features(model, volumes, rows, batch_size=16):
    """Features of scans that the last layer of a model turns into logits.

    Parameters
    ----------
    model : Ensemble
        Output of `load_model`, in evaluation mode.
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios; a memory map is read batch by batch.
    rows : int ndarray of shape (n,)
        Scans, `batch_size` at once.

    Returns
    -------
    ndarray of float64, shape (n, n_networks * n_features)
        Network after network; of a model that judges the mirror image too, the mean of both looks,
        from which the last layer makes the same mean logit.

    Raises
    ------
    ValueError
        If there is no row.
    """
    if len(rows) == 0:
        raise ValueError("no scan to take features of; expected at least one row")
    seen = {}
    hooks = [
        last_linear(network).register_forward_pre_hook(
            lambda _, given, k=k: seen.setdefault(k, []).append(given[0])
        )
        for k, network in enumerate(model.networks)
    ]
    device, parts = next(model.parameters()).device, []
    try:
        for chunk in np.array_split(rows, max(1, -(-len(rows) // batch_size))):
            seen.clear()
            model(batch(volumes, chunk).to(device))
            looks = [torch.stack(seen[k]).double().mean(0) for k in sorted(seen)]  # (N, n_features)
            parts.append(torch.cat(looks, 1).cpu().numpy())
    finally:
        for hook in hooks:
            hook.remove()
    return np.concatenate(parts)
