"""Binding ratios and radiomic features of one site that judge others, also after ComBat."""

import numpy as np

from datnet_images.features import varying_features
from datnet_images.radiomics import feature_table
from datnet_study.binding_classifier import class_proba
from datnet_study.sites.combat import FEWEST, fit_combat, harmonised
from datnet_study.sites.parts import part_of_people
from datnet_study.sites.remedies import (
    COMBAT,
    N_PARTS,
    RADIOMICS,
    RADIOMICS_COMBAT,
    RATIOS,
    RATIOS_SHARES,
    by_site,
)


def after_combat(features, ages, setting):
    """Features of the judged scans as the home site would have them.

    The shift and scale of a site come from the home site's training cohort and from the people of
    the site that are in other parts than the judged one. No diagnosis is looked at.

    Parameters
    ----------
    features : ndarray of shape (n_scans, n_features)
    ages : ndarray of shape (n_scans,)
        Years.
    setting : remedies.Setting

    Returns
    -------
    ndarray of shape (n_judged, n_features)
        Those of the home site, and of a site with fewer than `combat.FEWEST` scans to fit, as they
        are.
    """
    made, site = np.array(features[setting.judged], float), setting.site[setting.judged]
    learn, covariates = setting.learn, np.asarray(ages, float)[:, None]
    for name in np.unique(site[site != setting.home]):
        for own in (True, False):  # people of its own, and those imaged again: two populations
            at = np.flatnonzero((site == name) & (np.isin(setting.judged, setting.lends) == own))
            rows = setting.judged[at]
            part = part_of_people(setting.person[rows], N_PARTS)
            for k in np.unique(part):
                if (part != k).sum() < FEWEST or len(learn) < FEWEST:
                    continue
                used = np.concatenate([learn, rows[part != k]])
                combat = fit_combat(
                    features[used], setting.site[used], covariates[used], setting.home
                )
                some = rows[part == k]
                given = features[some], setting.site[some], covariates[some]
                made[at[part == k]] = harmonised(combat, *given)
    return made


def radiomic_features(volumes, masks, setting, spacing_mm, bin_width, n_jobs):
    """Radiomic features of some regions, of the scans that teach and of those that are judged.

    Parameters
    ----------
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios.
    masks : dict of str to ndarray of shape (X, Y, Z)
    setting : remedies.Setting
    spacing_mm, bin_width, n_jobs
        As in `datnet_images.feature_table`.

    Returns
    -------
    ndarray of shape (n_scans, n_features)
        Those that vary among the scans that teach and are known for all that are judged; other
        scans, such as those to pre-train with, have NaN.
    """
    used = np.concatenate([setting.learn, setting.judged])
    table = feature_table(volumes[used], masks, spacing_mm, bin_width, n_jobs)
    wide = table.pivot(index="scan", columns="region").reindex(range(len(used)))
    known = wide.columns[wide.notna().all()]
    kept = varying_features(wide.loc[: len(setting.learn) - 1, known])
    made = np.full((len(volumes), len(kept)), np.nan)
    made[used] = wide[kept]
    return made


def judged_by_ratios(features, harmonised_features, setting, learner):
    """Probabilities of all judged scans by a logistic regression of the home site.

    Parameters
    ----------
    features : ndarray of shape (n_scans, n_features)
        Binding ratios, such as `binding_classifier.sides_unordered`.
    harmonised_features : ndarray of shape (n_judged, n_features)
        Output of `after_combat`.
    setting : remedies.Setting
    learner : remedies.Learner

    Returns
    -------
    dict of str to ndarray of shape (n_judged, n_classes)
        By remedy.
    """
    plain, combat = _plain_and_combat(features, harmonised_features, setting, learner)
    return {RATIOS: plain, RATIOS_SHARES: by_site(plain, setting, learner), COMBAT: combat}


def judged_by_radiomics(features, harmonised_features, setting, learner):
    """Probabilities of all judged scans by the same regression on radiomic features.

    Parameters
    ----------
    features : ndarray of shape (n_scans, n_features)
        Output of `radiomic_features`.
    harmonised_features, setting, learner
        As in `judged_by_ratios`.

    Returns
    -------
    dict of str to ndarray of shape (n_judged, n_classes)
        By remedy.
    """
    plain, combat = _plain_and_combat(features, harmonised_features, setting, learner)
    return {RADIOMICS: plain, RADIOMICS_COMBAT: combat}


def _plain_and_combat(features, harmonised_features, setting, learner):
    """Probabilities from features as they are, and as the home site would have them."""
    names = np.array(learner.classes)
    learn, prior = setting.learn, learner.network.class_prior
    known = features[learn], names[setting.labels[learn]]
    return [
        class_proba(*known, given, names.tolist(), prior)
        for given in (features[setting.judged], harmonised_features)
    ]
