"""Diagnostic statistics: AUC, cutoffs, rates and group comparisons, each with its interval.

Paper section "Statistics Analysis". Every interval is a 95% interval unless asked otherwise.
"""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_curve
from statsmodels.stats.proportion import proportion_confint

from datnet_core.bootstrap import resampled_participants, weighted_auc


def delong_interval(y_true, y_score, confidence=0.95):
    """Area under the ROC curve with DeLong's confidence interval.

    AUC = mean over pairs of [s+ > s-] + [s+ = s-]/2; var = var(V+)/m + var(V-)/n, where V+ is
    the share of the n negatives below each positive, V- the share of the m positives above each
    negative. Pooled out-of-fold scores come from several models, and a participant may have two
    scans; the formula knows neither, so report `bootstrap_interval` beside it. Near AUC 1 the
    interval is too narrow: for normal scores, 43 against 279 scans and a true AUC of 0.998 it
    covered the truth in about 7 of 10 simulated samples (9 of 10 at 0.95, 79 against 243).

    Parameters
    ----------
    y_true : bool or 0/1 array-like of shape (n_scans,)
        True for the positive class.
    y_score : array-like of shape (n_scans,)
        Higher means more likely positive.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    auc, low, high : float
        The interval is cut to [0, 1]. It has no width when the classes do not overlap (the
        variance estimate is 0 there), and is NaN when a class has one member only.

    Raises
    ------
    ValueError
        If lengths differ, labels are not two-valued, a score is NaN, or one class is absent.

    References
    ----------
    DeLong et al. 1988, doi:10.2307/2531595; midranks as in Sun and Xu 2014,
    doi:10.1109/LSP.2014.2337313.
    """
    below, above = _placements(*_checked(y_true, y_score))
    auc = below.sum() / (len(below) * len(above))
    half = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(_variance(below, above))
    return float(auc), float(np.maximum(auc - half, 0)), float(np.minimum(auc + half, 1))


def delong_test(y_true, y_score_a, y_score_b):
    """P value of DeLong's two-sided test that two scores of the same scans have equal AUC.

    Returns 1 for scores that order the scans alike, and NaN where they do not but the variance
    of the difference is 0 or unknown (a class with one member). Arguments and errors are those
    of `delong_interval`.
    """
    difference, standard_error = _delong_difference(y_true, y_score_a, y_score_b)
    if difference == 0 and standard_error == 0:
        return 1.0
    if not standard_error > 0:
        return np.nan
    return float(2 * stats.norm.sf(abs(difference) / standard_error))


def delong_difference(y_true, y_score_a, y_score_b, confidence=0.95):
    """AUC of score a minus AUC of score b on the same scans, with DeLong's interval.

    Parameters
    ----------
    y_true, y_score_a, y_score_b, confidence
        As in `delong_interval`; its errors and its limits apply.

    Returns
    -------
    difference, low, high : float
        The interval has no width for scores that order the scans alike.
    """
    difference, standard_error = _delong_difference(y_true, y_score_a, y_score_b)
    half = stats.norm.ppf((1 + confidence) / 2) * standard_error
    return difference, float(difference - half), float(difference + half)


def bootstrap_interval(y_true, y_score, participants, n_resamples, seed, confidence=0.95):
    """Percentile interval of the AUC from resampling participants, each with all their scans.

    Positives and negatives are drawn separately, so that every resample has both.

    Parameters
    ----------
    y_true, y_score, confidence
        As in `delong_interval`.
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
        As `delong_interval`, and if a participant has scans of both classes.
    """
    y_true, y_score = _checked(y_true, y_score)
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
    always one of the scores, never infinite. Errors are those of `delong_interval`.
    """
    fpr, tpr, thresholds = roc_curve(*_checked(y_true, y_score))
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


def _placements(y_true, y_score):
    """Negatives below each positive, positives above each negative; a tie counts one half."""
    ranks = stats.rankdata(y_score)
    below = ranks[y_true] - stats.rankdata(y_score[y_true])
    above = y_true.sum() - (ranks[~y_true] - stats.rankdata(y_score[~y_true]))
    return below, above


def _delong_difference(y_true, y_score_a, y_score_b):
    """Difference of two AUCs of the same scans and its standard error, both 0 if alike."""
    below_a, above_a = _placements(*_checked(y_true, y_score_a))
    below_b, above_b = _placements(*_checked(y_true, y_score_b))
    below, above = below_a - below_b, above_a - above_b
    if not below.any() and not above.any():
        return 0.0, 0.0
    difference = below.sum() / (len(below) * len(above))
    return float(difference), float(np.sqrt(_variance(below, above)))


def _variance(below, above):
    """DeLong's variance, from counts so that equal placements give exactly 0; NaN if m or n < 2."""
    m, n = len(below), len(above)
    if min(m, n) < 2:
        return np.nan
    return np.var(below, ddof=1) / (n**2 * m) + np.var(above, ddof=1) / (m**2 * n)


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


def _checked(y_true, y_score):
    """Labels as bool and scores as float64, both classes present and no score NaN."""
    y_true, y_score = _two_valued(y_true), np.asarray(y_score, dtype=np.float64)
    _same_length(y_true, y_score)
    if np.isnan(y_score).any():
        raise ValueError(f"{np.isnan(y_score).sum()} of {len(y_score)} scores are NaN; drop them")
    if y_true.all() or not y_true.any():
        raise ValueError(f"{y_true.sum()} positives of {len(y_true)}; expected both classes")
    return y_true, y_score
