"""How well a classifier of many diagnoses tells two of them apart.

Paper section "Statistics Analysis" judges each diagnosis against all others; a clinic often asks
between two.
"""

import numpy as np

from datnet_core.metrics.auc import delong_interval

TINY = np.finfo(np.float64).tiny  # stands for a probability of 0, whose logarithm is not finite


def pairwise_auc(y_true, proba, class_names, a, b):
    """AUC of diagnosis `a` against diagnosis `b`, among the scans of these two alone.

    The score is log p_a - log p_b: what the classifier would say if it had to choose between the
    two. (p_a alone gives another number: a scan that looks like a third diagnosis has a low p_a
    and a lower p_b, and p_a counts it against `a`.) Probabilities are clipped at `TINY` first.
    `a` and `b` may change places: labels and score turn round together, and the AUC stays.

    Parameters
    ----------
    y_true : array-like of str, shape (n_scans,)
        Diagnoses; scans of other classes are left out.
    proba : array-like of shape (n_scans, n_classes)
        Probabilities, any positive multiple of them per scan gives the same.
    class_names : sequence of str
        Order of the columns.
    a, b : str
        The diagnosis that counts as positive, and the other one.

    Returns
    -------
    auc, low, high : float
        With DeLong's 95% interval, as `auc.delong_interval`.

    Raises
    ------
    ValueError
        If shapes do not fit, `a` or `b` is no class, both are the same, or one has no scan; else
        as `auc.delong_interval`.

    Examples
    --------
    >>> y_true = ["MSA", "MSA", "PSP", "PSP", "IPD"]
    >>> proba = [[0.1, 0.6, 0.3], [0.9, 0.06, 0.04], [0.2, 0.3, 0.5], [0.7, 0.1, 0.2], [1, 0, 0]]
    >>> pairwise_auc(y_true, proba, ("IPD", "MSA", "PSP"), "MSA", "PSP")  # p_MSA alone: 0.5
    (1.0, 1.0, 1.0)
    """
    return delong_interval(*pairwise_scores(y_true, proba, class_names, a, b))


def pairwise_scores(y_true, proba, class_names, a, b):
    """What `pairwise_auc` is the area of, such as to compare two classifiers on the same scans.

    Arguments and errors are those of `pairwise_auc`.

    Returns
    -------
    positive, odds : bool and float ndarray of shape (n_scans_of_a_and_b,)
        Whether each is of a, and its log p_a - log p_b.

    Examples
    --------
    >>> positive, odds = pairwise_scores(["A", "C", "B"], [[0.4, 0.4, 0.2]] * 3, "ABC", "A", "B")
    >>> positive.tolist(), odds.tolist()
    ([True, False], [0.0, 0.0])
    """
    y_true, proba = np.asarray(y_true), np.asarray(proba, dtype=np.float64)
    names = list(class_names)
    if proba.shape != (len(y_true), len(names)):
        raise ValueError(
            f"proba has shape {proba.shape}; expected ({len(y_true)}, {len(names)}), a row per "
            "scan and a column per class"
        )
    if a == b or not {a, b} <= set(names):
        raise ValueError(f"got diagnoses {a!r} and {b!r}; expected two of {', '.join(names)}")
    log_proba = np.log(np.maximum(proba, TINY))
    odds = log_proba[:, names.index(a)] - log_proba[:, names.index(b)]
    either = (y_true == a) | (y_true == b)
    return y_true[either] == a, odds[either]
