"""Domain-adversarial training: its gradient by hand, what it is without a push, what reaches it."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
import torch

from datnet_core.network import build, last_linear
from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_core.training.batches import Scans
from datnet_core.training.checkpoint import read_tensors
from datnet_core.training.loop import fit
from datnet_study.sites.adversarial import (
    GradientReversal,
    domain_head,
    reversal_factor,
    train_adversarial,
)
from datnet_study.sites.site_features import Pooled, with_statistics_of

CLASSES = ("IPD", "MSA", "PSP")
NETWORK = NetworkSettings(n_filters=2, n_levels=2)
TRAINING = TrainingSettings(
    batch_size=4, max_epochs=3, early_stopping_on="none", accelerator="cpu", averaging=0.5, seed=3
)


@pytest.fixture
def source(rng):
    """Ten labelled scans of a site, and two that nobody learns from."""
    volumes = rng.normal(1, 0.3, (12, 9, 10, 11)).astype(np.float32)
    return Scans(volumes, np.arange(12) % 3, np.arange(10), np.arange(0))


@pytest.fixture
def target(rng):
    """Seven unlabelled scans of another site, brighter."""
    return rng.normal(1.6, 0.5, (7, 9, 10, 11)).astype(np.float32)


def adapted(source, target, weight=1.0, network=NETWORK, training=TRAINING):
    return train_adversarial(
        source, target, CLASSES, network=network, training=training, weight=weight
    )


def weights(model):
    return {name: tensor.detach().clone() for name, tensor in model.named_parameters()}


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def test_the_gradient_is_turned_round_and_weighted():
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    y = GradientReversal.apply(x, 0.3)
    assert y.tolist() == [1.0, -2.0]  # forwards it does nothing
    (y**2).sum().backward()
    # d/dx of x^2 is 2 x = (2, -4); reversed and weighted: -0.3 (2, -4) = (-0.6, 1.2)
    torch.testing.assert_close(x.grad, torch.tensor([-0.6, 1.2]))


def test_the_head_itself_learns_to_tell_sites_apart():
    torch.manual_seed(0)
    head, features = domain_head(5), torch.randn(4, 5, requires_grad=True)
    head(features).sum().backward()
    plain, features.grad = features.grad.clone(), None
    own = [p.grad.clone() for p in head.parameters()]
    head.zero_grad()
    head(GradientReversal.apply(features, 0.5)).sum().backward()
    torch.testing.assert_close(features.grad, -0.5 * plain)
    assert all(torch.equal(a, p.grad) for a, p in zip(own, head.parameters(), strict=True))


def test_the_push_grows_as_in_the_article():
    # 2 / (1 + exp(-10 * 0.1)) - 1 = 2 / 1.367879 - 1 = 0.462117
    assert reversal_factor(0.1, 1.0) == pytest.approx(0.462117, abs=1e-6)
    assert reversal_factor(0.0, 5.0) == 0.0


def test_pooled_features_and_the_last_layer_make_the_logits(source):
    model = build(3, replace(NETWORK, standardised=True, resized_to=(8, 9, 10))).eval()
    x = torch.from_numpy(source.volumes[:4, None])
    torch.testing.assert_close(last_linear(model)(Pooled(model)(x)), model(x), rtol=0, atol=0)


@pytest.mark.parametrize("change", [{}, {"halve_after": 1, "learning_rate": 0.1}], ids=str)
def test_without_a_push_it_is_the_training_without_a_head_for_sites(
    source, target, change, tmp_path
):
    training = replace(TRAINING, **change)
    plain = fit(tmp_path / "plain", source, CLASSES, network=NETWORK, training=training)
    assert plain["n_epochs"] == 3
    tensors, _ = read_tensors(tmp_path / "plain/weights.safetensors")
    still = adapted(source, target, weight=0.0, training=training).source.state_dict()
    assert set(still) == set(tensors)
    assert all(torch.equal(still[name], tensors[name]) for name in tensors)  # buffers as well


def test_a_push_changes_the_weights_and_more_of_it_changes_them_otherwise(source, target):
    found = [weights(adapted(source, target, weight).source) for weight in (0.0, 0.5, 2.0)]
    assert not same(found[0], found[1]) and not same(found[1], found[2])


def test_it_does_the_same_twice(source, target):
    first, second = (adapted(source, target) for _ in range(2))
    assert same(first.target.state_dict(), second.target.state_dict())
    assert not same(weights(first.source), weights(adapted(
        source, target, training=replace(TRAINING, seed=4)).source))  # fmt: skip


def test_both_sites_have_the_same_weights_and_statistics_of_their_own(source, target):
    found = adapted(source, target)
    assert same(weights(found.source), weights(found.target))
    buffers = dict(found.source.named_buffers()), dict(found.target.named_buffers())
    assert not same(*buffers)
    assert not (found.source.training or found.target.training)


def test_statistics_of_a_site_are_those_of_its_scans(target):
    model = build(3, replace(NETWORK, dropout=0.0)).eval()
    still = replace(TRAINING, flips=False, shift_voxels=0, noise_sd=0.0, batch_size=7)
    own = with_statistics_of(model, target, still)
    before = model.stem[0](torch.from_numpy(target[:, None]))
    torch.testing.assert_close(own.stem[1].running_mean, before.mean((0, 2, 3, 4)))
    assert model.stem[1].running_mean.tolist() == [0.0, 0.0]  # the network itself stays


def test_scans_that_nobody_learns_from_do_not_reach_it(source, target):
    plain = adapted(source, target)
    source.volumes[10:] += 5
    labels = source.labels.copy()
    labels[10:] = 0
    assert same(plain.source.state_dict(), adapted(source._replace(labels=labels), target)
                .source.state_dict())  # fmt: skip


def test_no_label_of_the_other_site_has_a_way_in():
    taken = inspect.signature(train_adversarial).parameters
    assert list(taken) == ["scans", "target", "classes", "network", "training", "weight"]


def test_random_numbers_of_the_caller_stay_where_they_were(source, target):
    model = build(3, NETWORK).eval()
    torch.manual_seed(1)
    before = torch.get_rng_state()
    with_statistics_of(model, target, TRAINING)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": np.ones((1, 9, 10, 11), np.float32)}, r"\(1, 9, 10, 11\), expected at least 2"),
        ({"target": np.ones((3, 9, 10, 12), np.float32)}, r"expected at least 2 of \(9, 10, 11\)"),
        ({"weight": -1.0}, r"-1\.0, expected 0 or more"),
        ({"training": replace(TRAINING, learning_rate=1e30)}, "expected a number; lower"),
    ],
)
def test_what_cannot_teach_is_refused(source, target, change, message):
    with pytest.raises((ValueError, RuntimeError), match=message):
        adapted(**({"source": source, "target": target} | change))


def test_unbalanced_classes_are_an_option_that_counts(source, target):
    training = replace(TRAINING, balanced_classes=False)
    some = source._replace(labels=np.minimum(source.labels, 1))
    assert not same(
        weights(adapted(some, target).source),
        weights(adapted(some, target, training=training).source),
    )
