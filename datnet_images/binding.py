"""Binding ratios, conventional and in salient regions (paper section "Binding Ratio Analysis")."""

import numpy as np
import pandas as pd

from datnet_images.atlas import region_fractions


def sides(regions):
    """Names of both sides of regions, `<region>_left` and `<region>_right` of each: list of str."""
    return [f"{region}_{side}" for region in regions for side in ("left", "right")]


def binding_ratio(specific, nonspecific):
    """Binding ratio of mean counts.

    BR = (C_specific - C_nonspecific) / C_nonspecific; the field also writes SBR.

    Parameters
    ----------
    specific, nonspecific : float or ndarray
        Mean counts (or uptake ratios) of the target and of the reference region.

    Returns
    -------
    float or ndarray
        Unitless; 0 means no specific binding.

    Raises
    ------
    ValueError
        If a mean of the reference is not positive.
    """
    if not np.all(np.asarray(nonspecific) > 0):
        raise ValueError(
            f"mean of the reference region is {np.min(nonspecific)}, expected > 0: is it in the "
            "field of view, and is the image in MNI space?"
        )
    return (specific - nonspecific) / nonspecific


def region_means(volumes, weights):
    """Mean of each volume in a region.

    Parameters
    ----------
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios; a memory map is read scan by scan.
    weights : ndarray of shape (X, Y, Z)
        Share of each voxel that belongs to the region, 0-1, or a mask.

    Returns
    -------
    ndarray of float64, shape (n_scans,)

    Raises
    ------
    ValueError
        If shapes differ or the region is empty.

    Examples
    --------
    >>> volumes = np.array([[[[1.0, 2.0, 4.0]]]])
    >>> region_means(volumes, np.array([[[1.0, 0.5, 0.0]]]))  # (1 + 2/2) / 1.5
    array([1.33333333])
    """
    if volumes.shape[1:] != weights.shape:
        raise ValueError(
            f"volumes have shape {volumes.shape[1:]}, the region {weights.shape}; expected one grid"
        )
    inside = weights > 0
    if not inside.any():
        raise ValueError(
            f"the region has no voxel on the grid of shape {weights.shape}; expected at least one: "
            "use a finer images.grid_mm"
        )
    share = weights[inside].astype(np.float64)
    return np.array([volume[inside] @ share for volume in volumes]) / share.sum()


def own_region_means(volumes, regions):
    """Mean of each volume in a region of its own; NaN where that is empty.

    Parameters
    ----------
    volumes, regions : ndarray, bool ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios, and one region per scan.

    Returns
    -------
    ndarray of float64, shape (n_scans,)
    """
    pairs = zip(volumes, regions, strict=True)
    return np.array([v[r].mean(dtype=np.float64) if r.any() else np.nan for v, r in pairs])


def lower_side_left(volumes, atlas, affine, region):
    """Yield volumes turned so that the side of a region with less uptake lies on the left.

    A mean over people whose worse side is now the left one and now the right one is symmetric;
    turned first, it shows the asymmetry. Noise is turned as well, so that a mean of symmetric
    scans becomes slightly asymmetric.

    Parameters
    ----------
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios on a grid that is symmetric about x = 0, such as `grid.study_grid`.
    atlas : Atlas
    affine : ndarray of shape (4, 4)
        Voxel to mm.
    region : str
        With two sides in the atlas, such as `putamen`.

    Yields
    ------
    ndarray of shape (X, Y, Z)
        A scan after the other.
    """
    left, right = (
        region_means(volumes, region_fractions(atlas, side, affine, volumes.shape[1:]))
        for side in sides([region])
    )
    for volume, turn in zip(volumes, right < left, strict=True):
        yield volume[::-1] if turn else volume


def regional_binding(volumes, atlas, affine, reference_region, regions):
    """Conventional binding ratios of regions, both sides together and apart.

    Parameters
    ----------
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios on the study grid.
    atlas : Atlas
        Defines the regions.
    affine : ndarray of shape (4, 4)
        Voxel to mm of the study grid.
    reference_region : str
        Region without specific binding.
    regions : sequence of str
        Regions to measure, such as putamen and caudate in the paper; the atlas has both sides.

    Returns
    -------
    DataFrame of shape (n_scans, 3 * n_regions)
        A column for each of `regions`, then for each of their `sides`.
    """
    shape = volumes.shape[1:]
    reference = region_means(volumes, region_fractions(atlas, reference_region, affine, shape))
    ratios = {}
    for region in (*regions, *sides(regions)):
        specific = region_means(volumes, region_fractions(atlas, region, affine, shape))
        ratios[region] = binding_ratio(specific, reference)
    return pd.DataFrame(ratios)
