"""Binding ratios: conventional, and guided by the salient region of the network.

Paper section "Binding Ratio Analysis"; open point A8 (the ratios as a classifier).
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from datnet_core.images.atlas import region_fractions

SPECIFIC = ("putamen", "caudate")
BINDING_FEATURES = ("putamen_left", "putamen_right", "caudate_left", "caudate_right")


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
        raise ValueError(f"mean of the reference region is {np.min(nonspecific)}, expected > 0")
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
    """
    if volumes.shape[1:] != weights.shape:
        raise ValueError(f"volumes have shape {volumes.shape[1:]}, the region {weights.shape}")
    inside = weights > 0
    if not inside.any():
        raise ValueError("the region is empty")
    share = weights[inside].astype(np.float64)
    return np.array([volume[inside] @ share for volume in volumes]) / share.sum()


def own_region_means(volumes, regions):
    """Mean of each volume in a region of its own.

    Parameters
    ----------
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios.
    regions : bool ndarray of shape (n_scans, X, Y, Z)
        One region per scan.

    Returns
    -------
    ndarray of float64, shape (n_scans,)
        NaN where a region is empty.
    """
    return np.array(
        [
            volume[region].mean(dtype=np.float64) if region.any() else np.nan
            for volume, region in zip(volumes, regions, strict=True)
        ]
    )


def regional_binding(volumes, atlas, affine, reference_region):
    """Conventional binding ratios of putamen and caudate, both sides together and apart.

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

    Returns
    -------
    DataFrame of shape (n_scans, 6)
        Columns `putamen`, `caudate`, and the four of `FEATURES`.
    """
    shape = volumes.shape[1:]
    reference = region_means(volumes, region_fractions(atlas, reference_region, affine, shape))
    ratios = {}
    for region in (*SPECIFIC, *BINDING_FEATURES):
        specific = region_means(volumes, region_fractions(atlas, region, affine, shape))
        ratios[region] = binding_ratio(specific, reference)
    return pd.DataFrame(ratios)


def binding_classifier(class_prior):
    """Binding-ratio quantification as a classifier (A8).

    Parameters
    ----------
    class_prior : {"cohort", "uniform"}
        Whether its probabilities go by how common a class is, as those of the network do (A14).

    Returns
    -------
    sklearn.pipeline.Pipeline
        Multinomial logistic regression on standardised ratios.
    """
    weight = "balanced" if class_prior == "uniform" else None
    return make_pipeline(StandardScaler(), LogisticRegression(class_weight=weight, max_iter=1000))


def sides_unordered(left, right):
    """Features that are the same for an image and its mirror image.

    Which side of a patient is worse says nothing about the diagnosis; how much worse it is does.

    Parameters
    ----------
    left, right : ndarray of shape (n_scans, n_regions)
        Binding ratios.

    Returns
    -------
    ndarray of shape (n_scans, 2 * n_regions)
        Mean of both sides, then their absolute difference, by region.
    """
    return np.concatenate([(left + right) / 2, abs(left - right)], axis=1)


def class_proba(features, diagnosis, new_features, class_names, class_prior):
    """Probabilities of new scans from a classifier that learned from others.

    Parameters
    ----------
    features, new_features : ndarray of shape (n_scans, n_features)
        Binding ratios of the scans to learn from, and of those to judge.
    diagnosis : ndarray of str, shape (n_scans,)
        Labels of the scans to learn from.
    class_names : tuple of str
        Order of the columns.
    class_prior : {"cohort", "uniform"}
        As in `binding_classifier`.

    Returns
    -------
    ndarray of shape (n_new_scans, n_classes)
        0 for a class that none of the labels names.
    """
    fitted = binding_classifier(class_prior).fit(features, diagnosis)
    proba = np.zeros((len(new_features), len(class_names)))
    columns = [class_names.index(name) for name in fitted.classes_]
    proba[:, columns] = fitted.predict_proba(new_features)
    return proba


def out_of_fold_proba(features, diagnosis, fold, class_names, class_prior):
    """Probabilities of each scan from a classifier that never saw its fold.

    Parameters
    ----------
    features : ndarray of shape (n_scans, n_features)
        Binding ratios.
    diagnosis : ndarray of str, shape (n_scans,)
        Labels; those of a fold are not used for its own probabilities.
    fold : int ndarray of shape (n_scans,)
        Cross-validation fold.
    class_names : tuple of str
        Order of the columns.
    class_prior : {"cohort", "uniform"}
        As in `binding_classifier`.

    Returns
    -------
    ndarray of shape (n_scans, n_classes)
    """
    proba = np.zeros((len(features), len(class_names)))
    for k in np.unique(fold):
        held_out = fold == k
        proba[held_out] = class_proba(
            features[~held_out], diagnosis[~held_out], features[held_out], class_names, class_prior
        )
    return proba
