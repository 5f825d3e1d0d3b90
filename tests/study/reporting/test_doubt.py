"""How sure a judge is: sets like those of the page `calibration`, and a flag with its rates."""

import numpy as np
import pandas as pd
import pytest

from datnet_core.metrics import conformal_sets
from datnet_study.reporting.doubt import diagnoses_left, doubt_of
from datnet_study.reporting.judge import Doubt

NAMES = ("A", "B", "C")


@pytest.fixture
def known(rng):
    """300 people in six folds, right in about two of three."""
    labels = rng.choice(NAMES, 300)
    proba = rng.dirichlet([0.7] * 3, 300) + 0.8 * (labels[:, None] == np.array(NAMES))
    proba /= proba.sum(axis=1, keepdims=True)
    table = pd.DataFrame(proba, columns=[f"p_{name}" for name in NAMES])
    return table.assign(diagnosis=labels, fold=np.arange(300) % 6)


def test_the_rates_of_the_flag_are_those_of_the_people(known):
    doubt = doubt_of(known, NAMES, referred=0.3)
    proba = known[["p_A", "p_B", "p_C"]].to_numpy()
    right = np.array(NAMES)[proba.argmax(axis=1)] == known["diagnosis"].to_numpy()
    flag = proba.max(axis=1) < doubt.least
    assert doubt.least == round(doubt.least, 3) and flag.mean() == pytest.approx(0.3, abs=0.01)
    assert doubt.referred == pytest.approx(flag.mean(), abs=5e-4)
    assert doubt.wrong == pytest.approx(1 - right[flag].mean(), abs=5e-4)
    assert doubt.caught == pytest.approx((flag & ~right).sum() / (~right).sum(), abs=5e-4)
    assert doubt.kept == pytest.approx(right[~flag].mean(), abs=5e-4)
    assert doubt.accuracy == pytest.approx(right.mean(), abs=5e-4)


def test_sets_are_nearly_those_that_keep_every_score_or_hold_more(known, rng):
    doubt = doubt_of(known, NAMES)
    new = rng.dirichlet([0.7] * 3, (6, 200))
    new = 0.3 * new + 0.7 * new.mean(axis=0)  # models agree in part
    columns = ["p_A", "p_B", "p_C"]
    exact = conformal_sets(known["diagnosis"], known[columns], known["fold"], new, NAMES)
    ours = np.stack([diagnoses_left(doubt, new[:, k]) for k in range(200)])
    assert (exact == ours).mean() > 0.93  # of so different models, each with 50 scores of its own
    assert (exact & ~ours).mean() < 0.01  # where they differ, ours leaves more


def test_more_coverage_leaves_more_and_more_referral_refers_more(known):
    proba = np.array([[0.5, 0.3, 0.2]])
    few, many = (doubt_of(known, NAMES, coverage=c) for c in (0.5, 0.99))
    assert diagnoses_left(few, proba).sum() < diagnoses_left(many, proba).sum()
    assert doubt_of(known, NAMES, referred=0.1).least < doubt_of(known, NAMES, referred=0.6).least


def test_too_few_people_give_no_doubt(known):
    assert doubt_of(known.head(9), NAMES) is doubt_of(known.head(0), NAMES) is None


@pytest.mark.parametrize("options", [{"coverage": 1.0}, {"referred": 0.0}])
def test_shares_are_refused_that_are_none(known, options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} is"):
        doubt_of(known, NAMES, **options)


def test_a_judge_that_is_never_wrong_has_no_errors_to_catch():
    labels = np.repeat(NAMES, 10)
    proba = 0.9 * (labels[:, None] == np.array(NAMES)) + 1 / 30
    table = pd.DataFrame(proba, columns=["p_A", "p_B", "p_C"]).assign(diagnosis=labels)
    doubt = doubt_of(table, NAMES)
    assert (doubt.caught, doubt.wrong, doubt.accuracy) == (0.0, 0.0, 1.0)


def test_where_all_are_equally_unsure_nobody_is_less_sure_than_the_others(known):
    unsure = known.assign(p_A=0.336, p_B=0.332, p_C=0.332)
    doubt = doubt_of(unsure, NAMES)
    assert (doubt.least, doubt.referred, doubt.kept) == (0.336, 0, doubt.accuracy)


def people_of(rng, n, shift):
    """Out-of-fold table of people of two diagnoses; the right one has a logit around `shift`."""
    labels = rng.choice(NAMES[:2], n)
    right = 1 / (1 + np.exp(-rng.normal(shift, 2, n)))
    columns = {f"p_{name}": np.where(labels == name, right, 1 - right) for name in NAMES[:2]}
    return pd.DataFrame(columns).assign(diagnosis=labels)


def packed(doubt):
    """As it comes out of a package."""
    return Doubt.model_validate_json(doubt.model_dump_json())


@pytest.mark.parametrize("shift", [0, 4, 6.5, 8, 11, 15])
def test_three_in_ten_are_referred_however_sure_the_networks_are(rng, shift):
    table = people_of(rng, 2000, shift)
    doubt = packed(doubt_of(table, NAMES[:2], referred=0.3))
    largest = table[["p_A", "p_B"]].max(axis=1)
    share = (largest < doubt.least).mean()
    assert 0.29 < share <= 0.3 and doubt.referred == pytest.approx(share, abs=1e-3)


def test_the_limit_has_three_digits_of_what_is_left_to_one():
    surest = [1 - 1e-4, 1 - 1e-3, 1 - 2.1234e-3, *[1 - 2e-2] * 2]  # 30% quantile: 1 - 2e-2
    proba = np.repeat(surest, 20)
    table = pd.DataFrame({"p_A": proba, "p_B": 1 - proba, "diagnosis": "A"})
    assert doubt_of(table, NAMES[:2], referred=0.5).least == 0.99787  # 1 - 0.00213
    certain = doubt_of(table.assign(p_A=1.0, p_B=0.0), NAMES[:2])
    assert (certain.least, certain.referred) == (1 - 1e-8, 0)


@pytest.mark.parametrize("shift", [0, 4, 8, 11, 13, 17, 25])
def test_sets_hold_the_right_diagnosis_however_sure_the_networks_are(rng, shift):
    table, new = people_of(rng, 400, shift), people_of(rng, 2000, shift)
    columns, model = ["p_A", "p_B"], np.zeros(400, int)
    doubt = packed(doubt_of(table.round(8), NAMES[:2]))
    ours = np.stack([diagnoses_left(doubt, p[None]) for p in new[columns].to_numpy()])
    exact = conformal_sets(
        table["diagnosis"], table[columns].round(8), model, [new[columns].round(8)], NAMES[:2]
    )
    is_right = new["diagnosis"].to_numpy()[:, None] == np.array(NAMES[:2])
    covered, covered_exact = ours[is_right].mean(), exact[is_right].mean()
    assert covered >= 0.87 and covered == pytest.approx(covered_exact, abs=0.02)
    assert ours.sum(axis=1).mean() == pytest.approx(exact.sum(axis=1).mean(), abs=0.03)


def test_of_a_score_that_many_have_none_is_lower():
    rates = dict.fromkeys(["accuracy", "referred", "wrong", "caught", "kept"], 0.5)
    doubt = Doubt(n=20, scores=(0.0, 0.3, 0.3), coverage=0.5, least=0.5, **rates)  # k = 11, of 20
    left = [diagnoses_left(doubt, np.array([[1 - score]])).item() for score in (0, 0.3, 0.31, 1)]
    assert left == [True, True, False, False]  # lower are 0, 50%, over 75% and all but one step


def test_a_package_stays_small_however_sure_the_networks_are(rng):
    doubt = doubt_of(people_of(rng, 400, 13), NAMES[:2])
    assert len(doubt.scores) == 19 and 0 < doubt.scores[0] < doubt.scores[-1] < 1e-3
    assert all(float(f"{score:.3g}") == score for score in doubt.scores)
    assert len(doubt.model_dump_json()) < 500
