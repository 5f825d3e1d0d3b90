"""What every metric refuses: labels of more than two values, missing scores, unequal lengths."""

import numpy as np


def checked_scores(y_true, y_score):
    """Labels as bool and scores as float64, both classes present and no score NaN."""
    y_true, y_score = two_valued(y_true), np.asarray(y_score, dtype=np.float64)
    same_length(y_true, y_score)
    if np.isnan(y_score).any():
        raise ValueError(f"{np.isnan(y_score).sum()} of {len(y_score)} scores are NaN; drop them")
    if y_true.all() or not y_true.any():
        raise ValueError(f"{y_true.sum()} positives of {len(y_true)}; expected both classes")
    return y_true, y_score


def two_valued(labels):
    """Labels as bool; uint8, int and float 0/1 are taken, a `ValueError` refuses anything else.

    Examples
    --------
    >>> two_valued([0, 1.0])
    array([False,  True])
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "biuf" or not np.isin(labels, (0, 1)).all():
        raise ValueError(f"labels {labels.ravel()[:5]}; expected True/False or 1/0")
    return labels.astype(bool)


def same_length(a, b):
    """Refuse, by a `ValueError`, arrays that are not of one length."""
    if np.shape(a) != np.shape(b) or np.ndim(a) != 1:
        raise ValueError(f"shapes {np.shape(a)} and {np.shape(b)}; expected one length, (n,)")
