"""Networks of one site that judge other sites, under each remedy for the difference of devices.

All start from the pre-training cohort and learn from the training cohort of the home site, and see
no scan that is judged. What a remedy needs besides is in its row of `NEEDS`. Its numbers (common
resolution, ranges of the augmentation) are set beforehand, never by a label of another site.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch

from datnet_core.training.batches import Scans
from datnet_core.training.loop import fit
from datnet_core.training.prediction import load_model, predict
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
        """A finished network of some scans; kept where it is there."""
        given = {"network": self.network, "training": self.training, "start": start}
        fit(folder / "member-0", scans, self.classes, **given)
        return folder

    def judges(self, folder, volumes, rows):
        """Probabilities (n, n_classes) of scans."""
        model = load_model(folder, self.network, "cpu")
        return predict(model, volumes, rows)


def learner_of(classes, network, training, spacing_mm, field):
    """One network in place of several, that no scan stops: all remedies learn equally long."""
    one = replace(network, n_members=1)
    steps = replace(training, early_stopping_on="none", accelerator="cpu", devices=1)
    return Learner(tuple(classes), one, steps, spacing_mm, field)


def judged_by_networks(folder, volumes, setting, learner, fwhm_mm):
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

    Returns
    -------
    dict of str to ndarray of shape (n_judged, n_classes)
        By remedy.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the number of cores makes no difference to the weights
    try:
        plain = volumes[(slice(None), *learner.field)]
        plain_of = _start(folder / "plain", plain, setting, learner)
        made = {NOTHING: learner.judges(plain_of, plain, setting.judged)}
        made[SHARES] = by_site(made[NOTHING], setting, learner)
        common = max(fwhm_mm.values())
        missing = missing_fwhm([fwhm_mm[name] for name in setting.site], common)
        matched = filtered(volumes, missing, learner.spacing_mm, learner.field)
        made[MATCHED] = learner.judges(
            _start(folder / "matched", matched, setting, learner), matched, setting.judged
        )
        made[DEGRADED] = _with_copies(folder / "degraded", volumes, plain, setting, learner)
        made[BALANCED] = _balanced(folder, plain, setting, learner)
    finally:
        torch.set_num_threads(threads)
    return made


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


def _start(folder, volumes, setting, learner):
    """Pre-train at home, then learn at home; without a pre-training cohort only the second."""
    nobody = setting.learn[:0]
    before = None
    if len(setting.pretrain):
        scans = Scans(volumes, setting.labels, setting.pretrain, nobody)
        before = learner.trained(folder / "pretrain", scans) / "member-0"
    scans = Scans(volumes, setting.labels, setting.learn, nobody)
    return learner.trained(folder / "final", scans, before)


def _with_copies(folder, volumes, plain, setting, learner):
    """Learn from degraded copies beside the scans; judge scans as they are."""
    rng = np.random.default_rng(learner.training.seed)
    teach = np.concatenate([setting.pretrain, setting.learn])
    copies = degraded_copies(volumes[teach], learner.spacing_mm, rng, learner.field)
    sets = np.split(copies, len(copies) // len(teach))
    every = np.concatenate([plain[teach], *sets])
    labels, n = np.tile(setting.labels[teach], 1 + len(sets)), len(teach)
    first = len(setting.pretrain)
    starts = np.arange(0, len(every), n)[:, None]
    taught = setting._replace(
        labels=labels,
        pretrain=(starts + np.arange(first)).ravel(),
        learn=(starts + np.arange(first, n)).ravel(),
    )
    return learner.judges(_start(folder, every, taught, learner), plain, setting.judged)


def _balanced(folder, plain, setting, learner):
    """Learn from half of the other sites' people too; who is judged never taught the judge."""
    half = dict.fromkeys(setting.judged.tolist(), -1)
    for name in np.unique(setting.site[setting.lends]):
        own = setting.lends[setting.site[setting.lends] == name]
        part = part_of_people(setting.person[own], HALVES)
        half |= dict(zip(own.tolist(), part.tolist(), strict=True))
    half = np.array([half[row] for row in setting.judged.tolist()])
    before = folder / "plain" / "pretrain" / "member-0" if len(setting.pretrain) else None
    judged = []
    for k in range(HALVES):
        rows = np.concatenate([setting.learn, setting.judged[(half >= 0) & (half != k)]])
        rows = balanced_rows(rows, setting.site[rows])
        scans = Scans(plain, setting.labels, rows, rows[:0])
        own = learner.trained(folder / f"balanced-{k}", scans, before)
        judged.append(learner.judges(own, plain, setting.judged))
    mean = np.mean(judged, axis=0)  # for whom no half has taught
    for k in range(HALVES):
        mean[half == k] = judged[k][half == k]
    return mean
