"""Full gradients: completeness on random networks, slow oracles, refusals."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import Zoo, batch, randomised, terms_of
from torch import nn

from datnet_core.saliency.decomposition import completeness_gap, full_gradients
from datnet_core.saliency.maps import saliency_map

SPATIAL = {1: (29,), 2: (17, 22), 3: (17, 18, 19)}
NORMS = ["none", "batch", "batch, no affine", "instance", "instance, tracked", "group"]


@settings(deadline=None, max_examples=20)
@given(
    st.sampled_from(sorted(SPATIAL)),
    st.sampled_from(NORMS),
    st.booleans(),
    st.integers(0, 2**31),
    st.lists(st.integers(0, 2), min_size=1, max_size=3),
)
def test_terms_sum_to_the_logit_of_any_residual_network(n_axes, norm, inplace, seed, targets):
    model = randomised(Zoo(n_axes, norm, inplace), seed)
    x = batch((len(targets), 1, *SPATIAL[n_axes]), seed)
    terms = full_gradients(model, x, targets)
    assert completeness_gap(terms).max() <= 1e-10
    expected = model(x)[torch.arange(len(x)), targets]
    torch.testing.assert_close(terms.logits, expected.detach())
    single = full_gradients(model.float(), x.float(), targets)
    assert completeness_gap(single).max() <= 1e-4


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("n_axes", SPATIAL)
def test_gap_is_rounding_in_single_precision(n_axes, norm):
    model = randomised(Zoo(n_axes, norm), seed=1, dtype=torch.float32)
    x = batch((3, 1, *SPATIAL[n_axes]), dtype=torch.float32)
    assert completeness_gap(full_gradients(model, x, [0, 1, 2])).max() <= 1e-4


def test_terms_are_named_by_module_and_call():
    model = randomised(Zoo(3))
    terms = full_gradients(model, batch((2, 1, 17, 18, 19)), [1, 0])
    shapes = {name: tuple(term.shape[1:]) for name, term in terms.bias_terms.items()}
    assert shapes == {  # 17, 18, 19 -> 9, 9, 10 after pooling -> 5, 5, 5 after the strided block
        "stem": (4, 17, 18, 19),
        "stem_norm": (4, 17, 18, 19),
        "shortcut.0": (4, 5, 5, 5),
        "body.0": (6, 5, 5, 5),
        "body.1": (6, 5, 5, 5),
        "body.5": (4, 5, 5, 5),
        "twice": (4, 5, 5, 5),
        "twice#2": (4, 5, 5, 5),
        "head.1": (8,),
        "head.2": (8,),
        "head.5": (3,),
    }
    # The last bias enters the logit directly: its term is the bias of the target class.
    expected = torch.diag(model.head[5].bias.detach())[[1, 0]]
    torch.testing.assert_close(terms.bias_terms["head.5"], expected)


def repeated(vector, like):
    """A bias as a leaf tensor with one entry per voxel of `like` (1, C, X, Y)."""
    return vector.detach().reshape(1, -1, 1, 1).expand_as(like).clone().requires_grad_()


def slow_terms(conv_1, norm, conv_2, linear, x, target, mean, var):
    """Terms of one sample: each bias written out voxel by voxel and differentiated as an input."""
    x = x[None].clone().requires_grad_()  # (1, 1, X, Y)
    scale = norm.weight.detach() / torch.sqrt(var + norm.eps)
    raw_1 = F.conv2d(x, conv_1.weight, padding=1)
    bias_1 = repeated(conv_1.bias, raw_1)
    shift = repeated(norm.bias.detach() - scale * mean, raw_1)
    hidden = F.leaky_relu(scale.reshape(1, -1, 1, 1) * (raw_1 + bias_1) + shift, 0.1)
    raw_2 = F.conv2d(F.max_pool2d(hidden, 2), conv_2.weight)
    bias_2 = repeated(conv_2.bias, raw_2)
    features = F.relu(raw_2 + bias_2).mean((2, 3))
    logit = (features @ linear.weight.T + linear.bias)[0, target]
    leaves = [x, bias_1, shift, bias_2]
    return [
        (leaf * grad)[0].detach()
        for leaf, grad in zip(leaves, torch.autograd.grad(logit, leaves), strict=True)
    ]


def plain_network(norm):
    """Convolution, norm, LeakyReLU, pooling, convolution, ReLU, mean, linear."""
    conv_1, conv_2, linear = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 3, 3), nn.Linear(3, 2)
    model = nn.Sequential(
        *(conv_1, norm, nn.LeakyReLU(0.1, inplace=True), nn.MaxPool2d(2)),
        *(conv_2, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear),
    )
    return randomised(model, seed=3), (conv_1, norm, conv_2, linear)


def slow_published_map(sample_terms, shape, align_corners=False):
    """Map of one sample: rescale each term, interpolate each channel, add everything up."""
    total = torch.zeros(shape, dtype=torch.float64)
    for term in sample_terms:
        term = term.abs()
        term = (term - term.min()) / (term.max() - term.min())
        for channel in term:
            options = {"mode": "bilinear", "align_corners": align_corners}
            total += F.interpolate(channel[None, None], shape, **options)[0, 0]
    return total


@pytest.mark.parametrize("kind", ["batch", "instance", "group"])
def test_terms_and_published_map_equal_the_slow_oracle(kind):
    norm = {
        "batch": nn.BatchNorm2d(4),
        "instance": nn.InstanceNorm2d(4, affine=True),
        "group": nn.GroupNorm(2, 4),
    }[kind]
    model, layers = plain_network(norm)
    x, targets = batch((3, 1, 11, 14)), [1, 0, 1]
    terms = full_gradients(model, x, targets)
    maps = saliency_map(terms, (11, 14))
    as_in_the_authors_code = saliency_map(terms, (11, 14), align_corners=True)
    for i, target in enumerate(targets):
        if kind == "batch":
            mean, var = norm.running_mean, norm.running_var
        else:  # statistics of this sample's channels, or pairs of channels, taken as constants
            channels = layers[0](x[i : i + 1])[0].detach()
            groups = channels if kind == "instance" else channels.reshape(2, 2, 11, 14)
            per_channel = 1 if kind == "instance" else 2
            mean = torch.stack([g.mean() for g in groups for _ in range(per_channel)])
            var = torch.stack([g.var(correction=0) for g in groups for _ in range(per_channel)])
        slow = slow_terms(*layers, x[i], target, mean, var)
        fast = [terms.input_term[i], *(terms.bias_terms[name][i] for name in ("0", "1", "4"))]
        for slow_term, fast_term in zip(slow, fast, strict=True):
            torch.testing.assert_close(fast_term, slow_term, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(maps[i], slow_published_map(slow, (11, 14)))
        aligned = slow_published_map(slow, (11, 14), align_corners=True)
        torch.testing.assert_close(as_in_the_authors_code[i], aligned)


def test_a_linear_network_has_its_weights_times_input_as_map():
    weight = torch.tensor([[1.0, -2.0, 3.0, 0.0, 0.5, -1.0], [9.0, 9.0, 9.0, 9.0, 9.0, 9.0]])
    linear = nn.Linear(6, 2)
    linear.weight.data, linear.bias.data = weight, torch.tensor([0.25, 7.0])
    x = torch.tensor([[[[2.0, 1.0, -1.0], [5.0, 4.0, 0.0]]]])
    terms = full_gradients(nn.Sequential(nn.Flatten(), linear).eval(), x, [0])
    # w * x = 2, -2, -3, 0, 2, 0; sum -1; with the bias 0.25 the logit is -0.75
    assert terms.input_term.flatten().tolist() == [2, -2, -3, 0, 2, 0]
    assert terms.bias_terms["1"].tolist() == [[0.25, 0]]
    assert terms.logits.tolist() == [-0.75]
    assert saliency_map(terms, (2, 3), "complete").flatten().tolist() == [2, -2, -3, 0, 2, 0]
    third = 2 / 3
    expected = torch.tensor([[[third, third, 1], [0, third, 0]]])  # |w * x| / 3
    torch.testing.assert_close(saliency_map(terms, (2, 3)), expected)


def test_linear_layers_over_the_last_axis_keep_features_as_channels():
    model = randomised(nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Flatten(), nn.Linear(21, 2)))
    terms = full_gradients(model, batch((2, 3, 5)), [0, 1])
    assert terms.bias_terms["0"].shape == (2, 7, 3)
    assert completeness_gap(terms).max() <= 1e-10


def test_a_bare_layer_is_named_model():
    terms = full_gradients(randomised(nn.Linear(4, 2)), batch((3, 4)), [0, 1, 1])
    assert list(terms.bias_terms) == ["model"]


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_a_batch_of_two_equals_two_batches_of_one(norm):
    model, x = randomised(Zoo(3, norm)), batch((2, 1, 17, 18, 19))
    both = full_gradients(model, x, [2, 0])
    for i, target in enumerate([2, 0]):
        one = full_gradients(model, x[i : i + 1], [target])
        torch.testing.assert_close(both.input_term[i], one.input_term[0])
        for name, term in one.bias_terms.items():
            torch.testing.assert_close(both.bias_terms[name][i], term[0])


def test_frozen_weights_and_no_grad_change_nothing():
    model, x = randomised(Zoo(2)), batch((2, 1, 17, 22))
    expected = full_gradients(model, x, [0, 1])
    model.requires_grad_(False)
    with torch.no_grad():
        terms = full_gradients(model, x, [0, 1])
    torch.testing.assert_close(terms, expected, rtol=0, atol=0)
    assert not x.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())
    tensors = [terms.logits, terms.input_term, *terms.bias_terms.values()]
    assert not any(tensor.requires_grad for tensor in tensors)


def test_an_in_place_first_layer_leaves_the_input_alone():
    x = batch((2, 1, 4, 5)) - 1
    before = x.clone()
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(20, 2))
    assert completeness_gap(full_gradients(randomised(model), x, [0, 1])).max() <= 1e-10
    assert torch.equal(x, before)


def test_a_branch_that_does_not_reach_the_logits_has_zero_terms():
    class Auxiliary(nn.Module):
        def __init__(self):
            super().__init__()
            self.unused, self.used = nn.Linear(4, 2), nn.Linear(4, 2)

        def forward(self, x):
            self.unused(x)
            return self.used(x)

    terms = full_gradients(randomised(Auxiliary()), batch((3, 4)), [0, 1, 0])
    assert not terms.bias_terms["unused"].any()
    assert completeness_gap(terms).max() <= 1e-10


def test_a_nonlinearity_outside_modules_shows_in_the_gap():
    class Smooth(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.outer = nn.Linear(4, 5), nn.Linear(5, 2)

        def forward(self, x):
            return self.outer(F.gelu(self.inner(x)))

    terms = full_gradients(randomised(Smooth()), batch((8, 4)), [0] * 8)
    assert completeness_gap(terms).max() > 1e-3


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.GELU(), r"1\.act \(GELU\)"),
        (nn.Softmax(1), r"1\.act \(Softmax\)"),
        (nn.LayerNorm(3), r"1\.act \(LayerNorm\)"),
        (nn.MultiheadAttention(4, 2), r"1\.act \(MultiheadAttention\)"),
        (nn.BatchNorm1d(3, track_running_stats=False), r"1\.act \(BatchNorm1d\).*running"),
    ],
)
def test_an_unsupported_module_is_refused_by_path_and_type(layer, message):
    model = nn.Sequential(nn.Flatten(), nn.ModuleDict({"act": layer})).eval()
    with pytest.raises(ValueError, match=message):
        full_gradients(model, batch((2, 1, 3)), [0, 0])


def test_training_mode_is_refused_even_in_one_layer():
    model = randomised(Zoo(2))
    model.body[3].train()
    with pytest.raises(ValueError, match=r"body\.3 \(Dropout2d\).*model\.eval"):
        full_gradients(model, batch((2, 1, 17, 22)), [0, 1])


@pytest.mark.parametrize(
    "targets", [[0], [0, 3], [-1, 0], [0.0, 1.0], [True, False], [[0, 1]]], ids=str
)
def test_targets_that_are_not_one_class_index_per_sample_are_refused(targets):
    with pytest.raises(ValueError, match="expected 2 integers from 0 to 2"):
        full_gradients(randomised(Zoo(1)), batch((2, 1, 29)), targets)


def n_hooks(model):
    return sum(len(module._forward_hooks) for module in model.modules())


def test_hooks_are_removed_after_success_and_after_failure():
    model = randomised(Zoo(2))
    full_gradients(model, batch((1, 1, 17, 22)), [0])
    assert n_hooks(model) == 0
    with pytest.raises(RuntimeError, match="channels"):
        full_gradients(model, batch((1, 2, 17, 22)), [0])
    with pytest.raises(ValueError, match="targets"):
        full_gradients(model, batch((1, 1, 17, 22)), [9])
    with pytest.raises(ValueError, match=r"expected \(2, n_classes\)"):
        full_gradients(randomised(nn.Conv1d(1, 2, 1)), batch((2, 1, 5)), [0, 0])
    assert n_hooks(model) == 0


@pytest.mark.parametrize(
    ("logit", "gap"),
    [(8.0, 0.25), (-4.0, 2.5), (0.5, 5.5)],  # |8 - 6| / 8, |-4 - 6| / 4, |0.5 - 6| / 1
)
def test_gap_is_relative_to_the_logit_but_not_below_one(logit, gap):
    terms = terms_of(logit, [[1, 2, 0]], [[1, 3]], [-1])  # sum 6
    assert completeness_gap(terms).tolist() == [gap]


def test_gap_sums_in_double_precision():
    terms = terms_of(1.0, [[2**24, 1, -(2**24)]])  # float32 has no 2**24 + 1: its sum is 0
    assert completeness_gap(terms).tolist() == [0]
