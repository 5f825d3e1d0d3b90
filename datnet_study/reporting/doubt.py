"""How sure a judge is of a scan: the diagnoses that it cannot rule out, and whether to refer it.

The page `calibration` keeps every out-of-fold score and compares a new score of a model with those
of the same model (`conformal_sets`). A judge that travels may not carry a number of each
participant, so here one distribution of all scores stands for those of each fold, in steps of five
or more people; `benchmarks/scan_reports.py` sets both rules beside each other.
"""

from decimal import ROUND_UP, Context

import numpy as np

from datnet_study.reporting.judge import DIGITS, Doubt, quantiles, significant

COVERAGE = 0.9
REFERRED = 0.3  # share of the scans, the least sure ones, that a flag is set for
DECIMALS = 8  # of 1 - p: tables of predictions keep 8 digits


def doubt_of(out_of_fold, class_names, coverage=COVERAGE, referred=REFERRED):
    """What out-of-fold probabilities say of how sure the networks are.

    Parameters
    ----------
    out_of_fold : DataFrame
        `diagnosis` and `p_<name>` of people, each judged by a model that never saw them.
    class_names : sequence of str
    coverage : float
        Share of sets that is to hold the right diagnosis.
    referred : float
        Share of the people that is referred, those with the lowest largest probability.

    Returns
    -------
    Doubt or None
        None where there are too few people for a distribution.

    Raises
    ------
    ValueError
        If a share is not between 0 and 1.
    """
    for name, share in {"coverage": coverage, "referred": referred}.items():
        if not 0 < share < 1:
            raise ValueError(f"{name} is {share}, expected a share between 0 and 1")
    proba = out_of_fold[[f"p_{name}" for name in class_names]].to_numpy()
    column = out_of_fold["diagnosis"].map(list(class_names).index).to_numpy(int)
    scores = quantiles(_scores(proba)[np.arange(len(proba)), column])
    if not scores:
        return None
    largest, right = proba.max(axis=1), proba.argmax(axis=1) == column
    least = _limit(np.quantile(largest, referred))
    is_referred = largest < least
    n_wrong = (~right).sum()
    rates = {
        "accuracy": right.mean(),
        "referred": is_referred.mean(),
        "wrong": (~right[is_referred]).mean() if is_referred.any() else 0.0,
        "caught": (~right & is_referred).sum() / n_wrong if n_wrong else 0.0,
        "kept": right[~is_referred].mean(),  # somebody is: the limit is not above the quantile
    }
    rates = {name: round(float(rate), DIGITS) for name, rate in rates.items()}
    return Doubt(n=len(proba), scores=scores, coverage=coverage, least=least, **rates)


def diagnoses_left(doubt, by_model):
    """Set of diagnoses.

    The score of a diagnosis is 1 - its probability. It is left if, on average over the models,
    fewer than k / n people have a lower score of their own diagnosis, with
    k = ceil((n + 1) coverage): the rule of `conformal_sets` with one distribution for all models.

    Parameters
    ----------
    doubt : Doubt
    by_model : ndarray of shape (n_models, n_classes)
        Probabilities of one scan by each model.

    Returns
    -------
    bool ndarray of shape (n_classes,)

    Examples
    --------
    >>> rates = dict.fromkeys(["accuracy", "referred", "wrong", "caught", "kept"], 0.5)
    >>> doubt = Doubt(n=40, scores=(0.2, 0.4, 0.8), coverage=0.7, least=0.5, **rates)
    >>> diagnoses_left(doubt, np.array([[0.7, 0.2, 0.1]]))  # k = 29; 38%, 75% and 88% are lower
    array([ True, False, False])
    """
    k = np.ceil((doubt.n + 1) * doubt.coverage - 1e-9)
    places = np.concatenate([[0], doubt.scores, [1]])
    below = np.nextafter(_scores(by_model), -1)  # so that equal scores are not counted as lower
    lower = np.interp(below, places, np.linspace(0, 1, len(places)))
    return lower.mean(axis=0) < k / doubt.n


def _scores(proba):
    """1 - p in the digits of `quantiles`: of a score that many people have, none is lower."""
    return significant((1 - proba).round(DECIMALS))


def _limit(largest):
    """A probability to `DIGITS` digits of 1 - p, rounded down; so it tells 0.998 from 0.999.

    A limit above the quantile would refer more people than asked, of very sure networks everybody.
    """
    doubt = max(1 - float(largest), 10**-DECIMALS)
    return float(1 - Context(prec=DIGITS, rounding=ROUND_UP).create_decimal(f"{doubt:.12f}"))
