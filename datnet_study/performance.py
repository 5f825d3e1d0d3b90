"""Tables of diagnostic performance: one row per diagnosis against all others.

Paper Figs. 3, 4 and 8 and Supplementary Tables 2 to 4; open point A6 (decision rule).
"""

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix

from datnet_core.metrics.auc import delong_difference, delong_interval
from datnet_core.metrics.bootstrap import resampled_participants, weighted_auc
from datnet_core.metrics.pairs import pairwise_scores
from datnet_core.metrics.rates import diagnostic_rates, youden_cutoff


def diagnostic_table(predictions, class_names, cutoffs=None):
    """Diagnostic performance of each class present against all others, one row per class.

    Parameters
    ----------
    predictions : DataFrame
        One row per scan: `diagnosis` and a probability `p_<class>` per class.
    class_names : tuple of str
        Classes; their order breaks ties of the largest probability.
    cutoffs : dict of str to float, optional
        Scans with p >= cutoff are called positive. Without it the largest probability decides.

    Returns
    -------
    DataFrame
        Index `diagnosis`; columns n_positive, n_negative (scans), auc, auc_low, auc_high
        (DeLong), cutoff (NaN for the largest probability), and for each of sensitivity,
        specificity, ppv, npv its value and, with suffix, _low, _high (Wilson), _hits, _of.

    Raises
    ------
    ValueError
        If a column or cutoff is missing, a probability is NaN, a diagnosis is not a class, or
        only one class is present.

    Examples
    --------
    >>> scans = pd.DataFrame({"diagnosis": ["A", "B", "B"], "p_A": [0.9, 0.6, 0.2]})
    >>> scans["p_B"] = 1 - scans["p_A"]
    >>> diagnostic_table(scans, ("A", "B"))[["n_positive", "auc", "sensitivity", "specificity"]]
               n_positive  auc  sensitivity  specificity
    diagnosis
    A                   1  1.0          1.0          0.5
    B                   2  1.0          0.5          1.0
    """
    y_true, proba, called = _decoded(predictions, class_names)
    rows = {}
    for k, name in _present(y_true, class_names):
        if cutoffs is not None and name not in cutoffs:
            raise ValueError(f"no cutoff for {name}; found cutoffs for {', '.join(cutoffs)}")
        positive = y_true == name
        decision = called == name if cutoffs is None else proba[:, k] >= cutoffs[name]
        auc, low, high = delong_interval(positive, proba[:, k])
        rows[name] = {"n_positive": int(positive.sum()), "n_negative": int((~positive).sum())}
        rows[name] |= {"auc": auc, "auc_low": low, "auc_high": high}
        rows[name] |= {"cutoff": np.nan if cutoffs is None else cutoffs[name]}
        for rate, row in diagnostic_rates(positive, decision).to_dict("index").items():
            rows[name] |= {rate: row["value"]}
            rows[name] |= {f"{rate}_{part}": row[part] for part in ("low", "high", "hits", "of")}
    return pd.DataFrame(rows.values(), index=pd.Index(rows, name="diagnosis"))


def youden_cutoffs(predictions, class_names):
    """Youden cutoff of each class present against all others, a dict; see `diagnostic_table`."""
    y_true, proba, _ = _decoded(predictions, class_names)
    present = _present(y_true, class_names)
    return {name: youden_cutoff(y_true == name, proba[:, k]) for k, name in present}


def confusion(predictions, class_names):
    """Count scans per true diagnosis (rows) and class of largest probability (columns).

    Examples
    --------
    >>> scans = pd.DataFrame({"diagnosis": ["A", "B", "B"], "p_A": [0.9, 0.6, 0.2]})
    >>> confusion(scans.assign(p_B=1 - scans["p_A"]), ("A", "B")).to_numpy()
    array([[1, 0],
           [1, 1]])
    """
    y_true, _, called = _decoded(predictions, class_names)
    return pd.DataFrame(
        confusion_matrix(y_true, called, labels=list(class_names)),
        index=pd.Index(class_names, name="diagnosis"),
        columns=pd.Index(class_names, name="called"),
    )


def right_decisions(predictions, class_names):
    """Whether the class of largest probability is the diagnosis, a bool Series of scans."""
    y_true, _, called = _decoded(predictions, class_names)
    return pd.Series(called == y_true, index=predictions.index, dtype=bool)


def auc_differences(predictions, other, class_names, pairs):
    """AUC of a classifier minus that of another on the same scans.

    Parameters
    ----------
    predictions, other : DataFrame
        Rows of the same scans in the same order, as in `diagnostic_table`.
    class_names : tuple of str
        Classes, each against the rest where it is present.
    pairs : sequence of (str, str)
        Diagnoses against each other, by log p_a - log p_b (`pairwise_auc`).

    Returns
    -------
    dict of (str or (str, str)) to (float, float, float)
        By class, then by pair: difference with DeLong's 95% interval for paired scores.

    Raises
    ------
    ValueError
        As `diagnostic_table` and `pairwise_auc`, and if the tables differ in their diagnoses.

    Examples
    --------
    >>> scans = pd.DataFrame({"diagnosis": ["A", "A", "B", "B"], "p_A": [0.9, 0.8, 0.2, 0.1]})
    >>> scans["p_B"] = 1 - scans["p_A"]
    >>> auc_differences(scans, scans.assign(p_A=0.5, p_B=0.5), ("A", "B"), [("A", "B")])["A", "B"]
    (0.5, 0.5, 0.5)
    """
    scores = paired_scores(predictions, other, class_names, pairs)
    return {of: delong_difference(*three) for of, three in scores.items()}


def paired_scores(predictions, other, class_names, pairs):
    """Scores of two classifiers on the same scans, for each class and pair.

    Parameters
    ----------
    predictions, other, class_names, pairs
        As in `auc_differences`; its errors apply.

    Returns
    -------
    dict of (str or (str, str)) to (bool ndarray, ndarray, ndarray), each of shape (n_scans,)
        By class, then by pair: which scans are positive, and the two scores; for a pair, of its
        scans alone.
    """
    y_true, proba, _ = _decoded(predictions, class_names)
    y_other, proba_other, _ = _decoded(other, class_names)
    if not np.array_equal(y_true, y_other):
        raise ValueError("the two tables differ in their diagnoses; expected the same scans")
    found = {
        name: (y_true == name, proba[:, k], proba_other[:, k])
        for k, name in _present(y_true, class_names)
    }
    for a, b in pairs:
        positive, odds = pairwise_scores(y_true, proba, class_names, a, b)
        found[a, b] = positive, odds, pairwise_scores(y_true, proba_other, class_names, a, b)[1]
    return found


def visits(predictions):
    """First scans of all participants, and both scans of those who have two.

    Parameters
    ----------
    predictions : DataFrame
        Ordered by time within a participant.

    Returns
    -------
    dict of str to bool Series
        `all`, `baseline` and `follow-up`; the last two are empty without repeated scans.
    """
    session = predictions.groupby("participant_id").cumcount()
    repeated = predictions["participant_id"].duplicated(keep=False)
    return {
        "all": session == 0,
        "baseline": repeated & (session == 0),
        "follow-up": repeated & (session == 1),
    }


def _decoded(predictions, class_names):
    """Diagnosis (n,), probabilities (n, classes) and likeliest class (n,) of a checked table."""
    columns = ["diagnosis", *(f"p_{name}" for name in class_names)]
    if missing := [name for name in columns if name not in predictions]:
        raise ValueError(f"predictions lack {missing}; expected columns {columns}")
    if unknown := sorted({str(name) for name in predictions["diagnosis"]} - set(class_names)):
        raise ValueError(f"predictions hold diagnoses {unknown}; expected some of {class_names}")
    proba = predictions[columns[1:]].to_numpy(dtype=float)
    if rows := np.isnan(proba).any(axis=1).sum():
        raise ValueError(f"{rows} of {len(proba)} predictions are NaN; expected probabilities")
    called = np.array(class_names, dtype=object)[proba.argmax(axis=1)]
    return predictions["diagnosis"].to_numpy(dtype=object), proba, called


def _present(y_true, class_names):
    """Position and name of the classes with a member."""
    return [(k, name) for k, name in enumerate(class_names) if (y_true == name).any()]


def auc_between_subsets(is_positive, score, subsets, *, groups, participants, n_resamples, seed=0):
    """AUC among the scans of one subset minus that among another, with a bootstrap interval.

    The subsets may share scans, such as controls; a participant is drawn for both at once.

    Parameters
    ----------
    is_positive : bool array-like of shape (n_scans,)
    score : array-like of shape (n_scans,)
        Higher means more likely positive.
    subsets : (bool array-like, bool array-like), each of shape (n_scans,)
        Each with positives and negatives.
    groups : array-like of shape (n_scans,)
        Every group keeps its number of participants, and lies inside or outside of a subset.
    participants, n_resamples, seed
        As in `resampled_participants`.

    Returns
    -------
    difference, low, high : float
        With the 95% percentile interval.

    Examples
    --------
    >>> positive, score = [1, 0, 1, 0], [0.9, 0.1, 0.2, 0.3]
    >>> subsets = [1, 1, 0, 0], [0, 0, 1, 1]  # one in order, one not
    >>> who = {"groups": list("abcd"), "participants": list("abcd")}
    >>> auc_between_subsets(positive, score, subsets, **who, n_resamples=10)
    (1.0, 1.0, 1.0)
    """
    is_positive, score = np.asarray(is_positive, dtype=bool), np.asarray(score, dtype=float)
    drawn = resampled_participants(groups, participants, n_resamples, seed)
    times = np.vstack([np.ones(len(score)), drawn])  # the scans as they are, then the resamples
    first, second = (
        weighted_auc(is_positive[part], score[part], times[:, part])
        for part in (np.asarray(subset, dtype=bool) for subset in subsets)
    )
    low, high = np.quantile((first - second)[1:], [0.025, 0.975])
    return float(first[0] - second[0]), float(low), float(high)
