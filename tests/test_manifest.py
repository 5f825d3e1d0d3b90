"""The scan table: what is refused, and how participants are dealt out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datnet_core.manifest import assign_folds, read_scans, split_inner

CLASSES = ("IPD", "MSA", "PSP", "NC")


def row(number, session="ses-a", **changes):
    values = {
        "participant_id": f"sub-{number:02d}",
        "session_id": session,
        "path": f"{number}_{session}.nii.gz",
        "diagnosis": "IPD",
        "certainty": "definite",
        "age": 61.5,
        "sex": "F",
        "symptom_duration_years": 2.0,
        "updrs": 20,
        "hoehn_yahr": 2,
    }
    return values | changes


@pytest.fixture
def folder(tmp_path):
    def write(*rows, absent=()):
        table = pd.DataFrame(rows)
        for path in set(table.get("path", [])) - set(absent):
            (tmp_path / path).touch()
        table.to_csv(tmp_path / "scans.tsv", sep="\t", index=False, na_rep="n/a")
        return tmp_path

    return write


CONFIRMED = row(90, certainty="confirmed")


def test_a_good_table_gets_cohorts_and_order(folder):
    root = folder(row(2), CONFIRMED, row(1, session="ses-b"), row(1))
    scans = read_scans(root, CLASSES, "NC")
    assert scans["participant_id"].tolist() == ["sub-01", "sub-01", "sub-02", "sub-90"]
    assert scans["cohort"].tolist() == ["training"] * 3 + ["blind_test"]


def test_controls_may_lack_clinical_scores(folder):
    missing = dict.fromkeys(("symptom_duration_years", "updrs", "hoehn_yahr"), np.nan)
    scans = read_scans(folder(row(1, diagnosis="NC", **missing), CONFIRMED), CLASSES, "NC")
    assert scans["updrs"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            {"diagnosis": "ALS"},
            r"row 2 \(sub-01/ses-a\): diagnosis = 'ALS': expected one of IPD, MSA",
        ),
        ({"certainty": "sure"}, r"certainty = 'sure'"),
        ({"age": 161}, r"age = '161.0': expected 0 to 120"),
        ({"age": "old"}, r"age = 'old'"),
        ({"sex": "x"}, r"sex = 'x'"),
        ({"hoehn_yahr": 7}, r"hoehn_yahr = '7': expected 0 to 5"),
        ({"participant_id": "1"}, r"participant_id = '1'"),
        ({"path": "../outside.nii.gz"}, r"path = '../outside.nii.gz': outside the data set"),
    ],
)
def test_a_bad_value_is_named_with_its_row(folder, bad, message):
    with pytest.raises(ValueError, match=message):
        read_scans(folder(row(1, **bad), CONFIRMED), CLASSES, "NC")


def test_every_offending_row_is_listed_once(folder):
    rows = [
        row(1, diagnosis="ALS"),
        row(2, age=-3),
        row(3),
        row(3),
        row(4, certainty="confirmed"),
        row(4, session="ses-b"),
        row(5, path="gone.nii.gz"),
        CONFIRMED,
    ]
    root = folder(*rows, absent=["gone.nii.gz"])
    with pytest.raises(ValueError) as error:
        read_scans(root, CLASSES, "NC")
    lines = str(error.value).splitlines()[1:]
    text = "\n".join(lines)
    assert len(lines) == len(set(lines))
    for part in (
        "row 2 (sub-01/ses-a): diagnosis = 'ALS'",
        "row 3 (sub-02/ses-a): age = '-3.0': expected 0 to 120",
        "row 4 (sub-03/ses-a): scan listed twice",
        "row 5 (sub-03/ses-a): same file as another row",
        "row 6 (sub-04/ses-a): participant with more than one certainty",
        "row 7 (sub-04/ses-b): participant with more than one certainty",
        "row 8 (sub-05/ses-a): path = 'gone.nii.gz': no such file",
    ):
        assert part in text, text
    assert "sub-90" not in text


def test_a_missing_column_and_an_empty_table_are_named(folder):
    table = row(1)
    del table["age"]
    with pytest.raises(ValueError, match="column age"):
        read_scans(folder(table), CLASSES, "NC")
    with pytest.raises(ValueError, match="no scan of certainty 'definite'"):
        read_scans(folder(CONFIRMED), CLASSES, "NC")


def test_a_missing_table_names_its_columns(tmp_path):
    with pytest.raises(FileNotFoundError, match="participant_id, session_id, path"):
        read_scans(tmp_path, CLASSES, "NC")


@st.composite
def cohorts(draw):
    """Scan tables with one to three sessions per participant."""
    rows, number = [], 0
    for name in ("PD", "HC"):
        for _ in range(draw(st.integers(5, 12))):
            number += 1
            for session in range(draw(st.integers(1, 3))):
                rows.append((f"sub-{number}", f"ses-{session}", name, "training"))
    columns = ["participant_id", "session_id", "diagnosis", "cohort"]
    return pd.DataFrame(rows, columns=columns).sample(frac=1, random_state=number)


@settings(max_examples=40, deadline=None)
@given(scans=cohorts(), seed=st.integers(0, 5), n_folds=st.integers(2, 5))
def test_folds_never_share_a_participant_and_hold_every_diagnosis(scans, seed, n_folds):
    scans = scans.assign(fold=assign_folds(scans, n_folds, seed))
    assert (scans.groupby("participant_id")["fold"].nunique() == 1).all()
    assert set(scans["fold"]) == set(range(n_folds))
    assert (scans.groupby("fold")["diagnosis"].nunique() == 2).all()
    people = scans.drop_duplicates("participant_id").groupby(["diagnosis", "fold"]).size()
    assert (people.groupby("diagnosis").max() - people.groupby("diagnosis").min()).max() <= 1


@settings(max_examples=40, deadline=None)
@given(scans=cohorts(), seed=st.integers(0, 5), fraction=st.floats(0.1, 0.5))
def test_the_inner_split_never_shares_a_participant(scans, seed, fraction):
    fit, validation = split_inner(scans, fraction, seed)
    assert sorted([*fit, *validation]) == list(range(len(scans)))
    people = scans["participant_id"].to_numpy()
    assert not set(people[fit]) & set(people[validation])
    assert set(scans["diagnosis"].to_numpy()[validation]) == {"PD", "HC"}


def test_too_few_participants_for_the_folds_are_counted():
    scans = pd.DataFrame(
        [(f"sub-{k}", "PD" if k else "HC", "training") for k in range(5)],
        columns=["participant_id", "diagnosis", "cohort"],
    )
    with pytest.raises(ValueError, match="at least 2 participants .* PD 4, HC 1"):
        assign_folds(scans, 2, 0)
