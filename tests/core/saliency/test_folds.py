"""Cross-fitting: no label of a held-out fold reaches its own region."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from datnet_core.network import DATNet
from datnet_core.saliency.folds import cross_fitted_mean, fold_maps
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
    from datnet_core.saliency import saliency_maps

    assert found.gaps.shape == (3, N) and found.gaps.max() < 1e-4
    for k, model in enumerate(models):
        maps, _ = saliency_maps(model, volumes, labels)
        np.testing.assert_allclose(found.held_out[k == FOLD], maps[k == FOLD], rtol=1e-4, atol=1e-5)
        means = [
            np.mean([maps[i] for i in range(N) if FOLD[i] != k and labels[i] == c], axis=0)
            for c in range(3)
        ]
        np.testing.assert_allclose(found.fold_means[k], np.mean(means, axis=0), rtol=1e-4)


@settings(deadline=None, max_examples=5)
@given(st.permutations(range(N // 3)), st.integers(0, 2))
def test_labels_of_the_held_out_fold_do_not_change_its_region(order, k):
    models, (volumes, labels) = made_up_models(), made_up_scans()
    permuted = labels.copy()
    permuted[k == FOLD] = (labels[k == FOLD][order] + 1) % 3
    before, after = (fold_maps(models, volumes, y, FOLD) for y in (labels, permuted))
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
