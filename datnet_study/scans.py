"""The scan table: read it, check it, assign cohorts and participant-safe folds.

Paper section "Study Protocol": the certainty of a diagnosis decides the cohort.
"""

import pandas as pd
import pandera.pandas as pa

from datnet_study.columns import KEYS, translated
from datnet_study.row_problems import failed_checks, path_problems
from datnet_study.session_order import in_order
from datnet_study.site_roles import EXTERNAL
from datnet_study.split import write_draw
from datnet_study.table import refuse

COHORTS = {
    "possible": "pretraining", "definite": "training", "confirmed": "blind_test",
    EXTERNAL: EXTERNAL,
}  # fmt: skip
CLINICAL = ("age", "sex", "symptom_duration_years", "updrs", "hoehn_yahr")
OPTIONAL = (*CLINICAL, "site")  # columns that a table may lack
REMEDY = {"certainty": ", or let `split` draw a blind test"}  # besides naming the column


def scan_schema(diagnoses):
    """Schema of a scan table in our words, as text, as a pandera object: one check per rule.

    Anyone may lack any of the clinical values, and the table a column of them. A table without the
    column `site` is of one site; where there is one, each scan has its site.

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
            "site": pa.Column(str),
        },
        checks=[
            _not_repeated(list(KEYS), "scan listed twice"),
            _not_repeated(["path"], "same file as another row"),
            _one_value_per_participant("certainty"),
            _one_value_per_participant("diagnosis"),
        ],
        strict="filter",
        name=f"scans ({', '.join(diagnoses)})",
    )


def read_scans(table, diagnoses):
    """Read and check the scan table of a data set and assign each scan its cohort.

    Parameters
    ----------
    table : ScanTable
        File, folder of the images, and what columns and words of the file mean.
    diagnoses : sequence of str
        Allowed diagnoses.

    Returns
    -------
    DataFrame of shape (n_scans, 11) or (n_scans, 12)
        Columns of the table and `cohort`, ordered as by `session_order.in_order`. A clinical column
        that is not there is all missing; a column `site` is there if the table has one.

    Raises
    ------
    FileNotFoundError
        If there is no table.
    ValueError
        If the file is no table, a column is missing, or any row breaks a rule: all offending rows,
        by their line in the file, each with what was found.
    """
    rows, problems, _ = translated(table)
    scans = pd.DataFrame(rows, dtype=object).set_index("line", drop=False)
    schema = scan_schema(diagnoses)
    missing = [column for column in schema.columns if column not in scans]
    problems += [
        f"column {name}: missing; say under columns.{name} how the table calls it"
        f"{REMEDY.get(name, '')}"
        for name in missing
        if name not in OPTIONAL
    ]
    if "definite" not in set(scans.get("certainty", COHORTS)):
        problems.append("no scan of certainty 'definite': the training needs some")
    try:
        checked = schema.remove_columns(missing).validate(scans, lazy=True)
    except pa.errors.SchemaErrors as error:
        problems += failed_checks(error.failure_cases, scans)
    problems += path_problems(scans, table.folder)
    refuse(table.path, problems)
    there = [name for name in schema.columns if name != "site" or name in checked]
    checked = checked.reindex(columns=there)  # in our order
    checked["sex"] = checked["sex"].astype(object).where(checked["sex"].notna(), None)
    numbers = [column for column in CLINICAL if column != "sex"]
    checked[numbers] = checked[numbers].astype(float)
    checked["cohort"] = checked["certainty"].map(COHORTS)
    return in_order(checked)


def keep_draw(table):
    """Keep who is drawn for the blind test in a file beside the study file, if the study draws.

    Parameters
    ----------
    table : ScanTable
        Checked by `read_scans`.
    """
    if table.split is not None:
        write_draw(table.split_path, translated(table).sides, table.split)


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
    from sklearn.model_selection import StratifiedKFold  # a second of imports, of use here alone

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
    """Check that a participant has one value of a column in all sessions.

    Who is judged at another site may have another certainty at home; `site_roles.on_both_sides`
    names those who would teach there.
    """

    def one_value(table):
        alike = table.assign(**{column: table[column].where(table[column] != EXTERNAL)})
        return alike.groupby("participant_id")[column].transform("nunique") <= 1

    return _whole_row(
        ["participant_id", column],
        one_value,
        f"participant with more than one {column}",
    )
