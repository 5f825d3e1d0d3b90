"""Tests under every reading: by hand, against libraries, and where labels mean nothing."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

from datnet_study.evidence import Evidence
from datnet_study.ladder import (
    beside,
    fold_separation,
    p_values,
    permuted_labels,
    reading_p_values,
    retrained_rates,
    separation,
    separation_difference,
    significant_share,
)

K = 3


def circular(rng, n=60):
    """Images of noise whose left voxels are brighter, and maps of which class 0 marks the left.

    The image knows nothing of the class, but a scan that is measured in the region of its label
    has the label in its ratio.
    """
    ratios = rng.standard_normal((n, 6)).astype(np.float32) * 0.3 + [3, 3, 3, 1, 1, 1]
    class_map = np.array([[8, 8, 8, 0, 0, 0], [0, 0, 0, 5, 5, 5]], np.float32)
    maps = class_map + 0.1 * rng.random((K, n, 2, 6), np.float32)
    fold = np.arange(n) % K
    return Evidence(
        ratios=ratios.astype(np.float32),
        places=np.ones((1, 6), bool),
        distance=np.arange(6.0),
        fold=fold,
        predicted=rng.integers(0, 2, n),
        held_out=maps[fold, np.arange(n)],
        by_fold=maps,
    )


def test_a_region_that_knows_the_label_is_significant_where_labels_mean_nothing(rng):
    evidence = circular(rng)
    labels = permuted_labels(np.arange(60) % 2, evidence.fold, 300, seed=1)
    p = reading_p_values(evidence, labels, [(0, 1)])
    shares = {name: significant_share(found)[0] for name, found in p.items()}
    assert shares["per_label"] == shares["per_diagnosis"] == shares["trained_on"] == 1
    for name in ("box", "ellipsoid", "cross_fitted", "per_participant"):
        _, low, high = significant_share(p[name])
        assert low < 0.05 < high, (name, low, high)


def test_permuted_labels_stay_in_their_fold_and_among_their_classes():
    labels, fold = np.array([0, 1, 2, 0, 1, 2, 0, 0]), np.array([0, 0, 0, 1, 1, 1, 1, 0])
    found = permuted_labels(labels, fold, 50, seed=0)
    for k in (0, 1):
        np.testing.assert_array_equal(
            np.sort(found[:, fold == k]), np.tile(np.sort(labels[fold == k]), (50, 1))
        )
    assert len(np.unique(found, axis=0)) > 20
    kept = permuted_labels(labels, fold, 50, seed=0, among=[0, 1])
    assert (kept[:, labels == 2] == 2).all()
    assert len(np.unique(kept, axis=0)) > 5
    np.testing.assert_array_equal(kept, permuted_labels(labels, fold, 50, 0, among=[0, 1]))


def test_p_values_of_many_labellings_equal_one_after_the_other(rng):
    labels = permuted_labels(np.arange(45) % 3, np.arange(45) // 15, 4, seed=3)
    values = rng.random((4, 45, 2))
    values[:, 3, 1] = np.nan
    found = p_values(values, labels, [(0, 1), (2, 0), (0, 7)])
    assert found.shape == (4, 2, 3)
    for p, of_scans in enumerate(labels):
        for q in range(2):
            for i, (a, b) in enumerate([(0, 1), (2, 0)]):
                groups = [values[p, of_scans == c, q] for c in (a, b)]
                groups = [group[~np.isnan(group)] for group in groups]
                assert found[p, q, i] == pytest.approx(mannwhitneyu(*groups).pvalue)
    assert np.isnan(found[..., 2]).all()  # nobody has the class
    one_row = p_values(values[:1], labels, [(0, 1)])
    assert one_row[0, 0, 0] == found[0, 0, 0]
    assert one_row.shape == (4, 2, 1)


def test_separation_by_hand():
    # 0 is higher in 3 of 4 pairs: AUC 0.75; means 3 and 2, variances 2 and 2: d = 1 / sqrt(2)
    values, labels = np.array([4.0, 2, 3, 1, np.nan, 9]), np.array([0, 0, 1, 1, 1, 2])
    found = separation(values, labels, 0, 1)
    assert (found["n_a"], found["n_b"], found["auc"]) == (2, 2, 0.75)
    assert found["d"] == pytest.approx(1 / np.sqrt(2))
    assert separation(values, labels, 1, 0)["auc"] == 0.25  # the direction is fixed
    empty = separation(np.full(6, np.nan), labels, 0, 1)
    assert empty["n_a"] == 0 and np.isnan([empty["auc"], empty["p"]]).all()


def test_a_difference_counts_the_scans_that_have_both_numbers():
    labels = np.array([0, 0, 1, 1, 1, 2])
    values, others = np.array([4.0, 3, 2, 1, 9, 0]), np.array([1.0, 2, 3, 4, np.nan, 0])
    assert separation_difference(values, others, labels, 0, 1)[0] == 1  # 1.0 against 0.0
    assert np.isnan(separation_difference(values, np.full(6, np.nan), labels, 0, 1)).all()


@pytest.mark.parametrize(
    ("auc", "mark", "limits", "words"),
    [
        (0.8, 0.65, (0.1, 0.3), "separates better"),
        (0.2, 0.35, (-0.3, -0.1), "separates better"),
        (0.65, 0.8, (-0.4, -0.1), "separates worse"),
        (0.35, 0.2, (0.1, 0.3), "separates worse"),
        (0.3, 0.8, (-0.6, -0.4), "separates the other way round"),
        (0.49, 0.8, (-0.4, -0.2), "does not separate"),
        (0.49, 0.55, (-0.1, -0.02), "does not separate"),
        (0.7, 0.52, (0.1, 0.3), "separates, which the other does not"),
        (0.6, 0.5, (-0.1, 0.3), "not told apart"),
        (np.nan, 0.5, (np.nan, np.nan), "not told apart"),
    ],
)
def test_a_difference_in_words(auc, mark, limits, words):
    own, other = ({"auc": x, "low": x - 0.1, "high": x + 0.1} for x in (auc, mark))
    assert beside(own, other, *limits) == words


def test_an_effect_size_is_in_the_pooled_sd():
    values, labels = np.array([0.0, 2, 4, 10, 12]), np.array([0, 0, 0, 1, 1])
    # Squares 8 and 2 over 3 + 2 - 2: SD sqrt(10 / 3); means 2 and 11.
    assert separation(values, labels, 0, 1)["d"] == pytest.approx(-9 / np.sqrt(10 / 3))


def test_a_source_without_any_p_has_no_rate():
    cohorts = pd.DataFrame({"group_a": ["IPD"] * 3, "group_b": "MSA", "box": [0.01, 0.5, 0.6]})
    found = retrained_rates(cohorts.assign(pattern=np.nan)).set_index("source")
    assert found.loc["box", "share"] == pytest.approx(1 / 3)
    assert np.isnan(found.loc["pattern", ["share", "p_holm"]].astype(float)).all()


def test_rates_of_retrained_cohorts_by_hand():
    n = 200
    rows = [("IPD", "MSA", 0.01 if k < 40 else 0.5, 0.5) for k in range(n)]
    rows += [("IPD", "PSP", 0.01 if k < 10 else 0.5, 0.5) for k in range(n)]
    cohorts = pd.DataFrame(rows, columns=["group_a", "group_b", "per_label", "box"])
    found = retrained_rates(cohorts).set_index(["source", "group_b"])
    assert found.index.tolist() == [
        ("per_label", "MSA"), ("per_label", "PSP"), ("box", "MSA"), ("box", "PSP")
    ]  # fmt: skip
    first, second = found.loc[("per_label", "MSA")], found.loc[("per_label", "PSP")]
    assert (first["share"], second["share"], first["n"]) == (0.2, 0.05, n)
    assert first["low"] < 0.2 < first["high"]
    assert first["p_holm"] < 1e-6 and second["p_holm"] == 1
    assert (found.loc["box", "p_holm"] < 0.01).all()  # none of 200 is too few


def test_scores_of_one_network_a_fold_are_compared_within_their_folds():
    values = np.array([1.0, 0, 11, 10, 5, np.nan])  # each fold right, on a scale of its own
    labels, fold = np.array([0, 1, 0, 1, 2, 1]), np.array([0, 0, 1, 1, 1, 0])
    found = fold_separation(values, labels, fold, 0, 1)
    assert found["auc"] == 1 and separation(values, labels, 0, 1)["auc"] == 0.75
    assert found["p"] == separation(values, labels, 0, 1)["p"] and found["n_b"] == 2
    assert np.isnan(fold_separation(values, labels, fold, 0, 3)["auc"])
