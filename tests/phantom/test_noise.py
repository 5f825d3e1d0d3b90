"""Noise of the phantom: its size against hand-worked numbers, its spectrum and what is filtered."""

import numpy as np
import pytest

from datnet_phantom.noise import filtered_noise_cv, noise_cv, relative_noise
from datnet_phantom.scanner import blurred


def test_noise_follows_the_counts(calibration):
    def cv(half_life_min=20.36, **numbers):
        return noise_cv(calibration.scanner.model_copy(update=numbers), half_life_min)

    plain = cv()
    assert cv(injected_mbq=4 * calibration.scanner.injected_mbq) == pytest.approx(plain / 2)
    for name in ("brain_share", "sensitivity_cps_per_kbq", "attenuation", "noise_equivalent_share"):
        quarter = getattr(calibration.scanner, name) / 4
        assert cv(**{name: quarter}) == pytest.approx(2 * plain)
    # One half-life later half the counts are left.
    later = calibration.scanner.frame_start_min + 20.36
    assert cv(frame_start_min=later) == pytest.approx(2**0.5 * plain)
    # Of a radionuclide that hardly decays, the counts are those of the frame's 15 minutes alone:
    # 60 and 15 min of carbon-11 leave 0.1297 * 0.783 = 0.1015 of them.
    assert cv(half_life_min=1e6) == pytest.approx(0.1015**0.5 * plain, rel=0.001)


def test_noise_has_the_hand_worked_size(calibration):
    numbers = calibration.scanner.model_copy(update={
        "injected_mbq": 370, "frame_start_min": 60, "frame_min": 15, "brain_share": 0.05,
        "sensitivity_cps_per_kbq": 4.5, "attenuation": 0.3, "noise_equivalent_share": 0.5,
        "resolution_fwhm_mm": 6.0, "brain_width_mm": 140, "brain_length_mm": 170,
        "brain_height_mm": 120, "reconstruction_noise": 0.5,
    })  # fmt: skip
    # Decay to the middle of the frame 0.1015 (60 min: 0.1297, mean over 15 min: 0.783);
    # 370e3 kBq * 0.05 * 0.1015 * 900 s * 4.5 * 0.3 * 0.5 = 1.141e6 events, 57,000 in 6 of 120 mm;
    # pi/4 * 140 * 170 / 36 = 519 cells: 0.5 * 1.2 * 519 ** 0.75 / sqrt(57000) = 0.273.
    assert noise_cv(numbers, 20.36) == pytest.approx(0.273, rel=0.01)


def test_relative_noise_has_mean_one_and_the_sd_asked_for(scene):
    factor = relative_noise(scene, 0.3, np.random.default_rng(0))
    assert factor.shape == scene.labels.shape and factor.dtype == np.float32
    assert factor.min() > 0
    assert factor.mean() == pytest.approx(1, abs=0.005)
    assert factor.std() == pytest.approx(0.3, rel=0.03)


def test_noise_lacks_low_frequencies_and_the_filter_leaves_what_is_said(scene, calibration):
    numbers = calibration.scanner
    cv = noise_cv(numbers, calibration.tracer.half_life_min)
    drawn = relative_noise(scene, cv, np.random.default_rng(1)) - 1
    filtered = blurred(drawn, numbers.filter_fwhm_mm, scene)
    inside = (slice(12, -12),) * 3  # away from the edges, where the filter mirrors
    left = filtered_noise_cv(scene, calibration)
    assert filtered[inside].std() == pytest.approx(left, rel=0.1)
    spread = numbers.resolution_fwhm_mm, numbers.filter_fwhm_mm
    # For power |f| exp(-(2 pi f s)^2) the SD goes with 1 / s^2.
    assert left / cv == pytest.approx(spread[0] ** 2 / (spread[0] ** 2 + spread[1] ** 2), rel=0.1)
