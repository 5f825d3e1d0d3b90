"""Ceilings of the claims, from predictions whose rates are counted by hand."""

import pandas as pd
import pytest

from datnet_core.fingerprint import ROOT
from datnet_study.claims import read_claims
from datnet_study.oracle_claims import above_ceiling, ceilings
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


def test_rates_are_those_of_the_oracle_that_sees_true_binding(oracle):
    found = ceilings(oracle, NAMES, Decisions())
    # IPD of the training cohort: 0.8 and 0.3 against 0.2 and 0.1, cutoff 0.3
    assert (found["cv.auc.ipd"], found["cv.sens.ipd"], found["cv.spec.ipd"]) == (1, 1, 1)
    # MSA: 0.7 against 0.1, 0.6, 0.1, cutoff 0.7
    assert (found["cv.sens.msa"], found["cv.spec.msa"], found["cv.ppv.nc"]) == (1, 1, 1)
    # The blind test has no controls, so the third scan is called IPD: 0.2 against 0.1.
    assert found["blind.accuracy"] == 2 / 4
    assert (found["blind.sens.ipd"], found["blind.spec.ipd"]) == (1 / 2, 1 / 2)
    assert "blind.auc.nc" not in found


def test_the_decisions_of_the_study_count(oracle):
    found = ceilings(oracle, NAMES, Decisions(cross_validation="argmax", blind_test="youden"))
    assert (found["cv.sens.ipd"], found["cv.spec.msa"]) == (1 / 2, 2 / 3)
    # at the cutoffs of the training cohort, 0.3 for IPD and 0.7 for MSA
    assert (found["blind.sens.ipd"], found["blind.spec.ipd"]) == (1, 1)
    assert (found["blind.sens.msa"], found["blind.spec.msa"]) == (1 / 2, 1)


def test_a_blind_test_of_one_diagnosis_has_no_ceiling(oracle):
    alone = oracle[(oracle["judged"] != "blind test") | (oracle["diagnosis"] == "MSA")]
    assert not [name for name in ceilings(alone, NAMES, Decisions()) if name.startswith("blind")]


def test_the_paper_is_above_the_ceiling_in_an_auc_an_accuracy_or_the_sum_of_a_pair():
    claims = read_claims(ROOT / "data_manifest/claims.tsv")
    best = {"cv.auc.ipd": 0.95, "cv.auc.msa": 0.95, "blind.accuracy": 0.87, "cv.ppv.nc": 0.1}
    # The paper's pairs are 128/146 + 164/176 = 1.809 and 74/79 + 237/243 = 1.912.
    best |= {"cv.sens.ipd": 0.99, "cv.spec.ipd": 0.83, "cv.sens.msa": 0.90, "cv.spec.msa": 1.0}
    assert above_ceiling(claims, best | {"blind.sens.msa": 0.1, "cv.auc.et": 0.1}, Decisions()) == {
        "cv.auc.ipd": True,  # 0.953
        "cv.auc.msa": False,  # 0.948
        "cv.sens.ipd": False,  # 1.82 is the ceiling
        "cv.sens.msa": True,  # 1.90
        "blind.accuracy": True,  # 0.879
    }
    assert above_ceiling(claims, {}, Decisions()) == {}
    pair = {"blind.sens.psp": 0.8, "blind.spec.psp": 0.9}  # the paper: 33/42 + 222/238 = 1.718
    assert above_ceiling(claims, pair, Decisions()) == {}
    assert above_ceiling(claims, pair, Decisions(blind_test="youden")) == {"blind.sens.psp": True}
