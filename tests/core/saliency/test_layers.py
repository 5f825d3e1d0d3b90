"""Shares of layers: they add up, equal a slow sum, and are right by hand."""

import numpy as np
import pytest
import torch

from datnet_core.network import DATNet
from datnet_core.saliency.layers import by_grid, mean_layer_maps
from datnet_core.saliency.maps import saliency_maps


@pytest.fixture(scope="module")
def scans():
    torch.manual_seed(0)
    model = DATNet(3, n_filters=4, n_levels=3)
    for _ in range(5):
        model.train()(torch.rand(8, 1, 17, 18, 19))
    volumes = np.random.default_rng(0).random((5, 17, 18, 19), np.float32)
    return model.eval(), volumes, np.array([0, 1, 2, 1, 0])


@pytest.mark.parametrize("postprocess", ["published", "complete"])
def test_layers_add_up_to_the_mean_map(scans, postprocess):
    maps, grids = mean_layer_maps(*scans, postprocess, chunk_size=2)
    whole, _ = saliency_maps(*scans, postprocess)
    np.testing.assert_allclose(sum(maps.values()), whole.mean(axis=0), rtol=1e-4, atol=1e-5)
    assert list(maps) == list(grids)
    assert list(maps)[:2] == ["input voxels", "stem.1"]
    assert grids["input voxels"] == (1, 17, 18, 19)
    assert grids["stem.1"] == (4, 9, 9, 10)
    assert grids["encoder.4.body.2.1"] == (16, 2, 2, 2)
    assert "head.2" not in maps  # a linear layer has no place


def test_corners_are_aligned_on_request(scans):
    free, aligned = (mean_layer_maps(*scans, align_corners=way)[0] for way in (False, True))
    np.testing.assert_allclose(aligned["input voxels"], free["input voxels"])
    assert np.abs(aligned["encoder.4.body.2.1"] - free["encoder.4.body.2.1"]).max() > 0.01


def test_shares_of_grids_add_up_to_one(scans):
    maps, grids = mean_layer_maps(*scans)
    mask = np.zeros((17, 18, 19), bool)
    mask[2:15, 3:16, 4:17] = True
    grid_maps, table = by_grid(maps, grids, mask)
    assert list(grid_maps) == table["grid"].tolist()
    assert table["grid"].iloc[0] == "17 x 18 x 19"
    assert table["layers"].sum() == len(maps)
    assert table[["share_of_sum", "share_of_pattern"]].sum().tolist() == pytest.approx([1, 1])
    np.testing.assert_allclose(sum(grid_maps.values()), sum(maps.values()))


def test_shares_by_hand():
    # Fine map 0, 1, 2, 3 (sum 6), one-voxel layer 4 everywhere (sum 16), fine layer called twice.
    ramp = np.arange(4.0).reshape(1, 2, 2)
    maps = {"input voxels": ramp, "a": np.full((1, 2, 2), 4.0), "b": ramp, "b#2": ramp}
    grids = {"input voxels": (1, 1, 2, 2), "a": (8, 1, 1, 1), "b": (3, 1, 2, 2)}
    grids["b#2"] = grids["b"]
    grid_maps, table = by_grid(maps, grids, np.ones((1, 2, 2), bool))
    fine, coarse = (1, 2, 2), (1, 1, 1)
    rows = [["1 x 2 x 2", fine, 2, 4, 18 / 34, 1], ["1 x 1 x 1", coarse, 1, 8, 16 / 34, 0]]
    assert table.values.tolist() == rows
    np.testing.assert_array_equal(grid_maps["1 x 2 x 2"], 3 * ramp)
