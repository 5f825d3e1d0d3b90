"""ComBat: what it takes off, what it leaves, and whom it does not touch."""

import numpy as np
import pytest

from datnet_study.sites.combat import FEWEST, fit_combat, harmonised

SHIFT, SCALE = np.array([0.8, 1.2, 1.0, 0.9]), np.array([1.6, 1.3, 1.5, 1.4])


@pytest.fixture
def people(rng):
    """Four features of 400 people of two sites that fall with age; site b shifts and scales."""
    age, site = rng.uniform(40, 80, 400), np.repeat(["a", "b"], 200)
    error = rng.normal(size=(400, 4))
    expected = 3 - 0.02 * age[:, None]
    true = expected + 0.5 * error
    error[site == "b"] = error[site == "b"] * SCALE + SHIFT
    return expected + 0.5 * error, site, age[:, None], true


def test_shift_and_scale_of_a_site_come_off(people):
    features, site, age, true = people
    after = harmonised(fit_combat(features, site, age, "a"), features, site, age)
    at_b = site == "b"
    assert np.abs((features - true)[at_b].mean(axis=0)).min() > 0.3
    np.testing.assert_allclose(after[at_b].mean(0), true[at_b].mean(0), atol=0.12)
    np.testing.assert_allclose(after[at_b].std(0), true[at_b].std(0), rtol=0.2)


def test_a_difference_of_age_stays(people):
    features, site, age, _ = people
    older = age + 20 * (site == "b")[:, None]
    features = features - 0.02 * (older - age)
    after = harmonised(fit_combat(features, site, older, "a"), features, site, older)
    gap = after[site == "a"].mean(0) - after[site == "b"].mean(0)
    np.testing.assert_allclose(gap, 0.4, atol=0.15)


def test_the_reference_a_small_site_and_an_unseen_one_stay_as_they_are(people):
    features, site, age, _ = people
    names = np.where(np.arange(400) < 400 - FEWEST + 1, site, "few").astype(str)
    combat = fit_combat(features, names, age, "a")
    assert set(combat.shift) == {"b"}
    unseen = np.where(names == "few", "new", names)
    for given in (names, unseen):
        after = harmonised(combat, features, given, age)
        same = given != "b"
        np.testing.assert_array_equal(after[same], features[same])
        assert (after[~same] != features[~same]).all()


def test_a_small_site_is_drawn_to_what_its_features_have_in_common(people):
    features, site, age, _ = people
    few = np.concatenate([np.arange(200), np.arange(200, 200 + FEWEST)])
    combat = fit_combat(features[few], site[few], age[few], "a")
    z = (features[few] - combat.mean - age[few] @ combat.slope) / combat.sd
    plain = z[site[few] == "b"].mean(axis=0)
    assert np.ptp(combat.shift["b"]) < np.ptp(plain)


def test_what_cannot_be_fitted_is_refused(people):
    features, site, age, _ = people
    with pytest.raises(ValueError, match="'c' has 0 scans, expected at least 20"):
        fit_combat(features, site, age, "c")
    with pytest.raises(ValueError, match="one feature"):
        fit_combat(features[:, :1], site, age, "a")
    for constant in (1.0, 0.1, age * 0.1):  # what a fit leaves of the second is 2e-17, not 0
        flat = np.where([False, False, True, False], constant, features)
        with pytest.raises(ValueError, match=r"features \[2\] do not vary at site 'a'"):
            fit_combat(flat, site, age, "a")


def test_a_value_that_is_not_known_is_named(people):
    features, site, age, _ = people
    unknown = np.where(np.arange(400) % 200 < 3, np.nan, age[:, 0])[:, None]
    with pytest.raises(ValueError, match="covariates of 6 of 400 scans are not known; .* leave"):
        fit_combat(features, site, unknown, "a")
    with pytest.raises(ValueError, match="features of 6 of 400 scans are not known"):
        fit_combat(features + 0 * unknown, site, age, "a")
