"""Binding ratios as a classifier that never uses the labels it is judged by."""

import numpy as np
import pytest

from datnet_study.binding_classifier import (
    AgeAdjusted,
    binding_classifier,
    class_proba,
    out_of_fold_proba,
    sides_unordered,
)

NAMES = ("IPD", "MSA", "NC")


def cohort(rng, n=60):
    """Ratios, diagnoses and folds: controls high, MSA lower in the caudate than IPD."""
    diagnosis = np.array(NAMES)[np.arange(n) % 3]
    means = {"IPD": [1, 1, 3, 3], "MSA": [1, 1, 1.5, 1.5], "NC": [4, 4, 4, 4]}
    features = np.array([means[name] for name in diagnosis]) + rng.normal(0, 0.5, (n, 4))
    return features, diagnosis, np.arange(n) // 3 % 4


def test_out_of_fold_probabilities_find_an_obvious_pattern(rng):
    features, diagnosis, fold = cohort(rng)
    proba = out_of_fold_proba(features, diagnosis, fold, NAMES, "cohort")
    np.testing.assert_allclose(proba.sum(1), 1)
    assert (np.array(NAMES)[proba.argmax(1)] == diagnosis).mean() > 0.9


@pytest.mark.parametrize("k", range(4))
def test_the_labels_of_a_fold_do_not_change_its_own_probabilities(rng, k):
    features, diagnosis, fold = cohort(rng)
    before = out_of_fold_proba(features, diagnosis, fold, NAMES, "cohort")
    diagnosis[fold == k] = rng.permutation(diagnosis[fold == k])[::-1]
    diagnosis[np.flatnonzero(fold == k)[0]] = "NC"
    after = out_of_fold_proba(features, diagnosis, fold, NAMES, "cohort")
    np.testing.assert_array_equal(before[fold == k], after[fold == k])
    assert not np.allclose(before[fold != k], after[fold != k])


def test_the_features_of_other_scans_of_the_fold_do_not_matter(rng):
    features, diagnosis, fold = cohort(rng)
    before = out_of_fold_proba(features, diagnosis, fold, NAMES, "cohort")
    first, *others = np.flatnonzero(fold == 2)
    features[others] += 5
    after = out_of_fold_proba(features, diagnosis, fold, NAMES, "cohort")
    np.testing.assert_array_equal(before[first], after[first])


def test_features_without_sides_by_hand_and_of_the_mirror_image(rng):
    left, right = np.array([[1.0, 4.0]]), np.array([[2.0, 1.0]])
    np.testing.assert_array_equal(sides_unordered(left, right), [[1.5, 2.5, 1.0, 3.0]])
    left, right = rng.random((2, 7, 3))
    np.testing.assert_array_equal(sides_unordered(left, right), sides_unordered(right, left))


def test_columns_follow_the_class_names(rng):
    features, diagnosis, fold = cohort(rng)
    proba = out_of_fold_proba(features, diagnosis, fold, NAMES, "cohort")
    turned = out_of_fold_proba(features, diagnosis, fold, NAMES[::-1], "cohort")
    np.testing.assert_array_equal(proba, turned[:, ::-1])


def test_a_class_missing_in_training_gets_probability_zero(rng):
    features, diagnosis, fold = cohort(rng)
    fold = np.where(diagnosis == "MSA", 3, fold)  # all MSA in fold 3
    proba = out_of_fold_proba(features, diagnosis, fold, ("PSP", *NAMES), "cohort")
    np.testing.assert_allclose(proba.sum(1), 1)
    assert (proba[:, 0] == 0).all()
    assert (proba[fold == 3, 2] == 0).all()
    assert (proba[fold != 3, 2] > 0).all()


@pytest.mark.parametrize(
    ("class_prior", "expected"), [("uniform", [1 / 3] * 3), ("cohort", [30 / 39, 6 / 39, 3 / 39])]
)
def test_without_information_a_class_is_as_probable_as_the_prior_says(class_prior, expected):
    diagnosis = np.array(["IPD"] * 30 + ["MSA"] * 6 + ["NC"] * 3)
    fitted = binding_classifier(class_prior).fit(np.ones((39, 4)), diagnosis)
    np.testing.assert_allclose(fitted.predict_proba(np.ones((1, 4)))[0], expected, atol=1e-3)


def test_out_of_fold_probabilities_equal_a_slow_loop_over_the_folds(rng):
    features, diagnosis, fold = cohort(rng)
    fold = np.where(diagnosis == "MSA", 3, fold)
    proba = out_of_fold_proba(features, diagnosis, fold, NAMES, "uniform")
    for k in range(4):
        others, own = fold != k, fold == k
        learned = features[others], diagnosis[others], features[own]
        np.testing.assert_array_equal(proba[own], class_proba(*learned, NAMES, "uniform"))


def test_a_label_that_is_no_class_is_refused(rng):
    features, diagnosis, fold = cohort(rng)
    for judge in (
        lambda: class_proba(features, diagnosis, features, NAMES[:2], "cohort"),
        lambda: out_of_fold_proba(features, diagnosis, fold, NAMES[:2], "cohort"),
    ):
        with pytest.raises(ValueError, match=r"labels \['NC'\] are no class; expected some of"):
            judge()


def test_ratios_of_controls_have_unit_spread_about_their_line(rng):
    age = rng.uniform(40, 80, 200)
    ratios = 3 - 0.02 * age[:, None] + rng.normal(0, [0.1, 0.5], (200, 2))
    labels = np.where(np.arange(200) < 150, "NC", "PD")
    given = np.column_stack([ratios, age])
    z = AgeAdjusted("NC").fit(given, labels).transform(given)
    np.testing.assert_allclose(z[:150].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose((z[:150] ** 2).sum(axis=0) / 148, 1)
    assert abs(np.corrcoef(z[:150, 0], age[:150])[0, 1]) < 1e-12


def test_patients_and_scans_that_are_judged_do_not_move_the_norm(rng):
    given = np.column_stack([rng.normal(2, 0.3, (40, 2)), rng.uniform(50, 80, 40)])
    labels, fold = np.array(["NC", "PD"] * 20), np.arange(40) // 2 % 4
    own = out_of_fold_proba(given, labels, fold, ("NC", "PD"), "cohort", "NC")
    swapped = np.where(fold == 0, np.roll(labels, 1), labels)  # labels of those judged in fold 0
    other = out_of_fold_proba(given, swapped, fold, ("NC", "PD"), "cohort", "NC")
    np.testing.assert_array_equal(own[fold == 0], other[fold == 0])
    shifted = np.where(labels[:, None] == "PD", given + [5, 5, 0], given)
    line = AgeAdjusted("NC").fit(shifted, labels).line_.coef_
    np.testing.assert_array_equal(line, AgeAdjusted("NC").fit(given, labels).line_.coef_)
