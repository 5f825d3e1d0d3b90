"""The salient region: every reading of "top 70%" by hand, and what holds for all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from datnet_core.saliency.region import (
    dice,
    region_row,
    rescaled,
    share_in_region,
    top_region,
    top_voxels,
)

OUTSIDE = -1.0
MAP = np.array([[[4, 99, 10, 7], [8, 5, OUTSIDE, 6]]])  # (1, 2, 4)
BRAIN = np.array([[[1, 0, 1, 1], [1, 1, 0, 1]]], dtype=bool)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("rescaled", {10}),  # 4 + 0.7 * (10 - 4) = 8.2
        ("of_maximum", {7, 8, 10}),  # 0.7 * 10 = 7
        ("highest_voxels", {5, 6, 7, 8, 10}),  # 0.7 * 6 = 4.2, so five voxels
        ("mass", {6, 7, 8, 10}),  # 0.7 * 40 = 28; 10 + 8 + 7 = 25, with 6 it is 31
    ],
)
def test_each_reading_of_the_top_region_by_hand(rule, expected):
    region = top_region(MAP, BRAIN, rule, 0.7)
    assert region.shape == (1, 2, 4) and region.dtype == bool
    assert set(MAP[region]) == expected
    assert set(MAP[top_region(MAP, BRAIN)]) == {10}


def test_highest_voxels_and_mass_at_exact_shares():
    ten = np.arange(10.0).reshape(1, 2, 5)
    brain = np.ones_like(ten, dtype=bool)
    assert top_region(ten, brain, "highest_voxels", 0.7).sum() == 7
    assert top_region(np.arange(100.0), np.ones(100, bool), "highest_voxels", 0.55).sum() == 55
    # 9 + 8 + 7 = 24 and 24 + 6 = 30 of 45
    assert top_region(ten, brain, "mass", 24 / 45).sum() == 3
    assert top_region(ten, brain, "mass", 25 / 45).sum() == 4


RULES = ["rescaled", "of_maximum", "highest_voxels", "mass"]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("value", [0.0, 3.0])
def test_a_constant_map_gives_the_whole_brain(rule, value):
    np.testing.assert_array_equal(top_region(np.full((1, 2, 4), value), BRAIN, rule), BRAIN)


def test_of_maximum_keeps_the_highest_voxel_of_a_negative_map():
    assert set(MAP[top_region(MAP - 11.0, BRAIN, "of_maximum")]) == {10}


@given(
    hnp.arrays(np.float32, (2, 3, 4), elements=st.floats(0, 1e6, width=32)),
    hnp.arrays(bool, (2, 3, 4)).filter(np.any),
    st.sampled_from(RULES),
    st.floats(0.01, 1),
    st.floats(0.01, 1),
)
def test_regions_lie_in_the_brain_hold_its_maximum_and_follow_the_threshold(
    saliency, brain, rule, one, other
):
    low, high = sorted((one, other))
    region, smaller = (top_region(saliency, brain, rule, t) for t in (low, high))
    for found in (region, smaller):
        assert found[brain & (saliency == saliency[brain].max())].all()
        assert not (found & ~brain).any()
    if rule in ("rescaled", "of_maximum"):  # a level: raising it shrinks the region
        assert not (smaller & ~region).any()
    else:  # a share: raising it grows the region
        assert not (region & ~smaller).any()
    kept, total = saliency[region].sum(dtype=float), saliency[brain].sum(dtype=float)
    if rule == "mass":
        assert kept >= low * total * (1 - 1e-12)
    if rule == "highest_voxels":
        assert region.sum() >= low * brain.sum() - 1e-6


@pytest.mark.parametrize(
    ("saliency", "brain", "rule", "threshold", "message"),
    [
        (MAP, BRAIN, "top", 0.7, "'top'"),
        (MAP, BRAIN[0], "rescaled", 0.7, r"\(1, 2, 4\), brain_mask \(2, 4\)"),
        (MAP, np.zeros_like(BRAIN), "rescaled", 0.7, "got 0 brain voxels"),
        (np.where(MAP == 7, np.nan, MAP), BRAIN, "rescaled", 0.7, "finite"),
        (MAP, BRAIN, "rescaled", 0.0, "threshold is 0.0"),
        (MAP, BRAIN, "rescaled", 70, "threshold is 70"),
        (MAP - 5.0, BRAIN, "mass", 0.7, "minimum -1"),
    ],
)
def test_unusable_maps_masks_rules_and_thresholds_are_refused(
    saliency, brain, rule, threshold, message
):
    with pytest.raises(ValueError, match=message):
        top_region(saliency, brain, rule, threshold)


def test_a_map_is_rescaled_inside_the_brain_only():
    found = rescaled(MAP, BRAIN)
    assert found[BRAIN].min() == 0 and found[BRAIN].max() == 1
    assert found[0, 1, 1] == pytest.approx(1 / 6)  # (5 - 4) / (10 - 4)
    assert (found[~BRAIN] == 0).all()
    assert (rescaled(np.full((1, 2, 4), 3.0), BRAIN) == 0).all()


def test_overlap_by_hand():
    one = np.array([True, True, True, False, False])
    other = np.array([False, True, True, True, True])
    assert dice(one, other) == 2 * 2 / (3 + 4)
    assert dice(one, one) == 1 and dice(one, ~one) == 0
    assert np.isnan(dice(one & False, one & False))


def test_shares_by_hand():
    mask = np.array([[[True, True, True], [True, True, False]]])
    weights = np.array([[[1, 0.5, 0], [0.25, 0, 1]]])
    line = np.array([[[2.0, 4, 6], [8, 0, 99]]])
    assert share_in_region(line, weights, mask) == (2 + 2 + 2) / 20
    several = np.stack([line, np.ones_like(line), 0 * line])
    np.testing.assert_array_equal(
        share_in_region(several, weights, mask), [6 / 20, 1.75 / 5, np.nan]
    )


def test_a_row_of_the_region_table_by_hand():
    affine = np.array([[2.0, 0, 0, -4], [0, 3, 0, 10], [0, 0, 4, 0], [0, 0, 0, 1]])
    saliency = np.where(BRAIN, MAP, 0.0)  # 4, 10, 7, 8, 5, 6; sum 40
    weights = np.array([[[0.5, 1, 0, 1], [0, 0, 0, 0]]])  # 99 lies outside the brain
    row = region_row(saliency, weights, weights > 0.4, BRAIN, affine)
    assert row["share"] == (0.5 * 4 + 7) / 40
    assert row["share_of_brain"] == 1.5 / 6
    assert row["ratio"] == pytest.approx(0.225 / 0.25)
    assert row["peak"] == 7
    assert row["peak_mm"] == [-4, 10, 12]  # voxel 0, 0, 3
    empty = region_row(saliency, 0 * weights, weights > 9, BRAIN, affine)
    assert empty["share"] == 0 and np.isnan(empty["ratio"]) and empty["peak_mm"] is None


@pytest.mark.parametrize("rule", RULES)
def test_many_maps_at_once_have_the_regions_of_one_after_the_other(rule, rng):
    maps = np.round(rng.random((7, 30)), 1)  # with ties
    maps[3] = 0.5
    found = top_voxels(maps, rule, 0.6)
    for values, region in zip(maps, found, strict=True):
        np.testing.assert_array_equal(top_region(values, np.ones(30, bool), rule, 0.6), region)
