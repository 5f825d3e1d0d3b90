"""Every attribution method on networks whose answer is known."""

import numpy as np
import pytest
import torch
from torch import nn

from datnet_core.network import DATNet
from datnet_core.saliency.maps import saliency_maps
from datnet_core.sanity.methods import METHODS, attribution, contrast

SHAPE = (7, 6, 5)
SIGNED = [name for name, m in METHODS.items() if m.uses_network and "published" not in name]


@pytest.fixture
def linear():
    """A linear network of 2 classes on 7 x 6 x 5 voxels, with its weights."""
    torch.manual_seed(0)
    layer = nn.Linear(np.prod(SHAPE), 2)
    return nn.Sequential(nn.Flatten(), layer).eval(), layer.weight.detach().reshape(2, *SHAPE)


@pytest.fixture
def scans():
    torch.manual_seed(1)
    return 1 + torch.rand(3, 1, *SHAPE), torch.tensor([0, 1, 1]), 1 + torch.rand(1, *SHAPE)


def deep(n_classes=3):
    """A small DAT-Net with non-trivial batch norms."""
    torch.manual_seed(2)
    model = DATNet(n_classes, n_filters=4, n_levels=2)
    for _ in range(20):
        model.train()(torch.rand(8, 1, 13, 14, 11))
    return model.eval()


def test_a_linear_network_is_explained_by_its_weights(linear, scans):
    model, weight = linear
    x, targets, baseline = scans
    against_zero = (weight[targets] * x[:, 0]).numpy()
    against_baseline = (weight[targets] * (x - baseline)[:, 0]).numpy()
    found = {name: attribution(name, model, *scans) for name in METHODS}
    for name in ("input x gradient", "full gradients, complete"):
        np.testing.assert_allclose(found[name], against_zero, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["integrated gradients"], against_baseline, atol=1e-5)
    np.testing.assert_allclose(found["deviation, no network"], (x - baseline)[:, 0], atol=1e-6)
    np.testing.assert_array_equal(found["uptake, no network"], x[:, 0])
    magnitude = np.abs(against_zero)
    low, high = (f(magnitude, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
    np.testing.assert_allclose(
        found["full gradients, published"], (magnitude - low) / (high - low), rtol=1e-4, atol=1e-5
    )


def test_occlusion_is_the_mean_fall_of_the_logit_over_the_cubes_that_hold_a_voxel(linear, scans):
    # Slow oracle: cubes of 3 voxels every 2 voxels, cut at the border where they stick out.
    model, weight = linear
    x, targets, baseline = scans
    fall = (weight[targets] * (x - baseline)[:, 0]).numpy()
    total, times = np.zeros((3, *SHAPE)), np.zeros(SHAPE)
    starts = [range(0, 2 * -(-(n - 3) // 2) + 1, 2) for n in SHAPE]
    for i in starts[0]:
        for j in starts[1]:
            for k in starts[2]:
                cube = np.s_[i : i + 3, j : j + 3, k : k + 3]
                total[:, *cube] += fall[:, *cube].sum(axis=(1, 2, 3), keepdims=True)
                times[cube] += 1
    found = attribution("occlusion", model, *scans)
    assert times.min() >= 1
    np.testing.assert_allclose(found, total / times, rtol=1e-3, atol=1e-4)


def test_integrated_gradients_sum_to_the_difference_of_the_logits():
    model, x, targets = deep(), torch.rand(5, 1, 13, 14, 11), torch.tensor([0, 1, 2, 1, 0])
    baseline = torch.rand(1, 13, 14, 11)
    total = attribution("integrated gradients", model, x, targets, baseline).sum(axis=(1, 2, 3))
    with torch.no_grad():
        difference = model(x) - model(baseline[None])
    expected = difference[torch.arange(5), targets].numpy()
    # Kinks of the ReLUs leave a few percent between 64 steps and the integral.
    np.testing.assert_allclose(total, expected, atol=0.1 * np.abs(expected).max())


def test_full_gradients_are_those_of_the_page():
    model, x, targets = deep(), torch.rand(3, 1, 13, 14, 11), torch.tensor([0, 1, 2])
    for rule in ("published", "complete"):
        maps, _ = saliency_maps(model, x[:, 0].numpy(), targets.numpy(), rule)
        found = attribution(f"full gradients, {rule}", model, x, targets, x[0])
        np.testing.assert_allclose(found, maps, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_map_has_the_shape_of_its_scan_and_does_not_depend_on_its_batch(method):
    model, x, targets = deep(), torch.rand(3, 1, 13, 14, 11), torch.tensor([0, 1, 2])
    baseline = torch.rand(1, 13, 14, 11)
    both = attribution(method, model, x, targets, baseline)
    assert both.shape == (3, 13, 14, 11) and both.dtype == np.float32
    one = attribution(method, model, x[1:2], targets[1:2], baseline)
    np.testing.assert_allclose(one[0], both[1], rtol=1e-3, atol=1e-4)
    assert not x.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("method", SIGNED)
def test_a_method_explains_the_class_that_is_asked_for(method):
    model, x, baseline = deep(), torch.rand(2, 1, 13, 14, 11), torch.rand(1, 13, 14, 11)
    first, second = (attribution(method, model, x, torch.tensor([c, c]), baseline) for c in (0, 1))
    assert np.abs(first - second).max() > 1e-3 * np.abs(first).max()


def test_unknown_methods_training_mode_and_misfits_are_refused(linear, scans):
    model, (x, targets, baseline) = linear[0], scans
    with pytest.raises(ValueError, match="'lime'; expected one of full gradients"):
        attribution("lime", model, x, targets, baseline)
    with pytest.raises(ValueError, match=r"baseline \(3, 1, 7, 6, 5\)"):
        attribution("occlusion", model, x, targets, x)
    with pytest.raises(ValueError, match="2 targets"):
        attribution("occlusion", model, x, targets[:2], baseline)
    with pytest.raises(ValueError, match="training mode"):
        attribution("occlusion", model.train(), x, targets, baseline)


def test_a_contrast_is_explained_as_the_difference_of_two_logits():
    # Signed maps are linear in the logit that is explained, apart from rounding.
    model = deep()
    x, baseline = 1 + torch.rand(2, 1, 13, 14, 11), 1 + torch.rand(1, 13, 14, 11)
    told = contrast(model, 3, 2, 0)
    assert torch.allclose(told(x)[:, 0], model(x)[:, 2] - model(x)[:, 0], atol=1e-5)
    for name in SIGNED:
        of = [attribution(name, model, x, torch.full((2,), c), baseline) for c in (2, 0)]
        found = attribution(name, told, x, torch.zeros(2, dtype=torch.int64), baseline)
        np.testing.assert_allclose(found, of[0] - of[1], atol=1e-4, err_msg=name)


def test_a_contrast_keeps_mode_and_precision_and_refuses_what_are_not_two_classes():
    told = contrast(deep().double(), 3, 0, 1)
    assert not any(module.training for module in told.modules())
    assert told(torch.rand(1, 1, 13, 14, 11, dtype=torch.float64)).dtype == torch.float64
    for pair in ((1, 1), (0, 3)):
        with pytest.raises(ValueError, match=f"classes are {pair[0]} and {pair[1]}; .* two of 3"):
            contrast(deep(), 3, *pair)
