"""Full gradients: completeness on random networks, slow oracles, hand-worked maps."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from datnet_core.saliency import (
    FullGradients,
    completeness_gap,
    full_gradients,
    layer_maps,
    saliency_map,
    saliency_maps,
)

SPATIAL = {1: (29,), 2: (17, 22), 3: (17, 18, 19)}
NORMS = ["none", "batch", "batch, no affine", "instance", "instance, tracked", "group"]


class Zoo(nn.Module):
    """Residual network with many kinds of layer, declared in another order than called."""

    def __init__(self, n_axes, norm="batch", inplace=True, n_classes=3):
        super().__init__()

        def of(kind, *args, **kwargs):
            return getattr(nn, f"{kind}{n_axes}d")(*args, **kwargs)

        def norm_of(n_channels):
            return {
                "none": lambda: nn.Identity(),
                "batch": lambda: of("BatchNorm", n_channels),
                "batch, no affine": lambda: of("BatchNorm", n_channels, affine=False),
                "instance": lambda: of("InstanceNorm", n_channels, affine=True),
                "instance, tracked": lambda: of(
                    "InstanceNorm", n_channels, track_running_stats=True
                ),
                "group": lambda: nn.GroupNorm(2, n_channels),
            }[norm]()

        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(4 * 2**n_axes, 8),
            nn.GroupNorm(4, 8) if norm == "group" else nn.BatchNorm1d(8),
            nn.LeakyReLU(0.2, inplace),
            nn.Dropout(0.5),
            nn.Linear(8, n_classes),
        )
        self.adaptive = nn.Sequential(of("AdaptiveAvgPool", 2), nn.Identity())
        self.adaptive_max = of("AdaptiveMaxPool", 5)
        self.body = nn.Sequential(
            of("Conv", 4, 6, 3, padding=1, stride=2),
            norm_of(6),
            nn.LeakyReLU(0.1, inplace),
            of("Dropout", 0.3),
            of("Conv", 6, 4, 3, padding=1, bias=False),
            norm_of(4),
        )
        self.relu = nn.ReLU(inplace)
        self.twice = of("Conv", 4, 4, 3, padding=1)
        self.shortcut = nn.Sequential(of("Conv", 4, 4, 1, stride=2), nn.Sequential())
        self.stem = of("Conv", 1, 4, 3, padding=1)
        self.stem_norm = norm_of(4)
        self.avg_pool = of("AvgPool", 2, ceil_mode=True)
        self.max_pool = of("MaxPool", 3, 2, 1)

    def forward(self, x):
        x = self.max_pool(self.relu(self.stem_norm(self.stem(x))))
        shortcut = self.shortcut(x)
        y = self.body(x)
        y += shortcut
        y = self.relu(y)
        y = self.twice(self.relu(self.twice(y)))
        return self.head(self.adaptive(self.avg_pool(self.adaptive_max(y))))


def randomised(model, seed=0, dtype=torch.float64):
    """The model in eval mode with every parameter and running statistic drawn at random."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            if tensor.is_floating_point():
                tensor.normal_(0, 0.5, generator=generator)
                if name.endswith("running_var"):
                    tensor.abs_().add_(0.3)
    return model.to(dtype).eval()


def batch(shape, seed=0, dtype=torch.float64):
    """Standard normal input plus one, so that no channel has a zero mean."""
    return 1 + torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


# Decomposition


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


def test_maps_that_do_not_add_up_are_refused():
    class Smooth(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.outer = nn.Conv3d(1, 4, 3), nn.Linear(4, 2)

        def forward(self, x):
            return self.outer(F.gelu(self.inner(x)).mean((2, 3, 4)))

    volumes = np.random.default_rng(0).random((3, 5, 6, 7))
    with pytest.raises(ValueError, match="outside its modules that is not piecewise linear"):
        saliency_maps(randomised(Smooth()), volumes, np.array([0, 1, 0]))


# Refusals and clean-up


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


# Completeness gap and maps


def terms_of(logit, *terms):
    """FullGradients of one sample from nested lists of shape (C, *spatial)."""
    first, *others = (torch.tensor([term], dtype=torch.float32) for term in terms)
    return FullGradients(
        torch.tensor([logit]), first, {str(i): term for i, term in enumerate(others)}
    )


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


def test_published_map_by_hand():
    # |term| of the input: 3, 1, 2, 2 -> (3 - 1)/2, 0, 1/2, 1/2
    # layer, two channels: 0, 4 and 2, 1 -> 0, 1 and 1/2, 1/4 -> summed 1/2, 5/4
    # 1/2, 5/4 to four voxels at 1/4, 3/4, 5/4, 7/4 of the two: 1/2, 11/16, 17/16, 5/4
    terms = terms_of(0.0, [[3, -1, 2, -2]], [[0, -4], [2, 1]], [5])
    assert saliency_map(terms, (4,)).tolist() == [[1.5, 0.6875, 1.5625, 1.75]]


def test_corners_are_aligned_on_request():
    # 0, 4 to four voxels: ends kept, 4/3 and 8/3 between; else voxels at -1/4, 1/4, 3/4, 5/4
    terms = terms_of(0.0, [[0, 0, 0, 0]], [[0, 4]])
    aligned = saliency_map(terms, (4,), align_corners=True)
    torch.testing.assert_close(aligned, torch.tensor([[0, 1 / 3, 2 / 3, 1]]))
    torch.testing.assert_close(saliency_map(terms, (4,)), torch.tensor([[0, 0.25, 0.75, 1]]))


def test_a_constant_term_rescales_to_zero_and_a_single_voxel_to_a_constant():
    terms = terms_of(0.0, [[1, 2, 3]], [[7, -7]], [[1], [-5]])  # third: 0 and 1 in one voxel
    assert saliency_map(terms, (3,)).tolist() == [[1, 1.5, 2]]


def test_a_tiny_term_is_rescaled_like_a_large_one():
    large, small = terms_of(0.0, [[1, 2, 5]]), terms_of(0.0, [[1e-30, 2e-30, 5e-30]])
    torch.testing.assert_close(saliency_map(large, (3,)), saliency_map(small, (3,)))


@pytest.mark.parametrize("shape", [(17, 18, 19), (40, 31, 23)])
def test_complete_map_sums_to_the_logit_less_the_terms_without_space(shape):
    terms = full_gradients(randomised(Zoo(3)), batch((2, 1, 17, 18, 19)), [0, 2])
    without_space = sum(term.sum(1) for term in terms.bias_terms.values() if term.ndim == 2)
    total = saliency_map(terms, shape, "complete").sum((1, 2, 3))
    torch.testing.assert_close(total, terms.logits - without_space)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [  # 3 voxels at -0.125, 0.625, 1.375, 2.125; weights 1, 0.375, 0, 0 and 0, 0.625, 0.625, 0
        ([11, 0, 0], [8, 3, 0, 0]),  # 11 / 1.375 = 8
        ([0, -5, 0], [0, -2.5, -2.5, 0]),  # -5 / 1.25 = -4
        ([11, -5, 0], [8, 0.5, -2.5, 0]),
    ],
)
def test_complete_map_keeps_the_mass_of_each_voxel(layer, expected):
    terms = terms_of(0.0, [[0, 0, 0, 0]], [layer])
    assert saliency_map(terms, (4,), "complete").tolist() == [expected]


@pytest.mark.parametrize("postprocess", ["published", "complete"])
def test_layer_maps_add_up_to_the_map(postprocess):
    terms = full_gradients(randomised(Zoo(3)), batch((2, 1, 17, 18, 19)), [0, 2])
    parts = layer_maps(terms, (17, 18, 19), postprocess)
    with_place = [name for name, term in terms.bias_terms.items() if term.ndim == 5]
    assert list(parts) == ["input voxels", *with_place]
    torch.testing.assert_close(sum(parts.values()), saliency_map(terms, (17, 18, 19), postprocess))
    assert parts["input voxels"].shape == (2, 17, 18, 19)
    if postprocess == "complete":
        torch.testing.assert_close(parts["input voxels"], terms.input_term[:, 0])


def test_maps_refuse_unknown_names_and_shapes():
    terms = terms_of(0.0, [[1, 2, 3]], [[1, 2, 3, 4, 5, 6, 7]])
    with pytest.raises(ValueError, match="'absolute'"):
        saliency_map(terms, (3,), "absolute")
    with pytest.raises(ValueError, match="axes"):
        saliency_map(terms, (3, 3))
    with pytest.raises(ValueError, match="skips voxels"):
        saliency_map(terms, (2,), "complete")
    with pytest.raises(ValueError, match="axes"):
        saliency_map(terms_of(0.0, [1, 2, 3]), ())


@pytest.mark.parametrize("postprocess", ["published", "complete"])
def test_chunks_memory_maps_and_strides_do_not_change_the_maps(tmp_path, postprocess):
    model = randomised(Zoo(3), dtype=torch.float32)
    path = tmp_path / "volumes.npy"
    np.save(path, np.random.default_rng(0).normal(1, 1, (5, 19, 18, 17)).astype(np.float32))
    volumes = np.load(path, mmap_mode="r").transpose(0, 3, 2, 1)  # (5, 17, 18, 19), not contiguous
    targets = np.array([0, 1, 2, 1, 0])
    maps, gaps = saliency_maps(model, volumes, targets, postprocess, chunk_size=2)
    assert maps.shape == (5, 17, 18, 19) and maps.dtype == np.float32
    assert gaps.shape == (5,) and gaps.dtype == np.float64 and gaps.max() <= 1e-4
    x = torch.tensor(volumes.copy())[:, None]
    whole = saliency_map(full_gradients(model, x, targets), (17, 18, 19), postprocess)
    np.testing.assert_allclose(maps, whole, rtol=1e-4, atol=1e-5)
    for i in (0, 4):
        one, _ = saliency_maps(model, volumes[i : i + 1], targets[i : i + 1], postprocess)
        np.testing.assert_allclose(maps[i], one[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("targets", "chunk_size"), [([0, 1], 16), ([0, 1, 2], 0)])
def test_maps_need_one_target_per_volume_and_a_positive_chunk(targets, chunk_size):
    with pytest.raises(ValueError, match="one target per volume and chunk_size >= 1"):
        saliency_maps(Zoo(3), np.zeros((3, 5, 6, 7)), targets, chunk_size=chunk_size)
