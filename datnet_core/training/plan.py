"""Who teaches which model, who stops it, and whom it judges.

A model is `pretrain` (learns from the uncertain diagnoses), `fold-<k>` (from the training cohort
without fold k), `refit` (from the whole training cohort) or `first-<n>` of a learning curve (from n
of its participants, each network from another draw; `first-all` from all). Nobody whom a model
judges may teach or stop it; the published shortcut (open point A7), which stops a fold on the scans
that it judges, is the one exception and a setting of its own.
"""

from typing import NamedTuple

import numpy as np

from datnet_core.training.streams import Draws, stream_seed
from datnet_core.training.subsets import first_rows

VARIANTS = {
    "inner": {"early_stopping_on": "inner"},
    "test_fold": {"early_stopping_on": "test_fold"},  # the published shortcut (A7)
    "no_pretraining": {"pretrain_on": "none"},
}


class TeachingRows(NamedTuple):
    """Rows of the scan table that make one network."""

    learn: np.ndarray  # (n,) int, scans to learn from
    stop: np.ndarray  # (m,) int, scans whose loss stops the training


def model_names(n_folds, *, pretrain=True, refit=False):
    """Names of the models of a study, in the order in which they are trained.

    Parameters
    ----------
    n_folds : int
        Folds of the cross-validation.
    pretrain, refit : bool
        Whether the folds start from a pre-trained model, and whether one model learns from all.

    Returns
    -------
    list of str

    Examples
    --------
    >>> model_names(2)
    ['pretrain', 'fold-0', 'fold-1']
    """
    names = [f"fold-{k}" for k in range(n_folds)]
    if pretrain:
        names.insert(0, "pretrain")
    if refit:
        names.append("refit")
    return names


def judged_rows(model, fold):
    """Scans of the training cohort that a model judges.

    Parameters
    ----------
    model : str
        As in `model_names`.
    fold : float or int ndarray of shape (n_scans,)
        Fold of each scan of the training cohort; NaN or negative elsewhere.

    Returns
    -------
    int ndarray
        Rows of fold k for `fold-<k>`; none for the others.

    Examples
    --------
    >>> judged_rows("fold-1", np.array([0, 1, np.nan, 1]))
    array([1, 3])
    """
    if not model.startswith("fold-"):
        return np.array([], dtype=int)
    return np.flatnonzero(fold == int(model.removeprefix("fold-")))


def curve_model(size):
    """Name of the model that learns from a number of participants; None is all of them.

    Examples
    --------
    >>> curve_model(25), curve_model(None)
    ('first-25', 'first-all')
    """
    return f"first-{'all' if size is None else size}"


def drawn_rows(model, member, *, participant, diagnosis, fold, seed):
    """Scans of the training cohort that a network of a learning curve is given.

    Parameters
    ----------
    model : str
        As `curve_model` names it.
    member : int
        Number of the network, and so of the draw. Draws of one number are nested: the smaller is
        a part of the larger.
    participant, diagnosis : str array-like of shape (n_scans,)
        Person and label of each scan.
    fold : float or int array-like of shape (n_scans,)
        Fold of each scan of the training cohort; NaN or negative elsewhere.
    seed : int
        `training.seed` of the study.

    Returns
    -------
    int ndarray
        Rows of the scan table.

    Raises
    ------
    ValueError
        If there are fewer participants.
    """
    participant, diagnosis = np.asarray(participant), np.asarray(diagnosis)
    rows = np.flatnonzero(np.asarray(fold, dtype=float) >= 0)
    size = model.removeprefix("first-")
    draw = stream_seed(Draws.SUBSET, seed, member)
    return rows[
        first_rows(participant[rows], diagnosis[rows], None if size == "all" else int(size), draw)
    ]


def teachers(model, member, *, participant, diagnosis, pretraining, fold, training):
    """Scans that teach one network of a model, and scans that stop it.

    Each network of a model (bagging) has another inner validation split of the same scans, drawn
    from the seed, the name of the model and the number of the network, whatever other models there
    are. With `training.early_stopping_on` set to `test_fold` the scans learned from stay the same,
    and the held-out fold stops in place of the inner split; with `none` all scans teach.

    Parameters
    ----------
    model : str
        As in `model_names`, or as `curve_model` names it.
    member : int
        Number of the network among those of the model.
    participant, diagnosis : str array-like of shape (n_scans,)
        Person and label of each scan.
    pretraining : bool array-like of shape (n_scans,)
        Scans of the pre-training cohort.
    fold : float or int array-like of shape (n_scans,)
        Fold of each scan of the training cohort; NaN or negative elsewhere.
    training : TrainingSettings
        Settings `seed`, `inner_fraction` and `early_stopping_on`.

    Returns
    -------
    TeachingRows
        Without any row where the model has nobody to learn from.

    Raises
    ------
    ValueError
        If a participant stands on both sides of a split: names some of them. As `drawn_rows`.
    """
    participant, diagnosis = np.asarray(participant), np.asarray(diagnosis)
    fold = np.asarray(fold, dtype=float)
    in_training = fold >= 0
    judged = judged_rows(model, fold)
    if model == "pretrain":
        rows = np.flatnonzero(pretraining)
    elif model.startswith("first-"):
        whom = {"participant": participant, "diagnosis": diagnosis, "fold": fold}
        rows = drawn_rows(model, member, **whom, seed=training.seed)
    else:
        rows = np.setdiff1d(np.flatnonzero(in_training), judged)
    everyone = ~in_training & ~np.asarray(pretraining)  # blind test: judged by all models
    if model == "pretrain":  # its weights judge all folds as well
        everyone |= in_training
    both = set(participant[rows]) & {*participant[judged], *participant[everyone]}
    if both:
        raise ValueError(
            f"model {model}: {len(both)} participant(s) would teach the model that judges them, "
            f"such as {min(both)}; expected each in one cohort and in one fold"
        )
    if len(rows) == 0:
        return TeachingRows(rows, rows)
    if training.early_stopping_on == "none":
        return TeachingRows(rows, rows[:0])
    seed = stream_seed(Draws.INNER_SPLIT, training.seed, member, *model.encode())
    learn, stop = split_inner(participant[rows], diagnosis[rows], training.inner_fraction, seed)
    if training.early_stopping_on == "test_fold" and len(judged):
        return TeachingRows(rows[learn], judged)
    return TeachingRows(rows[learn], rows[stop])


def split_inner(participant, diagnosis, fraction, seed):
    """Split scans into a part to learn from and an inner validation part, by participant.

    Parameters
    ----------
    participant, diagnosis : str ndarray of shape (n_scans,)
    fraction : float
        Share of participants of each diagnosis that go to validation; at least one of each
        diagnosis that has two or more, and never all of them.
    seed : int
        Seed of the draw.

    Returns
    -------
    learn, validation : int ndarray
        Positions among the scans.
    """
    rng = np.random.default_rng(seed)
    people, first = np.unique(participant, return_index=True)
    first = np.sort(first)  # in the order of the table
    people, label = participant[first], diagnosis[first]
    held_out = []
    for name in np.unique(label):
        group = people[label == name]
        n = 0
        if len(group) > 1:
            n = np.clip(round(fraction * len(group)), 1, len(group) - 1)
        held_out.append(rng.permutation(group)[:n])
    validation = np.isin(participant, np.concatenate(held_out))
    return np.flatnonzero(~validation), np.flatnonzero(validation)
