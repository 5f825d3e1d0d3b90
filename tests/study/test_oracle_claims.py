"""Ceilings of the claims, from predictions whose rates are counted by hand."""

import pandas as pd
import pytest

from datnet_core.fingerprint import ROOT
from datnet_study.claims import read_claims
from datnet_study.oracle_claims import ceilings, limits
from datnet_study.settings import Decisions

NAMES = ("IPD", "MSA", "NC")


@pytest.fixture
def oracle():
    """Predictions in both cohorts, by the oracle that counts and by another one."""
    rows = [  # p of IPD, MSA, NC
        ("training", "IPD", 0.8, 0.1, 0.1),
        ("training", "IPD", 0.3, 0.6, 0.1),
        ("training", "MSA", 0.2, 0.7, 0.1),
        ("training", "NC", 0.1, 0.1, 0.8),
        ("training, patients", "MSA", 0.9, 0.1, 0.0),
        ("blind test", "IPD", 0.6, 0.3, 0.1),
        ("blind test", "IPD", 0.4, 0.5, 0.1),
        ("blind test", "MSA", 0.2, 0.1, 0.7),
        ("blind test", "MSA", 0.2, 0.7, 0.1),
    ]
    columns = ["judged", "diagnosis", *(f"p_{name}" for name in NAMES)]
    table = pd.DataFrame(rows, columns=columns).assign(oracle="true binding")
    other = table.assign(oracle="region means", p_IPD=table["p_MSA"], p_MSA=table["p_IPD"])
    return pd.concat([other, table], ignore_index=True)


def values(found):
    """Without intervals."""
    return {name: value for name, (value, _, _) in found.items()}


def test_rates_are_those_of_the_oracle_that_sees_true_binding(oracle):
    found = values(ceilings(oracle, NAMES, Decisions()))
    # IPD of the training cohort: 0.8 and 0.3 against 0.2 and 0.1, cutoff 0.3
    assert (found["cv.auc.ipd"], found["cv.sens.ipd"], found["cv.spec.ipd"]) == (1, 1, 1)
    # MSA: 0.7 against 0.1, 0.6, 0.1, cutoff 0.7
    assert (found["cv.sens.msa"], found["cv.spec.msa"], found["cv.ppv.nc"]) == (1, 1, 1)
    # The blind test has no controls, so the third scan is called IPD: 0.2 against 0.1.
    assert found["blind.accuracy"] == 2 / 4
    assert (found["blind.sens.ipd"], found["blind.spec.ipd"]) == (1 / 2, 1 / 2)
    assert "blind.auc.nc" not in found


def test_the_decisions_of_the_study_count(oracle):
    decisions = Decisions(cross_validation="argmax", blind_test="youden")
    found = values(ceilings(oracle, NAMES, decisions))
    assert (found["cv.sens.ipd"], found["cv.spec.msa"]) == (1 / 2, 2 / 3)
    # at the cutoffs of the training cohort, 0.3 for IPD and 0.7 for MSA
    assert (found["blind.sens.ipd"], found["blind.spec.ipd"]) == (1, 1)
    assert (found["blind.sens.msa"], found["blind.spec.msa"]) == (1 / 2, 1)


def test_a_blind_test_of_one_diagnosis_has_no_ceiling(oracle):
    alone = oracle[(oracle["judged"] != "blind test") | (oracle["diagnosis"] == "MSA")]
    assert not [name for name in ceilings(alone, NAMES, Decisions()) if name.startswith("blind")]


def test_a_ceiling_has_the_interval_of_its_scans(oracle):
    found = ceilings(oracle, NAMES, Decisions())
    # 2 of 4 (Wilson), z = 1.96: 0.5 -+ z sqrt(0.25 / 4 + z^2 / 64) / (1 + z^2 / 4)
    assert found["blind.accuracy"] == pytest.approx((0.5, 0.150, 0.850), abs=0.001)


def sure(value):
    """A value that many scans gave."""
    return value, value, value


def test_the_limit_is_that_of_an_auc_an_accuracy_or_the_sum_of_a_pair():
    claims = read_claims(ROOT / "data_manifest/claims.tsv")
    best = {"cv.auc.ipd": 0.95, "cv.auc.msa": 0.95, "blind.accuracy": 0.82, "cv.ppv.nc": 0.1}
    # The paper's pairs are 128/146 + 164/176 = 1.809 and 74/79 + 237/243 = 1.912.
    best |= {"cv.sens.ipd": 0.99, "cv.spec.ipd": 0.83, "cv.sens.msa": 0.90, "cv.spec.msa": 0.9}
    best |= {"blind.sens.msa": 0.1, "cv.auc.et": 0.1}
    best = {name: sure(value) for name, value in best.items()}
    found = limits(claims, best, Decisions())
    assert found["limit"].to_dict() == pytest.approx({
        "cv.auc.ipd": 0.95, "cv.auc.msa": 0.95, "cv.sens.ipd": 1.82, "cv.sens.msa": 1.8,
        "blind.accuracy": 0.82,
    })  # fmt: skip
    assert found["what"].tolist() == [
        "AUC of IPD", "AUC of MSA", "sensitivity + specificity of IPD",
        "sensitivity + specificity of MSA", "accuracy in the blind test",
    ]  # fmt: skip
    # 0.953, 0.948, 1.809, 1.912, 0.879; the paper's AUC of IPD is 0.93 to 0.98, its accuracy
    # 0.835 to 0.912, and its pair of MSA has hypot(0.076, 0.028) = 0.08 below it
    assert (found["difference"] > 0).tolist() == [True, False, False, True, True]
    assert (found["low"] > 0).tolist() == [False, False, False, True, True]
    # few people behind the limit make it as unsure
    few = best | {"blind.accuracy": (0.82, 0.7, 0.9)}
    assert limits(claims, few, Decisions()).loc["blind.accuracy", "low"] < 0
    # DeLong has no interval for one scan of a diagnosis
    one = best | {"cv.auc.ipd": (0.5, float("nan"), float("nan"))}
    found = limits(claims, one, Decisions()).loc["cv.auc.ipd"]
    assert found["difference"] == pytest.approx(0.453) and found[["low", "high"]].isna().all()


def test_a_pair_has_a_limit_where_its_cutoff_is_youdens():
    claims = read_claims(ROOT / "data_manifest/claims.tsv")
    assert limits(claims, {}, Decisions()).empty
    pair = {"blind.sens.psp": sure(0.8), "blind.spec.psp": sure(0.9)}
    assert limits(claims, pair, Decisions()).empty
    found = limits(claims, pair, Decisions(blind_test="youden"))
    # the paper: 33/42 + 222/238 = 1.718
    assert found.loc["blind.sens.psp", "difference"] == pytest.approx(0.0185, abs=0.0001)
    assert found["what"].tolist() == ["sensitivity + specificity of PSP in the blind test"]
