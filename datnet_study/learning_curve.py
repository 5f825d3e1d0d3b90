"""What classifiers reach by the number of participants that they learn from.

Not in the paper: it asks how many scans a hospital needs before a network pays.
"""

from itertools import combinations

import numpy as np
import pandas as pd

from datnet_core.metrics.auc import delong_interval
from datnet_core.metrics.pairs import pairwise_auc

REST, PAIRS, MEAN = "one against the rest", "pairwise", "mean"
OF_A_CURVE = ["classifier", "participants", "kind", "of"]


def auc_by_draw(judged, labels, class_names):
    """AUC of each diagnosis against the rest, of each pair, and the means of both.

    Parameters
    ----------
    judged : dict of (str, int, int) to ndarray of shape (n_scans, n_classes)
        Probabilities of the same scans by classifier, number of participants learned from, and
        number of the draw.
    labels : array-like of str, shape (n_scans,)
        Diagnoses; those that do not occur are left out.
    class_names : sequence of str
        Order of the columns.

    Returns
    -------
    DataFrame
        `classifier`, `participants`, `draw`, `kind` (one against the rest, or pairwise), `of`
        (a diagnosis, two of them, or the mean of the kind) and `auc`.

    Raises
    ------
    ValueError
        If fewer than two diagnoses occur; else as `delong_interval` and `pairwise_auc`.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
    >>> table = auc_by_draw({("A", 25, 0): proba}, ["IPD", "IPD", "MSA"], ("IPD", "MSA"))
    >>> table[["kind", "of", "auc"]].tail(2).to_numpy().tolist()
    [['pairwise', 'mean', 1.0], ['pairwise', 'IPD–MSA', 1.0]]
    """
    labels = np.asarray(labels)
    present = [name for name in class_names if name in set(labels)]
    if len(present) < 2:
        raise ValueError(f"found {present} among the labels; expected two diagnoses or more")
    rows = []
    for (classifier, n, draw), proba in judged.items():
        column = dict(zip(class_names, np.asarray(proba).T, strict=True))
        kinds = {
            REST: {name: delong_interval(labels == name, column[name])[0] for name in present},
            PAIRS: {
                f"{a}–{b}": pairwise_auc(labels, proba, class_names, a, b)[0]
                for a, b in combinations(present, 2)
            },
        }
        for kind, found in kinds.items():
            whole = {MEAN: float(np.mean(list(found.values())))} | found
            rows += [(classifier, n, draw, kind, of, auc) for of, auc in whole.items()]
    return pd.DataFrame(rows, columns=["classifier", "participants", "draw", "kind", "of", "auc"])


def over_draws(table, value="auc"):
    """Mean and range over draws: `mean`, `low`, `high` by classifier, size, kind and diagnosis.

    Parameters
    ----------
    table : DataFrame
        Output of `auc_by_draw`.
    value : str
        Its column.

    Returns
    -------
    DataFrame
        A row for each combination, in the order of the table.
    """
    groups = table.groupby(OF_A_CURVE, sort=False)[value]
    return groups.agg(mean="mean", low="min", high="max").reset_index()


def passes_from(table, better, other, kind=REST):
    """Smallest number of participants from which on a classifier is better in every draw.

    Parameters
    ----------
    table : DataFrame
        Output of `auc_by_draw`.
    better, other : str
        Two of its classifiers, which learned from the same draws.
    kind : str
        Whose mean AUC counts: of the diagnoses against the rest, or of the pairs.

    Returns
    -------
    int or None
        It is better there and with each larger number; None where with the largest it is not.

    Examples
    --------
    >>> rows = [(c, n, 0, REST, MEAN, auc) for c, n, auc in [
    ...     ("network", 25, 0.7), ("ratios", 25, 0.8), ("network", 50, 0.9), ("ratios", 50, 0.8)]]
    >>> passes_from(pd.DataFrame(rows, columns=[*OF_A_CURVE[:2], "draw", "kind", "of", "auc"]),
    ...             "network", "ratios")
    50
    """
    means = table[(table["kind"] == kind) & (table["of"] == MEAN)]
    auc = means.set_index(["classifier", "participants", "draw"])["auc"]
    always = (auc[better] > auc[other]).groupby(level="participants").all().sort_index()
    from_here = always[::-1].cummin()[::-1]
    return int(from_here.idxmax()) if from_here.any() else None
