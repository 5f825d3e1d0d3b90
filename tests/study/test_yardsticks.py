"""Yardsticks: their features by the regions, and files of several classifiers."""

import numpy as np
import pandas as pd
import pytest

from datnet_images.atlas import Atlas
from datnet_images.binding import regional_binding, sides
from datnet_images.grid import study_grid
from datnet_study.settings import Images
from datnet_study.titles import AGED, FINER, RATIOS, UNEVEN
from datnet_study.yardsticks import by_method, known_ages, with_proba, yardstick_features


@pytest.fixture
def scans(rng):
    affine, shape = study_grid(8)
    return rng.uniform(1, 3, (3, *shape)), affine


def test_features_are_the_ratios_their_means_and_how_far_the_sides_differ(scans, atlas):
    volumes, affine = scans
    features = yardstick_features(volumes, atlas, affine, Images())
    ratios = regional_binding(volumes, atlas, affine, "occipital", ("putamen", "caudate"))
    np.testing.assert_array_equal(features[RATIOS], ratios[sides(("putamen", "caudate"))])
    left, right = ratios["putamen_left"], ratios["putamen_right"]
    np.testing.assert_allclose(features[UNEVEN][:, 0], (left + right) / 2)
    np.testing.assert_allclose(features[UNEVEN][:, 2], abs(left - right))
    assert [x.shape[1] for x in features.values()] == [4, 4, 10]  # five regions
    np.testing.assert_array_equal(features[FINER][:, [0, 5]], features[UNEVEN][:, [0, 2]])


def test_a_mirrored_brain_has_the_same_asymmetry(scans, atlas):
    volumes, affine = scans
    swapped = {name.replace("left", "?").replace("right", "left").replace("?", "right"): index
               for name, index in atlas.names.items()}  # fmt: skip
    own = yardstick_features(volumes, atlas, affine, Images())
    other = yardstick_features(volumes, atlas._replace(names=swapped), affine, Images())
    np.testing.assert_allclose(own[FINER], other[FINER])
    assert not np.allclose(own[RATIOS], other[RATIOS])


def test_an_atlas_without_more_regions_has_no_third_yardstick(scans, atlas):
    volumes, affine = scans
    whole = {"putamen_left": 1, "putamen_right": 2, "caudate_left": 3, "caudate_right": 4}
    slabs = np.indices(atlas.labels.shape)[0] * 6 // len(atlas.labels)
    small = Atlas(slabs.astype(np.uint8), atlas.affine, whole | {"occipital": 5})
    assert list(yardstick_features(volumes, small, affine, Images())) == [RATIOS, UNEVEN]


def test_the_age_stands_behind_the_ratios_that_are_adjusted_for_it(scans, atlas):
    volumes, affine = scans
    features = yardstick_features(volumes, atlas, affine, Images(), np.array([50.0, 60, 70]))
    np.testing.assert_array_equal(features[AGED][:, :-1], features[UNEVEN])
    np.testing.assert_array_equal(features[AGED][:, -1], [50, 60, 70])


def cohort(n_controls=24):
    """Scans of three folds, some of them controls of different ages."""
    table = pd.DataFrame({"fold": np.arange(40) % 3, "age": 50.0 + np.arange(40)})
    table["diagnosis"] = np.where(table.index < n_controls, "NC", "PD")
    return table.assign(cohort="training")


def test_ages_are_used_where_all_are_known_and_each_fold_leaves_enough_controls():
    np.testing.assert_array_equal(known_ages(cohort(), "NC"), cohort()["age"])
    assert known_ages(cohort(14), "NC") is None  # 9 in two folds
    assert known_ages(cohort(15), "NC") is not None
    assert known_ages(cohort(), None) is None
    assert known_ages(cohort().assign(age=60.0), "NC") is None


def test_a_missing_age_counts_only_where_the_scan_does():
    table = cohort()
    table.loc[39, "age"] = np.nan
    assert known_ages(table, "NC") is None
    table.loc[39, "cohort"] = "pretraining"
    assert np.isnan(known_ages(table, "NC")[39])


def test_classifiers_of_one_file_come_apart_in_their_order():
    keys = pd.DataFrame({"participant_id": ["a", "b"]})
    tables = {
        title: with_proba(keys, np.array([[p, 1 - p], [0, 1]]), ("PD", "NC"))
        for title, p in {"z": 0.25, "a": 0.5}.items()
    }
    stacked = pd.concat(tables, names=["method"]).reset_index("method")
    found = by_method(stacked)
    assert list(found) == ["z", "a"]
    for title, table in tables.items():
        pd.testing.assert_frame_equal(found[title], table)
    assert by_method(stacked.iloc[:0]) == {}
