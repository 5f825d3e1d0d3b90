"""Sets of diagnoses that hold the right one with a stated probability (conformal prediction).

Not in the paper. The scores that new ones are compared with are out of fold: each comes from a
model that never saw the participant.
"""

import numpy as np


def conformal_sets(y_true, proba, model, new_proba, class_names, coverage=0.9):
    """Diagnoses that a new participant may have, from models that cross-validation left behind.

    The score of a diagnosis is 1 - its probability. Diagnosis y of a new participant is in the set
    if fewer than k = ceil((n + 1) coverage) of the n known participants i have a score of their own
    diagnosis that is below the score of y by the model that never saw i. So a score is compared
    with one of the same model only: a mean over models is surer or less sure than each of them, and
    would not fit a threshold from single ones. With one model this is the split method of Sadinle.

    Parameters
    ----------
    y_true : sequence of str, shape (n,)
        Diagnoses of the known participants.
    proba : array-like of shape (n, n_classes)
        Their probabilities, each from the model that never saw the participant.
    model : sequence of int, shape (n,)
        Row of `new_proba` of that model; 0 for all where there is one model.
    new_proba : array-like of shape (n_models, n_new, n_classes)
        Probabilities of the new participants by each model.
    class_names : sequence of str
        Order of the columns.
    coverage : float
        Share of new participants whose set is to hold the right diagnosis. With several models the
        share is close to it and never below 1 - 2 (1 - coverage), on average over cohorts, apart
        from a term that vanishes with many participants.

    Returns
    -------
    bool ndarray of shape (n_new, n_classes)
        All true if there are too few participants for this coverage.

    Raises
    ------
    ValueError
        If `coverage` is not between 0 and 1, or a diagnosis is not among the classes.

    References
    ----------
    Romano, Sesia and Candes 2020, https://arxiv.org/abs/2006.02544 (CV+); Sadinle, Lei and
    Wasserman 2019, doi:10.1080/01621459.2017.1395341.

    Examples
    --------
    >>> known, new = [[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]], [[[0.8, 0.2], [0.5, 0.5]]]
    >>> conformal_sets(["A", "A", "B"], known, [0, 0, 0], new, "AB", 0.5)  # k = 2: from 0.8 up
    array([[ True, False],
           [False, False]])
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage is {coverage}, expected a share between 0 and 1")
    names, model = list(class_names), np.asarray(model)
    if unknown := sorted(set(y_true) - set(names)):
        raise ValueError(f"diagnoses {unknown} are not among the classes {names}")
    column = np.array([names.index(name) for name in y_true])
    scores = 1 - np.asarray(proba, dtype=float)[np.arange(len(column)), column]
    # ceil with a little slack: 0.9 * 10 is 9.000000000000002 in floating point
    k = int(np.ceil((len(scores) + 1) * coverage - 1e-9))
    below = sum(  # (n_new, n_classes)
        np.searchsorted(np.sort(scores[model == number]), 1 - np.asarray(new, dtype=float))
        for number, new in enumerate(new_proba)
    )
    return below < k


def set_summary(y_true, sets, class_names):
    """How well sets do on participants with a known diagnosis.

    Parameters
    ----------
    y_true, class_names
        As in `conformal_sets`.
    sets : bool ndarray of shape (n, n_classes)
        Output of `conformal_sets`.

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
