"""A saliency map as a detector of voxels that truly differ between diagnoses of the phantom.

Not in the paper. The truth are the effect maps that the phantom writes (`effects.effect_maps`).
"""

import nibabel as nib
import numpy as np
from sklearn.metrics import average_precision_score

from datnet_core.volumes import to_grid


def largest_effect(folder, diagnosis, others, affine, shape):
    """Largest |Cohen's d| of a diagnosis against any of the others, voxel by voxel.

    Parameters
    ----------
    folder : Path
        `truth/` of a phantom data set.
    diagnosis : str
    others : sequence of str
        Diagnoses it is compared with; itself is skipped.
    affine : ndarray of shape (4, 4)
        Grid of the result, voxel to mm.
    shape : tuple of 3 int

    Returns
    -------
    ndarray of shape `shape`
        Unitless, 0 or more; linear between the voxels of the phantom.

    Raises
    ------
    FileNotFoundError
        If the phantom has no map of a pair.
    """
    effects = []
    for other in others:
        if other == diagnosis:
            continue
        names = [f"effect_{a}-{b}_d.nii.gz" for a, b in ((diagnosis, other), (other, diagnosis))]
        found = [folder / name for name in names if (folder / name).is_file()]
        if not found:
            raise FileNotFoundError(f"{folder} has neither {names[0]} nor {names[1]}")
        img = nib.load(found[0])
        differs = img.get_fdata(dtype=np.float32).any()  # not where two diagnoses are made equal
        effects.append(np.abs(to_grid(img, affine, shape)) if differs else np.zeros(shape))
    return np.max(effects, axis=0)


def average_precision(maps, truth, mask):
    """Area under the precision-recall curve of each map as a detector of the true voxels.

    Parameters
    ----------
    maps : ndarray of shape (N, X, Y, Z)
        Scores, large where the voxel is said to differ.
    truth : bool ndarray of shape (X, Y, Z)
        Voxels that differ.
    mask : bool ndarray of shape (X, Y, Z)
        Voxels that count.

    Returns
    -------
    ndarray of shape (N,)
        0 to 1; the share of true voxels is chance. nan if no voxel in the mask differs.
    """
    inside = truth[mask]
    if not inside.any():
        return np.full(len(maps), np.nan)
    return np.array([average_precision_score(inside, scores) for scores in maps[:, mask]])


def pointing_game(maps, truth, mask):
    """Whether the highest voxel of each map in the mask truly differs (arXiv:1608.00507).

    Parameters
    ----------
    maps, truth, mask
        As in `average_precision`.

    Returns
    -------
    bool ndarray of shape (N,)
    """
    return truth[mask][maps[:, mask].argmax(axis=1)]


def region_shares(maps, weights, mask):
    """Share of the summed map that lies in a region.

    Parameters
    ----------
    maps : ndarray of shape (N, X, Y, Z)
        Values of 0 or more.
    weights : ndarray of shape (X, Y, Z)
        Share of each voxel that is in the region, `atlas.region_fractions`.
    mask : bool ndarray of shape (X, Y, Z)
        Voxels that count.

    Returns
    -------
    ndarray of shape (N,)
        0 to 1; the region's share of the mask's volume is chance.
    """
    inside = maps[:, mask].astype(np.float64)
    return inside @ weights[mask] / inside.sum(axis=1)
