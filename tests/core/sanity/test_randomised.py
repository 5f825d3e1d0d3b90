"""Randomised weights: what changes, in which order, and that maps notice it."""

import numpy as np
import pytest
import torch

from datnet_core.network import DATNet, Ensemble, build
from datnet_core.saliency.maps import saliency_maps
from datnet_core.sanity.randomised import blocks, cascade, rank_correlation, untrained_model
from datnet_core.settings import NetworkSettings

STAGES = ["head", "encoder.2", "encoder.1", "encoder.0", "stem"]


@pytest.fixture
def model():
    """A small DAT-Net with non-trivial batch norms and biases."""
    torch.manual_seed(0)
    model = DATNet(3, n_filters=4, n_levels=2)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 0.1, 0.3)
    for _ in range(10):
        model.train()(torch.rand(8, 1, 13, 14, 11))
    return model.eval()


def state(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def test_layers_are_permuted_one_after_the_other_and_stay_so(model):
    before, done = state(model), []
    for layer, changed in cascade(model, STAGES):
        done.append(layer)
        for name, tensor in changed.state_dict().items():
            touched = any(name.startswith(f"{stage}.") for stage in done)
            if tensor.ndim > 1:  # long enough never to be permuted into itself
                assert torch.equal(tensor, before[name]) != touched, (layer, name)
            assert torch.equal(tensor.flatten().sort()[0], before[name].flatten().sort()[0])
        assert not changed.training
    assert done == STAGES
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_the_stages_hold_every_weight_once(model):
    assert blocks(model) == STAGES[::-1]
    held = [f"{s}.{n}" for s in blocks(model) for n, _ in model.get_submodule(s).named_parameters()]
    assert held == [name for name, _ in model.named_parameters()]


def test_a_seed_gives_the_same_network_and_another_seed_another(model):
    def last(seed):
        for _, changed in cascade(model, STAGES, seed):
            final = state(changed)
        return final["stem.0.weight"]

    assert torch.equal(last(1), last(1))
    assert not torch.equal(last(1), last(2))


def test_maps_change_as_layers_are_randomised(model):
    volumes = np.random.default_rng(0).random((4, 13, 14, 11), np.float32)
    targets, mask = np.array([0, 1, 2, 0]), np.ones((13, 14, 11), bool)
    trained, _ = saliency_maps(model, volumes, targets)
    np.testing.assert_allclose(rank_correlation(trained, trained, mask), 1)
    for layer, changed in cascade(model, STAGES):
        maps, _ = saliency_maps(changed, volumes, targets)
        assert (rank_correlation(trained, maps, mask) < 0.99).all(), layer


@pytest.mark.parametrize("layer", ["encoder.9", "pool"])
def test_a_layer_without_weights_is_refused(model, layer):
    with pytest.raises(ValueError, match=rf"'{layer}' has no weights; the model has \['stem'"):
        next(cascade(model, [layer]))


def test_the_whole_model_can_be_randomised_in_one_step(model):
    before = state(model)
    ((layer, changed),) = cascade(model, [""])
    assert layer == ""
    for name, tensor in changed.state_dict().items():
        if tensor.ndim > 1:
            assert not torch.equal(tensor, before[name]), name


def test_rank_correlation_by_hand():
    a = np.array([[1.0, 2.0, 3.0, 99.0], [1.0, 2.0, 3.0, 0.0], [5.0, 5.0, 5.0, 1.0]])
    b = np.array([[10.0, 20.0, 40.0, 0.0], [3.0, 2.0, 1.0, 9.0], [1.0, 2.0, 3.0, 4.0]])
    mask = np.array([True, True, True, False])
    np.testing.assert_allclose(rank_correlation(a, b, mask), [1, -1, np.nan])


def test_parallel_networks_are_randomised_together():
    torch.manual_seed(0)
    model = Ensemble([DATNet(3, 2, 2), DATNet(3, 2, 2)]).eval()
    names = blocks(model)
    assert names[0] == "networks.*.stem" and names[-1] == "networks.*.head"
    x = torch.rand(1, 1, 9, 10, 11)
    before = [network(x) for network in model.networks]
    (_, changed), *_ = cascade(model, ["networks.*.head"])
    for network, logits in zip(changed.networks, before, strict=True):
        assert not torch.allclose(network(x), logits)
    for network, logits in zip(model.networks, before, strict=True):
        torch.testing.assert_close(network(x), logits)


def test_steps_in_front_of_a_network_do_not_hide_its_stages():
    settings = NetworkSettings(n_filters=2, n_levels=2, standardised=True, resized_to=(9, 10, 11))
    model = Ensemble([build(3, settings)])
    expected = ["stem", "encoder.0", "encoder.1", "encoder.2", "head"]
    assert blocks(model) == [f"networks.*.2.{name}" for name in expected]


def test_an_untrained_model_has_the_statistics_of_the_scans_and_the_weights_of_its_seed():
    volumes = np.random.default_rng(0).random((9, 13, 14, 11), np.float32)
    network = NetworkSettings(n_filters=2, n_levels=2, n_members=2)
    before = torch.random.get_rng_state()
    first, again, other = (untrained_model(3, network, volumes, seed, 4) for seed in (5, 5, 6))
    assert torch.equal(torch.random.get_rng_state(), before)
    one, two, three = (state(m) for m in (first, again, other))
    assert all(torch.equal(one[name], two[name]) for name in one)
    weights = [name for name in one if name.endswith("weight") and one[name].ndim > 1]
    assert weights and not any(torch.equal(one[name], three[name]) for name in weights)
    means = [tensor for name, tensor in one.items() if name.endswith("running_mean")]
    assert means and all(tensor.abs().max() > 0 for tensor in means)
    maps, gaps = saliency_maps(first, volumes, np.zeros(9, int))
    assert gaps.max() < 1e-4 and np.ptp(maps) > 0
