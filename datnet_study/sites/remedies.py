"""Networks of one site that judge other sites, under each remedy for the difference of devices.

All start from the pre-training cohort and learn from the training cohort of the home site, and see
no scan that is judged. What a remedy needs besides is in its row of `NEEDS`. Its numbers (common
resolution, ranges of the augmentation) are set beforehand, never by a label of another site.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed

from datnet_core.progress import progress
from datnet_core.training.batches import Scans
from datnet_core.training.loop import fit
from datnet_core.training.prediction import load_model, predict
from datnet_study.one_thread import one_thread
from datnet_study.sites.parts import balanced_rows, part_of_people
from datnet_study.sites.prior_shift import recalibrated
from datnet_study.sites.resolution import degraded_copies, filtered, missing_fwhm

NOTHING, SHARES, MATCHED = "nothing", "class shares recalibrated", "resolution matched"
DEGRADED, BALANCED = "degraded copies learned from", "site-balanced training"
RATIOS, RATIOS_SHARES = "binding ratios", "binding ratios, shares recalibrated"
COMBAT = "binding ratios after ComBat"
RADIOMICS, RADIOMICS_COMBAT = "radiomic features", "radiomic features after ComBat"
NEEDS = {
    NOTHING: "nothing",
    SHARES: "unlabelled scans of other people of the site",
    MATCHED: "the resolution of each site",
    DEGRADED: "nothing",
    BALANCED: "labelled scans of other people of each site",
    RATIOS: "nothing",
    RATIOS_SHARES: "unlabelled scans of other people of the site",
    COMBAT: "unlabelled scans of other people of the site, and their ages",
    RADIOMICS: "nothing",
    RADIOMICS_COMBAT: "unlabelled scans of other people of the site, and their ages",
}
N_PARTS = 5  # of the people of a site, for what is fitted without their labels
HALVES = 2  # for what learns from their labels


class Setting(NamedTuple):
    """Who teaches and who is judged; all arrays have a row for each scan of the study."""

    labels: np.ndarray  # int: index of the diagnosis; of judged scans only `BALANCED` reads it
    person: np.ndarray  # str
    site: np.ndarray  # str
    pretrain: np.ndarray  # int rows of the home site
    learn: np.ndarray  # int rows of the home site
    judged: np.ndarray  # int rows of all sites
    lends: np.ndarray  # int rows, part of `judged`, that teach each other under `BALANCED`
    home: str


class Learner(NamedTuple):
    """How networks are made."""

    classes: tuple
    network: object  # NetworkSettings
    training: object  # TrainingSettings
    spacing_mm: float
    field: tuple  # 3 slices: what a network sees of the grid

    def trained(self, folder, scans, start=None):
        """Train a network from some scans; kept where it is there."""
        given = {"network": self.network, "training": self.training, "start": start}
        fit(folder / "member-0", scans, self.classes, **given)

    def judges(self, folder, volumes, rows):
        """Probabilities (n, n_classes) of scans."""
        model = load_model(folder, self.network, "cpu")
        return predict(model, volumes, rows)


def learner_of(classes, network, training, spacing_mm, field):
    """One network in place of several, that no scan stops: all remedies learn equally long."""
    one = replace(network, n_members=1)
    steps = replace(training, early_stopping_on="none", accelerator="cpu", devices=1)
    return Learner(tuple(classes), one, steps, spacing_mm, field)


def judged_by_networks(folder, volumes, setting, learner, fwhm_mm, n_jobs=1):
    """Probabilities of all judged scans under each remedy of the network.

    Parameters
    ----------
    folder : Path
        Of the networks; finished ones are kept.
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios on the whole grid of the study.
    setting : Setting
    learner : Learner
    fwhm_mm : dict of str to float
        Resolution of the finished scans of each site.
    n_jobs : int
        Networks that are trained at once, in processes of one thread each.

    Returns
    -------
    dict of str to ndarray of shape (n_judged, n_classes)
        By remedy.
    """
    plain = volumes[(slice(None), *learner.field)]
    missing = missing_fwhm([fwhm_mm[name] for name in setting.site], max(fwhm_mm.values()))
    matched = filtered(volumes, missing, learner.spacing_mm, learner.field)
    taught = {
        "plain": (plain, setting),
        "matched": (matched, setting),
        "degraded": _with_copies(volumes, plain, setting, learner),
    }
    before = dict.fromkeys(taught)  # without a pre-training cohort from scratch
    if len(setting.pretrain):
        before = {name: folder / name / "pretrain" for name in taught}
        asked = {at: _scans(*taught[name], "pretrain") for name, at in before.items()}
        _trained(asked, dict.fromkeys(asked), learner, n_jobs)
    asked = {folder / name / "final": _scans(*taught[name], "learn") for name in taught}
    starts = {folder / name / "final": before[name] for name in taught}
    half = _halves(setting)
    for k in range(HALVES):
        at = folder / f"balanced-{k}"
        asked[at], starts[at] = _both_sites(plain, setting, half, k), before["plain"]
    _trained(asked, starts, learner, n_jobs)
    with one_thread():
        made = {
            NOTHING: learner.judges(folder / "plain/final", plain, setting.judged),
            MATCHED: learner.judges(folder / "matched/final", matched, setting.judged),
            DEGRADED: learner.judges(folder / "degraded/final", plain, setting.judged),
        }
        by_half = [
            learner.judges(folder / f"balanced-{k}", plain, setting.judged) for k in range(HALVES)
        ]
    made[SHARES] = by_site(made[NOTHING], setting, learner)
    made[BALANCED] = np.mean(by_half, axis=0)  # for whom no half has taught
    for k in range(HALVES):
        made[BALANCED][half == k] = by_half[k][half == k]
    return {remedy: made[remedy] for remedy in NEEDS if remedy in made}


def by_site(proba, setting, learner):
    """Probabilities of the judged scans, recalibrated at each site but the home site.

    Parameters
    ----------
    proba : ndarray of shape (n_judged, n_classes)
    setting : Setting
    learner : Learner
    """
    counts = np.bincount(setting.labels[setting.learn], minlength=len(learner.classes))
    uniform = learner.network.class_prior == "uniform"
    learned = (counts > 0) / (counts > 0).sum() if uniform else counts / counts.sum()
    made, site = np.array(proba), setting.site[setting.judged]
    for name in np.unique(site[site != setting.home]):
        rows = np.flatnonzero(site == name)
        for own in (True, False):  # people of its own, and those imaged again: two populations
            some = rows[np.isin(setting.judged[rows], setting.lends) == own]
            part = part_of_people(setting.person[setting.judged[some]], N_PARTS)
            if len(some):
                made[some] = recalibrated(proba[some], learned, part)
    return made


def _scans(volumes, setting, who):
    """What a network learns from: `who` is a set of rows of the setting; no scan stops it."""
    rows = getattr(setting, who)
    return Scans(volumes, setting.labels, rows, rows[:0])


def _trained(asked, starts, learner, n_jobs):
    """Train a network in each folder from its scans and from the network that it starts from."""
    jobs = [delayed(_train)(learner, at, asked[at], starts[at]) for at in asked]
    done = Parallel(n_jobs, return_as="generator")(jobs)
    for _ in progress(done, "training networks", len(jobs), unit="network"):
        pass


def _train(learner, folder, scans, start):
    """Train one network, in a process that may be another one."""
    with one_thread():
        learner.trained(folder, scans, start and start / "member-0")


def _with_copies(volumes, plain, setting, learner):
    """Who teaches with their degraded copies, and the setting of these."""
    rng = np.random.default_rng(learner.training.seed)
    teach = np.concatenate([setting.pretrain, setting.learn])
    copies = degraded_copies(volumes[teach], learner.spacing_mm, rng, learner.field)
    sets = np.split(copies, len(copies) // len(teach))
    every = np.concatenate([plain[teach], *sets])
    labels, n = np.tile(setting.labels[teach], 1 + len(sets)), len(teach)
    first = len(setting.pretrain)
    starts = np.arange(0, len(every), n)[:, None]
    return every, setting._replace(
        labels=labels,
        pretrain=(starts + np.arange(first)).ravel(),
        learn=(starts + np.arange(first, n)).ravel(),
    )


def _halves(setting):
    """Half of each judged scan among the people of its site; -1 for whom none of it may teach."""
    half = dict.fromkeys(setting.judged.tolist(), -1)
    for name in np.unique(setting.site[setting.lends]):
        own = setting.lends[setting.site[setting.lends] == name]
        part = part_of_people(setting.person[own], HALVES)
        half |= dict(zip(own.tolist(), part.tolist(), strict=True))
    return np.array([half[row] for row in setting.judged.tolist()])


def _both_sites(plain, setting, half, k):
    """Scans of the home site, and of people elsewhere whom the network of half k does not judge."""
    rows = np.concatenate([setting.learn, setting.judged[(half >= 0) & (half != k)]])
    rows = balanced_rows(rows, setting.site[rows])
    return Scans(plain, setting.labels, rows, rows[:0])
