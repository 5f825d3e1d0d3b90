"""Pooled features: what the last layer turns into the logits, network by network."""

import numpy as np
import pytest
import torch
from random_networks import randomised

from datnet_core.network import DATNet, Ensemble, last_linear
from datnet_core.training.batches import batch
from datnet_study.embedding import pooled_features


@pytest.fixture
def volumes(rng):
    return rng.normal(1, 0.3, (5, 13, 14, 11)).astype(np.float32)


def model_of(n_networks, both_sides):
    networks = [
        randomised(DATNet(3, n_filters=2, n_levels=2), seed, torch.float32)
        for seed in range(n_networks)
    ]
    return Ensemble(networks, both_sides).eval()


@pytest.mark.parametrize("both_sides", [False, True])
def test_the_last_layer_makes_the_logits_of_them(volumes, both_sides):
    model, rows = model_of(2, both_sides), np.array([4, 0, 3])
    features = pooled_features(model, volumes, rows, batch_size=2)
    assert features.shape == (3, 2 * 4)
    logits = []
    for k, network in enumerate(model.networks):
        layer = last_linear(network)
        own = features[:, 4 * k : 4 * (k + 1)]
        logits.append(own @ layer.weight.detach().numpy().T + layer.bias.detach().numpy())
    with torch.inference_mode():
        expected = model(batch(volumes, rows)).numpy()
    np.testing.assert_allclose(np.mean(logits, axis=0), expected, rtol=1e-4, atol=1e-5)


def test_the_network_is_left_as_it_was(volumes):
    model = model_of(1, True)
    pooled_features(model, volumes, np.array([1]))
    assert not last_linear(model.networks[0])._forward_pre_hooks


def test_no_row_is_refused(volumes):
    with pytest.raises(ValueError, match="no scan to take features of"):
        pooled_features(model_of(1, False), volumes, np.array([], dtype=int))
