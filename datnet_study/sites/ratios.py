"""Binding ratios of one site as a classifier of other sites, as they are and after ComBat."""

import numpy as np

from datnet_study.binding_classifier import class_proba
from datnet_study.sites.combat import FEWEST, fit_combat, harmonised
from datnet_study.sites.parts import part_of_people
from datnet_study.sites.remedies import COMBAT, N_PARTS, RATIOS, RATIOS_SHARES, by_site


def ratios_after_combat(features, ages, setting):
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


def judged_by_ratios(features, ages, setting, learner):
    """Probabilities of all judged scans by a logistic regression of the home site.

    Parameters
    ----------
    features : ndarray of shape (n_scans, n_features)
        Such as `binding_classifier.sides_unordered`.
    ages : ndarray of shape (n_scans,)
    setting : remedies.Setting
    learner : remedies.Learner

    Returns
    -------
    dict of str to ndarray of shape (n_judged, n_classes)
        By remedy.
    """
    names = np.array(learner.classes)
    learn, prior = setting.learn, learner.network.class_prior
    after = ratios_after_combat(features, ages, setting)
    plain, combat = (
        class_proba(features[learn], names[setting.labels[learn]], given, names.tolist(), prior)
        for given in (features[setting.judged], after)
    )
    return {RATIOS: plain, RATIOS_SHARES: by_site(plain, setting, learner), COMBAT: combat}
