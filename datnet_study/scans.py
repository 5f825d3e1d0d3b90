"""The scan table: read it, check it, assign cohorts and participant-safe folds.

Paper section "Study Protocol": the certainty of a diagnosis decides the cohort.
"""

from pathlib import Path

import pandas as pd
import pandera.pandas as pa
from sklearn.model_selection import StratifiedKFold

COHORTS = {"possible": "pretraining", "definite": "training", "confirmed": "blind_test"}
CLINICAL = ("age", "sex", "symptom_duration_years", "updrs", "hoehn_yahr")
KEYS = ("participant_id", "session_id")


def scan_schema(diagnoses):
    """Schema of `scans.tsv`, read as text, as a pandera object: one check per rule.

    Anyone may lack any of the clinical values, and the table a column of them.

    Parameters
    ----------
    diagnoses : sequence of str
        Allowed diagnoses.

    Returns
    -------
    pandera.DataFrameSchema
    """
    return pa.DataFrameSchema(
        {
            "participant_id": pa.Column(str, _label("sub")),
            "session_id": pa.Column(str, _label("ses")),
            "path": pa.Column(str),
            "diagnosis": pa.Column(str, _one_of(diagnoses)),
            "certainty": pa.Column(str, _one_of(COHORTS)),
            "age": pa.Column(str, _between(0, 120), nullable=True),
            "sex": pa.Column(str, _one_of(["F", "M"]), nullable=True),
            "symptom_duration_years": pa.Column(str, _between(0, 80), nullable=True),
            "updrs": pa.Column(str, _between(0, 199), nullable=True),
            "hoehn_yahr": pa.Column(str, _between(0, 5), nullable=True),
        },
        checks=[
            _not_repeated(list(KEYS), "scan listed twice"),
            _not_repeated(["path"], "same file as another row"),
            _one_value_per_participant("certainty"),
            _one_value_per_participant("diagnosis"),
        ],
        strict="filter",
        name=f"scans.tsv ({', '.join(diagnoses)})",
    )


def read_scans(dataset_root, diagnoses):
    """Read and check `scans.tsv` of a data set and assign each scan its cohort.

    Parameters
    ----------
    dataset_root : Path
        Folder of the data set; paths in the table are relative to it.
    diagnoses : sequence of str
        Allowed diagnoses.

    Returns
    -------
    DataFrame of shape (n_scans, 11)
        Columns of the table and `cohort`; ordered by participant and age, or by the name of the
        session where the age is not known. A clinical column that is not there is all missing.

    Raises
    ------
    FileNotFoundError
        If the data set has no `scans.tsv`.
    ValueError
        If the file is no table, a column is missing, or any row breaks a rule: all offending rows,
        each with what was found.
    """
    table_path = Path(dataset_root) / "scans.tsv"
    if not table_path.is_file():
        raise FileNotFoundError(
            f"no scan table {table_path}; it has one row per scan, columns: "
            f"{', '.join(scan_schema(diagnoses).columns)}"
        )
    try:
        scans = pd.read_csv(table_path, sep="\t", dtype=str, na_values=["n/a"], index_col=False)
    except ValueError as error:
        raise ValueError(f"{table_path}: not a tab-separated table ({error})") from error
    schema = scan_schema(diagnoses)
    missing = [column for column in schema.columns if column not in scans]
    problems = [f"column {column}: missing" for column in missing if column not in CLINICAL]
    if "definite" not in set(scans.get("certainty", COHORTS)):
        problems.append("no scan of certainty 'definite': the training needs some")
    try:
        checked = schema.remove_columns(missing).validate(scans, lazy=True)
    except pa.errors.SchemaErrors as error:
        problems += _failures(error.failure_cases, scans)
    problems += _path_problems(scans, Path(dataset_root))
    if problems:
        lines = "\n".join(f"  {problem}" for problem in sorted(set(problems)))
        raise ValueError(f"{table_path}: {len(set(problems))} problem(s)\n{lines}")
    checked = checked.reindex(columns=list(schema.columns))
    numbers = [column for column in CLINICAL if column != "sex"]
    checked[numbers] = checked[numbers].astype(float)
    checked["cohort"] = checked["certainty"].map(COHORTS)
    order = ["participant_id", "age", "session_id"]  # names of sessions need not sort by time
    return checked.sort_values(order, ignore_index=True)


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


def _one_of(values):
    """Check for a list of allowed words."""
    return pa.Check.isin(list(values), error=f"expected one of {', '.join(values)}")


def _between(low, high):
    """Check for numbers of a range, written as text."""
    return pa.Check(
        lambda values: pd.to_numeric(values, errors="coerce").between(low, high),
        error=f"expected {low} to {high}",
    )


def _label(kind):
    """Check for a BIDS label."""
    words = f"expected {kind}-<letters, digits>"
    return pa.Check.str_matches(rf"^{kind}-[A-Za-z0-9]+$", error=words)


def _whole_row(columns, passes, problem):
    """Check of rows that concerns no single column; its message stands in brackets.

    Rows that lack one of the columns pass here: the check of the column names them.
    """

    def check(table):
        if not set(columns) <= set(table.columns):
            return True
        return passes(table) | table[columns].isna().any(axis=1)

    return pa.Check(check, error=f"[{problem}]")


def _not_repeated(columns, problem):
    """Check that no two rows have the same values."""
    return _whole_row(columns, lambda table: ~table.duplicated(columns, keep=False), problem)


def _one_value_per_participant(column):
    """Check that a participant has one value of a column in all sessions."""
    return _whole_row(
        ["participant_id", column],
        lambda table: table.groupby("participant_id")[column].transform("nunique") <= 1,
        f"participant with more than one {column}",
    )


def _failures(cases, scans):
    """Pandera's failure cases as one line per offending row and rule."""
    lines = []
    for column, check, found, row in cases[["column", "check", "failure_case", "index"]].values:
        if check.startswith("["):
            problem = check.strip("[]")
        elif check == "not_nullable":
            problem = f"{column} is missing"
        else:
            problem = f"{column} = {found!r}: {check}"
        lines.append(f"{_row_name(scans, row)}: {problem}")
    return lines


def _row_name(scans, row):
    """Line of the file, participant and session of a row."""
    who = "/".join(str(scans[key][row]) for key in KEYS if key in scans)
    return f"row {row + 2} ({who})"


def _path_problems(scans, root):
    """Rows whose file is missing or lies outside the data set."""
    problems = []
    for row, path in scans.get("path", pd.Series()).dropna().items():
        where = f"{_row_name(scans, row)}: path = {path!r}:"
        if not (root / path).resolve().is_relative_to(root.resolve()):
            problems.append(f"{where} outside the data set {root}")
        elif not (root / path).is_file():
            problems.append(f"{where} no such file in {root}")
    return problems
