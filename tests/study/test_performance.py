"""Tables of diagnostic performance: their parts, the paper's counts, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datnet_core.metrics.auc import delong_interval
from datnet_core.metrics.rates import diagnostic_rates
from datnet_study.performance import (
    auc_between_subsets,
    auc_differences,
    confusion,
    diagnostic_table,
    right_decisions,
    visits,
    youden_cutoffs,
)

CLASSES = ("IPD", "MSA", "PSP", "NC")


def predictions_of(diagnoses, proba, class_names=CLASSES):
    table = pd.DataFrame(proba, columns=[f"p_{name}" for name in class_names])
    return table.assign(diagnosis=list(diagnoses))


@pytest.fixture
def cohort():
    """41 scans of four diagnoses with informative probabilities."""
    rng = np.random.default_rng(5)
    diagnoses = np.repeat(CLASSES, [17, 11, 8, 5])
    logits = rng.normal(size=(41, 4)) + 1.5 * (diagnoses[:, None] == np.array(CLASSES))
    return predictions_of(diagnoses, np.exp(logits) / np.exp(logits).sum(1, keepdims=True))


def test_the_diagnostic_table_equals_its_parts(cohort):
    table = diagnostic_table(cohort, CLASSES)
    called = cohort[[f"p_{name}" for name in CLASSES]].idxmax(axis=1).str[2:]
    assert table.index.tolist() == list(CLASSES)
    assert table["n_positive"].tolist() == [17, 11, 8, 5]
    assert (table["n_positive"] + table["n_negative"] == 41).all()
    assert table["cutoff"].isna().all()
    for name, row in table.iterrows():
        positive = cohort["diagnosis"] == name
        auc = delong_interval(positive, cohort[f"p_{name}"])
        assert row[["auc", "auc_low", "auc_high"]].tolist() == list(auc)
        for rate, part in diagnostic_rates(positive, called == name).iterrows():
            columns = [rate, *(f"{rate}_{end}" for end in ("low", "high", "hits", "of"))]
            assert row[columns].tolist() == part[["value", "low", "high", "hits", "of"]].tolist()


def test_differences_of_a_classifier_are_those_of_its_areas_and_need_the_same_scans(cohort):
    other = cohort.sample(frac=1, random_state=0)
    shuffled = cohort.assign(**{f"p_{name}": other[f"p_{name}"].to_numpy() for name in CLASSES})
    pair = CLASSES[:2]
    found = auc_differences(cohort, shuffled, CLASSES, [pair])
    assert list(found) == [*CLASSES, pair]
    areas = [diagnostic_table(table, CLASSES)["auc"] for table in (cohort, shuffled)]
    for name in CLASSES:
        assert found[name][0] == pytest.approx(areas[0][name] - areas[1][name])
    assert found[pair][1] < found[pair][0] < found[pair][2]
    with pytest.raises(ValueError, match="expected the same scans"):
        auc_differences(cohort, other, CLASSES, [pair])


def test_the_paper_blind_test_counts_give_its_rates():
    # 280 patients without controls: 176/194 IPD, 37/44 MSA, 33/42 PSP right; wrong calls chosen
    # to give 76/86, 230/236 and 222/238 true negatives with two patients called NC.
    calls = {
        "IPD": {"IPD": 176, "MSA": 5, "PSP": 12, "NC": 1},
        "MSA": {"IPD": 2, "MSA": 37, "PSP": 4, "NC": 1},
        "PSP": {"IPD": 8, "MSA": 1, "PSP": 33},
    }
    rows = [
        (true, call) for true, row in calls.items() for call, n in row.items() for _ in range(n)
    ]
    truth, called = zip(*rows, strict=True)
    proba = 0.1 + 0.6 * (np.array(called)[:, None] == np.array(CLASSES))
    table = diagnostic_table(predictions_of(truth, proba), CLASSES)
    assert table.index.tolist() == ["IPD", "MSA", "PSP"]  # NC has no member
    assert table["sensitivity"].round(3).tolist() == [0.907, 0.841, 0.786]
    assert table["specificity"].round(3).tolist() == [0.884, 0.975, 0.933]
    assert confusion(predictions_of(truth, proba), CLASSES).loc["NC"].sum() == 0


def test_a_cutoff_includes_its_own_value(cohort):
    cutoffs = youden_cutoffs(cohort, CLASSES)
    table = diagnostic_table(cohort, CLASSES, cutoffs)
    assert table["cutoff"].to_dict() == cutoffs
    for name in CLASSES:
        called = cohort[f"p_{name}"] >= cutoffs[name]
        assert table.loc[name, "ppv_of"] == called.sum() > 0
    youden = table["sensitivity"] + table["specificity"] - 1
    by_argmax = diagnostic_table(cohort, CLASSES)
    assert (youden >= by_argmax["sensitivity"] + by_argmax["specificity"] - 1 - 1e-12).all()


def test_two_classes_run_and_absent_classes_have_no_cutoff(cohort):
    names = ("PD", "HC")
    table = predictions_of(["PD", "HC", "PD", "HC", "PD"], np.arange(10).reshape(5, 2) / 10, names)
    assert diagnostic_table(table, names).index.tolist() == ["PD", "HC"]
    patients = cohort[cohort["diagnosis"] != "NC"]
    assert list(youden_cutoffs(patients, CLASSES)) == ["IPD", "MSA", "PSP"]


def test_confusion_by_hand_breaks_ties_by_class_order():
    proba = [[0.4, 0.4, 0.2], [0.1, 0.8, 0.1], [0.5, 0.2, 0.3], [0.2, 0.4, 0.4]]
    names = ("IPD", "MSA", "PSP")
    table = confusion(predictions_of(["IPD", "MSA", "PSP", "PSP"], proba, names), names)
    assert table.to_numpy().tolist() == [[1, 0, 0], [0, 1, 0], [1, 1, 0]]
    assert (table.index.name, table.columns.name) == ("diagnosis", "called")


@settings(max_examples=30)
@given(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=30), st.integers(0, 99))
def test_the_confusion_sums_to_the_scans_of_each_diagnosis(diagnoses, seed):
    proba = np.random.default_rng(seed).dirichlet(np.ones(4), size=len(diagnoses))
    table = confusion(predictions_of(diagnoses, proba), CLASSES)
    assert table.sum(axis=1).to_dict() == {name: diagnoses.count(name) for name in CLASSES}


def test_what_is_no_predictions_table_is_refused(cohort):
    with pytest.raises(ValueError, match="lack.*p_MSA"):
        diagnostic_table(cohort.drop(columns="p_MSA"), CLASSES)
    with pytest.raises(ValueError, match="diagnoses.*NC"):
        diagnostic_table(cohort, CLASSES[:3])
    with pytest.raises(ValueError, match="diagnoses.*nan"):
        confusion(cohort.assign(diagnosis=cohort["diagnosis"].where(np.arange(41) > 1)), CLASSES)
    with pytest.raises(ValueError, match="2 of 41 predictions are NaN"):
        confusion(cohort.assign(p_PSP=cohort["p_PSP"].where(np.arange(41) > 1)), CLASSES)
    with pytest.raises(ValueError, match="no cutoff for MSA"):
        diagnostic_table(cohort, CLASSES, {"IPD": 0.5})
    with pytest.raises(ValueError, match="both classes"):
        diagnostic_table(cohort[cohort["diagnosis"] == "PSP"], CLASSES)


def test_right_decisions_are_the_diagonal_of_the_confusion(cohort):
    right = right_decisions(cohort.set_index(np.arange(41) + 7), CLASSES)
    assert right.index.tolist() == list(range(7, 48))
    assert right.sum() == np.trace(confusion(cohort, CLASSES))


def test_visits_tell_first_scans_from_follow_ups():
    found = visits(pd.DataFrame({"participant_id": ["a", "b", "b", "c"]}))
    assert found["all"].tolist() == [True, True, False, True]
    assert found["baseline"].tolist() == [False, True, False, False]
    assert found["follow-up"].tolist() == [False, False, True, False]


def test_subsets_that_share_controls_are_drawn_together(rng):
    positive = np.repeat([True, True, False], 40)
    score = rng.normal(positive, 1)
    everybody, groups = np.arange(120), np.repeat(["a", "b", "control"], 40)
    subsets = groups != "b", groups != "a"
    who = {"groups": groups, "participants": everybody, "n_resamples": 400}
    value, low, high = auc_between_subsets(positive, score, subsets, **who)
    of = [delong_interval(positive[part], score[part])[0] for part in subsets]
    assert value == pytest.approx(of[0] - of[1]) and low < value < high
    assert auc_between_subsets(positive, score, subsets[:1] * 2, **who) == (0, 0, 0)
    swapped = auc_between_subsets(positive, score, subsets[::-1], **who)
    np.testing.assert_allclose(swapped, (-value, -high, -low))
