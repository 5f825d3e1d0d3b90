"""Cross-fitting: no label of a held-out fold reaches its own region; and how folds agree."""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from datnet_core.network import DATNet
from datnet_core.saliency.folds import cross_fitted_mean, fold_correlations, fold_maps
from datnet_core.saliency.maps import saliency_maps
from datnet_core.saliency.region import top_region
from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_core.training.batches import Scans
from datnet_core.training.loop import fit
from datnet_core.training.prediction import load_model

SHAPE = (13, 14, 11)
BRAIN = np.ones(SHAPE, bool)
FOLD = np.tile([0, 1, 2], 8)
N = len(FOLD)


def made_up_scans():
    rng = np.random.default_rng(0)
    return rng.random((N, *SHAPE), np.float32), rng.integers(0, 3, N)


@cache
def made_up_models():
    models = []
    for seed in range(3):
        torch.manual_seed(seed)
        model = DATNet(3, n_filters=4, n_levels=2)
        for _ in range(3):
            model.train()(torch.rand(8, 1, *SHAPE))
        models.append(model.eval())
    return models


def test_maps_of_each_fold_equal_a_slow_loop():
    models, (volumes, labels) = made_up_models(), made_up_scans()
    found = fold_maps(models, volumes, labels, FOLD, chunk_size=5)
    assert found.gaps.shape == (3, N) and found.gaps.max() < 1e-4
    for k, model in enumerate(models):
        maps, _ = saliency_maps(model, volumes, labels)
        np.testing.assert_allclose(found.held_out[k == FOLD], maps[k == FOLD], rtol=1e-4, atol=1e-5)
        means = [
            np.mean([maps[i] for i in range(N) if FOLD[i] != k and labels[i] == c], axis=0)
            for c in range(3)
        ]
        np.testing.assert_allclose(found.fold_means[k], np.mean(means, axis=0), rtol=1e-4)


@cache
def undisturbed():
    """Maps of the made-up networks with the labels as they are."""
    return fold_maps(made_up_models(), *made_up_scans(), FOLD)


@settings(deadline=None, max_examples=5)
@given(st.permutations(range(N // 3)), st.integers(0, 2))
def test_labels_of_the_held_out_fold_do_not_change_its_region(order, k):
    models, (volumes, labels) = made_up_models(), made_up_scans()
    permuted = labels.copy()
    permuted[k == FOLD] = (labels[k == FOLD][order] + 1) % 3
    before, after = undisturbed(), fold_maps(models, volumes, permuted, FOLD)
    np.testing.assert_array_equal(after.fold_means[k], before.fold_means[k])
    regions = [top_region(f.fold_means[k], BRAIN) for f in (before, after)]
    np.testing.assert_array_equal(*regions)
    # The test could fail: the same labels do reach the maps and the regions of other folds.
    assert not np.array_equal(after.fold_means[k - 1], before.fold_means[k - 1])
    assert not np.array_equal(after.held_out[k == FOLD], before.held_out[k == FOLD])


def test_labels_of_the_held_out_fold_do_not_change_its_region_through_training(tmp_path):
    # From the start: networks are trained again with the permuted labels.
    volumes, labels = made_up_scans()
    settings_ = TrainingSettings(max_epochs=2, batch_size=4, patience=2, learning_rate=1e-2)
    network = NetworkSettings(n_filters=2, n_levels=2, n_members=1)

    def fold_means(name, y):
        models = []
        for k in range(3):
            others = np.flatnonzero(k != FOLD)
            folder = tmp_path / name / f"fold-{k}"
            scans = Scans(volumes, y, others[4:], others[:4])
            options = {"network": network, "training": settings_}
            fit(folder / "member-0", scans, ("A", "B", "C"), **options)
            models.append(load_model(folder, network))
        return fold_maps(models, volumes, y, FOLD).fold_means

    permuted = labels.copy()
    permuted[FOLD == 1] = (labels[FOLD == 1] + 1) % 3
    before, after = fold_means("before", labels), fold_means("after", permuted)
    np.testing.assert_array_equal(after[1], before[1])
    assert not np.array_equal(after[0], before[0])
    assert not np.array_equal(after[2], before[2])


def test_every_class_weighs_the_same_and_the_held_out_fold_nothing():
    maps = np.array([1.0, 3, 10, 100, 1000]).reshape(5, 1, 1, 1)
    labels, fold = np.array([0, 0, 1, 0, 1]), np.array([0, 0, 0, 1, 1])
    # Outside fold 1: class 0 has 1 and 3, class 1 has 10: (2 + 10) / 2
    assert cross_fitted_mean(maps, labels, fold, 1).item() == 6
    assert cross_fitted_mean(maps, labels, fold, 0).item() == 550
    with pytest.raises(ValueError, match="every scan is in fold 0"):
        cross_fitted_mean(maps, labels, np.zeros(5, int), 0)


def test_a_fold_without_a_model_is_refused():
    volumes, labels = made_up_scans()
    with pytest.raises(ValueError, match="expected 0 to 1"):
        fold_maps(made_up_models()[:2], volumes, labels, FOLD)


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
