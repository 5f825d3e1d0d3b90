"""How well scans of another site are judged, each row beside one of them, over participants."""

import numpy as np
import pandas as pd

from datnet_core.metrics.bootstrap import resampled_participants, weighted_auc

VALUES = ("auc", "sensitivity")


def transfer_table(
    diagnosis, proba, class_names, participants, beside, *, n_resamples=2000, seed=0
):
    """Mean AUC and mean sensitivity of several classifiers, and their difference to one of them.

    Parameters
    ----------
    diagnosis : str array-like of shape (n_scans,)
        Of the judged scans; those that do not occur are no part of the means.
    proba : dict of str to ndarray of shape (n_scans, n_classes)
        Probabilities of the same scans, by classifier.
    class_names : sequence of str
        Order of the columns.
    participants : array-like of shape (n_scans,)
        They are resampled within their diagnosis, in the same way for all classifiers.
    beside : str
        Classifier that the others are set beside.
    n_resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        Index: classifier. `auc`, the mean over diagnoses of the AUC against the rest, and
        `sensitivity`, the mean over diagnoses of the share that is named right, each with `_low`,
        `_high` (95%, percentiles) and the same of `<value>_difference`, its own minus that of
        `beside`.

    Raises
    ------
    ValueError
        If fewer than two diagnoses occur, or `beside` is none of the classifiers.

    Examples
    --------
    >>> right, wrong = np.eye(2)[[0, 0, 1, 1]], np.eye(2)[[1, 0, 0, 1]]
    >>> two = {"x": right, "y": wrong}
    >>> table = transfer_table(list("AABB"), two, "AB", range(4), "y", n_resamples=50)
    >>> table.loc["x", ["auc", "auc_difference"]].tolist()
    [1.0, 0.5]
    """
    diagnosis = np.asarray(diagnosis)
    present = [name for name in class_names if name in set(diagnosis)]
    if len(present) < 2 or beside not in proba:
        raise ValueError(
            f"found the diagnoses {present} and the classifiers {list(proba)}; expected two "
            f"diagnoses or more, and {beside!r} among the classifiers"
        )
    weights = resampled_participants(diagnosis, participants, n_resamples, seed)
    weights = np.concatenate([np.ones((1, len(diagnosis))), weights])  # first: as they are
    found = {}
    for name, table in proba.items():
        named = np.asarray(list(class_names))[table.argmax(axis=1)]
        aucs, shares = [], []
        for group in present:
            own = diagnosis == group
            aucs.append(weighted_auc(own, table[:, list(class_names).index(group)], weights))
            right = weights[:, own] @ (named[own] == group)
            shares.append(right / weights[:, own].sum(axis=1))
        found[name] = {"auc": np.mean(aucs, axis=0), "sensitivity": np.mean(shares, axis=0)}
    rows = {}
    for name, values in found.items():
        rows[name] = {}
        for value in VALUES:
            rows[name] |= _with_interval(value, values[value])
            rows[name] |= _with_interval(
                f"{value}_difference", values[value] - found[beside][value]
            )
    return pd.DataFrame.from_dict(rows, orient="index")


def _with_interval(name, draws):
    """The first number, and the 95% interval of the others."""
    low, high = np.quantile(draws[1:], [0.025, 0.975])
    return {name: draws[0], f"{name}_low": low, f"{name}_high": high}
