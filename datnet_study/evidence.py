"""What the regions of scans are made from: maps of fold models for every class, and images.

Paper section "Binding Ratio Analysis"; open point A3. `readings` turns it into binding ratios. With
maps of your own, fill in an `Evidence`: only the held-out maps are needed.
"""

from typing import NamedTuple

import numpy as np

from datnet_core.progress import progress
from datnet_core.saliency import maps_of_classes
from datnet_core.sanity import untrained_model


class Evidence(NamedTuple):
    """Maps and images of n scans, C classes, K folds and V voxels; None where there are no maps."""

    ratios: np.ndarray  # float32 (n, V) binding ratio in each voxel of the brain seen
    places: np.ndarray  # bool (Q, V) where regions are measured: everywhere, and in nuclei
    distance: np.ndarray  # (V,) see `centre_distance`
    fold: np.ndarray  # int (n,)
    predicted: np.ndarray  # int (n,) most probable class, by the model that never saw the scan
    held_out: np.ndarray  # float32 (n, C, V) map for each class by that model
    by_fold: np.ndarray | None = None  # float32 (K, n, C, V) by each model
    responses: np.ndarray | None = None  # (K, C, n, n) complete map of one scan times the other
    untrained: np.ndarray | None = None  # float32 (K, V)
    rule: str = "rescaled"  # of `top_region`
    threshold: float = 0.7


def explained(models, volumes, n_classes, mask, ratios, *, postprocess="published", chunk_size=16):
    """Maps of all scans by every fold model, and what its signed maps make of the scans.

    Parameters
    ----------
    models : sequence of K torch.nn.Module
    volumes : ndarray of shape (n, X, Y, Z)
        Network inputs.
    n_classes : int
    mask : bool ndarray of shape (X, Y, Z)
        The V voxels of the brain.
    ratios : ndarray of shape (n, V)
        Binding ratio in each voxel.
    postprocess, chunk_size
        As in `maps_of_classes`.

    Returns
    -------
    by_fold, responses : float32 ndarray of shape (K, n, C, V) and (K, C, n, n)
        Of `Evidence`.
    """
    by_fold, responses = [], []
    for model in progress(models, "maps of all classes", unit="fold model"):
        maps, complete = maps_of_classes(
            model, volumes, n_classes, mask, (postprocess, "complete"), chunk_size
        )
        by_fold.append(maps)
        responses.append(complete.transpose(1, 0, 2) @ ratios.T)
    return np.stack(by_fold), np.stack(responses)


def untrained_maps(network, volumes, n_classes, mask, fold, postprocess="published"):
    """Mean map (K, V) of a network with drawn weights for each fold, over classes and other scans.

    Parameters
    ----------
    network : NetworkSettings
    volumes, n_classes, mask, postprocess
        As in `explained`.
    fold : int ndarray of shape (n,)
    """
    found = []
    for k in progress(range(fold.max() + 1), "untrained networks", unit="fold"):
        others = volumes[fold != k]
        model = untrained_model(n_classes, network, others, seed=k)
        (maps,) = maps_of_classes(model, others, n_classes, mask, (postprocess,))
        found.append(maps.mean(axis=(0, 1)))
    return np.stack(found)


def centre_distance(mask):
    """Squared distance (V,) of the voxels of a mask from its box's centre, 1 at the faces.

    Examples
    --------
    >>> centre_distance(np.ones((2, 1, 4), bool)).round(2)
    array([0.81, 0.31, 0.31, 0.81, 0.81, 0.31, 0.31, 0.81])
    """
    half = np.array(mask.shape) / 2
    return (((np.argwhere(mask) + 0.5 - half) / half) ** 2).sum(axis=1)
