"""Diagnostic statistics: cutoffs, rates, resampled intervals and group comparisons.

Paper section "Statistics Analysis". Every interval is a 95% interval unless asked otherwise.
"""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_curve
from statsmodels.stats.proportion import proportion_confint

from datnet_core.bootstrap import resampled_participants, weighted_auc


def bootstrap_interval(y_true, y_score, participants, n_resamples, seed, confidence=0.95):
    """Percentile interval of the AUC from resampling participants, each with all their scans.

    Positives and negatives are drawn separately, so that every resample has both.

    Parameters
    ----------
    y_true, y_score, confidence
        As in `delong.delong_interval`.
    participants : array-like of shape (n_scans,)
        Participant of each scan.
    n_resamples, seed : int
        Number of resamples and seed of the draws.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        As `delong.delong_interval`, and if a participant has scans of both classes.
    """
    y_true, y_score = checked_scores(y_true, y_score)
    _same_length(participants, y_true)
    weights = resampled_participants(y_true, participants, n_resamples, seed)
    aucs = weighted_auc(y_true, y_score, weights)
    low, high = np.quantile(aucs, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def mean_interval(values, seed=0, confidence=0.95):
    """Mean over participants and its percentile bootstrap interval.

    Parameters
    ----------
    values : array-like of shape (n_participants,)
        One value per participant.
    seed : int
        Seed of the 2,000 resamples.
    confidence : float

    Returns
    -------
    mean, low, high : float
        nan limits for fewer than two participants.
    """
    values = np.asarray(values, float)
    if len(values) < 2 or np.isnan(values).any():
        return float(values.mean()), np.nan, np.nan
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=2000, confidence_level=confidence, method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return float(values.mean()), float(found.low), float(found.high)


def youden_cutoff(y_true, y_score):
    """Score c for which the rule "positive if score >= c" has the largest Youden index.

    J = sensitivity + specificity - 1. Of equally good cutoffs the highest is taken. The cutoff is
    always one of the scores, never infinite. Errors are those of `delong.delong_interval`.
    """
    fpr, tpr, thresholds = roc_curve(*checked_scores(y_true, y_score))
    return float(thresholds[1:][np.argmax((tpr - fpr)[1:])])


def rates(y_true, y_pred):
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
    """
    y_true, y_pred = _two_valued(y_true), _two_valued(y_pred)
    _same_length(y_true, y_pred)
    groups = {"sensitivity": y_true, "specificity": ~y_true, "ppv": y_pred, "npv": ~y_pred}
    counts = [(int((y_true == y_pred)[group].sum()), int(group.sum())) for group in groups.values()]
    table = pd.DataFrame(counts, index=list(groups), columns=["hits", "of"])
    table[["value", "low", "high"]] = [_wilson(hits, of) for hits, of in counts]
    return table


def share_interval(right):
    """Share of right decisions: value, low, high (Wilson); NaN without any decision."""
    right = np.asarray(right, dtype=bool)
    return _wilson(int(right.sum()), len(right))


def chi_square_correct(correct_a, correct_b):
    """P value of the chi-square test on right and wrong decisions of two sets of scans.

    No continuity correction: this gives the paper's P = 0.45 for 86/96 against 89/96 right. The
    test takes the sets as independent, which two decisions on the same people are not.

    Parameters
    ----------
    correct_a, correct_b : bool or 0/1 array-like
        True where the decision was right; the sets may differ in length.

    Returns
    -------
    float
        1 if all decisions are right or all are wrong: an expected count is then 0, the statistic
        is undefined, and the two shares are equal.

    Raises
    ------
    ValueError
        If a set is empty.
    """
    sets = [_two_valued(correct_a), _two_valued(correct_b)]
    if not all(map(len, sets)):
        raise ValueError(f"sets of {len(sets[0])} and {len(sets[1])} scans; expected one or more")
    counts = np.array([[right.sum(), (~right).sum()] for right in sets])
    if not counts.sum(axis=0).all():
        return 1.0
    return float(stats.chi2_contingency(counts, correction=False).pvalue)


def mann_whitney(values, groups, pairs):
    """Two-sided Mann-Whitney U tests between pairs of groups.

    Parameters
    ----------
    values, groups : array-like of shape (n_participants,)
        One number and the group of each participant.
    pairs : sequence of (str, str)
        Groups to compare, at least one pair.

    Returns
    -------
    DataFrame of shape (n_pairs, 8)
        group_a, group_b, n_a, n_b, median_a, median_b, p, and p_bh: p after Benjamini-Hochberg
        over these rows.

    Raises
    ------
    ValueError
        If lengths differ, a value is NaN, or a group of a pair has no member.
    """
    values, groups = np.asarray(values, dtype=float), np.asarray(groups)
    _same_length(values, groups)
    if np.isnan(values).any():
        raise ValueError(f"{np.isnan(values).sum()} of {len(values)} values are NaN; drop them")
    if empty := sorted({name for pair in pairs for name in pair} - set(groups)):
        raise ValueError(f"no value in group {empty}; found groups {sorted(set(groups))}")
    rows = []
    for names in pairs:
        a, b = (values[groups == name] for name in names)
        p = stats.mannwhitneyu(a, b, alternative="two-sided").pvalue
        rows.append((*names, len(a), len(b), np.median(a), np.median(b), p))
    columns = ["group_a", "group_b", "n_a", "n_b", "median_a", "median_b", "p"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_bh=stats.false_discovery_control(table["p"]))


def checked_scores(y_true, y_score):
    """Labels as bool and scores as float64, both classes present and no score NaN."""
    y_true, y_score = _two_valued(y_true), np.asarray(y_score, dtype=np.float64)
    _same_length(y_true, y_score)
    if np.isnan(y_score).any():
        raise ValueError(f"{np.isnan(y_score).sum()} of {len(y_score)} scores are NaN; drop them")
    if y_true.all() or not y_true.any():
        raise ValueError(f"{y_true.sum()} positives of {len(y_true)}; expected both classes")
    return y_true, y_score


def _wilson(hits, of):
    """Proportion and its 95% Wilson interval; NaN three times for 0 of 0."""
    if of == 0:
        return np.nan, np.nan, np.nan
    low, high = proportion_confint(hits, of, alpha=0.05, method="wilson")
    # rounding leaves the ends of 0/n and n/n just off 0 and 1, which would exclude the value
    return hits / of, float(low) if hits else 0.0, float(high) if hits < of else 1.0


def _two_valued(labels):
    """Labels as bool; uint8, int and float 0/1 are taken, anything else is refused."""
    labels = np.asarray(labels)
    if labels.dtype.kind not in "biuf" or not np.isin(labels, (0, 1)).all():
        raise ValueError(f"labels {labels.ravel()[:5]}; expected True/False or 1/0")
    return labels.astype(bool)


def _same_length(a, b):
    """Refuse arrays that are not of one length."""
    if np.shape(a) != np.shape(b) or np.ndim(a) != 1:
        raise ValueError(f"shapes {np.shape(a)} and {np.shape(b)}; expected one length, (n,)")
