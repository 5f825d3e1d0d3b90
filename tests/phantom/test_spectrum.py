"""Power by spatial frequency, of waves whose frequency is known."""

import numpy as np
import pytest

from datnet_phantom.spectrum import power_kept, power_spectrum


def wave(period_mm, axis=0, voxel_mm=2.0, shape=(60, 50, 40)):
    """A plane wave along one axis."""
    position = np.arange(shape[axis]) * voxel_mm
    line = np.cos(2 * np.pi * position / period_mm)
    return np.broadcast_to(np.expand_dims(line, [k for k in range(3) if k != axis]), shape)


def test_a_wave_has_its_power_at_its_frequency():
    frequency, power = power_spectrum(wave(10.0), 2.0)
    assert frequency[np.nanargmax(power)] == pytest.approx(0.1, abs=0.01)
    assert len(frequency) == len(power) == 40
    assert len(power_spectrum(wave(10.0), 2.0, n_bins=7)[0]) == 7


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_grid_keeps_waves_longer_than_two_of_its_steps(axis):
    # A 4 mm grid holds periods of 8 mm and more, an 8 mm grid of 16 mm and more.
    assert power_kept(wave(20.0, axis), 2.0, 4.0) > 0.99
    assert power_kept(wave(20.0, axis), 2.0, 8.0) > 0.9
    assert power_kept(wave(10.0, axis), 2.0, 4.0) > 0.95
    assert power_kept(wave(10.0, axis), 2.0, 8.0) < 0.1
    assert power_kept(wave(5.0, axis), 2.0, 4.0) < 0.1


def test_the_grid_of_the_image_keeps_everything(rng):
    noise = rng.standard_normal((12, 13, 14))
    assert power_kept(noise, 2.0, 2.0) == pytest.approx(1)
    # White noise has equal power everywhere: half of each axis is an eighth of the volume.
    assert power_kept(noise, 2.0, 4.0) == pytest.approx(1 / 8, abs=0.06)


def test_a_constant_image_has_no_power_to_share():
    with pytest.raises(ValueError, match="constant"):
        power_kept(np.ones((4, 5, 6)), 2.0, 4.0)
