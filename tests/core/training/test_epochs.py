"""An epoch: every scan once, in batches, mirrored or not, the classes in balance."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.swa_utils import AveragedModel

from datnet_core.settings import TrainingSettings
from datnet_core.training.batches import Scans, balanced_order
from datnet_core.training.devices import fabric_of
from datnet_core.training.epochs import running_mean, train_epoch

AS_IS = {"shift_voxels": 0, "contrast_sd": 0.0, "noise_sd": 0.0}
FIT = np.arange(17)


class Recorder(torch.nn.Module):
    """Keeps the batches it is given."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(3))
        self.batches = []

    def forward(self, x):
        self.batches.append(x.detach().clone())
        return x.mean((1, 2, 3, 4))[:, None] * self.scale


def run_epoch(model, volumes, labels, settings, seed=0):
    """One epoch on the CPU; weights after each step, and their running mean."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    averaged = AveragedModel(model, multi_avg_fn=running_mean(settings.averaging))
    steps = []
    optimizer.register_step_post_hook(lambda *_: steps.append(model.scale.detach().clone()))
    train_epoch(
        fabric_of(TrainingSettings(accelerator="cpu")),
        model,
        Scans(volumes, labels, FIT, FIT),
        averaged=averaged,
        optimizer=optimizer,
        training=settings,
        rng=np.random.default_rng(seed),
    )
    return steps, averaged.module.scale


def test_the_running_mean_follows_the_weights_in_its_first_steps(rng):
    # mean_0 = w_0, mean_k = d_k mean_(k-1) + (1 - d_k) w_k, d_k = min(0.25, (1 + k) / (10 + k)):
    # 2 / 11, 3 / 12, 0.25 (4 / 13 is more).
    volumes, labels = rng.random((20, 5, 6, 7), np.float32), np.arange(20) % 3
    settings = TrainingSettings(batch_size=4, averaging=0.25)
    steps, averaged = run_epoch(Recorder(), volumes, labels, settings)
    assert len(steps) == 4
    mean = steps[0]
    for decay, weights in zip((2 / 11, 3 / 12, 0.25), steps[1:], strict=True):
        mean = decay * mean + (1 - decay) * weights
    torch.testing.assert_close(averaged, mean)
    assert not torch.allclose(averaged, steps[-1])


@pytest.mark.parametrize("flips", [True, False])
def test_flips_mirror_left_and_right_alone_and_about_every_second_scan(flips, rng):
    volumes, labels = rng.random((20, 5, 6, 7), np.float32), np.arange(20) % 3
    model = Recorder()
    settings = TrainingSettings(flips=flips, balanced_classes=False, batch_size=4, **AS_IS)
    for seed in range(6):
        run_epoch(model, volumes, labels, settings, seed)
    n_mirrored, inputs = 0, torch.cat(model.batches)[:, 0].numpy()
    for x in inputs:
        as_is = any(np.array_equal(x, volumes[row]) for row in FIT)
        mirrored = any(np.array_equal(x, volumes[row][::-1]) for row in FIT)
        assert as_is != mirrored
        n_mirrored += mirrored
    assert len(inputs) == 6 * 17
    assert 30 < n_mirrored < 72 if flips else n_mirrored == 0


@pytest.mark.parametrize("batch_size", [2, 4, 17, 40])
def test_an_epoch_shows_each_scan_once_in_batches_of_at_least_the_size_asked_for(batch_size, rng):
    volumes, labels = rng.random((20, 5, 6, 7), np.float32), np.arange(20) % 3
    model = Recorder()
    settings = TrainingSettings(flips=False, balanced_classes=False, batch_size=batch_size, **AS_IS)
    run_epoch(model, volumes, labels, settings)
    sizes = [len(x) for x in model.batches]
    assert len(sizes) == max(1, 17 // batch_size)
    assert min(sizes) >= min(batch_size, 17)
    seen = torch.cat(model.batches)[:, 0].numpy()
    assert sorted(x[0, 0, 0] for x in seen) == sorted(volumes[FIT, 0, 0, 0])


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(0, 2**32 - 1))
def test_balanced_classes_come_equally_often_up_to_one_scan(labels, seed):
    labels = np.array(labels)
    drawn = balanced_order(labels, np.random.default_rng(seed))
    assert len(drawn) == len(labels)
    names = np.unique(labels)
    counts = np.array([(labels[drawn] == name).sum() for name in names])
    assert np.ptp(counts) <= 1
    for name in names:  # within a class no scan comes twice before every scan came once
        repeats = np.bincount(drawn[labels[drawn] == name], minlength=len(labels))
        assert np.ptp(repeats[labels == name]) <= 1
