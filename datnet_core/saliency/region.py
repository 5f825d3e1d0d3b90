"""What of a map counts as "top 70%" (paper section "Binding Ratio Analysis"; open point A2)."""

import nibabel as nib
import numpy as np


def rescaled(saliency, brain_mask):
    """Map rescaled to 0-1 inside the brain, 0 outside; a constant map becomes 0."""
    inside = saliency[brain_mask]
    span = max(inside.max() - inside.min(), np.finfo(np.float32).tiny)
    return np.where(brain_mask, (saliency - inside.min()) / span, 0)


def top_region(saliency, brain_mask, rule="rescaled", threshold=0.7):
    """Top salient region of a map: the brain voxels at or above a cut.

    The paper's "top 70% salient region" has several readings, each with its own cut:
    ``"rescaled"`` (default) puts `threshold` on the map rescaled to 0-1 inside the brain;
    ``"of_maximum"`` cuts at `threshold` times the brain maximum, without rescaling;
    ``"highest_voxels"`` keeps the share `threshold` of the brain voxels that are highest;
    ``"mass"`` keeps the fewest voxels that hold the share `threshold` of the brain's saliency.
    Voxels tied at the cut are all kept, so the region does not depend on voxel order.

    Parameters
    ----------
    saliency, brain_mask : ndarray, bool ndarray of shape (X, Y, Z)
        Saliency map and brain voxels; values outside the brain have no influence.
    rule : {"rescaled", "of_maximum", "highest_voxels", "mass"}
        Reading of the published region.
    threshold : float
        Level or share, above 0 and at most 1.

    Returns
    -------
    bool ndarray of shape (X, Y, Z)
        Non-empty part of the brain; all of it where the map is constant.

    Raises
    ------
    ValueError
        If shapes differ, the brain is empty or holds non-finite saliency, the rule is unknown,
        the threshold is out of range, or ``"mass"`` meets negative saliency.

    Examples
    --------
    >>> saliency, brain = np.array([0.0, 5, 8, 10, 99]), np.array([True, True, True, True, False])
    >>> top_region(saliency, brain)  # at least 0.7 of the way from 0 to 10
    array([False, False,  True,  True, False])
    """
    brain, saliency = np.asarray(brain_mask, bool), np.asarray(saliency, np.float64)
    if saliency.shape != brain.shape:
        raise ValueError(
            f"saliency has shape {saliency.shape}, brain_mask {brain.shape}; expected one grid"
        )
    region = np.zeros_like(brain)
    region[brain] = top_voxels(saliency[brain][None], rule, threshold)[0]
    return region


def top_voxels(values, rule="rescaled", threshold=0.7):
    """`top_region` of many maps at once, each a row of the values in the brain.

    Parameters
    ----------
    values : ndarray of shape (N, V)
        Saliency of N maps in the V voxels of the brain.
    rule, threshold
        As in `top_region`; its errors apply.

    Returns
    -------
    bool ndarray of shape (N, V)
    """
    if values.shape[1] == 0 or not np.isfinite(values).all():
        raise ValueError(f"expected finite saliency in a brain; got {values.shape[1]} brain voxels")
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold}; expected above 0 and at most 1")
    high, low = values.max(axis=1), values.min(axis=1)
    if rule == "rescaled":
        cut = low + threshold * (high - low)
    elif rule == "of_maximum":
        cut = threshold * high
    elif rule == "highest_voxels":
        n_voxels = int(np.ceil(threshold * values.shape[1] - 1e-9))  # 0.55 * 100 is just above 55
        cut = np.sort(values, axis=1)[:, -max(n_voxels, 1)]
    elif rule == "mass" and low.min() >= 0:
        falling = np.sort(values, axis=1)[:, ::-1]
        mass = np.cumsum(falling, axis=1)
        n_below = (mass < threshold * mass[:, -1:]).sum(axis=1)
        cut = falling[np.arange(len(values)), n_below]
    else:
        raise ValueError(
            f"rule is {rule!r} and the minimum {low.min():.3g}; expected 'rescaled', 'of_maximum', "
            "'highest_voxels', or 'mass' with a minimum of at least 0"
        )
    # rounding or a negative maximum may exceed the highest value
    return values >= np.minimum(cut, high)[:, None]


def dice(one, other):
    """Overlap of two regions, 2 |A and B| / (|A| + |B|): 1 if equal, 0 if apart; NaN if empty."""
    total = np.count_nonzero(one) + np.count_nonzero(other)
    return 2 * np.count_nonzero(one & other) / total if total else np.nan


def share_in_region(maps, weights, mask):
    """Share of a map's sum over a mask that lies in a region.

    Parameters
    ----------
    maps : ndarray of shape (..., X, Y, Z)
        Values of 0 or more.
    weights, mask : ndarray, bool ndarray of shape (X, Y, Z)
        Share of each voxel that is in the region (`atlas.region_fractions`); voxels that count.

    Returns
    -------
    ndarray of shape (...,)
        0 to 1; the region's share of the mask's volume is chance. NaN for a map of zeros, which
        lies nowhere.
    """
    inside = maps[..., mask].astype(np.float64)
    with np.errstate(invalid="ignore"):
        return inside @ weights[mask] / inside.sum(axis=-1)


def region_row(saliency, weights, mask, brain_mask, affine):
    """How much of a map lies in a region, and where it is highest there.

    Parameters
    ----------
    saliency, weights : ndarray of shape (X, Y, Z)
        Map of 0 or more, 0 outside the brain; share of each voxel that is in the region.
    mask, brain_mask : bool ndarray of shape (X, Y, Z)
        Voxels of the region, for the peak, and of the brain, to which the shares refer.
    affine : ndarray of shape (4, 4)
        Voxel to mm.

    Returns
    -------
    dict
        `share` of the map, `share_of_brain` of the volume, their `ratio`, `peak` value and
        `peak_mm` (x, y, z); ratio and peak are NaN and None where the region has no voxel, share
        and ratio are NaN for a map of zeros.
    """
    share = share_in_region(saliency, weights, brain_mask)
    of_brain = np.mean(weights[brain_mask], dtype=np.float64)
    row = {"share": share, "share_of_brain": of_brain}
    row |= {"ratio": share / of_brain if of_brain > 0 else np.nan, "peak": np.nan, "peak_mm": None}
    if mask.any():
        voxel = np.unravel_index(np.where(mask, saliency, -np.inf).argmax(), mask.shape)
        place = nib.affines.apply_affine(affine, voxel).tolist()
        row |= {"peak": float(saliency[voxel]), "peak_mm": place}
    return row
