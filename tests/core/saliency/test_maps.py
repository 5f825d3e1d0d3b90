"""Saliency maps: hand-worked ones, mass and parts that add up, chunks."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from random_networks import Zoo, batch, randomised, terms_of
from torch import nn

from datnet_core.saliency.decomposition import full_gradients
from datnet_core.saliency.maps import layer_maps, maps_of_classes, saliency_map, saliency_maps


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


def test_maps_of_every_class_are_those_of_one_class_in_both_ways():
    model = randomised(Zoo(3, n_classes=3))
    volumes = np.random.default_rng(1).random((5, 9, 10, 11), np.float32)
    mask = np.random.default_rng(2).random(volumes.shape[1:]) < 0.4
    ways = ("published", "complete")
    found = maps_of_classes(model, volumes, 3, mask, ways, chunk_size=2)
    for maps, way in zip(found, ways, strict=True):
        assert maps.shape == (5, 3, mask.sum())
        for c in range(3):
            expected, _ = saliency_maps(model, volumes, np.full(5, c), way)
            np.testing.assert_allclose(maps[:, c], expected[:, mask], rtol=1e-3, atol=1e-5)
