"""What a table of remedies says, and with what it is compared."""

import numpy as np
import pytest
from helpers import pair_kernel

from datnet_core.metrics.pairs import pairwise_auc
from datnet_study.sites.judged import judged_table, mean_aucs

NAMES = ("IPD", "MSA", "PSP", "NC")


@pytest.fixture
def people(rng):
    """Labels of 60 people without controls, and probabilities that know something of them."""
    labels = np.arange(60) % 3
    proba = rng.dirichlet(np.ones(4), 60) + 0.4 * np.eye(4)[labels]
    return labels, proba / proba.sum(axis=1, keepdims=True), np.arange(60).astype(str)


def test_mean_aucs_are_those_of_pairs_and_of_each_against_the_rest(people):
    labels, proba, _ = people
    found = mean_aucs(labels, proba, np.ones((1, 60)))
    named = np.array(NAMES)[labels]
    pairs = [("IPD", "MSA"), ("IPD", "PSP"), ("MSA", "PSP")]
    oracle = np.mean([pairwise_auc(named, proba, NAMES, a, b)[0] for a, b in pairs])
    np.testing.assert_allclose(found["pairs"], oracle)
    rest = np.mean([pair_kernel(labels == k, proba[:, k]).mean() for k in range(3)])
    np.testing.assert_allclose(found["rest"], rest)


def test_a_remedy_is_compared_with_one_of_them_on_the_same_resamples(people):
    labels, proba, person = people
    worse = np.full_like(proba, 0.25)
    table = judged_table({"a": proba, "b": worse}, labels, person, NAMES, "a", n_resamples=200)
    assert (table.loc["a", ["pairs_gain", "pairs_gain_low", "pairs_gain_high"]] == 0).all()
    gain = table.loc["b", "pairs"] - table.loc["a", "pairs"]
    assert table.loc["b", "pairs_gain"] == pytest.approx(gain)
    assert table.loc["b", "pairs_gain_high"] < 0
    assert table.loc["b", "brier"] == pytest.approx(0.75**2 + 3 * 0.25**2)
    assert table["participants"].tolist() == [60, 60]


def test_people_of_one_diagnosis_are_refused(people):
    _, proba, person = people
    with pytest.raises(ValueError, match="one diagnosis"):
        judged_table({"a": proba}, np.zeros(60, int), person, NAMES, "a")
