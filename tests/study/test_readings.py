"""Ratios under every reading: against slow loops, and which labels reach them."""

import numpy as np
import pytest

from datnet_core.saliency.folds import cross_fitted_mean
from datnet_core.saliency.region import top_region
from datnet_study.evidence import Evidence, centre_distance
from datnet_study.readings import READINGS, measured_ratios, pattern_scores

N, C, K, SHAPE = 24, 3, 4, (3, 5, 4)
V = int(np.prod(SHAPE))


@pytest.fixture
def evidence(rng):
    """Random maps and images; the second place is a part of the voxels."""
    fold = np.arange(N) % K
    by_fold = rng.random((K, N, C, V), np.float32)
    return Evidence(
        ratios=rng.random((N, V), np.float32),
        places=np.stack([np.ones(V, bool), rng.random(V) < 0.3]),
        distance=centre_distance(np.ones(SHAPE, bool)),
        fold=fold,
        predicted=rng.integers(0, C, N),
        held_out=by_fold[fold, np.arange(N)],
        by_fold=by_fold,
        responses=rng.standard_normal((K, C, N, N)),
        untrained=rng.random((K, V), np.float32),
    )


@pytest.fixture
def labels(rng):
    """Three labellings, each fold with two scans of every class."""
    return np.stack([np.repeat(rng.permutation(C), N // C) for _ in range(3)])[:, np.arange(N)]


def slow_mean(evidence, region, scan):
    """Mean of one scan in a region, in each place."""
    parts = [region & place for place in evidence.places]
    return [evidence.ratios[scan][part].mean() if part.any() else np.nan for part in parts]


def slow_regions(evidence, labels):
    """Region of every scan under each reading, one by one, as the pages make them."""
    brain, fold = np.ones(V, bool), evidence.fold
    cross = [
        top_region(
            cross_fitted_mean(evidence.by_fold[k][np.arange(N), labels], labels, fold, k), brain
        )
        for k in range(K)
    ]
    size = int(np.rint(np.median([region.sum() for region in cross])))
    limit = np.sort(evidence.distance)[size - 1]
    means = [top_region(evidence.held_out[labels == c, c].mean(axis=0), brain) for c in range(C)]
    return {
        "box": lambda _: brain,
        "ellipsoid": lambda _: evidence.distance <= limit + 1e-9,
        "untrained": lambda i: top_region(evidence.untrained[fold[i]], brain),
        "cross_fitted": lambda i: cross[fold[i]],
        "per_participant": lambda i: top_region(evidence.held_out[i, evidence.predicted[i]], brain),
        "per_label": lambda i: top_region(evidence.held_out[i, labels[i]], brain),
        "per_diagnosis": lambda i: means[labels[i]],
        "trained_on": lambda i: top_region(
            evidence.by_fold[(fold[i] + 1) % K, i, labels[i]], brain
        ),
    }


def test_every_reading_equals_a_slow_loop_for_each_labelling(evidence, labels):
    found = measured_ratios(evidence, labels)
    assert list(found) == list(READINGS)
    for p, of_scans in enumerate(labels):
        for name, region_of in slow_regions(evidence, of_scans).items():
            expected = [slow_mean(evidence, region_of(i), i) for i in range(N)]
            row = found[name][min(p, len(found[name]) - 1)]
            np.testing.assert_allclose(row, expected, rtol=1e-5, err_msg=name)
        region_of = slow_regions(evidence, of_scans)["cross_fitted"]
        for i in range(N):
            others = np.flatnonzero(evidence.fold != evidence.fold[i])
            in_same = np.array([slow_mean(evidence, region_of(i), j) for j in (i, *others)])
            expected = (in_same[0] - in_same[1:].mean(axis=0)) / in_same[1:].std(axis=0)
            np.testing.assert_allclose(found["one_scale"][p, i], expected, rtol=1e-3, atol=1e-4)


def test_without_maps_of_every_model_the_other_readings_remain(evidence, labels):
    given = evidence._replace(by_fold=None, untrained=None)
    found = measured_ratios(given, labels)
    assert list(found) == ["box", "per_participant", "per_label", "per_diagnosis"]


def test_labels_reach_a_scan_only_where_a_reading_says_so(evidence, labels):
    before = measured_ratios(evidence, labels[:1])
    scan, other = 5, (evidence.fold == evidence.fold[5]) & (np.arange(N) != 5)
    changed = labels[:1].copy()
    changed[0, scan] = (changed[0, scan] + 1) % C
    after = measured_ratios(evidence, changed)
    for name, reading in READINGS.items():
        same = name == "ellipsoid" or np.allclose(before[name][0, scan], after[name][0, scan])
        assert same != reading.sees_label, name
        if reading.fixed:
            np.testing.assert_array_equal(before[name], after[name])
    # Of the cross-fitted ones, nobody of the fold has another region.
    np.testing.assert_allclose(before["cross_fitted"][0, other], after["cross_fitted"][0, other])


def slow_pattern(evidence, complete, labels, a, b):
    """Scores of the pattern from weights that are written out, (n,)."""
    scores = np.empty(N)
    for k in range(K):
        others = evidence.fold != k
        contrast = complete[k, :, a] - complete[k, :, b]  # (n, V)
        parts = [contrast[others & (labels == c)].mean(axis=0) for c in (a, b)]
        every = evidence.ratios @ np.mean(parts, axis=0)
        held_out = evidence.fold == k
        scores[held_out] = ((every - every[others].mean()) / every[others].std())[held_out]
    return scores


def test_the_pattern_equals_weights_that_are_written_out(evidence, labels, rng):
    complete = rng.standard_normal((K, N, C, V))
    responses = complete.transpose(0, 2, 1, 3) @ evidence.ratios.T
    found = pattern_scores(evidence._replace(responses=responses), labels, 2, 0)
    for row, of_scans in zip(found, labels, strict=True):
        np.testing.assert_allclose(
            row, slow_pattern(evidence, complete, of_scans, 2, 0), rtol=1e-4, atol=1e-6
        )


def test_a_scan_keeps_its_pattern_whatever_its_own_label_is(evidence, labels):
    before = pattern_scores(evidence, labels[:1], 0, 1)
    changed = labels[:1].copy()
    held_out = evidence.fold == 2
    changed[0, held_out] = (changed[0, held_out] + 1) % C
    after = pattern_scores(evidence, changed, 0, 1)
    np.testing.assert_array_equal(before[0, held_out], after[0, held_out])


def test_a_pattern_of_a_class_that_nobody_else_has_is_missing(evidence):
    labels = np.zeros((1, N), int)
    labels[0, evidence.fold == 1] = 1  # only in fold 1
    found = pattern_scores(evidence, labels, 0, 1)
    assert np.isnan(found[0, evidence.fold == 1]).all()
    assert np.isfinite(found[0, evidence.fold != 1]).all()
