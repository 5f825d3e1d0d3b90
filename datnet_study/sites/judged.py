"""What remedies cost at home and give back abroad: AUC, calibration, and differences of both."""

from itertools import combinations

import numpy as np
import pandas as pd

from datnet_core.metrics.bootstrap import resampled_participants, weighted_auc

CLIPPED = 1e-12  # a probability of 0 has no logarithm


def mean_aucs(labels, proba, weights):
    """Mean AUC over pairs of classes, and of each class against the rest, of resamples.

    Parameters
    ----------
    labels : int ndarray of shape (n_scans,)
    proba : ndarray of shape (n_scans, n_classes)
    weights : ndarray of shape (n_resamples, n_scans)
        Output of `resampled_participants`.

    Returns
    -------
    dict of str to ndarray of shape (n_resamples,)
        `pairs` (by log p_a - log p_b, among the scans of the two) and `rest`.
    """
    there, odds = np.unique(labels), np.log(np.clip(proba, CLIPPED, None))
    pairs = []
    for a, b in combinations(there, 2):
        both = (labels == a) | (labels == b)
        score = odds[both, a] - odds[both, b]
        pairs.append(weighted_auc(labels[both] == a, score, weights[:, both]))
    rest = [weighted_auc(labels == a, proba[:, a], weights) for a in there]
    return {"pairs": np.mean(pairs, axis=0), "rest": np.mean(rest, axis=0)}


def judged_table(judged, labels, person, class_names, beside, *, n_resamples=1000, seed=0):
    """How well each remedy does among people of one site, and the difference to one of them.

    Parameters
    ----------
    judged : dict of str to ndarray of shape (n_scans, n_classes)
        Probabilities of the same scans by remedy.
    labels : int ndarray of shape (n_scans,)
        Diagnosis, as index of `class_names`.
    person : str ndarray of shape (n_scans,)
        People are resampled within their diagnosis, in the same way for all remedies.
    class_names : sequence of str
    beside : str
        The remedy that the others are compared with.
    n_resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        Index `remedy`; `participants`; `pairs`, `rest` (mean AUC) and `brier`, each with `_low`,
        `_high` (95%), and `pairs_gain`, `rest_gain`, `brier_gain`: minus that of `beside`, with
        theirs.

    Raises
    ------
    ValueError
        If fewer than two diagnoses occur.
    """
    labels = np.asarray(labels)
    if len(np.unique(labels)) < 2:
        raise ValueError("found one diagnosis among the judged; expected two or more")
    weights = resampled_participants(labels, person, n_resamples, seed)
    weights = np.concatenate([np.ones((1, len(labels))), weights])  # first: people as they are
    found = {}
    for remedy, proba in judged.items():
        right = proba - np.eye(len(class_names))[labels]
        brier = weights @ (right**2).sum(axis=1) / weights.sum(axis=1)
        found[remedy] = mean_aucs(labels, proba, weights) | {"brier": brier}
    rows = []
    for remedy, values in found.items():
        row = {"remedy": remedy, "participants": len(set(person))}
        for name, value in values.items():
            gain = value - found[beside][name]
            for column, drawn in ((name, value), (f"{name}_gain", gain)):
                low, high = np.quantile(drawn[1:], [0.025, 0.975])
                row |= {column: drawn[0], f"{column}_low": low, f"{column}_high": high}
        rows.append(row)
    return pd.DataFrame(rows).set_index("remedy")
