"""Deletion and insertion on a network whose probability can be worked out by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from datnet_core.sanity.deletion import curve_area, perturbation_curves

MASK = np.array([[[True, True, False], [True, True, True]]])  # (1, 2, 3), five voxels


class Sum(nn.Module):
    """Logits (weighted sum of the voxels, 0)."""

    def forward(self, x):
        weights = torch.tensor([[[1.0, 2.0, 50.0], [3.0, 4.0, 5.0]]])
        logit = (x * weights).flatten(1).sum(1)
        return torch.stack([logit, torch.zeros_like(logit)], 1)


def sigmoid(logit):
    return 1 / (1 + np.exp(-np.asarray(logit, float)))


def test_voxels_go_and_come_back_in_the_order_of_the_map():
    x = torch.full((1, 1, 1, 2, 3), 0.1)
    order = np.array([[[[5.0, 4.0, 99.0], [3.0, 2.0, 1.0]]]])  # the 99 lies outside the mask
    deletion, insertion = perturbation_curves(
        Sum().eval(), x, [0], order, torch.zeros(1, 1, 2, 3), MASK, n_steps=5
    )
    # Outside the mask 50 * 0.1 = 5 stays; inside 1, 2, 3, 4, 5 tenths go one by one.
    np.testing.assert_allclose(deletion[0], sigmoid([6.5, 6.4, 6.2, 5.9, 5.5, 5.0]), rtol=1e-6)
    np.testing.assert_allclose(insertion[0], sigmoid([5.0, 5.1, 5.3, 5.6, 6.0, 6.5]), rtol=1e-6)


def test_the_best_order_has_the_lowest_deletion_and_the_highest_insertion():
    rng = np.random.default_rng(0)
    x, baseline = torch.rand(4, 1, 1, 2, 3), torch.zeros(1, 1, 2, 3)
    weights = np.array([[[1.0, 2.0, 50.0], [3.0, 4.0, 5.0]]])
    model, targets = Sum().eval(), [0] * 4
    best = perturbation_curves(model, x, targets, weights * x[:, 0].numpy(), baseline, MASK)
    for _ in range(20):
        maps = rng.random((4, 1, 2, 3))
        other = perturbation_curves(model, x, targets, maps, baseline, MASK)
        assert (curve_area(best[0]) <= curve_area(other[0]) + 1e-12).all()
        assert (curve_area(best[1]) >= curve_area(other[1]) - 1e-12).all()


def test_the_target_chooses_the_class():
    x, maps = torch.rand(2, 1, 1, 2, 3), np.random.default_rng(1).random((2, 1, 2, 3))
    options = (maps, torch.zeros(1, 1, 2, 3), MASK)
    first = perturbation_curves(Sum().eval(), x, [0, 0], *options)
    other = perturbation_curves(Sum().eval(), x, [0, 1], *options)
    for a, b in zip(first, other, strict=True):
        np.testing.assert_allclose(b[0], a[0])
        np.testing.assert_allclose(b[1], 1 - a[1], atol=1e-12)


def test_curves_meet_each_others_ends():
    x, maps = torch.rand(2, 1, 1, 2, 3), np.random.default_rng(1).random((2, 1, 2, 3))
    deletion, insertion = perturbation_curves(
        Sum().eval(), x, [0, 0], maps, torch.rand(1, 1, 2, 3), MASK, n_steps=3
    )
    assert deletion.shape == insertion.shape == (2, 4)
    np.testing.assert_allclose(deletion[:, [0, -1]], insertion[:, [-1, 0]])


def test_area_by_hand():
    # Trapezoids of width 1/2: (1 + 0.5) / 4 + (0.5 + 0) / 4 = 0.5
    np.testing.assert_allclose(curve_area(np.array([[1, 0.5, 0], [1, 1, 1]])), [0.5, 1])


def test_misfits_are_refused():
    x, baseline = torch.rand(2, 1, 1, 2, 3), torch.zeros(1, 1, 2, 3)
    for maps, mask in [
        (np.zeros((1, 1, 2, 3)), MASK),
        (np.zeros((2, 1, 2, 3)), MASK[0]),
        (np.zeros((2, 1, 2, 3)), np.zeros_like(MASK)),
    ]:
        with pytest.raises(ValueError, match="one map per sample and a mask that is not empty"):
            perturbation_curves(Sum().eval(), x, [0, 0], maps, baseline, mask)
