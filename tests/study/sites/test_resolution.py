"""Resolution of scans: what smoothing does, what it takes, and how it is estimated."""

import numpy as np
import pytest

from datnet_study.sites.resolution import (
    COPIES,
    degraded_copies,
    estimated_fwhm,
    filtered,
    missing_fwhm,
)

SPACING_MM = 4.0


@pytest.fixture
def heads(rng):
    """Three objects with detail of all sizes."""
    return rng.normal(size=(3, 40, 44, 36)).cumsum(axis=1)


def test_two_filters_act_as_the_one_of_both(heads):
    once = filtered(heads, 12.0, SPACING_MM)
    twice = filtered(filtered(heads, 9.0, SPACING_MM), missing_fwhm(9.0, 12.0), SPACING_MM)
    inside = (slice(None), *[slice(8, -8)] * 3)
    np.testing.assert_allclose(once[inside], twice[inside], atol=0.02 * once.std())


def test_each_scan_has_its_own_filter_and_none_leaves_it_alone(heads):
    made = filtered(heads, np.array([0.0, 6.0, 12.0]), SPACING_MM)
    np.testing.assert_array_equal(made[0], heads[0].astype(np.float32))
    assert np.diff([part.std() for part in made]).max() < 0


def test_a_scan_is_never_made_finer():
    with pytest.raises(ValueError, match=r"12\.0 mm cannot be brought to 10\.0 mm"):
        missing_fwhm([6.0, 12.0], 10.0)


@pytest.mark.parametrize("fwhm_mm", [9.0, 11.0, 13.0])
def test_the_resolution_is_found_beside_a_known_one(heads, fwhm_mm):
    known, other = filtered(heads, 10.0, SPACING_MM), filtered(heads, fwhm_mm, SPACING_MM)
    found = estimated_fwhm(other, known, 10.0, SPACING_MM)
    assert found == pytest.approx(fwhm_mm, abs=0.6)
    np.testing.assert_allclose(found, estimated_fwhm(3 * other, known, 10.0, SPACING_MM))


def test_noise_of_a_camera_is_not_taken_for_detail(rng, heads):
    known = np.repeat(filtered(heads[:1], 10.0, SPACING_MM), 60, axis=0)
    coarse = np.repeat(filtered(heads[:1], 13.0, SPACING_MM), 60, axis=0)
    noise = filtered(rng.normal(size=coarse.shape), 10.0, SPACING_MM)
    noisy = coarse + 0.1 * coarse.std() * noise / noise.std()
    assert estimated_fwhm(noisy, known, 10.0, SPACING_MM) == pytest.approx(13, abs=1)
    single = estimated_fwhm(noisy[:1], known, 10.0, SPACING_MM)
    assert abs(single - 13) > abs(estimated_fwhm(noisy, known, 10.0, SPACING_MM) - 13)


def test_copies_are_coarser_finer_and_noisier_and_depend_on_the_seed(heads):
    known = filtered(heads, 10.0, SPACING_MM)
    first, again, other = (
        degraded_copies(known, SPACING_MM, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    assert first.shape == (COPIES * 3, *known.shape[1:])
    part = (slice(4, 20), slice(None), slice(2, 30))
    some = degraded_copies(known, SPACING_MM, np.random.default_rng(0), part)
    np.testing.assert_array_equal(some, first[(slice(None), *part)])
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2, 3)).all()
    spread = first.std(axis=(1, 2, 3)).reshape(COPIES, 3) / known.std(axis=(1, 2, 3))
    assert spread.min() < 0.99
    assert spread.max() > 1.01
