"""Binding ratios, region means, and the classifier on binding ratios."""

import numpy as np
import pytest

from datnet_core.binding import (
    binding_ratio,
    out_of_fold_proba,
    own_region_means,
    region_means,
    regional_binding,
)
from datnet_core.volumes import load_volume, study_grid


def test_the_binding_ratio_by_hand():
    assert binding_ratio(3.5, 1.0) == 2.5  # (3.5 - 1) / 1
    assert binding_ratio(7.0, 2.0) == 2.5  # unchanged by the count scale
    with pytest.raises(ValueError, match="expected > 0"):
        binding_ratio(np.ones(2), np.array([1.0, 0.0]))


def test_a_region_mean_weighs_voxels_by_their_share():
    volumes = np.arange(12.0).reshape(1, 1, 3, 4)
    weights = np.zeros((1, 3, 4))
    weights[0, 0, 1], weights[0, 2, 3] = 1.0, 0.5  # (1 * 1 + 11 * 0.5) / 1.5 = 13 / 3
    np.testing.assert_allclose(region_means(volumes, weights), [13 / 3])
    np.testing.assert_allclose(region_means(volumes, weights > 0), [6.0])
    with pytest.raises(ValueError, match="empty"):
        region_means(volumes, weights * 0)
    with pytest.raises(ValueError, match="shape"):
        region_means(volumes, weights[:, :2])


def test_each_scan_can_have_its_own_region():
    volumes = np.arange(16.0).reshape(2, 2, 2, 2)
    regions = np.zeros((2, 2, 2, 2), bool)
    regions[0, 1, 1] = True  # voxels 6 and 7
    found = own_region_means(volumes, regions)
    assert found[0] == 6.5 and np.isnan(found[1])


def test_regional_binding_is_that_of_the_masks(atlas, dataset):
    paths = sorted(dataset.rglob("*.nii.gz"))[:2]
    affine, _ = study_grid(2.0)
    volumes = np.stack([load_volume(path, atlas, 2.0, "occipital") for path in paths])
    found = regional_binding(volumes, atlas, affine, "occipital")
    from datnet_core.atlas import region_mask

    for k, volume in enumerate(volumes):
        reference = volume[region_mask(atlas, "occipital")].mean()
        for region in ("putamen", "caudate_left"):
            expected = volume[region_mask(atlas, region)].mean() / reference - 1
            assert found[region][k] == pytest.approx(expected, rel=1e-4)
    scaled = regional_binding(volumes * 7, atlas, affine, "occipital")
    np.testing.assert_allclose(scaled, found, rtol=1e-4)


def test_a_label_does_not_reach_the_probabilities_of_its_own_fold(rng):
    diagnosis = np.array(["IPD", "MSA", "NC"] * 20)
    features = rng.standard_normal((60, 4)) + (diagnosis == "NC")[:, None]
    fold = np.arange(60) % 5
    classes = ("IPD", "MSA", "PSP", "NC")
    before = out_of_fold_proba(features, diagnosis, fold, classes)
    changed = diagnosis.copy()
    changed[fold == 2] = "IPD"
    after = out_of_fold_proba(features, changed, fold, classes)
    np.testing.assert_array_equal(before[fold == 2], after[fold == 2])
    assert not np.allclose(before[fold != 2], after[fold != 2])
    np.testing.assert_allclose(before.sum(1), 1)
    assert (before[:, 2] == 0).all()  # no PSP to learn from
