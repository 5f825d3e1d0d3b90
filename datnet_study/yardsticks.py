"""What the network has to beat: binding ratios as a reader of scans uses them.

Open point A8. The published quantification has the ratios of both sides of putamen and caudate. A
linear classifier of these cannot see how much the two sides differ, which every reader looks at, so
the same ratios stand beside it as mean and difference of the sides, with more regions, and in SD of
controls of the same age.
"""

import numpy as np

from datnet_images.binding import regional_binding, sides
from datnet_study.binding_classifier import sides_unordered
from datnet_study.titles import AGED, FINER, RATIOS, UNEVEN

FEWEST_CONTROLS = 10  # for a line over age and the SD about it
MORE = ("putamen_anterior", "putamen_posterior", "midbrain")


def yardstick_features(volumes, atlas, affine, images, ages=None):
    """Binding ratios of each yardstick.

    Parameters
    ----------
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios on the study grid.
    atlas, affine
        As in `regional_binding`; its errors apply.
    images : Images
        Settings of the study: `regions` and `reference_region`.
    ages : ndarray of shape (n_scans,), optional
        Years, of `known_ages`.

    Returns
    -------
    dict of str to ndarray of shape (n_scans, n_features)
        By title: left and right of each region; mean and absolute difference of the sides; the same
        with the regions of `MORE` that the atlas has, if that adds any; with ages, the second again
        and the age, for a classifier that adjusts for it by the controls.
    """
    more = [name for name in MORE if set(sides([name])) <= set(atlas.names)]
    regions = list(dict.fromkeys([*images.regions, *more]))
    ratios = regional_binding(volumes, atlas, affine, images.reference_region, regions)
    own, every = (
        ratios[sides(names)].to_numpy().reshape(len(ratios), -1, 2)  # (scans, regions, sides)
        for names in (images.regions, regions)
    )
    features = {
        RATIOS: own.reshape(len(own), -1),
        UNEVEN: sides_unordered(own[..., 0], own[..., 1]),
        FINER: sides_unordered(every[..., 0], every[..., 1]),
    }
    if len(regions) == len(images.regions):
        del features[FINER]
    if ages is not None:
        features[AGED] = np.column_stack([features[UNEVEN], ages])
    return features


def known_ages(scans, control):
    """Ages of all scans, if they and the controls allow to adjust binding ratios for age.

    Parameters
    ----------
    scans : DataFrame of shape (n_scans, ...)
        Scan table with cohorts and folds.
    control : str or None
        Name of the controls.

    Returns
    -------
    ndarray of shape (n_scans,) or None
        Years; None where the age of a scan that learns or is judged is missing, or where the
        controls that a fold leaves are fewer than `FEWEST_CONTROLS`, or all of one age.
    """
    learn = scans[scans["cohort"] == "training"]
    controls = learn[learn["diagnosis"] == control]
    left = len(controls) - controls["fold"].value_counts().max() if len(controls) else 0
    used = scans.loc[scans["cohort"].isin(["training", "blind_test"]), "age"]
    if left < FEWEST_CONTROLS or used.isna().any() or controls["age"].nunique() < FEWEST_CONTROLS:
        return None
    return scans["age"].to_numpy(dtype=float)


def with_proba(scans, proba, class_names):
    """A table of scans with a column `p_<class>` for each class, in the order of the rows."""
    columns = [f"p_{name}" for name in class_names]
    return scans.assign(**dict(zip(columns, proba.T, strict=True)))


def by_method(table):
    """Tables of a file of several classifiers, by their titles in the column `method`.

    Parameters
    ----------
    table : DataFrame
        The tables below each other.

    Returns
    -------
    dict of str to DataFrame
        In the order of the file, each without the column and with rows from 0.
    """
    return {
        method: rows.drop(columns="method").reset_index(drop=True)
        for method, rows in table.groupby("method", sort=False)
    }
