"""The scan table: read it, check it, assign cohorts and participant-safe folds.

Paper section "Study Protocol": the certainty of a diagnosis decides the cohort.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
from sklearn.model_selection import StratifiedKFold

COHORTS = {"possible": "pretraining", "definite": "training", "confirmed": "blind_test"}
CLINICAL = ("age", "sex", "symptom_duration_years", "updrs", "hoehn_yahr")
KEYS = ("participant_id", "session_id")
IDS = ("sub", "ses")


def scan_schema(diagnoses, control):
    """Schema of `scans.tsv` as a pandera object: one check per rule a row can break.

    Parameters
    ----------
    diagnoses : sequence of str
        Allowed diagnoses.
    control : str
        Diagnosis of the controls, who may lack duration, UPDRS and Hoehn-Yahr stage.

    Returns
    -------
    pandera.DataFrameSchema
    """
    number = {"nullable": True, "coerce": True}
    key = {kind: _matches(rf"^{kind}-[A-Za-z0-9]+$", f"{kind}-<letters, digits>") for kind in IDS}
    return pa.DataFrameSchema(
        {
            "participant_id": pa.Column(
                str, _matches(r"^sub-[A-Za-z0-9]+$", "sub-<letters, digits>")
            ),
            "session_id": pa.Column(str, key["ses"]),
            "path": pa.Column(str),
            "diagnosis": pa.Column(str, _one_of(diagnoses)),
            "certainty": pa.Column(str, _one_of(COHORTS)),
            "age": pa.Column(float, _between(0, 120), coerce=True),
            "sex": pa.Column(str, _one_of(["F", "M"])),
            "symptom_duration_years": pa.Column(float, _between(0, 80), **number),
            "updrs": pa.Column(float, _between(0, 199), **number),
            "hoehn_yahr": pa.Column(float, _between(0, 5), **number),
        },
        checks=[
            _whole_row(lambda t: ~t.duplicated(list(KEYS), keep=False), "scan listed twice"),
            _whole_row(lambda t: ~t["path"].duplicated(keep=False), "same file as another row"),
            _one_value_per_participant("certainty"),
            _one_value_per_participant("diagnosis"),
        ],
        strict="filter",
        name=f"scans.tsv ({', '.join(diagnoses)}; control {control})",
    )


def read_scans(dataset_root, diagnoses, control):
    """Read and check `scans.tsv` of a data set and assign each scan its cohort.

    Parameters
    ----------
    dataset_root : Path
        Folder of the data set; paths in the table are relative to it.
    diagnoses : sequence of str
        Allowed diagnoses.
    control : str
        Diagnosis of the control group.

    Returns
    -------
    DataFrame of shape (n_scans, 11)
        Columns of the table and `cohort`; ordered by participant and session.

    Raises
    ------
    FileNotFoundError
        If the data set has no `scans.tsv`.
    ValueError
        If any row breaks a rule: all offending rows, each with what was found.
    """
    table_path = Path(dataset_root) / "scans.tsv"
    if not table_path.is_file():
        raise FileNotFoundError(
            f"no scan table {table_path}; it has one row per scan, columns: "
            f"{', '.join(scan_schema(diagnoses, control).columns)}"
        )
    scans = pd.read_csv(table_path, sep="\t", dtype={key: str for key in KEYS}, na_values=["n/a"])
    problems = [
        f"no scan of certainty {certainty!r}: the {COHORTS[certainty].replace('_', ' ')} needs some"
        for certainty in ("definite", "confirmed")
        if certainty not in set(scans.get("certainty", ()))
    ]
    try:
        checked = scan_schema(diagnoses, control).validate(scans, lazy=True)
    except pa.errors.SchemaErrors as error:
        problems += _failures(error.failure_cases, scans)
    problems += _path_problems(scans, Path(dataset_root))
    if problems:
        lines = "\n".join(f"  {problem}" for problem in sorted(set(problems)))
        raise ValueError(f"{table_path}: {len(set(problems))} problem(s)\n{lines}")
    checked["cohort"] = checked["certainty"].map(COHORTS)
    return checked.sort_values(list(KEYS), ignore_index=True)


def assign_folds(scans, n_folds, seed):
    """Cross-validation fold of every scan of the training cohort.

    Participants, not scans, are dealt out, stratified by diagnosis, so two scans of one
    person never stand on both sides of a split.

    Parameters
    ----------
    scans : DataFrame
        Output of `read_scans`.
    n_folds : int
        Number of folds.
    seed : int
        Seed of the shuffle.

    Returns
    -------
    Series of Int64, shape (n_scans,)
        Fold from 0, missing outside the training cohort.

    Raises
    ------
    ValueError
        If a diagnosis has fewer training participants than folds.
    """
    training = scans[scans["cohort"] == "training"]
    people = training.drop_duplicates("participant_id")
    counts = people["diagnosis"].value_counts()
    if len(counts) == 0 or counts.min() < n_folds:
        found = ", ".join(f"{name} {n}" for name, n in counts.items()) or "none"
        raise ValueError(
            f"each diagnosis needs at least {n_folds} participants of certainty 'definite' for "
            f"{n_folds} folds; found {found}. Lower training.n_folds or add participants."
        )
    split = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    fold_of = {}
    for fold, (_, held_out) in enumerate(split.split(people, people["diagnosis"])):
        fold_of |= dict.fromkeys(people["participant_id"].iloc[held_out], fold)
    return training["participant_id"].map(fold_of).reindex(scans.index).astype("Int64")


def split_inner(scans, fraction, seed):
    """Split scans into a part to fit on and an inner validation part, by participant.

    Parameters
    ----------
    scans : DataFrame
        Scans with `participant_id` and `diagnosis`.
    fraction : float
        Share of participants of each diagnosis that go to validation; at least one of each
        diagnosis that has two or more.
    seed : int
        Seed of the draw.

    Returns
    -------
    fit, validation : ndarray of int
        Positions (row numbers) in `scans`.
    """
    rng = np.random.default_rng(seed)
    people = scans.drop_duplicates("participant_id")
    held_out = set()
    for _, group in people.groupby("diagnosis"):
        n = max(1, round(fraction * len(group))) if len(group) > 1 else 0
        held_out |= set(rng.permutation(group["participant_id"])[:n])
    validation = scans["participant_id"].isin(held_out).to_numpy()
    return np.flatnonzero(~validation), np.flatnonzero(validation)


def _one_of(values):
    """Check for a list of allowed words."""
    return pa.Check.isin(list(values), error=f"expected one of {', '.join(values)}")


def _between(low, high):
    """Check for a range of numbers."""
    return pa.Check.in_range(low, high, error=f"expected {low} to {high}")


def _matches(pattern, words):
    """Check for a pattern, described in words."""
    return pa.Check.str_matches(pattern, error=f"expected {words}")


def _whole_row(passes, problem):
    """Check of rows that concerns no single column; its message stands in brackets."""
    return pa.Check(passes, error=f"[{problem}]")


def _one_value_per_participant(column):
    """Check that a participant has one value of a column in all sessions."""
    return _whole_row(
        lambda table: table.groupby("participant_id")[column].transform("nunique") <= 1,
        f"participant with more than one {column}",
    )


def _failures(cases, scans):
    """Pandera's failure cases as one line per offending row and rule."""
    lines = []
    for column, check, found, row in cases[["column", "check", "failure_case", "index"]].values:
        if pd.isna(row):
            lines.append(f"column {found}: {check.replace('_', ' ')}")
            continue
        who = "/".join(str(value) for value in scans.loc[row, list(KEYS)])
        problem = f"{column} = {str(scans[column][row])!r}: {check}"
        if check.startswith("["):
            problem = check.strip("[]")
        lines.append(f"row {row + 2} ({who}): {problem}")
    return lines


def _path_problems(scans, root):
    """Rows whose file is missing or lies outside the data set."""
    if not {"path", *KEYS} <= set(scans.columns):
        return []
    problems = []
    for row, who, session, path in scans[list(KEYS) + ["path"]].itertuples():
        where = f"row {row + 2} ({who}/{session}): path = {path!r}:"
        if not isinstance(path, str):
            problems.append(f"{where} empty")
        elif not (root / path).resolve().is_relative_to(root.resolve()):
            problems.append(f"{where} outside the data set {root}")
        elif not (root / path).is_file():
            problems.append(f"{where} no such file in {root}")
    return problems
