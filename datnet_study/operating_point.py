"""Sensitivity at a given specificity: classifiers compared at one operating point.

The paper reports one pair of rates for each diagnosis; two free numbers say little beside them.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve

from datnet_core.metrics.checks import checked_scores
from datnet_core.metrics.rates import share_interval
from datnet_study.claims import published_interval

ROUNDING = 1e-9  # a share of scans computed in two ways may differ by this


def sensitivity_at(y_true, y_score, specificity):
    """Sensitivity at a given specificity, with its Wilson interval.

    The cutoff is the lowest score for which at least this share of the negatives lies below it. The
    interval takes that cutoff as given.

    Parameters
    ----------
    y_true, y_score
        As in `auc.delong_interval`; its errors apply.
    specificity : float
        Share from 0 to 1.

    Returns
    -------
    sensitivity, low, high : float

    Examples
    --------
    >>> y_true, y_score = [1, 1, 1, 1, 0, 0, 0, 0], [9, 7, 5, 3, 6, 4, 2, 1]
    >>> sensitivity_at(y_true, y_score, 0.75)[0]  # one negative may be above: the cutoff is 5
    0.75
    """
    y_true, y_score = checked_scores(y_true, y_score)
    fpr, tpr, _ = roc_curve(y_true, y_score, drop_intermediate=False)
    reached = tpr[fpr <= 1 - specificity + ROUNDING].max()
    return share_interval(np.arange(y_true.sum()) < round(reached * y_true.sum()))


def at_paper_specificity(predictions, claims, part):
    """Sensitivity of each classifier at the specificity that the paper reports.

    Parameters
    ----------
    predictions : dict of str to DataFrame
        By title, `diagnosis` and `p_<class>` of each scan.
    claims : DataFrame
        Output of `claims.read_claims`.
    part : str
        Of the paper, as the ids of its claims begin: `cv` or `blind`.

    Returns
    -------
    DataFrame
        `method`, `of` (diagnosis), `specificity` and `paper` (its sensitivity there), `value`,
        `low`, `high` (Wilson, the cutoff taken as given); no row for a diagnosis that the paper or
        the scans have not.
    """
    found, rows = claims.set_index("id"), []
    for claim in found.index[found.index.str.startswith(f"{part}.spec.")]:
        name, of_decision = found["group"][claim], (claim, claim.replace(".spec.", ".sens."))
        # By the counts: the rounded number can ask for one false positive less.
        specificity, paper = (published_interval(found.loc[key])[0] for key in of_decision)
        for method, table in predictions.items():
            of = table["diagnosis"] == name
            if of.any() and not of.all():
                value = sensitivity_at(of, table[f"p_{name}"], specificity)
                rows.append((method, name, specificity, paper, *value))
    columns = ["method", "of", "specificity", "paper", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)
