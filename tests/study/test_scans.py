"""The scan table: what is refused, and how participants are dealt out."""

import numpy as np
import pandas as pd
import pytest
from helpers import scan_table
from hypothesis import given, settings
from hypothesis import strategies as st

from datnet_study.scans import CLINICAL, assign_folds, read_scans

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
    scans = read_scans(scan_table(root), CLASSES)
    assert scans["participant_id"].tolist() == ["sub-01", "sub-01", "sub-02", "sub-90"]
    assert scans["cohort"].tolist() == ["training"] * 3 + ["blind_test"]


def test_controls_may_lack_clinical_scores(folder):
    missing = dict.fromkeys(("symptom_duration_years", "updrs", "hoehn_yahr"), np.nan)
    scans = read_scans(scan_table(folder(row(1, diagnosis="NC", **missing), CONFIRMED)), CLASSES)
    assert scans["updrs"].isna().tolist() == [True, False]


def test_a_site_is_kept_where_the_table_has_one_and_then_every_scan_has_it(folder):
    assert "site" not in read_scans(scan_table(folder(row(1), CONFIRMED)), CLASSES)
    north, south = row(1, site="North"), CONFIRMED | {"site": "South"}
    theirs = folder(north, south)
    scans = read_scans(scan_table(theirs, values={"site": {"North": "pet_a"}}), CLASSES)
    assert scans["site"].tolist() == ["pet_a", "South"]
    assert list(scans.columns)[-2:] == ["site", "cohort"]
    with pytest.raises(ValueError, match="site is missing"):
        read_scans(scan_table(folder(north, south | {"site": np.nan})), CLASSES)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"diagnosis": "ALS"}, r"diagnosis = 'ALS': expected one of IPD, MSA, PSP, NC"),
        ({"diagnosis": "ipd"}, r"diagnosis = 'ipd': expected one of IPD, MSA, PSP, NC"),
        ({"age": 161}, r"age = '161.0': expected 0 to 120"),
        ({"age": "old"}, r"age = 'old': expected 0 to 120"),
        ({"age": np.inf}, r"age = 'inf': expected 0 to 120"),
        ({"sex": "x"}, r"sex = 'x': expected one of F, M"),
        ({"updrs": "many"}, r"updrs = 'many': expected 0 to 199"),
        ({"hoehn_yahr": 7}, r"hoehn_yahr = '7': expected 0 to 5"),
        ({"participant_id": np.nan}, r"participant_id is missing"),
        ({"path": np.nan}, r"path is missing"),
        ({"path": "../outside.nii.gz"}, r"path = '../outside.nii.gz': outside the data set"),
        ({"path": "/outside.nii.gz"}, r"path = '/outside.nii.gz': outside the data set"),
    ],
)
def test_a_bad_value_is_named_once_with_its_row(folder, bad, message):
    absent = [bad.get("path")]
    with pytest.raises(ValueError, match=rf"row 2 \(.*/.*\): {message}") as error:
        read_scans(scan_table(folder(row(1, **bad), CONFIRMED, absent=absent)), CLASSES)
    assert len(str(error.value).splitlines()) == 2


def test_every_offending_row_is_listed_once(folder):
    rows = [
        row(1, diagnosis="ALS"),
        row(2, age=-3),
        row(3),
        row(3),
        row(4, certainty="confirmed"),
        row(4, session="ses-b"),
        row(5, path="gone.nii.gz"),
        row(6, certainty="sure"),
        row(7, age="old"),
        CONFIRMED,
    ]
    root = folder(*rows, absent=["gone.nii.gz"])
    with pytest.raises(ValueError) as error:
        read_scans(scan_table(root), CLASSES)
    lines = str(error.value).splitlines()[1:]
    text = "\n".join(lines)
    assert len(lines) == len(set(lines))
    for part in (
        "row 2 (sub-01/ses-a): diagnosis = 'ALS'",
        "row 3 (sub-02/ses-a): age = '-3': expected 0 to 120",
        "row 4 (sub-03/ses-a): scan listed twice",
        "row 5 (sub-03/ses-a): same file as another row",
        "row 6 (sub-04/ses-a): participant with more than one certainty",
        "row 7 (sub-04/ses-b): participant with more than one certainty",
        "row 8 (sub-05/ses-a): path = 'gone.nii.gz': no such file",
        "row 9 (sub-06/ses-a): certainty = 'sure': expected one of possible, definite, confirmed",
        "row 10 (sub-07/ses-a): age = 'old': expected 0 to 120",
    ):
        assert part in text, text
    assert str(error.value).startswith(f"{root / 'scans.tsv'}: {len(lines)} problem(s)")
    assert len(lines) == 11  # the nine above, and both rows of each double
    assert "sub-90" not in text


NEEDED = [name for name in row(1) if name not in CLINICAL and name != "session_id"]


@pytest.mark.parametrize("column", NEEDED)
def test_a_missing_column_is_named_beside_the_bad_rows(folder, column):
    rows = [row(1, sex="x"), row(90, certainty="confirmed")]
    for values in rows:
        del values[column]
    with pytest.raises(ValueError) as error:
        read_scans(scan_table(folder(*rows)), CLASSES)
    first, second = str(error.value).splitlines()[1:]
    start = f"  column {column}: missing; say under columns.{column} how the table calls it"
    assert first.startswith(start)
    assert second.startswith("  row 2 (") and "sex" in second


@pytest.mark.parametrize("column", CLINICAL)
def test_a_clinical_column_may_be_empty_or_not_there(folder, column):
    rows = [row(1, **{column: np.nan}), row(2, **{column: np.nan})]
    empty = read_scans(scan_table(folder(*rows)), CLASSES)
    for values in rows:
        del values[column]
    absent = read_scans(scan_table(folder(*rows)), CLASSES)
    assert empty[column].isna().all()
    pd.testing.assert_frame_equal(absent, empty, check_dtype=column != "sex")


def test_without_ages_sessions_stand_in_order_of_their_names(folder):
    rows = [row(1, "ses-b", age=np.nan), row(1, "ses-a", age=np.nan)]
    assert read_scans(scan_table(folder(*rows)), CLASSES)["session_id"].tolist() == [
        "ses-a",
        "ses-b",
    ]


def test_a_missing_age_or_a_number_puts_no_follow_up_first(folder):
    rows = [row(1, "ses-baseline", age=np.nan), row(1, "ses-followup", age=62)]
    rows += [row(2, f"ses-{k}", age=60) for k in (10, 2)]
    assert read_scans(scan_table(folder(*rows)), CLASSES)["session_id"].tolist() == [
        "ses-baseline", "ses-followup", "ses-2", "ses-10",
    ]  # fmt: skip


def test_a_table_without_definite_diagnoses_is_refused_and_one_without_confirmed_is_not(folder):
    with pytest.raises(ValueError, match="no scan of certainty 'definite'"):
        read_scans(scan_table(folder(CONFIRMED)), CLASSES)
    assert set(read_scans(scan_table(folder(row(1))), CLASSES)["cohort"]) == {"training"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "scans.tsv: found nothing; expected a header"),
        ("\t".join(row(1)) + "\n", "scans.tsv: found a header and no row"),
        ("age,sex\n61,F\n", "4 problem.*(\n.*)*certainty: missing; say .* `split` draw a blind"),
        ("participant_id\tage\nsub-1\t61\nsub-2\t61\t9\n", "line 3: 3 cells, the header has 2"),
    ],
    ids=["empty", "only a header", "other columns", "a field too many"],
)
def test_what_is_no_table_of_scans_is_refused(tmp_path, text, message):
    (tmp_path / "scans.tsv").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_scans(scan_table(tmp_path), CLASSES)


def test_one_participant_has_one_diagnosis(folder):
    rows = [row(1), row(1, "ses-b", diagnosis="PSP"), row(2), CONFIRMED]
    with pytest.raises(ValueError) as error:
        read_scans(scan_table(folder(*rows)), CLASSES)
    assert str(error.value).splitlines()[1:] == [
        "  row 2 (sub-01/ses-a): participant with more than one diagnosis",
        "  row 3 (sub-01/ses-b): participant with more than one diagnosis",
    ]


def test_sessions_of_a_participant_stand_in_order_of_age(folder):
    root = folder(row(1, "ses-a", age=63), row(1, "ses-b", age=9), CONFIRMED)
    assert read_scans(scan_table(root), CLASSES)["session_id"].tolist()[:2] == ["ses-b", "ses-a"]


def test_columns_of_the_users_own_are_left_out(folder):
    scans = read_scans(scan_table(folder(row(1) | {"note": "x"}, CONFIRMED)), CLASSES)
    assert list(scans.columns) == [*row(1), "cohort"]
    assert scans.select_dtypes("number").columns.tolist() == [
        "age", "symptom_duration_years", "updrs", "hoehn_yahr",
    ]  # fmt: skip


def test_a_table_of_patients_and_controls_only_is_read(folder):
    rows = [row(1, diagnosis="PD"), row(2, diagnosis="HC"), row(90, "ses-b", diagnosis="HC")]
    rows[2]["certainty"] = "confirmed"
    scans = read_scans(scan_table(folder(*rows)), ("PD", "HC"))
    assert scans["diagnosis"].tolist() == ["PD", "HC", "HC"]
    with pytest.raises(ValueError, match="row 2 .* diagnosis = 'PD': expected one of IPD, MSA"):
        read_scans(scan_table(folder(*rows)), CLASSES)


def test_two_sessions_of_a_participant_are_two_scans_of_one_fold(folder):
    rows = [
        row(n, s, diagnosis=d) for n, d in enumerate(("IPD", "NC") * 3) for s in ("ses-b", "ses-a")
    ]
    scans = read_scans(scan_table(folder(*rows, CONFIRMED)), CLASSES)
    folds = assign_folds(scans, 3, seed=1)
    assert scans["session_id"].tolist()[:4] == ["ses-a", "ses-b"] * 2
    assert folds.tolist()[:12:2] == folds.tolist()[1:12:2]
    assert np.bincount(folds[:12].astype(int)).tolist() == [4, 4, 4]  # 2 people with 2 scans each
    assert folds.isna().tolist() == [False] * 12 + [True]


def test_a_missing_table_is_named_with_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="no scan table .*scans.tsv; .* `table` in the"):
        read_scans(scan_table(tmp_path), CLASSES)


@st.composite
def cohorts(draw):
    """Scan tables with one to three sessions per participant."""
    rows, number = [], 0
    for name in ("PD", "HC"):
        for _ in range(draw(st.integers(5, 12))):
            number += 1
            sessions = range(draw(st.integers(1, 3)))
            rows += [(f"sub-{number}", f"ses-{k}", name, "training") for k in sessions]
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


def test_a_seed_fixes_the_folds_and_another_changes_them():
    people = [(f"sub-{k}", "PD" if k < 20 else "HC", "training") for k in range(40)]
    scans = pd.DataFrame(people, columns=["participant_id", "diagnosis", "cohort"])
    folds = [assign_folds(scans, 4, seed).tolist() for seed in (0, 0, 1)]
    first, again, other = folds
    assert first == again != other


def test_too_few_participants_for_the_folds_are_counted():
    scans = pd.DataFrame(
        [(f"sub-{k}", "PD" if k else "HC", "training") for k in range(5)],
        columns=["participant_id", "diagnosis", "cohort"],
    )
    with pytest.raises(ValueError, match="at least 2 participants .* PD 4, HC 1"):
        assign_folds(scans, 2, 0)
