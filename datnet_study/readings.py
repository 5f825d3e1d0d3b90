"""The region that a scan is measured in, from readings that no label enters to circular ones.

Paper section "Binding Ratio Analysis"; open point A3: the paper does not say whose map makes the
region. Every reading cuts its map by the same rule; here are the ratios of all scans under each,
for the labels as they are and for as many others as are given.
"""

from typing import NamedTuple

import numpy as np

from datnet_core.saliency.region import top_voxels

ROWS = 250  # labellings at once; bounds the memory


class Reading(NamedTuple):
    """A source of the region: its title, and what labels have to do with it."""

    title: str
    sees_label: bool = False  # whether the label of a scan has a part in its own region
    fixed: bool = False  # whether no label at all has a part, with the networks as they are
    retrained: bool = False  # whether only networks that are trained anew can show its error rate


READINGS = {  # from honest to circular
    "box": Reading("whole box", fixed=True),
    "ellipsoid": Reading("ellipsoid in its centre"),
    "untrained": Reading("untrained networks", fixed=True),
    "cross_fitted": Reading("cross-fitted"),
    "one_scale": Reading("cross-fitted, folds on one scale"),
    "per_participant": Reading("own map, predicted class", fixed=True),
    "per_label": Reading("own map, class of the label", sees_label=True),
    "per_diagnosis": Reading("mean map of the diagnosis", sees_label=True),
    "trained_on": Reading("network that learned the scan", sees_label=True, retrained=True),
}
PATTERN = "pattern"  # weights in place of a region, one set for each two classes
CROSS_FITTED, DIAGNOSIS = "cross_fitted", "per_diagnosis"


def measured_ratios(evidence, labels):
    """Mean binding ratio of each scan in its region under every reading that the evidence allows.

    Parameters
    ----------
    evidence : Evidence
    labels : int ndarray of shape (P, n)
        Classes of the scans, P times; every choice that depends on a label is made again for each.

    Returns
    -------
    dict of str to ndarray of shape (P, n, Q) or (1, n, Q)
        By key of `READINGS`, in its order; one row where labels have no part. NaN where a region
        has no voxel in a place. On one scale, the unit is the SD of the scans of the other folds in
        the same region: regions differ from fold to fold, which spreads the ratios themselves.

    Examples
    --------
    Two voxels, two scans; the map of class 0 marks the first voxel, that of class 1 the second:

    >>> from datnet_study.evidence import Evidence
    >>> maps = np.array([[[1, 0], [0, 1]]] * 2, np.float32)
    >>> scans, no = np.array([[3, 5], [3, 5]], np.float32), np.zeros(2, int)
    >>> given = Evidence(scans, np.ones((1, 2), bool), np.zeros(2), no, no, maps)
    >>> measured_ratios(given, np.array([[0, 1], [1, 0]]))["per_label"][..., 0]
    array([[3., 5.],
           [5., 3.]])
    """
    every = np.arange(len(evidence.ratios))
    found = {"box": _means(np.ones((1, evidence.ratios.shape[1]), bool), evidence, every)}
    own = _own_means(evidence.held_out, evidence)
    if evidence.untrained is not None:
        regions = _regions(evidence.untrained, evidence)
        found["untrained"], _ = _by_fold(regions[:, None], evidence)
    if evidence.by_fold is not None:
        found[CROSS_FITTED], found["one_scale"], sizes = _cross_fitted(evidence, labels)
        found["ellipsoid"] = _ellipsoids(evidence, sizes)
        next_fold = (evidence.fold + 1) % len(evidence.by_fold)
        learned = _own_means(evidence.by_fold[next_fold, every], evidence)
        found["trained_on"] = learned[every, labels]
    found["per_participant"] = own[every, evidence.predicted][None]
    found["per_label"] = own[every, labels]
    found[DIAGNOSIS] = _of_diagnosis(evidence, labels)
    return {name: found[name] for name in READINGS if name in found}


def pattern_scores(evidence, labels, a, b):
    """Sum of each scan's ratios weighted by the cross-fitted contrast of two classes, (P, n).

    The weights of fold k are the mean over the scans of a and b in the other folds, both classes
    weighing the same, of the complete map for a minus that for b, by model k; so a higher score
    speaks for a. Scores are in SD of those other scans, whatever their label, by the same weights:
    else folds could not be compared. NaN where a class has no scan in the other folds.

    Parameters
    ----------
    evidence : Evidence
        With `responses`.
    labels
        As in `measured_ratios`.
    a, b : int
        Classes.
    """
    scores = np.full(labels.shape, np.nan)
    for k, response in enumerate(evidence.responses):
        others = evidence.fold != k
        weights = class_weights(labels[:, others], len(response))[..., [a, b]].mean(axis=-1)
        weights[~(labels[:, others, None] == [a, b]).any(axis=1).all(axis=1)] = np.nan
        all_scores = weights @ (response[a] - response[b])[others]  # (P, n)
        scores[:, ~others] = _scaled(all_scores, others)
    return scores


def cross_fitted_maps(evidence, labels, k):
    """Mean map (P, V) of model k over the scans of the other folds, every class weighing the same.

    What `saliency.cross_fitted_mean` gives for one labelling.
    """
    others = evidence.fold != k
    maps = evidence.by_fold[k][others]  # (m, C, V)
    weights = class_weights(labels[:, others], maps.shape[1])
    weights /= weights.any(axis=1, keepdims=True).sum(axis=2, keepdims=True)
    weights = weights.reshape(len(labels), -1).astype(np.float32)  # (P, m * C)
    return weights @ maps.reshape(weights.shape[1], -1)


def class_weights(labels, n_classes):
    """Weight (P, m, C) of each scan in the mean over its class: one over its size, else 0."""
    member = labels[..., None] == np.arange(n_classes)
    return member / np.maximum(member.sum(axis=1, keepdims=True), 1)


def diagnosis_maps(evidence, labels, c):
    """Mean map (P, V) for class c over the scans that are labelled so, each held out."""
    weights = class_weights(labels, c + 1)[..., c].astype(np.float32)
    return weights @ evidence.held_out[:, c]


def _regions(maps, evidence):
    return top_voxels(maps, evidence.rule, evidence.threshold)


def _means(regions, evidence, rows):
    """Mean (P, rows, Q) of some scans in regions (P, V), in each place."""
    found = np.empty((len(regions), len(rows), len(evidence.places)))
    for q, place in enumerate(evidence.places):
        inside = regions[:, place].astype(np.float32)
        size = inside.sum(axis=1)[:, None]
        total = inside @ evidence.ratios[rows][:, place].T
        found[..., q] = np.divide(total, size, out=np.full(total.shape, np.nan), where=size > 0)
    return found


def _own_means(maps, evidence):
    """Mean (n, C, Q) of each scan in the regions of its own maps (n, C, V)."""
    pairs = zip(maps, np.arange(len(maps))[:, None], strict=True)
    return np.stack([_means(_regions(own, evidence), evidence, row)[:, 0] for own, row in pairs])


def _by_fold(regions, evidence):
    """Mean (P, n, Q) of each scan in the region (K, P, V) of its fold, and on one scale."""
    every = np.arange(len(evidence.ratios))
    found = np.empty((regions.shape[1], len(every), len(evidence.places)))
    scaled = found.copy()
    for k, of_fold in enumerate(regions):
        means, others = _means(of_fold, evidence, every), evidence.fold != k
        found[:, ~others], scaled[:, ~others] = means[:, ~others], _scaled(means, others)
    return found, scaled


def _scaled(values, others):
    """Values (P, n, ...) of the scans that are no others, in SD of the others about their mean."""
    mean, sd = (f(values[:, others], axis=1, keepdims=True) for f in (np.mean, np.std))
    sd[sd == 0] = np.nan  # nothing to compare with
    return (values[:, ~others] - mean) / sd


def _cross_fitted(evidence, labels):
    """Means (P, n, Q) of `_by_fold` in cross-fitted regions, and their median size (P,)."""
    found = []
    for start in range(0, len(labels), ROWS):
        part, folds = labels[start : start + ROWS], range(len(evidence.by_fold))
        regions = [_regions(cross_fitted_maps(evidence, part, k), evidence) for k in folds]
        sizes = np.median(np.sum(regions, axis=2), axis=0)
        found.append((*_by_fold(np.stack(regions), evidence), sizes))
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def _ellipsoids(evidence, sizes):
    """Mean (P, n, Q) in the ellipsoids about the centre that have these sizes, or just more."""
    order = np.argsort(evidence.distance, kind="stable")
    sorted_distance = evidence.distance[order]
    limit = sorted_distance[np.maximum(np.rint(sizes).astype(int), 1) - 1]
    last = np.searchsorted(sorted_distance, limit + 1e-9, side="right") - 1  # ties are all kept
    found = []
    for place in evidence.places[:, order]:
        total = np.cumsum(evidence.ratios[:, order] * place, axis=1, dtype=np.float64)[:, last]
        size = np.cumsum(place)[last]
        found.append(
            np.divide(total, size, out=np.full(total.shape, np.nan), where=size > 0).T
        )  # (P, n)
    return np.stack(found, axis=-1)


def _of_diagnosis(evidence, labels):
    """Mean (P, n, Q) of each scan in the region of the mean map of its class."""
    every = np.arange(labels.shape[1])
    found = np.empty((*labels.shape, len(evidence.places)))
    for start in range(0, len(labels), ROWS):
        part, mine = labels[start : start + ROWS], found[start : start + ROWS]
        for c in np.unique(part):
            regions = _regions(diagnosis_maps(evidence, part, c), evidence)
            mine[part == c] = _means(regions, evidence, every)[part == c]
    return found
