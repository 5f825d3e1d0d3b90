"""Classifiers beside each other: hand-worked numbers, and what the parts alone would give."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from datnet_core.metrics.auc import delong_test
from datnet_core.metrics.groups import chi_square_correct, mcnemar_exact
from datnet_core.metrics.pairs import pairwise_auc
from datnet_study.comparison import (
    adjusted,
    aucs_side_by_side,
    decision_table,
    decisions_apart,
    detectable,
    gains,
    in_words,
    pairs_of,
    share_difference,
)
from datnet_study.performance import diagnostic_table

NAMES = ("IPD", "MSA", "NC")
PAIR = ("IPD", "MSA")


@pytest.fixture
def methods(rng):
    """Two classifiers of 30 scans."""
    diagnosis = np.array(NAMES)[np.arange(30) % 3]
    tables = {}
    for title in ("net", "mark"):
        proba = rng.dirichlet(np.ones(3), 30) + 0.3 * (diagnosis[:, None] == np.array(NAMES))
        proba /= proba.sum(axis=1, keepdims=True)
        tables[title] = pd.DataFrame(proba, columns=[f"p_{name}" for name in NAMES])
        tables[title]["diagnosis"] = diagnosis
    return tables


def test_pairs_come_first_and_all_areas_are_those_of_the_parts(methods):
    table = aucs_side_by_side(methods, NAMES, [PAIR])
    assert table["of"].tolist() == 2 * [PAIR, *NAMES]
    assert table["method"].tolist() == ["net"] * 4 + ["mark"] * 4
    net = methods["net"]
    pair = pairwise_auc(net["diagnosis"], net[[f"p_{n}" for n in NAMES]], NAMES, *PAIR)
    assert tuple(table.loc[0, ["auc", "auc_low", "auc_high"]]) == pair
    rest = diagnostic_table(net, NAMES)["auc"]
    assert table["auc"].tolist()[1:4] == rest.tolist()


def test_gains_have_the_p_of_the_test_and_families_of_their_own(methods):
    table = gains(methods, NAMES, [PAIR])
    assert table["of"].tolist() == [PAIR, *NAMES]
    for row in table.iloc[1:].itertuples():
        scores = (methods[title][f"p_{row.of}"] for title in methods)
        assert row.p == pytest.approx(delong_test(methods["net"]["diagnosis"] == row.of, *scores))
    assert table["holm"][0] == table["bh"][0] == table["p"][0]  # a family of one pair
    assert table["holm"][1:].min() == pytest.approx(min(3 * table["p"][1:].min(), 1))


def test_few_scans_have_the_p_and_the_error_of_an_interval_that_is_not_cut():
    # AUC 1 less 3/9. Each positive gains 1, 1, 0 and each negative 2/3: error sqrt(1/3 / 3) = 1/3.
    scans = pd.DataFrame({"diagnosis": ["IPD"] * 3 + ["MSA"] * 3})
    net = scans.assign(p_IPD=np.array([4, 5, 6, 1, 2, 3]) / 7).eval("p_MSA = 1 - p_IPD")
    mark = scans.assign(p_IPD=np.array([1, 2, 6, 3, 4, 5]) / 7).eval("p_MSA = 1 - p_IPD")
    row = gains({"net": net, "mark": mark}, ("IPD", "MSA"), []).iloc[0]
    assert (row.difference, row.high) == (pytest.approx(2 / 3), 1)
    assert row.p == pytest.approx(2 * stats.norm.sf(2))  # 0.046; 0.008 by the interval that is cut
    assert row.detectable == pytest.approx((1.959964 + 0.841621) / 3, abs=1e-6)


def test_what_would_be_shown_is_shown_in_four_of_five():
    draws = np.random.default_rng(0).normal(detectable(1), 1, 20_000)
    assert np.mean(np.abs(draws) > 1.96) == pytest.approx(0.8, abs=0.01)


def test_many_tests_are_corrected_by_hand():
    # Holm: 3 * 0.01, 2 * 0.02, and not below the one before. BH: 0.03 * 3/3 caps what is before.
    np.testing.assert_allclose(
        adjusted([0.03, 0.01, 0.02]), [[0.04, 0.03], [0.03] * 2, [0.04, 0.03]]
    )
    assert np.isnan(adjusted([np.nan, np.nan])).all()


def test_pairs_are_those_that_occur_and_headings_say_which():
    assert pairs_of(NAMES, ["MSA"]) == []
    assert [in_words(of) for of in pairs_of(NAMES, NAMES)][1] == "IPD against NC"


def test_accuracy_and_mean_sensitivity_by_hand():
    scans = pd.DataFrame({"diagnosis": ["IPD"] * 4 + ["MSA"], "participant_id": list("pqrst")})
    right = {"always IPD": scans["diagnosis"] == "IPD", "part": pd.Series([True, False], [3, 4])}
    table = decision_table(right, scans, 50)
    assert table["scans"].tolist() == [5, 2]
    assert table["accuracy"].tolist() == [0.8, 0.5]
    assert table["mean_sensitivity"].tolist() == [0.5, 0.5]
    assert table.loc["always IPD", "accuracy_low"] < 0.5  # 4 of 5
    assert table.loc["always IPD", "mean_sensitivity_high"] == 0.5  # whoever is drawn


def test_decisions_apart_by_hand():
    # Right on 3 IPD of 4 and no MSA of 2, against 1 IPD and both MSA; 2 against 2 scans differ.
    scans = pd.DataFrame({"diagnosis": ["IPD"] * 4 + ["MSA"] * 2, "participant_id": list("pqrstu")})
    a, b = [1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 1, 1]
    found = decisions_apart({"a": a, "b": b, "itself": a}, scans, 200)
    assert list(found) == ["b", "itself"]
    assert found["itself"]["accuracy"] == (0, 0, 0) and found["itself"]["mcnemar"] == 1
    found = found["b"]
    assert (found["only_a"], found["only_b"]) == (2, 2)
    assert found["accuracy"][0] == 0
    assert found["mean_sensitivity"][0] == pytest.approx(0.5 / 2 - 1 / 2)  # IPD 2/4, MSA -2/2
    assert found["accuracy"][1] < 0 < found["accuracy"][2]
    assert found["mcnemar"] == mcnemar_exact(a, b) == 1
    assert found["chi_square"] == chi_square_correct(a, b)


def test_the_difference_of_two_shares_has_the_interval_of_newcombe():
    # Newcombe 1998, method 10, of 56/70 and 48/80: 0.2 (0.0524 to 0.3339).
    a, b = np.arange(70) < 56, np.arange(80) < 48
    assert share_difference(a, b) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
    assert share_difference(b, a)[0] == pytest.approx(-0.2)
