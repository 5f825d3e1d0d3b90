"""Agreement of group maps between folds: hand-worked correlations, and a jackknife."""

import numpy as np
import pytest

from datnet_core.saliency.folds import fold_correlations


def test_correlations_are_between_different_folds_only():
    # Group 0 is a ramp in both folds, group 1 a ramp in fold 0 and its reverse in fold 1.
    ramp = np.array([1.0, 2, 3, 4])
    maps = np.array([[ramp, 5 * ramp], [2 * ramp + 1, -ramp]])
    r, low, high = fold_correlations(maps)
    # 0-0: corr(ramp, ramp) = 1; 1-1: -1; 0-1: fold 0 with 1: -1, fold 1 with 0: 1, mean 0
    np.testing.assert_allclose(r, [[1, 0], [0, -1]], atol=1e-12)
    assert np.isnan(low).all() and np.isnan(high).all()


def test_the_interval_follows_the_agreement_of_the_folds(rng):
    pattern = rng.standard_normal((2, 500))
    noise = rng.standard_normal((6, 2, 500))
    r, low, high = fold_correlations(pattern + 0.5 * noise)
    assert r.shape == (2, 2)
    np.testing.assert_allclose(np.diag(r), 1 / 1.25, atol=0.05)  # var 1 of 1 + 0.25
    np.testing.assert_allclose(r, r.T)
    assert (low <= r).all() and (r <= high).all() and (np.abs([low, high]) <= 1).all()
    odd = pattern + noise * np.array([0.1, 0.1, 0.1, 0.1, 0.1, 3])[:, None, None]
    _, wide_low, wide_high = fold_correlations(odd)  # one fold unlike the others
    assert (np.diag(wide_high - wide_low) > np.diag(high - low)).all()


def test_equal_maps_agree_fully(rng):
    maps = np.repeat(rng.standard_normal((1, 2, 50)), 4, axis=0)
    r, low, high = fold_correlations(maps)
    np.testing.assert_allclose([np.diag(r), np.diag(low), np.diag(high)], 1, atol=1e-6)


def test_one_fold_is_refused(rng):
    with pytest.raises(ValueError, match="1 fold"):
        fold_correlations(rng.random((1, 2, 9)))
