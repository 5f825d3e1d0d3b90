"""Fusion of network probabilities and clinical data with XGBoost.

Paper section "Combination of DAT imaging scans with demographic and clinical features".
"""

import numpy as np
import pandas as pd
from xgboost import XGBClassifier

from datnet_study.scans import CLINICAL


def fusion_features(predictions, scans, class_names):
    """The nine features of the paper: one probability per diagnosis, then the clinical data.

    Parameters
    ----------
    predictions : DataFrame
        `p_<class>` and the keys of each scan; for training scans from models that never saw
        the scan, or the fusion learns to trust overfitted probabilities.
    scans : DataFrame
        Scan table.
    class_names : tuple of str
        Diagnoses.

    Returns
    -------
    DataFrame of shape (n_predictions, n_classes + 5)
        `sex` is 1 for men; missing clinical values stay missing.
    """
    keys = ["participant_id", "session_id"]
    merged = predictions[keys + [f"p_{name}" for name in class_names]].merge(
        scans[[*keys, *CLINICAL]], on=keys, how="left", validate="one_to_one"
    )
    merged["sex"] = merged["sex"].map({"F": 0.0, "M": 1.0})
    return merged.drop(columns=keys).astype(float)


def fit_fusion(features, diagnosis, fusion):
    """Fit gradient-boosted trees.

    Parameters
    ----------
    features : DataFrame of shape (n, n_features)
        Output of `fusion_features`.
    diagnosis : sequence of str, shape (n,)
        Labels.
    fusion : Fusion
        Section of the study file.

    Returns
    -------
    model : XGBClassifier
        One column of `predict_proba` per entry of `classes`.
    classes : tuple of str
        Sorted names of the diagnoses.
    """
    classes, codes = np.unique(np.asarray(diagnosis, dtype=str), return_inverse=True)
    model = XGBClassifier(
        n_estimators=fusion.n_estimators,
        max_depth=fusion.max_depth,
        learning_rate=fusion.learning_rate,
        objective="multi:softprob",
        num_class=len(classes),
        n_jobs=1,
    )
    return model.fit(features, codes), tuple(str(name) for name in classes)


def fused_proba(model, by_model, scans, class_names):
    """Probabilities of scans that several networks judge: the mean of the trees' verdicts.

    The trees learned from the probabilities of single networks. A mean over networks is less sure
    than each of them, so the trees see one network at a time here too.

    Parameters
    ----------
    model : XGBClassifier
        Output of `fit_fusion`; its features are taken from those of `fusion_features`.
    by_model : DataFrame
        `p_<class>`, the keys of each scan, and `model`, the network; the scans of each network in
        the same order.
    scans, class_names
        As in `fusion_features`.

    Returns
    -------
    ndarray of shape (n_scans, n_classes_learned)
        In the order of the scans.
    """
    names = list(model.feature_names_in_)
    return np.mean(
        [
            model.predict_proba(fusion_features(part, scans, class_names)[names])
            for _, part in by_model.groupby("model", sort=False)
        ],
        axis=0,
    )


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
