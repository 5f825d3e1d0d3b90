"""Reliability, scores, temperature, decision curves and referral against hand-worked numbers."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from datnet_study.calibration import (
    brier_score,
    calibration_line,
    fitted_temperature,
    net_benefit,
    referral,
    reliability,
    with_temperature,
)


def drawn(rng, n, slope=1.0, intercept=0.0):
    """Labels whose log odds are a line of those that are given."""
    odds = rng.normal(0, 1.5, n)
    truth = rng.random(n) < 1 / (1 + np.exp(-(intercept + slope * odds)))
    return truth, 1 / (1 + np.exp(-odds))


def test_a_reliability_curve_has_groups_of_equal_size_from_below():
    table = reliability([0, 0, 1, 1, 0, 1], [0.3, 0.1, 0.9, 0.5, 0.2, 0.6], 3)
    assert table["scans"].tolist() == [2, 2, 2]
    assert table["p"].tolist() == pytest.approx([0.15, 0.4, 0.75])
    assert table["share"].tolist() == [0, 0.5, 1]
    assert len(reliability([0, 1], [0.1, 0.9], 6)) == 2  # no empty group


def test_the_brier_score_by_hand():
    # (0.3² + 0.2² + 0.1²) and (0.5² + 0.5²), halved.
    proba = [[0.7, 0.2, 0.1], [0.5, 0.5, 0.0]]
    assert brier_score(["A", "B"], proba, "ABC") == pytest.approx((0.14 + 0.5) / 2)


def test_the_calibration_line_is_that_of_a_logistic_regression(rng):
    truth, p = drawn(rng, 400, slope=0.5, intercept=0.7)
    line = calibration_line(truth, p)
    odds = np.log(p / (1 - p))[:, None]
    model = LogisticRegression(C=1e9, tol=1e-8).fit(odds, truth)
    assert line["slope"][0] == pytest.approx(model.coef_.item(), rel=1e-3)
    assert line["intercept"][0] == pytest.approx(model.intercept_.item(), rel=1e-3)
    assert line["slope"][1] < 0.5 < line["slope"][2]
    assert line["intercept"][1] < 0.7 < line["intercept"][2]


@pytest.mark.parametrize(
    ("truth", "p"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.2, 0.9]),  # they touch and do not overlap
        ([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.9]),
        ([0, 1, 0, 1], [0.5] * 4),
    ],
)
def test_scores_that_do_not_overlap_or_do_not_differ_have_no_line(truth, p):
    line = calibration_line(truth, p)
    assert np.isnan([*line["slope"], *line["intercept"]]).all()


@pytest.mark.parametrize("seed", range(5))
def test_few_scans_and_extreme_scores_give_a_line_or_none_but_no_warning(seed):
    rng = np.random.default_rng(seed)
    truth = np.r_[True, False, rng.random(6) < 0.5]
    p = np.where(rng.random(8) < 0.4, rng.integers(0, 2, 8), rng.random(8))
    line = np.array(list(calibration_line(truth, p).values()))
    assert np.isnan(line).all() or np.isfinite(line).all()


def test_a_temperature_by_hand_and_one_leaves_all_as_it_is(rng):
    np.testing.assert_allclose(with_temperature([[0.9, 0.1]], 2), [[0.75, 0.25]])  # roots: 3 to 1
    proba = rng.dirichlet(np.ones(3), 5)
    np.testing.assert_allclose(with_temperature(proba, 1), proba)
    assert np.isfinite(with_temperature([[1.0, 0.0]], 0.05)).all()


def test_the_temperature_that_was_put_in_is_found_again(rng):
    proba = rng.dirichlet(np.ones(3), 3000)
    labels = np.array(["A", "B", "C"])[(rng.random((3000, 1)) > proba.cumsum(axis=1)).sum(axis=1)]
    assert fitted_temperature(labels, with_temperature(proba, 0.5), "ABC") == pytest.approx(
        2, rel=0.1
    )
    assert fitted_temperature(labels, proba, "ABC") == pytest.approx(1, rel=0.1)


def test_the_net_benefit_by_hand():
    # At 0.2, in vain counts 1/4: three right and one in vain of five, 3/5 - 1/20.
    # For all: 3/5 - 2/5/4. At 0.5 in vain counts 1: two right, none in vain.
    table = net_benefit([1, 1, 1, 0, 0], [0.9, 0.6, 0.3, 0.4, 0.1], [0.2, 0.5])
    assert table["by_classifier"].tolist() == pytest.approx([0.55, 0.4])
    assert table["for_all"].tolist() == pytest.approx([0.5, 0.2])


def test_the_least_sure_are_referred_first():
    proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.55, 0.45], [0.2, 0.8]])
    table = referral(proba, [True, False, True, False])
    # Kept, surest first: right, wrong, wrong, right.
    assert table["referred"].tolist() == [0, 0.25, 0.5, 0.75]
    assert table["accuracy"].tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 2, 1])
    assert table["errors_caught"].tolist() == pytest.approx([0, 0, 0.5, 1])
    assert referral(proba, [True] * 4)["errors_caught"].isna().all()
