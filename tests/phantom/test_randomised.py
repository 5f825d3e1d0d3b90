"""Made-up hospitals: possible numbers, a template of its own, scans that repeat themselves."""

import numpy as np

from datnet_phantom.randomised import (
    HEAD,
    RANGES,
    random_calibration,
    random_hospital,
    simulated_scans,
)


def drawn(calibration, n):
    return [random_calibration(calibration, np.random.default_rng(k)) for k in range(n)]


def test_cameras_fill_their_ranges_and_nothing_outside(calibration):
    hospitals = drawn(calibration, 60)
    for section, ranges in (("scanner", RANGES), ("anatomy", HEAD)):
        for name, (low, high) in ranges.items():
            values = [getattr(getattr(h, section), name) for h in hospitals]
            assert low <= min(values) < low + (high - low) / 4
            assert high >= max(values) > high - (high - low) / 4


def test_patterns_are_drawn_around_the_calibration_and_may_turn_round(calibration):
    hospitals = drawn(calibration, 200)
    kept = [np.log(1 - h.loss["IPD"]["caudate"]) for h in hospitals]
    # log kept is log(0.7) times a factor whose median is 1
    np.testing.assert_allclose(np.median(kept), np.log(0.7), rtol=0.05)
    flatter = [
        h.loss["MSA"]["putamen_posterior"] < h.loss["IPD"]["putamen_posterior"] for h in hospitals
    ]
    assert 0.5 < np.mean(flatter) < 0.9  # so it is in the calibration
    levels = [h.healthy_binding_ratio["caudate"] for h in hospitals]
    np.testing.assert_allclose(np.std(np.log(levels)), np.hypot(0.3, 0.15), rtol=0.15)


def test_what_is_a_definition_stays(calibration):
    for hospital in drawn(calibration, 5):
        assert hospital.background["occipital"] == 1
        assert hospital.loss["IPD"]["midbrain_sert"] == 0
        assert hospital.clinic == calibration.clinic


def test_a_hospital_has_a_template_of_its_own_with_every_region(coarse_atlas, calibration):
    one, other = (
        random_hospital(coarse_atlas, calibration, np.random.default_rng(k)).scene for k in (1, 2)
    )
    assert 0.02 < np.mean(one.labels != other.labels) < 0.3
    inside = [np.unique(scene.labels[scene.labels > 0]).tolist() for scene in (one, other)]
    assert inside[0] == inside[1] == list(range(1, 20))  # 18 regions and the soft tissue


def test_simulated_scans_are_as_many_as_asked_and_repeat_themselves(coarse_atlas, calibration):
    def scans(seed):
        return list(simulated_scans(coarse_atlas, calibration, "NC", 2, 1, seed))

    first = scans(3)
    assert [diagnosis for diagnosis, _ in first] == 2 * ["IPD", "MSA", "PSP", "NC"]
    for (_, image), (_, again) in zip(first, scans(3), strict=True):
        np.testing.assert_array_equal(image, again)
    assert not np.array_equal(first[0][1], first[4][1])
    assert not np.array_equal(first[0][1], scans(4)[0][1])
