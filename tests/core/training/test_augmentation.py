"""What changes a scan that is learned from: hand-worked on volumes of a few voxels."""

import numpy as np
import pytest
import torch

from datnet_core.settings import TrainingSettings
from datnet_core.training.augmentation import Changes, augmented, draw_changes

STILL = Changes(np.array([False]), np.zeros((1, 3), int), np.ones(1))


def volume():
    """One scan of 3 x 2 x 4 voxels, all different."""
    return torch.arange(24.0).reshape(1, 1, 3, 2, 4)


def test_a_scan_without_changes_stays():
    assert torch.equal(augmented(volume(), STILL), volume())


def test_left_and_right_change_places():
    turned = augmented(volume(), STILL._replace(mirrored=np.array([True])))
    assert torch.equal(turned[0, 0], volume()[0, 0][[2, 1, 0]])


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        ((1, 0, 0), lambda v: v[[0, 0, 1]]),  # away from the first voxel, which stands again
        ((-1, 0, 0), lambda v: v[[1, 2, 2]]),
        ((0, 1, 0), lambda v: v[:, [0, 0]]),
        ((0, 0, -2), lambda v: v[:, :, [2, 3, 3, 3]]),
        ((2, 0, 1), lambda v: v[[0, 0, 0]][:, :, [0, 0, 1, 2]]),
    ],
)
def test_a_shift_moves_the_scan_and_repeats_its_edge(shift, expected):
    moved = augmented(volume(), STILL._replace(shift=np.array([shift])))
    assert torch.equal(moved[0, 0], expected(volume()[0, 0]))


def test_contrast_is_a_factor_on_the_differences_from_the_mean():
    stronger = augmented(volume(), STILL._replace(contrast=np.array([2.0])))
    assert torch.allclose(stronger, 11.5 + 2 * (volume() - 11.5))


def test_noise_has_its_sd_in_every_voxel_and_is_another_each_time():
    torch.manual_seed(0)
    still = Changes(np.zeros(50, bool), np.zeros((50, 3), int), np.ones(50))
    first, second = (augmented(torch.ones(50, 1, 6, 6, 6), still, 0.3) - 1 for _ in range(2))
    # 10,800 draws: the SD of an SD is 0.3 / sqrt(2 x 10,800) = 0.002, of a correlation 0.01.
    assert first.std() == pytest.approx(0.3, abs=0.01)
    assert np.corrcoef(first.flatten(), second.flatten())[0, 1] == pytest.approx(0, abs=0.05)


def test_draws_are_what_the_settings_say():
    rng = np.random.default_rng(5)
    settings = TrainingSettings(shift_voxels=2, contrast_sd=0.1)
    drawn = draw_changes(4000, settings, rng)
    assert drawn.mirrored.mean() == pytest.approx(0.5, abs=0.04)  # 5 SD of a share
    assert [np.unique(column).tolist() for column in drawn.shift.T] == [[-2, -1, 0, 1, 2]] * 3
    assert np.log(drawn.contrast).std() == pytest.approx(0.1, abs=0.006)
    assert np.log(drawn.contrast).mean() == pytest.approx(0, abs=0.008)
    few = drawn.of([3, 1])
    assert (few.shift == drawn.shift[[3, 1]]).all() and len(few.mirrored) == 2


def test_settings_of_nothing_change_nothing():
    still = TrainingSettings(flips=False, shift_voxels=0, contrast_sd=0.0)
    drawn = draw_changes(9, still, np.random.default_rng(1))
    assert not drawn.mirrored.any() and not drawn.shift.any() and (drawn.contrast == 1).all()
