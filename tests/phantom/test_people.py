"""Participants of the phantom: sizes, labels, clinic, and what their binding looks like."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers import TINY, changed
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from datnet_phantom.calibration import Calibration
from datnet_phantom.cohort import Cohort
from datnet_phantom.oracle import posterior
from datnet_phantom.people import CLINICAL_SCORES, draw_participants, hidden_shares
from datnet_phantom.regions import BINDING_COLUMNS, STRIATUM

EQUAL = {"definite": {"IPD": 150, "MSA": 150, "PSP": 150, "NC": 150}}


@pytest.fixture(scope="module")
def large(calibration):
    """Truth of 600 participants with right labels, and their scan table."""
    cohort = Cohort(participants=EQUAL, mislabelled={})
    scans, truth = draw_participants(cohort, calibration, "NC")
    return scans.merge(truth, on=["participant_id", "session_id"])


def test_a_participant_does_not_change_when_the_cohort_grows(calibration):
    sizes = {"definite": {"NC": 1, "IPD": 1}, "confirmed": {"IPD": 1}}
    small = Cohort(seed=5, participants=sizes, follow_ups=1)
    larger = replace(small, participants=sizes | {"possible": {"IPD": 9}})
    scans, truth = draw_participants(small, calibration, "NC")
    more_scans, more_truth = draw_participants(larger, calibration, "NC")
    pd.testing.assert_frame_equal(more_scans[:4], scans)
    pd.testing.assert_frame_equal(more_truth[:4], truth)


def test_groups_have_the_sizes_asked_for_by_label(calibration):
    scans, _ = draw_participants(TINY, calibration, "NC")
    people = scans.drop_duplicates("participant_id")
    found = people.groupby(["certainty", "diagnosis"]).size()
    for certainty, groups in TINY.participants.items():
        for name, n in groups.items():
            assert found[certainty, name] == n
    assert len(scans) == len(people) + TINY.follow_ups


def test_follow_ups_are_the_same_person_later_and_worse(calibration):
    scans, truth = draw_participants(TINY, calibration, "NC")
    table = scans.merge(truth, on=["participant_id", "session_id"])
    twice = table[table["participant_id"].duplicated(keep=False)]
    assert len(twice) == 2 * TINY.follow_ups
    for _, pair in twice.groupby("participant_id"):
        first, second = pair.itertuples()
        assert 1.5 <= round(second.age - first.age, 1) <= 3.0
        assert second.severity > first.severity
        assert second.putamen_posterior_left < first.putamen_posterior_left
        years = second.age - first.age
        assert second.symptom_duration_years - first.symptom_duration_years == pytest.approx(
            years, abs=0.11
        )
        assert (first.sex, first.diagnosis) == (second.sex, second.diagnosis)
        assert first.worse_side == second.worse_side


def test_the_share_mislabelled_is_that_of_the_cases_and_not_of_the_labels():
    # 75 labels of MSA with a quarter of the cases lost means 100 cases: 25 among 200 of IPD.
    groups = {"NC": 9, "IPD": 200, "MSA": 75, "PSP": 30}
    shares = hidden_shares(groups, 0.25, "NC")
    assert shares == {"MSA": pytest.approx(25 / 200), "PSP": pytest.approx(10 / 200)}
    assert hidden_shares(groups, 0.0, "NC") == {}
    assert hidden_shares({"NC": 5}, 0.25, "NC") == {}


def test_too_many_wrong_labels_are_refused_with_the_numbers():
    with pytest.raises(ValueError, match=r"25\.0 wrong labels among 20 of IPD; .*enlarge"):
        hidden_shares({"IPD": 20, "MSA": 75}, 0.25, "NC")


@pytest.mark.parametrize(("groups", "control"), [({"PD": 2}, "NC"), ({"NC": 2}, "HC")])
def test_a_diagnosis_that_the_generator_does_not_know_is_named(calibration, groups, control):
    cohort = Cohort(participants={"definite": groups})
    with pytest.raises(ValueError, match=rf"{next(iter(groups))}.*generator knows"):
        draw_participants(cohort, calibration, control)


def test_labels_are_wrong_as_often_as_the_certainty_allows(calibration):
    sizes = dict.fromkeys(("possible", "definite", "confirmed"), {"IPD": 800, "MSA": 600})
    scans, truth = draw_participants(
        Cohort(sizes, mislabelled={"possible": 0.25, "definite": 0.02}), calibration, "NC"
    )
    wrong = scans["diagnosis"] != truth["true_diagnosis"]
    assert set(scans.loc[wrong, "diagnosis"]) == {"IPD"}
    missed = wrong[truth["true_diagnosis"] == "MSA"].groupby(scans["certainty"]).mean()
    # About 800 cases at 0.25 have an SD of 0.015, about 610 at 0.02 one of 0.006.
    assert missed["possible"] == pytest.approx(0.25, abs=0.045)
    assert 0 < missed["definite"] < 0.04
    assert missed["confirmed"] == 0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), first=st.sampled_from(["IPD", "PSP"]))
def test_a_wrong_label_is_the_first_patient_diagnosis_and_never_a_control(calibration, seed, first):
    sizes = {"NC": 3} | dict.fromkeys([first, "IPD", "MSA", "PSP"], 3)
    cohort = Cohort(seed=seed, participants={"possible": sizes}, mislabelled={"possible": 0.3})
    scans, truth = draw_participants(cohort, calibration, "NC")
    wrong = scans["diagnosis"] != truth["true_diagnosis"]
    assert set(scans["diagnosis"][wrong]) <= {first}
    assert not wrong[truth["true_diagnosis"].isin([first, "NC"])].any()


def test_a_cohort_of_controls_only_is_drawn(calibration):
    scans, _ = draw_participants(Cohort(participants={"possible": {"NC": 4}}), calibration, "NC")
    assert scans["diagnosis"].tolist() == ["NC"] * 4


def test_identical_patients_differ_in_their_labels_only(calibration):
    def drawn(diagnosis):
        cohort = Cohort(
            participants={"definite": {diagnosis: 30}}, mislabelled={}, identical_patients=True
        )
        scans, truth = draw_participants(cohort, calibration, "NC")
        return scans.drop(columns="diagnosis"), truth.drop(columns="true_diagnosis")

    for first, second in zip(drawn("IPD"), drawn("PSP"), strict=True):
        pd.testing.assert_frame_equal(first, second)
    controls = drawn("NC")[1]
    assert (controls["severity"] == 0).all()


def test_controls_have_no_loss_and_no_scores(large):
    controls = large["diagnosis"] == "NC"
    assert (large.loc[controls, "severity"] == 0).all()
    assert large.loc[controls, list(CLINICAL_SCORES)].isna().all(axis=None)
    assert large.loc[~controls].notna().all(axis=None)


def test_scores_follow_severity_and_stay_in_their_range(large):
    for name in ("IPD", "MSA", "PSP"):
        group = large[large["diagnosis"] == name]
        correlation = group[["severity", "updrs"]].corr("spearman").iloc[0, 1]
        assert 0.4 < correlation < 0.8  # 0.6 asked for
    patients = large[large["diagnosis"] != "NC"]
    assert patients["hoehn_yahr"].isin(np.arange(1, 5.5, 0.5)).all()
    assert (patients[["symptom_duration_years", "updrs"]] > 0).all(axis=None)


@pytest.mark.parametrize("region", STRIATUM)
def test_group_medians_follow_the_calibration(large, calibration, region):
    both = large[[f"{region}_left", f"{region}_right"]].mean(axis=1)
    median = both.groupby(large["diagnosis"]).median()
    age = large.groupby("diagnosis")["age"].mean()
    assert median["NC"] == pytest.approx(
        calibration.healthy_binding_ratio[region] * 0.934 ** ((age["NC"] - 60) / 10), rel=0.05
    )
    for name in ("IPD", "MSA", "PSP"):
        kept = 1 - calibration.loss[name][region]
        aged = 0.934 ** ((age[name] - age["NC"]) / 10)
        assert median[name] / median["NC"] == pytest.approx(kept * aged, rel=0.12)


def test_the_worse_side_is_lower_and_either_side_as_often(large):
    ipd = large[large["diagnosis"] == "IPD"]
    left, right = ipd["putamen_posterior_left"], ipd["putamen_posterior_right"]
    left_is_worse = ipd["worse_side"] == "left"
    assert ((left < right) == left_is_worse).mean() > 0.9  # the difference has an SD of its own
    assert 0.35 < left_is_worse.mean() < 0.65


def test_asymmetry_is_largest_in_ipd_and_absent_in_the_midbrain(large):
    def index(region):
        left, right = large[f"{region}_left"], large[f"{region}_right"]
        return (2 * (left - right).abs() / (left + right)).groupby(large["diagnosis"]).mean()

    found = index("putamen_posterior")
    assert found["IPD"] > found["MSA"] > found["PSP"] > found["NC"]
    assert index("midbrain").max() < 0.06


@pytest.mark.parametrize(
    ("path", "value", "column"),
    [
        (("yearly_progression",), 0.5, "severity"),
        (("follow_up_years",), [5.0, 6.0], "age"),
        (("clinic", "correlation_with_severity"), 0.0, "updrs"),
        (("clinic", "female", "IPD"), 0.0, "sex"),
        (("clinic", "hoehn_yahr", "IPD"), [4.5, 0.1], "hoehn_yahr"),
    ],
)
def test_every_number_of_the_clinic_changes_its_column(calibration, path, value, column):
    *sections, name = path
    altered = changed(calibration, *sections, **{name: value})
    cohort = Cohort(participants={"confirmed": {"IPD": 12}}, follow_ups=12)
    tables = []
    for numbers in (calibration, altered):
        scans, truth = draw_participants(cohort, numbers, "NC")
        tables.append(scans.join(truth[["severity"]])[column])
    assert not tables[0].equals(tables[1])


def test_another_diagnosis_is_a_matter_of_numbers(calibration):
    content = calibration.model_dump()
    tables = [content["loss"], content["asymmetry"]]
    tables += [table for table in content["clinic"].values() if isinstance(table, dict)]
    for table in tables:
        table["CBD"] = table["PSP"]
    content["loss"]["CBD"] = dict.fromkeys(content["loss"]["PSP"], 0.2)
    numbers = Calibration(**content)
    sizes = {"NC": 2, "IPD": 40, "CBD": 40}
    cohort = Cohort({"possible": sizes}, mislabelled={"possible": 0.2})
    scans, truth = draw_participants(cohort, numbers, "NC")
    assert scans["diagnosis"].value_counts().to_dict() == sizes
    assert set(truth["true_diagnosis"]) == set(sizes)
    binding = np.log(truth[list(BINDING_COLUMNS)].to_numpy())
    proba = posterior(binding, dict.fromkeys(sizes, 1 / 3), numbers, "NC")
    assert list(proba.columns) == ["p_NC", "p_IPD", "p_CBD"]
    assert roc_auc_score(truth["true_diagnosis"] == "CBD", proba["p_CBD"]) > 0.9
