"""What the best possible classifier of a phantom reaches in the numbers that the paper claims."""

from datnet_study.performance import diagnostic_table, right_decisions, youden_cutoffs

COLUMN_OF = {
    "auc": "auc",
    "sens": "sensitivity",
    "spec": "specificity",
    "ppv": "ppv",
    "npv": "npv",
}
ACCURACY = "blind.accuracy"


def ceilings(oracle, diagnoses, decisions):
    """AUCs, rates and accuracy of the oracle, in the scans and by the cutoffs of the study.

    Nothing beats the oracle in the long run; in a cohort of this size it may happen by chance, and
    at a cutoff one rate can always be bought with the other. It is judged by the labels, as the
    network is, on first scans.

    Parameters
    ----------
    oracle : DataFrame
        `predictions/oracle.tsv` of the page `phantom`: `judged`, `oracle`, `diagnosis`,
        `p_<class>`.
    diagnoses : sequence of str
        Classes of the study.
    decisions : Decisions
        Settings of this name: how a probability becomes a diagnosis in either cohort.

    Returns
    -------
    dict of str to float
        By claim id, also for diagnoses that the paper has not.

    Examples
    --------
    >>> import pandas as pd
    >>> from datnet_study.settings import Decisions
    >>> scans = pd.DataFrame({"diagnosis": ["IPD", "MSA"], "p_IPD": [0.9, 0.2]})
    >>> scans = scans.assign(p_MSA=1 - scans["p_IPD"], oracle="true binding", judged="training")
    >>> ceilings(scans, ("IPD", "MSA"), Decisions())["cv.sens.msa"]
    1.0
    """
    seen = oracle[oracle["oracle"] == "true binding"]
    training, blind = (seen[seen["judged"] == name] for name in ("training", "blind test"))
    cutoffs = youden_cutoffs(training, diagnoses)
    found = {}
    for start, scans, decision in (
        ("cv", training, decisions.cross_validation),
        ("blind", blind, decisions.blind_test),
    ):
        names = tuple(name for name in diagnoses if name in set(scans["diagnosis"]))
        if len(names) < 2:
            continue
        table = diagnostic_table(scans, names, cutoffs if decision == "youden" else None)
        found |= {
            f"{start}.{short}.{name.lower()}": float(table.loc[name, column])
            for short, column in COLUMN_OF.items()
            for name in names
        }
        if start == "blind":
            found[ACCURACY] = float(right_decisions(scans, names).mean())
    return found
