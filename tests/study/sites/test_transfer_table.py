"""The table of the transfer: by hand, beside scikit-learn, paired."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from datnet_study.sites.adaptation_choice import chosen_adaptation
from datnet_study.sites.spect_like import spect_like
from datnet_study.sites.transfer import ADVERSARIAL, site_told
from datnet_study.sites.transfer_table import transfer_table

CLASSES = ("IPD", "MSA", "PSP", "NC")


@pytest.fixture
def judged(rng):
    """Sixty people without controls, judged by two classifiers."""
    diagnosis = np.array(CLASSES[:3])[np.arange(60) % 3]
    true = diagnosis[:, None] == np.array(CLASSES)
    return diagnosis, {name: rng.dirichlet(np.ones(4), 60) + k * true for name, k in
                       {"good": 0.6, "poor": 0.1}.items()}  # fmt: skip


def test_means_are_those_of_scikit_learn(judged):
    diagnosis, proba = judged
    table = transfer_table(diagnosis, proba, CLASSES, np.arange(60), "poor", n_resamples=50)
    for name, values in proba.items():
        aucs = [roc_auc_score(diagnosis == g, values[:, k]) for k, g in enumerate(CLASSES[:3])]
        assert table.loc[name, "auc"] == pytest.approx(np.mean(aucs))
        named = np.array(CLASSES)[values.argmax(1)]
        recall = recall_score(diagnosis, named, labels=CLASSES[:3], average="macro")
        assert table.loc[name, "sensitivity"] == pytest.approx(recall)


def test_differences_are_paired_over_participants(judged):
    diagnosis, proba = judged
    proba["twin"] = proba["poor"].copy()
    table = transfer_table(diagnosis, proba, CLASSES, np.arange(60), "poor", n_resamples=200)
    limits = ["auc_difference", "auc_difference_low", "auc_difference_high"]
    assert table.loc["twin", limits].tolist() == [0, 0, 0]  # the same people in each resample
    good = table.loc["good"]
    assert good["auc_difference"] == pytest.approx(good["auc"] - table.loc["poor", "auc"])
    assert 0 < good["auc_difference_low"] < good["auc_difference"] < good["auc_difference_high"]


def test_what_cannot_be_compared_is_refused(judged):
    diagnosis, proba = judged
    with pytest.raises(ValueError, match="'best' among the classifiers"):
        transfer_table(diagnosis, proba, CLASSES, np.arange(60), "best")
    one = {name: values[:3] for name, values in proba.items()}
    with pytest.raises(ValueError, match=r"the diagnoses \['MSA'\]"):
        transfer_table(["MSA"] * 3, one, CLASSES, np.arange(3), "good")


def test_a_site_that_cannot_be_told_is_told_by_chance(rng):
    same = rng.standard_normal((4, 200, 3))
    assert site_told(*same).mean() == pytest.approx(0.5, abs=0.1)


def test_the_chosen_weight_is_the_best_on_all_development_sites():
    columns = ["site", "row", "weight", "steps", "auc"]
    rows = [(1, "source only", 0.0, 9, 0.99), (2, "source only", 0.0, 9, 0.99)]
    rows += [(1, ADVERSARIAL, 0.1, 9, 0.7), (2, ADVERSARIAL, 0.1, 9, 0.8)]
    rows += [(1, ADVERSARIAL, 1.0, 9, 0.8), (2, ADVERSARIAL, 1.0, 9, 0.6)]
    rows += [(1, ADVERSARIAL, 3.0, 9, 0.95)]  # not tried on the second
    table = pd.DataFrame(rows, columns=columns)
    found = chosen_adaptation(table)
    assert (found["weight"], found["steps"], found["sites"]) == (0.1, 9, 2)
    assert found["candidates"] == 2
    assert found["auc"] == pytest.approx(0.75)
    with pytest.raises(ValueError, match="all 2 development sites"):
        chosen_adaptation(table[table["weight"] != 1.0].iloc[[0, 1, 4]])


def test_a_degraded_scan_is_coarser_and_keeps_its_mean(rng):
    image = np.zeros((2, 15, 16, 17), np.float32)
    image[:, 7, 8, 8] = 100.0
    image += 1
    copies = spect_like(image, 4.0, seed=3)
    peak = copies[:, 7, 8, 8]
    assert (peak < 50).all() and copies.dtype == np.float32
    np.testing.assert_allclose(copies.sum((1, 2, 3)), image.sum((1, 2, 3)), rtol=0.1)
    assert not np.array_equal(copies[0], copies[1])  # each by its own draw
    assert np.array_equal(copies, spect_like(image, 4.0, seed=3))
    assert not np.array_equal(copies, spect_like(image, 4.0, seed=4))
