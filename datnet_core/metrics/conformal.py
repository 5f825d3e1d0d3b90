"""Sets of diagnoses that hold the right one with a stated probability (split conformal).

Not in the paper. The scores that set the threshold are out of fold: each comes from a model that
never saw the participant.
"""

import numpy as np


def conformal_threshold(y_true, proba, class_names, coverage=0.9):
    """Smallest probability that a diagnosis needs to be in the set.

    The score of a participant is 1 - p(right diagnosis). With n scores, the threshold is 1 minus
    the k-th smallest of them, k = ceil((n + 1) coverage). A new participant who is exchangeable
    with these has the right diagnosis in the set with at least this probability, on average over
    cohorts.

    Parameters
    ----------
    y_true : sequence of str, shape (n,)
        Diagnoses of the participants who set the threshold.
    proba : ndarray of shape (n, n_classes)
        Their probabilities, from models that never saw them.
    class_names : sequence of str
        Order of the columns.
    coverage : float
        Share of new participants whose set is to hold the right diagnosis.

    Returns
    -------
    float
        Minus infinity if there are too few participants for this coverage: every set is full.

    Raises
    ------
    ValueError
        If `coverage` is not between 0 and 1, or a diagnosis is not among the classes.

    References
    ----------
    Sadinle, Lei and Wasserman 2019, doi:10.1080/01621459.2017.1395341.

    Examples
    --------
    >>> proba = [[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]]
    >>> round(conformal_threshold(["A", "A", "B"], proba, "AB", 0.5), 2)  # k = 2 of 3
    0.8
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage is {coverage}, expected a share between 0 and 1")
    names = list(class_names)
    if unknown := sorted(set(y_true) - set(names)):
        raise ValueError(f"diagnoses {unknown} are not among the classes {names}")
    column = np.array([names.index(name) for name in y_true])
    scores = np.sort(1 - np.asarray(proba)[np.arange(len(column)), column])
    # ceil with a little slack: 0.9 * 10 is 9.000000000000002 in floating point
    k = int(np.ceil((len(scores) + 1) * coverage - 1e-9))
    return float(1 - scores[k - 1]) if k <= len(scores) else -np.inf


def prediction_sets(proba, threshold):
    """Diagnoses in each participant's set: bool, shape of `proba`; p >= threshold."""
    return np.asarray(proba) >= threshold


def set_summary(y_true, sets, class_names):
    """How well sets do on participants who did not set the threshold.

    Parameters
    ----------
    y_true : sequence of str, shape (n,)
    sets : bool ndarray of shape (n, n_classes)
        Output of `prediction_sets`.
    class_names : sequence of str
        Order of the columns.

    Returns
    -------
    dict of str to bool ndarray, shape (n,)
        `covered`: the right diagnosis is in the set; `single`: the set has one diagnosis;
        `single_right`: one, and the right one; `empty`: none.
    """
    names = list(class_names)
    column = np.array([names.index(name) for name in y_true])
    covered = sets[np.arange(len(column)), column]
    one, none = sets.sum(axis=1) == 1, ~sets.any(axis=1)
    return {"covered": covered, "single": one, "single_right": one & covered, "empty": none}
