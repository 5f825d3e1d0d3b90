"""What classifiers reach by the number of participants: AUCs, their range, and who passes whom."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from datnet_study.learning_curve import MEAN, PAIRS, REST, auc_by_draw, over_draws, passes_from

NAMES = ("IPD", "MSA", "PSP")


def test_aucs_are_those_of_scikit_learn_and_their_means(rng):
    labels = rng.choice(NAMES, 60)
    proba = rng.dirichlet(np.ones(3), 60)
    table = auc_by_draw({("network", 25, 0): proba}, labels, NAMES)
    auc = table.set_index(["kind", "of"])["auc"]
    for k, name in enumerate(NAMES):
        assert auc[REST, name] == pytest.approx(roc_auc_score(labels == name, proba[:, k]))
    for (i, a), (j, b) in combinations(enumerate(NAMES), 2):
        either = (labels == a) | (labels == b)
        odds = np.log(proba[either, i]) - np.log(proba[either, j])
        assert auc[PAIRS, f"{a}–{b}"] == pytest.approx(roc_auc_score(labels[either] == a, odds))
    assert auc[REST, MEAN] == pytest.approx(auc[REST][list(NAMES)].mean())
    assert len(auc[PAIRS]) == 3 + 1


def test_diagnoses_without_a_scan_are_left_out_and_one_alone_is_refused(rng):
    proba = rng.dirichlet(np.ones(3), 4)
    table = auc_by_draw({("network", 25, 0): proba}, ["IPD", "PSP", "PSP", "IPD"], NAMES)
    assert set(table["of"]) == {"IPD", "PSP", "IPD–PSP", MEAN}
    with pytest.raises(ValueError, match=r"found \['MSA'\] among the labels; expected two"):
        auc_by_draw({("network", 25, 0): proba}, ["MSA"] * 4, NAMES)


def made_up(aucs):
    """A table of mean AUCs: by classifier and number of participants, one for each draw."""
    rows = [
        (classifier, n, draw, kind, MEAN, auc)
        for (classifier, n), draws in aucs.items()
        for draw, auc in enumerate(draws)
        for kind in (REST, PAIRS)
    ]
    columns = ["classifier", "participants", "draw", "kind", "of", "auc"]
    return pd.DataFrame(rows, columns=columns)


def test_over_draws_are_mean_and_range():
    found = over_draws(made_up({("network", 25): [0.7, 0.9, 0.6], ("ratios", 25): [0.5] * 3}))
    rows = found[found["kind"] == REST][["classifier", "mean", "low", "high"]]
    assert rows.round(6).to_numpy().tolist() == [
        ["network", 0.733333, 0.6, 0.9],
        ["ratios", 0.5, 0.5, 0.5],
    ]


@pytest.mark.parametrize(
    ("network", "passes"),
    [
        ({25: [0.9, 0.9], 50: [0.9, 0.9], 100: [0.9, 0.9]}, 25),
        ({25: [0.9, 0.7], 50: [0.9, 0.9], 100: [0.9, 0.9]}, 50),  # not in every draw of 25
        ({25: [0.9, 0.9], 50: [0.9, 0.7], 100: [0.9, 0.9]}, 100),  # and not in between
        ({25: [0.9, 0.9], 50: [0.9, 0.9], 100: [0.9, 0.8]}, None),  # a tie is no gain
        ({25: [0.7, 0.7], 50: [0.7, 0.7], 100: [0.7, 0.7]}, None),
    ],
)
def test_a_network_passes_where_it_is_better_in_every_draw_from_there_on(network, passes):
    ratios = {("ratios", n): [0.8, 0.8] for n in (25, 50, 100)}
    table = made_up({("network", n): aucs for n, aucs in network.items()} | ratios)
    for kind in (REST, PAIRS):
        assert passes_from(table, "network", "ratios", kind) == passes
