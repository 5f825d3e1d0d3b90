"""Several classifiers of the same scans beside each other, with the uncertainty of what differs.

Paper section "Statistics Analysis" has the chi-square test and DeLong's test; the intervals of
differences, the tests that know of the pairing, and the corrections for many tests are ours.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from datnet_core.metrics.auc import Z, delong_difference, delong_error, delong_test
from datnet_core.metrics.bootstrap import group_mean_interval
from datnet_core.metrics.groups import chi_square_correct, mcnemar_exact
from datnet_core.metrics.pairs import pairwise_auc
from datnet_core.metrics.rates import share_interval
from datnet_study.performance import diagnostic_table, paired_scores
from datnet_study.printed import independent_difference

POWER = 0.8  # of a difference that counts as one that would have been seen


def pairs_of(names, diagnoses):
    """Each two of some diagnoses that occur among the labels, in the order of the names.

    Examples
    --------
    >>> pairs_of(("IPD", "MSA", "PSP"), ["PSP", "IPD", "NC"])
    [('IPD', 'PSP')]
    """
    there = set(diagnoses)
    return list(combinations([name for name in names if name in there], 2))


def in_words(of):
    """A diagnosis, or a pair of them, as a heading.

    Examples
    --------
    >>> in_words("IPD"), in_words(("IPD", "MSA"))
    ('IPD', 'IPD against MSA')
    """
    return of if isinstance(of, str) else " against ".join(of)


def aucs_side_by_side(predictions, class_names, pairs):
    """AUC of each classifier for each pair of diagnoses, then for each against the rest.

    Parameters
    ----------
    predictions : dict of str to DataFrame
        By title, the same scans in the same order, as in `performance.diagnostic_table`.
    class_names : tuple of str
        Classes; those that do not occur are left out.
    pairs : sequence of (str, str)
        Diagnoses against each other, by log p_a - log p_b (`pairwise_auc`).

    Returns
    -------
    DataFrame
        `method`, `of` (a pair of diagnoses as a tuple, or one), `auc`, `auc_low`, `auc_high` (95%,
        DeLong).

    Raises
    ------
    ValueError
        As `diagnostic_table` and `pairwise_auc`.
    """
    columns, rows = [f"p_{name}" for name in class_names], []
    for method, table in predictions.items():
        for a, b in pairs:
            found = pairwise_auc(table["diagnosis"], table[columns], class_names, a, b)
            rows.append((method, (a, b), *found))
        rest = diagnostic_table(table, class_names)[["auc", "auc_low", "auc_high"]]
        rows += [(method, name, *found) for name, *found in rest.itertuples()]
    return pd.DataFrame(rows, columns=["method", "of", "auc", "auc_low", "auc_high"])


def gains(predictions, class_names, pairs):
    """AUC of the first classifier minus that of each other one, with tests for all of them.

    Parameters
    ----------
    predictions, class_names, pairs
        As in `aucs_side_by_side`.

    Returns
    -------
    DataFrame
        `method` (the other one), `of`, `difference`, `low`, `high` (95%, DeLong for paired scores),
        `p` (DeLong's test), `holm` and `bh`, corrected over the pairs, or over the diagnoses, of
        one method, and `detectable`, see there.

    Raises
    ------
    ValueError
        As `paired_scores`.
    """
    (_, own), *others = predictions.items()
    rows = [
        (method, of, *delong_difference(*scores), delong_test(*scores), delong_error(*scores)[1])
        for method, table in others
        for of, scores in paired_scores(own, table, class_names, pairs).items()
    ]
    columns = ["method", "of", "difference", "low", "high", "p", "error"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.sort_values("of", key=lambda of: of.map(lambda name: isinstance(name, str)),
                              kind="stable", ignore_index=True)  # fmt: skip
    table[["holm", "bh"]] = np.nan
    single = table["of"].map(lambda of: isinstance(of, str))
    for _, family in table.groupby([table["method"], single]):
        table.loc[family.index, ["holm", "bh"]] = adjusted(family["p"])
    table["detectable"] = detectable(table.pop("error"))
    return table


def detectable(standard_error):
    """Difference that scans like these would show with a power of 80%, two-sided at 5%.

    (z(0.975) + z(0.8)) times the standard error of a difference that was found: so it says what the
    number of scans allows, whatever the difference was.

    Examples
    --------
    >>> round(float(detectable(0.051)), 3)
    0.143
    """
    return (Z + stats.norm.ppf(POWER)) * standard_error


def adjusted(p):
    """P values of a family of tests after Holm and after Benjamini and Hochberg, shape (n, 2).

    NaN stays NaN and does not count.

    Examples
    --------
    >>> adjusted([0.01, 0.04, np.nan, 0.03]).round(3).tolist()  # 3 p, 2 p, 1 p from the smallest
    [[0.03, 0.03], [0.06, 0.04], [nan, nan], [0.06, 0.04]]
    """
    p = np.asarray(p, dtype=float)
    known, found = ~np.isnan(p), np.full((len(p), 2), np.nan)
    if known.any():
        for column, method in enumerate(("holm", "fdr_bh")):
            found[known, column] = multipletests(p[known], method=method)[1]
    return found


def share_difference(right_a, right_b):
    """Share of right decisions in one set of people minus that in another: value, low, high.

    Newcombe's 95% interval for independent proportions, from the Wilson intervals of the two.
    """
    return independent_difference(share_interval(right_a), share_interval(right_b))


def decision_table(right, scans, n_resamples, seed=0):
    """Accuracy and mean sensitivity of several classifiers.

    Parameters
    ----------
    right : dict of str to bool Series of shape (n_scans,)
        By title, whether each decision was right; each may leave out scans.
    scans : DataFrame
        `diagnosis` and `participant_id`, with the index of the decisions.
    n_resamples, seed : int
        Of the bootstrap over participants.

    Returns
    -------
    DataFrame
        Index `method`; `scans`; `accuracy` with `_low` and `_high` (Wilson), `mean_sensitivity`,
        which gives every diagnosis the same weight, with `_low` and `_high` (bootstrap, 95%).
    """
    rows = {}
    for method, values in right.items():
        of = scans.loc[values.index]
        mean = group_mean_interval(values, of["diagnosis"], of["participant_id"], n_resamples, seed)
        rows[method] = {"scans": len(values)}
        for name, found in {"accuracy": share_interval(values), "mean_sensitivity": mean}.items():
            parts = zip(("", "_low", "_high"), found, strict=True)
            rows[method] |= {f"{name}{part}": value for part, value in parts}
    return pd.DataFrame(rows.values(), index=pd.Index(rows, name="method"))


def decisions_apart(right, scans, n_resamples, seed=0):
    """How the decisions of the first classifier differ from those of each other one.

    Parameters
    ----------
    right : dict of str to bool array-like of shape (n_scans,)
        By title, whether each decision was right, in the order of `scans`.
    scans, n_resamples, seed
        As in `decision_table`.

    Returns
    -------
    dict of str to dict
        By title of the other one: `accuracy` and `mean_sensitivity`, the first minus the other with
        a 95% bootstrap interval over participants; `only_a` and `only_b`, scans on which the first
        or the other alone is right; `chi_square`, the paper's P, which does not know of the
        pairing; `mcnemar`, the exact P, which does.
    """
    (_, a), *others = ((title, np.asarray(values, dtype=bool)) for title, values in right.items())
    person, diagnosis, found = scans["participant_id"], scans["diagnosis"], {}
    for title, b in others:
        change = a.astype(float) - b
        groups = {"accuracy": np.full(len(change), "all"), "mean_sensitivity": diagnosis}
        found[title] = {
            name: group_mean_interval(change, of, person, n_resamples, seed)
            for name, of in groups.items()
        } | {
            "only_a": int((a & ~b).sum()),
            "only_b": int((b & ~a).sum()),
            "chi_square": chi_square_correct(a, b),
            "mcnemar": mcnemar_exact(a, b),
        }
    return found
