"""A network of one site judges the scans of another: the rows of the page `spect`.

Not in the paper, which leaves it to the future. Only the row *labelled* sees a label of the other
site, and it learns from other people than those it judges: everything else gets the labels of the
other site taken away before it starts.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed

from datnet_core.network import Ensemble, last_linear
from datnet_core.progress import progress
from datnet_core.training.batches import Scans
from datnet_core.training.loop import fit
from datnet_core.training.prediction import load_model, predict
from datnet_study.embedding import pooled_features
from datnet_study.one_thread import one_thread
from datnet_study.sites.adversarial import train_adversarial
from datnet_study.sites.site_features import with_statistics_of
from datnet_study.sites.spect_like import N_COPIES, spect_like

SOURCE = "source only"
DEGRADED = "degradation augmentation"
ADVERSARIAL = "domain-adversarial"
STILL = "the same with λ = 0"
LABELLED = "trained on labelled scans of the site"
ROWS = (SOURCE, DEGRADED, ADVERSARIAL, STILL, LABELLED)
AS_ADVERSARIAL = {"accelerator": "cpu", "devices": 1, "precision": "32-true"}  # it has no other
PLACES = {SOURCE: "source", STILL: "still", DEGRADED: "degraded"}  # whatever the other site has


class TwoSites(NamedTuple):
    """Scans of the site that a network learns from, and of the one it is to judge.

    No person is in two of the four sets of rows.

    Attributes
    ----------
    volumes : ndarray of float32, shape (n_scans, X, Y, Z)
        Uptake ratios on the whole grid.
    labels : int ndarray of shape (n_scans,)
        Index of the diagnosis.
    source, held_out : int ndarray
        Rows of the first site: to learn from, and never learned from.
    target, judged : int ndarray
        Rows of the other site: which may be looked at, and which are judged.
    """

    volumes: np.ndarray
    labels: np.ndarray
    source: np.ndarray
    held_out: np.ndarray
    target: np.ndarray
    judged: np.ndarray


class Judgement(NamedTuple):
    """What a network says of the judged scans, and what its features say of sites."""

    proba: np.ndarray  # (n_judged, n_classes)
    site_right: np.ndarray  # (n_held_out + n_judged,) of a classifier that tells sites apart


class SiteRecipe(NamedTuple):
    """How networks are made."""

    voxel_mm: float
    field: tuple  # part of the grid that a network sees
    network: object  # NetworkSettings
    training: object  # TrainingSettings
    weight: float  # lambda of the reversed gradient
    steps: int  # of the training with it, and of the same with a weight of 0


def judged_by(row, scans, classes, recipe, folder):
    """Train the network of one row of the table and let it judge.

    Parameters
    ----------
    row : str
        One of `ROWS`.
    scans : TwoSites
    classes : sequence of str
        Diagnoses in the order of the labels.
    recipe : SiteRecipe
    folder : Path
        For the networks; a finished one is taken as it is.

    Returns
    -------
    Judgement

    Raises
    ------
    ValueError
        If there is no such row, or people of one set of rows are in another; else as `loop.fit` and
        `train_adversarial`.
    """
    if row not in ROWS:
        raise ValueError(f"no row {row!r}; expected one of {', '.join(ROWS)}")
    sets = scans[2:]
    if len(np.unique(np.concatenate(sets))) < sum(map(len, sets)):
        raise ValueError("a scan is in two sets of rows; expected each in one: see TwoSites")
    if row != LABELLED:  # nothing below can reach a label of the other site
        known = np.full_like(scans.labels, -1)
        known[scans.source] = scans.labels[scans.source]
        scans = scans._replace(labels=known)
    with one_thread():
        at_source, at_target = _networks(row, scans, classes, recipe, folder)
        return _judgement(scans, recipe, at_source, at_target)


def judged_side_by_side(asked, classes, recipe, folder, n_jobs=2):
    """Train and judge several rows, in processes of one thread each.

    Parameters
    ----------
    asked : dict of tuple to (str, TwoSites)
        By a key of texts and numbers, the row and its scans. A network that learns from the same
        scans is trained once.
    classes, recipe, folder
        As in `judged_by`.
    n_jobs : int
        Processes.

    Returns
    -------
    dict of tuple to Judgement
        In the order of `asked`.
    """
    groups = {}
    for key, (row, _) in asked.items():
        name = PLACES.get(row) or f"{row}-{len(groups)}"
        groups.setdefault(name, []).append(key)
    longest_first = sorted(groups, key=lambda name: name in PLACES.values())
    jobs = [
        delayed(_judged_in_turn)(
            [asked[key] for key in groups[name]], classes, recipe, folder / name
        )
        for name in longest_first
    ]
    done = Parallel(n_jobs, return_as="generator")(jobs)
    found = {}
    for name, judgements in zip(
        longest_first, progress(done, "training networks", len(jobs), unit="lane"), strict=True
    ):
        found |= dict(zip(groups[name], judgements, strict=True))
    return {key: found[key] for key in asked}


def _judged_in_turn(asked, classes, recipe, folder):
    """Rows whose networks share a folder, one after the other."""
    return [judged_by(row, scans, classes, recipe, folder) for row, scans in asked]


def _networks(row, scans, classes, recipe, folder):
    """The trained network as it judges scans of the first site and of the other."""
    seen = scans.volumes[(slice(None), *recipe.field)]
    training = replace(recipe.training, early_stopping_on="none", **AS_ADVERSARIAL)
    if row in (ADVERSARIAL, STILL):
        training = replace(training, max_steps=recipe.steps)
    network = replace(recipe.network, n_members=1, class_prior="uniform")
    options = {"network": network, "training": training}
    if row == ADVERSARIAL:
        volumes, labels = seen[scans.source], scans.labels[scans.source]
        given = Scans(volumes, labels, np.arange(len(volumes)), np.arange(0))
        adapted = train_adversarial(
            given, seen[scans.target], classes, **options, weight=recipe.weight
        )
        # Of both sites alike, or a classifier would tell them by how they were counted.
        return with_statistics_of(adapted.source, volumes, training), adapted.target
    place = PLACES.get(row, "labelled")
    teachers = scans.target if row == LABELLED else scans.source
    volumes, labels = seen[teachers], scans.labels[teachers]
    if row == DEGRADED:
        copies = [spect_like(scans.volumes[teachers], recipe.voxel_mm, k) for k in range(N_COPIES)]
        volumes = np.concatenate([volumes, *(c[(slice(None), *recipe.field)] for c in copies)])
        labels = np.tile(labels, 1 + N_COPIES)
    given = Scans(volumes, labels, np.arange(len(volumes)), np.arange(0))
    fit(folder / place / "member-0", given, classes, **options)
    (model,) = load_model(folder / place, network, "cpu").networks
    if row == STILL:  # what `train_adversarial` makes with a weight of 0
        return [with_statistics_of(model, seen[r], training) for r in (teachers, scans.target)]
    return model, model


def _judgement(scans, recipe, at_source, at_target):
    """Probabilities of the judged scans, and whether their site can be told."""
    seen = scans.volumes[(slice(None), *recipe.field)]
    model = Ensemble([at_target], recipe.network.both_sides).eval()
    proba = predict(model, seen, scans.judged)
    features = [
        _features(model, seen, rows)
        for model, rows in (
            (at_source, scans.source),
            (at_target, scans.target),
            (at_source, scans.held_out),
            (at_target, scans.judged),
        )
    ]
    return Judgement(proba, site_told(*features))


def _features(network, volumes, rows):
    """What one network has in front of its last layer, where there are scans."""
    if not len(rows):
        return np.empty((0, last_linear(network).in_features))
    return pooled_features(Ensemble([network]).eval(), volumes, rows)


def site_told(source, target, held_out, judged):
    """Whether a classifier that learned to tell sites apart is right about people it never saw.

    Parameters
    ----------
    source, target : ndarray of shape (n, n_features)
        Features of scans of the two sites to learn from.
    held_out, judged : ndarray of shape (m, n_features)
        The same of other people, to be told.

    Returns
    -------
    bool ndarray of shape (n_held_out + n_judged,)

    Examples
    --------
    >>> near, far = np.zeros((6, 1)), np.ones((6, 1))
    >>> site_told(near, far, near[:1], far[:2]).tolist()
    [True, True, True]
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000)
    )
    of_target = np.repeat([False, True], [len(source), len(target)])
    classifier.fit(np.concatenate([source, target]), of_target)
    truth = np.repeat([False, True], [len(held_out), len(judged)])
    return classifier.predict(np.concatenate([held_out, judged])) == truth
