"""What the trees of the fusion rely on, by three measures and with their spread (Fig. 8E).

The paper shows the gain of one fit. The trees have nothing random in them, so what another seed
changes here is who is learned from: each fit has a bootstrap draw of the participants.
"""

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance
from sklearn.metrics import log_loss
from xgboost import DMatrix

from datnet_study.fusion import fit_fusion

GAIN, CONTRIBUTION, PERMUTATION = "gain", "contribution", "permutation"
N_PERMUTED = 5  # times that a feature of one draw is permuted


def importances(model, features):
    """Feature importances by mean gain per split, largest first.

    Parameters
    ----------
    model : XGBClassifier
        Fitted model.
    features : DataFrame
        The features it was fitted on.

    Returns
    -------
    Series of shape (n_features,)
        Shares that sum to 1; 0 for a feature that no tree uses.
    """
    gain = pd.Series(model.feature_importances_.astype(float), index=features.columns)
    return gain.sort_values(ascending=False, kind="stable")


def importance_spread(features, diagnosis, participants, fusion, n_draws):
    """Importances of the features in fits on bootstrap draws of the participants.

    Parameters
    ----------
    features, diagnosis, fusion
        As in `fusion.fit_fusion`.
    participants : sequence of str, shape (n,)
        Who is drawn, with all scans.
    n_draws : int
        Fits, seeds 0, 1, ... A draw without one of the diagnoses, or that leaves out nobody, is
        skipped.

    Returns
    -------
    DataFrame
        `draw`, `feature`, `measure` and `value`. `gain`: share of the mean gain of a split.
        `contribution`: share of the mean absolute contribution to the logits of the participants
        who were left out, by XGBoost (SHAP values of the trees). `permutation`: how much their mean
        -log p of the right diagnosis grows when the feature is permuted among them.
    """
    diagnosis, person = np.asarray(diagnosis, dtype=str), np.asarray(participants)
    names, people = set(diagnosis), np.unique(person)
    rows = []
    for draw in range(n_draws):
        drawn = np.random.default_rng(draw).choice(people, len(people))
        learn = np.concatenate([np.flatnonzero(person == name) for name in drawn])
        left_out = ~np.isin(person, drawn)
        if set(diagnosis[learn]) != names or not left_out.any():
            continue
        model, classes = fit_fusion(features.iloc[learn], diagnosis[learn], fusion)
        judged = features[left_out], [classes.index(name) for name in diagnosis[left_out]]
        for measure, values in _measures(model, *judged, draw).items():
            found = zip(features.columns, values, strict=True)
            rows += [(draw, name, measure, float(value)) for name, value in found]
    return pd.DataFrame(rows, columns=["draw", "feature", "measure", "value"])


def _measures(model, features, codes, seed):
    """Three importances of each feature, on people who were left out."""
    terms = model.get_booster().predict(DMatrix(features), pred_contribs=True)
    size = np.abs(terms[..., :-1]).mean(axis=(0, 1))  # (scans, classes, features), without the bias
    return {
        GAIN: model.feature_importances_,
        CONTRIBUTION: size / max(size.sum(), np.finfo(float).tiny),
        PERMUTATION: permutation_importance(
            model, features, codes, scoring=_right_log_p, n_repeats=N_PERMUTED, random_state=seed
        ).importances_mean,
    }


def _right_log_p(model, features, codes):
    """Mean log p of the right diagnosis; the classes that nobody left out has count too."""
    proba = model.predict_proba(features).astype(float)
    proba /= proba.sum(axis=1, keepdims=True)  # single precision sums to 1 only roughly
    return -log_loss(codes, proba, labels=np.arange(proba.shape[1]))
