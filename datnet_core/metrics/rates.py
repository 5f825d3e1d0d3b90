"""Cutoffs, and rates of right decisions with Wilson intervals (paper: "Statistics Analysis")."""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve
from statsmodels.stats.proportion import proportion_confint

from datnet_core.metrics.checks import checked_scores, same_length, two_valued


def youden_cutoff(y_true, y_score):
    """Score c for which the rule "positive if score >= c" has the largest Youden index.

    J = sensitivity + specificity - 1. Of equally good cutoffs the highest is taken.

    Parameters
    ----------
    y_true, y_score
        As in `auc.delong_interval`; its errors apply.

    Returns
    -------
    float
        Always one of the scores, never infinite.
    """
    fpr, tpr, thresholds = roc_curve(*checked_scores(y_true, y_score))
    return float(thresholds[1:][np.argmax((tpr - fpr)[1:])])


def diagnostic_rates(y_true, y_pred):
    """Sensitivity, specificity, PPV and NPV with Wilson intervals.

    Parameters
    ----------
    y_true, y_pred : bool or 0/1 array-like of shape (n_scans,)
        Truth and decision, True for positive.

    Returns
    -------
    DataFrame of shape (4, 5)
        Index sensitivity, specificity, ppv, npv; columns hits, of, value, low, high. A rate of
        no scan at all is NaN.

    Raises
    ------
    ValueError
        If lengths differ or labels are not two-valued.

    Examples
    --------
    >>> diagnostic_rates([1, 1, 0, 0], [1, 0, 0, 0])[["hits", "of", "value"]].round(2)
                 hits  of  value
    sensitivity     1   2   0.50
    specificity     2   2   1.00
    ppv             1   1   1.00
    npv             2   3   0.67
    """
    y_true, y_pred = two_valued(y_true), two_valued(y_pred)
    same_length(y_true, y_pred)
    groups = {"sensitivity": y_true, "specificity": ~y_true, "ppv": y_pred, "npv": ~y_pred}
    counts = [(int((y_true == y_pred)[group].sum()), int(group.sum())) for group in groups.values()]
    table = pd.DataFrame(counts, index=list(groups), columns=["hits", "of"])
    table[["value", "low", "high"]] = [_wilson(hits, of) for hits, of in counts]
    return table


def share_interval(right):
    """Share of right decisions, True or 1: value, low, high (Wilson); NaN without any decision."""
    right = two_valued(right)
    return _wilson(int(right.sum()), len(right))


def _wilson(hits, of):
    """Proportion and its 95% Wilson interval; NaN three times for 0 of 0."""
    if of == 0:
        return np.nan, np.nan, np.nan
    low, high = proportion_confint(hits, of, alpha=0.05, method="wilson")
    # rounding leaves the ends of 0/n and n/n just off 0 and 1, which would exclude the value
    return hits / of, float(low) if hits else 0.0, float(high) if hits < of else 1.0
