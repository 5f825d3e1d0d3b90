"""Remedies judge other sites without their labels, and nobody teaches who judges them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_study.sites.regional_features import (
    after_combat,
    judged_by_radiomics,
    judged_by_ratios,
    radiomic_features,
)
from datnet_study.sites.remedies import (
    BALANCED,
    COMBAT,
    MATCHED,
    NEEDS,
    NOTHING,
    judged_by_networks,
    learner_of,
)
from datnet_study.sites.shift import paired_rows, ratio_bias, saliency_shift
from datnet_study.sites.trace import told_apart
from datnet_study.sites.who import setting_of

CLASSES = ("IPD", "MSA", "PSP")
FWHM_MM = {"a": 9.0, "b": 11.0}
SHAPE = (12, 14, 10)


@pytest.fixture(scope="module")
def scans():
    """Home site a with 12 + 30 who teach and 12 who are judged, at b too; 30 of b alone."""
    rows = [(f"p{k}", "pretraining", "a") for k in range(12)]
    rows += [(f"t{k}", "training", "a") for k in range(30)]
    rows += [(f"h{k}", "blind_test", site) for site in "ab" for k in range(12)]
    rows += [(f"o{k}", "blind_test", "b") for k in range(30)]
    table = pd.DataFrame(rows, columns=["participant_id", "cohort", "site"])
    number = table["participant_id"].str[1:].astype(int)
    return table.assign(diagnosis=[CLASSES[k % 3] for k in number])


@pytest.fixture(scope="module")
def setting(scans):
    return setting_of(scans, CLASSES, "a")


@pytest.fixture(scope="module")
def volumes(scans):
    """Noise with a bright part for each diagnosis; site b is brighter."""
    made = np.random.default_rng(5).normal(1, 0.2, (len(scans), *SHAPE)).astype(np.float32)
    for row, (name, site) in enumerate(zip(scans["diagnosis"], scans["site"], strict=True)):
        made[row, 3 * CLASSES.index(name) : 3 * CLASSES.index(name) + 3] += 0.7
        made[row] *= 1.2 if site == "b" else 1
    return made


@pytest.fixture(scope="module")
def learner():
    network = NetworkSettings(n_filters=2, n_levels=2, n_members=2)
    training = TrainingSettings(batch_size=8, max_steps=6, averaging=0.5)
    return learner_of(CLASSES, network, training, 4.0, (slice(1, 11), slice(None), slice(None)))


@pytest.fixture(scope="module")
def judged(tmp_path_factory, volumes, setting, learner):
    folder = tmp_path_factory.mktemp("networks")
    return judged_by_networks(folder, volumes, setting, learner, FWHM_MM), folder


def relabelled(setting, rows):
    """The setting with other labels of some rows."""
    labels = setting.labels.copy()
    labels[rows] = (labels[rows] + 1) % len(CLASSES)
    return setting._replace(labels=labels)


def test_labels_of_the_judged_change_no_prediction_but_those_of_who_they_teach(
    tmp_path, volumes, setting, learner, judged
):
    every = relabelled(setting, setting.judged)
    other = judged_by_networks(tmp_path, volumes, every, learner, FWHM_MM)
    for remedy, proba in judged[0].items():
        same = proba.tobytes() == other[remedy].tobytes()
        assert same == (remedy != BALANCED)


def test_ones_own_label_changes_ones_own_prediction_under_no_remedy(
    tmp_path, volumes, setting, learner, judged
):
    row = setting.lends[3]
    other = judged_by_networks(tmp_path, volumes, relabelled(setting, [row]), learner, FWHM_MM)
    (at,) = np.flatnonzero(setting.judged == row)
    for remedy, proba in judged[0].items():
        assert proba[at].tobytes() == other[remedy][at].tobytes()
    assert judged[0][BALANCED].tobytes() != other[BALANCED].tobytes()  # it teaches the others


def test_every_remedy_says_what_it_needs_and_changes_something(volumes, setting, learner, judged):
    features = np.random.default_rng(0).normal(size=(len(setting.labels), 4))
    ages = np.full(len(features), 60.0)
    by_ratios = judged_by_ratios(features, after_combat(features, ages, setting), setting, learner)
    texture = np.random.default_rng(1).normal(size=(len(setting.labels), 30))
    after = after_combat(texture, ages, setting)
    by_radiomics = judged_by_radiomics(texture, after, setting, learner)
    every = judged[0] | by_ratios | by_radiomics
    assert set(every) == set(NEEDS)
    assert len({proba.tobytes() for proba in every.values()}) == len(every)
    for proba in every.values():
        assert proba.shape == (len(setting.judged), 3)
        np.testing.assert_allclose(proba.sum(axis=1), 1)


def test_matching_resolutions_that_are_equal_is_doing_nothing(
    tmp_path, volumes, setting, learner, judged
):
    equal = judged_by_networks(tmp_path, volumes, setting, learner, dict.fromkeys("ab", 10.0))
    assert equal[MATCHED].tobytes() == equal[NOTHING].tobytes()
    assert judged[0][MATCHED].tobytes() != judged[0][NOTHING].tobytes()


def test_finished_networks_are_kept(volumes, setting, learner, judged):
    proba, folder = judged
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("weights.safetensors")}
    again = judged_by_networks(folder, volumes, setting, learner, FWHM_MM)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("weights.safetensors")} == before
    assert all(again[name].tobytes() == proba[name].tobytes() for name in proba)


def test_networks_side_by_side_are_those_of_one_after_the_other(
    tmp_path, volumes, setting, learner, judged
):
    at_once = judged_by_networks(tmp_path, volumes, setting, learner, FWHM_MM, n_jobs=2)
    assert list(at_once) == list(judged[0])
    assert all(at_once[name].tobytes() == proba.tobytes() for name, proba in judged[0].items())


def test_no_diagnosis_reaches_the_harmonised_ratios(setting, learner, rng):
    features, ages = rng.normal(size=(len(setting.labels), 4)), rng.uniform(40, 80, 96)
    after = after_combat(features, ages, setting)
    every = relabelled(setting, np.arange(len(setting.labels)))
    assert after_combat(features, ages, every).tobytes() == after.tobytes()
    own = np.isin(setting.judged, setting.lends)
    assert (after[own] != features[setting.judged][own]).all()
    same = ~own  # the home site, and too few people of the other one
    np.testing.assert_array_equal(after[same], features[setting.judged][same])
    judged_labels = relabelled(setting, setting.judged)
    plain, other = (
        judged_by_ratios(features, after_combat(features, ages, s), s, learner)
        for s in (setting, judged_labels)
    )
    assert all(plain[name].tobytes() == other[name].tobytes() for name in plain)
    assert plain[COMBAT].tobytes() != plain["binding ratios"].tobytes()


def test_people_of_a_part_have_no_say_in_how_they_are_harmonised(setting, rng):
    features, ages = rng.normal(size=(len(setting.labels), 4)), rng.uniform(40, 80, 96)
    after = after_combat(features, ages, setting)
    row = setting.lends[7]
    moved = features.copy()
    moved[row] += 5.0
    (at,) = np.flatnonzero(setting.judged == row)
    change = after_combat(moved, ages, setting)[at] - after[at]
    assert (change > 1).all()  # the same shift and scale as before: only the scan itself moved
    others = np.delete(np.arange(len(setting.judged)), at)
    assert (after_combat(moved, ages, setting)[others] != after[others]).any()


def test_the_bias_of_ratios_is_that_of_the_same_people(setting):
    ratios = pd.DataFrame({"putamen": np.where(setting.site == "b", 1.1, 1.0) * 2.0})
    (row,) = ratio_bias(ratios, setting).to_dict("records")
    assert (row["site"], row["participants"]) == ("b", 12)
    assert row["bias"] == pytest.approx(0.1)
    at_home, there = paired_rows(setting, "b")
    assert list(setting.person[at_home]) == list(setting.person[there])


def test_the_saliency_of_a_site_is_that_of_home_where_scans_are_the_same(
    volumes, setting, learner, judged
):
    at_home, there = paired_rows(setting, "b")
    seen = volumes[(slice(None), *learner.field)].copy()
    plain = judged[1] / "plain" / "final"
    assert saliency_shift(plain, seen, setting, learner)["b"] < 1 - 1e-6
    seen[there] = seen[at_home]
    assert saliency_shift(plain, seen, setting, learner)["b"] == pytest.approx(1)


def test_a_site_is_told_from_what_differs_and_not_from_noise(rng):
    site, part = np.array(["a", "b"] * 60), np.arange(120) % 5
    noise = rng.normal(size=(120, 2))
    assert told_apart(noise, site, part) == pytest.approx(0.5, abs=0.15)
    assert told_apart(noise + 6 * (site == "a")[:, None], site, part) > 0.95
    assert np.isnan(told_apart(noise, np.repeat("a", 120), part))
    assert np.isnan(told_apart(noise, np.where(part == 0, "b", "a"), part))  # b in one part alone


def test_other_settings_of_a_study_do_not_stop_or_multiply_the_networks():
    network, training = NetworkSettings(n_members=3), TrainingSettings(early_stopping_on="inner")
    made = learner_of(CLASSES, network, training, 4.0, ())
    assert (made.network.n_members, made.training.early_stopping_on) == (1, "none")
    assert dataclasses.replace(made.network, n_members=3) == network


def test_radiomic_features_are_of_who_teaches_and_is_judged_and_no_label_reaches_them(
    volumes, setting, learner
):
    mask = np.zeros(SHAPE, bool)
    mask[2:6, 3:7, 4:7] = True
    measured = 4.0, 0.25, 1
    found = radiomic_features(volumes, {"cube": mask}, setting, *measured)
    used = np.concatenate([setting.learn, setting.judged])
    np.testing.assert_array_equal(np.isfinite(found).all(axis=1), np.isin(np.arange(96), used))
    assert (np.ptp(found[setting.learn], axis=0) > 0).all()  # none of its shape, alike in all scans
    mean = volumes[used][:, mask].mean(axis=1)  # one of the features is the mean
    assert any(np.allclose(column, mean, rtol=1e-4) for column in found[used].T)
    other = relabelled(setting, setting.judged)
    ages = np.full(96, 60.0)
    plain, again = (
        judged_by_radiomics(found, after_combat(found, ages, s), s, learner)
        for s in (setting, other)
    )
    assert all(plain[name].tobytes() == again[name].tobytes() for name in plain)
