"""Does a region separate what the putamen does not, or does it know the label? The tests.

Paper section "Binding Ratio Analysis" compares groups by P values alone. Here stand beside them an
AUC, an effect size, the difference to the conventional region, and how often P is below the limit
where labels mean nothing.
"""

import numpy as np
import pandas as pd
from scipy import stats

from datnet_core.metrics.auc import delong_difference, delong_interval
from datnet_core.metrics.folds import fold_auc
from datnet_core.metrics.groups import rank_sum_p
from datnet_core.metrics.rates import share_interval
from datnet_study.comparison import adjusted
from datnet_study.readings import PATTERN, measured_ratios, pattern_scores

CHANCE = 0.5  # AUC of what separates nothing


def permuted_labels(labels, fold, n, seed, among=None):
    """Labels in n random orders, each fold by itself, so that every fold keeps its numbers.

    Parameters
    ----------
    labels, fold : int ndarray of shape (n_scans,)
        One scan of each participant.
    n, seed : int
        Number of orders, and what they are drawn from.
    among : sequence of int, optional
        Classes whose labels change places; the others keep theirs. Without it, all.

    Returns
    -------
    int ndarray of shape (n, n_scans)
    """
    rng = np.random.default_rng(seed)
    found = np.tile(labels, (n, 1))
    free = np.isin(labels, labels if among is None else among)
    for k in np.unique(fold):
        members = np.flatnonzero((fold == k) & free)
        found[:, members] = rng.permuted(found[:, members], axis=1)
    return found


def p_values(values, labels, pairs):
    """Mann-Whitney P values of pairs of classes, for many labellings.

    Parameters
    ----------
    values : ndarray of shape (P, n, Q) or (1, n, Q)
        Q numbers of each scan under each of P labellings; NaN where there is none.
    labels : int ndarray of shape (P, n)
        Each labelling with as many scans of a class.
    pairs : sequence of (int, int)

    Returns
    -------
    ndarray of shape (P, Q, n_pairs)
        As `rank_sum_p`.
    """
    order = np.argsort(labels, axis=1, kind="stable")  # scans of one class side by side
    names, sizes = np.unique(labels[0], return_counts=True)
    ends = np.cumsum(sizes)
    of_class = {
        c: order[:, end - size : end] for c, size, end in zip(names, sizes, ends, strict=True)
    }
    rows = np.zeros((len(labels), 1), int) if len(values) == 1 else np.arange(len(labels))[:, None]
    found = np.full((len(labels), values.shape[2], len(pairs)), np.nan)
    for i, (a, b) in enumerate(pairs):
        if a in of_class and b in of_class:
            for q in range(values.shape[2]):
                both = (values[rows, of_class[c], q] for c in (a, b))
                found[:, q, i] = rank_sum_p(*both)
    return found


def reading_p_values(evidence, labels, pairs):
    """P values of `p_values` under every reading, by its key, and of the pattern: it has one place.

    Parameters
    ----------
    evidence : Evidence
    labels, pairs
        As in `p_values`.
    """
    ratios = measured_ratios(evidence, labels)
    found = {name: p_values(values, labels, pairs) for name, values in ratios.items()}
    if evidence.responses is not None:
        scores = [pattern_scores(evidence, labels, *pair)[..., None] for pair in pairs]
        of_pairs = [p_values(s, labels, [pair]) for s, pair in zip(scores, pairs, strict=True)]
        found[PATTERN] = np.concatenate(of_pairs, axis=-1)
    return found


def separation(values, labels, a, b):
    """How well a number separates two classes, among the scans that have it.

    Parameters
    ----------
    values, labels : ndarray of shape (n,)
        Number (NaN: none) and class of each scan.
    a, b
        The two classes. The direction is fixed: above 0.5, the number is higher in `a`.

    Returns
    -------
    dict
        `n_a`, `n_b`; `auc` with DeLong's 95% interval `low`, `high`; `d`, the difference of the
        means in pooled SD; `p` of the Mann-Whitney test. NaN where a class has no number.

    Examples
    --------
    >>> found = separation(np.array([3.0, 4, 1, 2, np.nan]), np.array([0, 0, 1, 1, 1]), 0, 1)
    >>> found["auc"], found["n_b"], round(found["d"], 2)
    (1.0, 2, 2.83)
    """
    first, second = (values[(labels == c) & ~np.isnan(values)] for c in (a, b))
    found = {"n_a": len(first), "n_b": len(second)}
    if not len(first) or not len(second):
        return found | dict.fromkeys(("auc", "low", "high", "d", "p"), np.nan)
    is_first = np.repeat([True, False], [len(first), len(second)])
    auc, low, high = delong_interval(is_first, np.concatenate([first, second]))
    d = np.nan
    if min(len(first), len(second)) > 1:
        squares = sum(((part - part.mean()) ** 2).sum() for part in (first, second))
        pooled = np.sqrt(squares / (len(first) + len(second) - 2))
        d = float((first.mean() - second.mean()) / pooled) if pooled > 0 else np.nan
    p = float(rank_sum_p(first, second))
    return found | {"auc": auc, "low": low, "high": high, "d": d, "p": p}


def fold_separation(values, labels, fold, a, b):
    """As `separation` for scores of one network a fold: the AUC is the mean over the folds.

    The interval allows for what other networks would find (`metrics.fold_auc`); P is that of the
    pooled scores and does not.

    Parameters
    ----------
    values, labels, a, b
        As in `separation`.
    fold : ndarray of shape (n,)
        Whose network made the score.
    """
    found = separation(values, labels, a, b)
    there = np.isin(labels, (a, b)) & ~np.isnan(values)
    try:
        auc, low, high = fold_auc(labels[there] == a, values[there], fold[there])
    except ValueError:  # no fold has both classes
        auc = low = high = np.nan
    return found | {"auc": auc, "low": low, "high": high}


def separation_difference(values, others, labels, a, b):
    """AUC of `separation` minus that of another number, on the scans that have both.

    Parameters
    ----------
    values, others, labels : ndarray of shape (n,)
    a, b
        As in `separation`.

    Returns
    -------
    difference, low, high : float
        With DeLong's 95% interval for paired scores; NaN where a class has no scan with both.
    """
    there = np.isin(labels, (a, b)) & ~np.isnan(values) & ~np.isnan(others)
    is_first = labels[there] == a
    if is_first.all() or not is_first.any():
        return np.nan, np.nan, np.nan
    return delong_difference(is_first, values[there], others[there])


def beside(own, mark, low, high):
    """A difference of AUC with a fixed direction in words: what it means for the separation.

    Parameters
    ----------
    own, mark : mapping
        `auc`, `low`, `high` of a number, and of the mark that it is set beside (`separation`).
    low, high : float
        Interval of the AUC of the number minus that of the mark.

    Examples
    --------
    >>> weak, strong = ({"auc": a, "low": a - 0.1, "high": a + 0.1} for a in (0.35, 0.2))
    >>> beside(strong, weak, -0.3, -0.1), beside(weak, strong, 0.1, 0.2)
    ('separates better', 'separates worse')
    >>> beside({"auc": 0.7, "low": 0.6, "high": 0.8}, strong, 0.3, 0.6)
    'separates the other way round'
    >>> beside({"auc": 0.52, "low": 0.4, "high": 0.6}, strong, 0.2, 0.4)
    'does not separate'
    """
    if not (low > 0 or high < 0):
        return "not told apart"
    side, side_of_mark = ((x["low"] > CHANCE) - (x["high"] < CHANCE) for x in (own, mark))
    if not side:
        return "does not separate"
    if not side_of_mark:
        return "separates, which the other does not"
    if side != side_of_mark:
        return "separates the other way round"
    better = abs(own["auc"] - CHANCE) > abs(mark["auc"] - CHANCE)
    return "separates better" if better else "separates worse"


def significant_share(p, alpha=0.05):
    """Share of P values below a limit with its 95% Wilson interval; tests that failed count not."""
    p = np.asarray(p, dtype=float)
    return share_interval(p[~np.isnan(p)] < alpha)


def retrained_rates(cohorts, alpha=0.05):
    """False-positive rates over cohorts without any difference, networks trained in each.

    Parameters
    ----------
    cohorts : DataFrame
        One row for each cohort and pair: `group_a`, `group_b`, and in the columns after them the P
        values of each source of the region.
    alpha : float
        P below it is significant.

    Returns
    -------
    DataFrame
        `source`, `group_a`, `group_b`, `n` cohorts, `share`, `low`, `high` (Wilson), and
        `p_holm`: whether the share differs from `alpha` (exact binomial test, two-sided), after
        Holm over the pairs of a source.
    """
    rows = []
    for source in cohorts.columns[cohorts.columns.get_loc("group_b") + 1 :]:
        for (a, b), part in cohorts.groupby(["group_a", "group_b"], sort=False):
            p = part[source].dropna()
            share, low, high = significant_share(p, alpha)
            n_small = int((p < alpha).sum())
            test = stats.binomtest(n_small, len(p), alpha).pvalue if len(p) else np.nan
            rows.append((source, a, b, len(p), share, low, high, test))
    names = ["source", "group_a", "group_b", "n", "share", "low", "high", "p_binomial"]
    found = pd.DataFrame(rows, columns=names)
    by_source = found.groupby("source", sort=False)["p_binomial"]
    found["p_holm"] = by_source.transform(lambda p: adjusted(p)[:, 0])
    return found.drop(columns="p_binomial")
