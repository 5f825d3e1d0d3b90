"""What the best possible classifier of a phantom reaches in the numbers that the paper claims."""

from datnet_study.claims import published_interval
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


def above_ceiling(claims, best, decisions):
    """Whether the paper lies above what the oracle reaches, where the oracle is a limit.

    It is one for an AUC and an accuracy. A cutoff buys sensitivity with specificity, so of these
    the sum is compared, where the cutoff is Youden's: no other makes the sum larger.

    Parameters
    ----------
    claims : DataFrame
        Output of `claims.read_claims`.
    best : dict of str to float
        Output of `ceilings`.
    decisions : Decisions
        As in `ceilings`.

    Returns
    -------
    dict of str to bool
        By claim id; a sum stands under the id of the sensitivity.
    """
    paper = {
        claim["id"]: published_interval(claim)[0]
        for claim in claims.to_dict("records")
        if claim["id"] in best
    }
    rules = {"cv": decisions.cross_validation, "blind": decisions.blind_test}
    found = {}
    for name, value in paper.items():
        other = name.replace(".sens.", ".spec.")
        if ".auc." in name or name == ACCURACY:
            found[name] = value > best[name]
        elif other != name and other in paper and rules[name.partition(".")[0]] == "youden":
            found[name] = value + paper[other] > best[name] + best[other]
    return found
