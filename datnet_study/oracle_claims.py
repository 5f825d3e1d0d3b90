"""What a classifier that is told the true binding reaches in the numbers that the paper claims."""

import math

import pandas as pd

from datnet_core.metrics.rates import share_interval
from datnet_study.claims import published_interval
from datnet_study.performance import diagnostic_table, right_decisions, youden_cutoffs
from datnet_study.printed import independent_difference, independent_sum

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

    This oracle sees the true binding, without scanner and noise: no scan shows that much. Nothing
    beats it in the long run; in a cohort of this size it may happen by chance, and at a cutoff one
    rate can always be bought with the other. It is judged by the labels, as the network is, on
    first scans.

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
    dict of str to (float, float, float)
        Value and 95% interval by claim id, also for diagnoses that the paper has not.

    Examples
    --------
    >>> import pandas as pd
    >>> from datnet_study.settings import Decisions
    >>> scans = pd.DataFrame({"diagnosis": ["IPD", "MSA"], "p_IPD": [0.9, 0.2]})
    >>> scans = scans.assign(p_MSA=1 - scans["p_IPD"], oracle="true binding", judged="training")
    >>> found = ceilings(scans, ("IPD", "MSA"), Decisions())["cv.sens.msa"]
    >>> [round(part, 2) for part in found]  # of one scan
    [1.0, 0.21, 1.0]
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
            f"{start}.{short}.{name.lower()}": tuple(
                float(table.loc[name, f"{column}{part}"]) for part in ("", "_low", "_high")
            )
            for short, column in COLUMN_OF.items()
            for name in names
        }
        if start == "blind":
            found[ACCURACY] = share_interval(right_decisions(scans, names))
    return found


def limits(claims, best, decisions):
    """The paper's number beside what the oracle reaches, where the oracle is a limit.

    It is one for an AUC and an accuracy. A cutoff buys sensitivity with specificity, so of these
    the sum is compared, where the cutoff is Youden's: no other makes the sum larger. Paper and
    oracle are judged in different people, so the interval of the difference counts the sampling
    error of both.

    Parameters
    ----------
    claims : DataFrame
        Output of `claims.read_claims`.
    best : dict of str to (float, float, float)
        Output of `ceilings`.
    decisions : Decisions
        As in `ceilings`.

    Returns
    -------
    DataFrame
        Index `id` in the order of `claims`, a sum under that of the sensitivity; columns what (in
        words), paper, limit, difference (paper minus limit), low, high (95% interval;
        NaN where the limit has none, for too few scans).
    """
    paper = {
        claim["id"]: (claim, published_interval(claim))
        for claim in claims.to_dict("records")
        if claim["id"] in best
    }
    rules = {"cv": decisions.cross_validation, "blind": decisions.blind_test}
    found = {}
    for name, (claim, value) in paper.items():
        other, start = name.replace(".sens.", ".spec."), name.partition(".")[0]
        what, limit = claim["quantity"].partition(",")[0], best[name]
        if other != name and other in paper and rules[start] == "youden":
            what = "sensitivity + specificity"
            value = independent_sum(value, paper[other][1])
            limit = independent_sum(limit, best[other])
        elif ".auc." not in name and name != ACCURACY:
            continue
        what += f" of {claim['group']}" if claim["group"] != "all" else ""
        what += " in the blind test" if start == "blind" else ""
        apart = (value[0] - limit[0], math.nan, math.nan)
        if not math.isnan(limit[1]):
            apart = independent_difference(value, limit)
        found[name] = (what, value[0], limit[0], *apart)
    columns = ["what", "paper", "limit", "difference", "low", "high"]
    return pd.DataFrame.from_dict(found, orient="index", columns=columns).rename_axis("id")
