"""Fusion of network probabilities and clinical data, with XGBoost and by logistic regression.

Paper section "Combination of DAT imaging scans with demographic and clinical features"; the
regression is ours. What trees rely on is in `importance`.
"""

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from xgboost import XGBClassifier

from datnet_study.scans import CLINICAL

FLOOR = 1e-4  # probabilities below it are taken as it before their logarithm


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


def fit_logistic_fusion(features, diagnosis):
    """Fit a multinomial logistic regression to the same features.

    Of a probability it sees the logarithm: the log odds of two diagnoses, given image and clinical
    data that tell different things, are a sum. A missing value is taken as the median of the scans
    learned from.

    Parameters
    ----------
    features, diagnosis
        As in `fit_fusion`.

    Returns
    -------
    model : sklearn.pipeline.Pipeline
        One column of `predict_proba` per entry of `classes`.
    classes : tuple of str
        Sorted names of the diagnoses.
    """
    classes, codes = np.unique(np.asarray(diagnosis, dtype=str), return_inverse=True)
    model = make_pipeline(
        FunctionTransformer(log_of_probabilities),
        SimpleImputer(strategy="median"),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )
    return model.fit(features, codes), tuple(str(name) for name in classes)


def among(predictions, class_names, allowed):
    """Predictions of a classifier that may name only some of its classes.

    Parameters
    ----------
    predictions : DataFrame
        `p_<class>` of each scan.
    class_names, allowed : sequence of str
        All classes, and those that may be named.

    Returns
    -------
    DataFrame
        The probabilities of the allowed ones over their sum, of the others 0.

    Examples
    --------
    >>> import pandas as pd
    >>> scans = pd.DataFrame({"p_A": [0.2], "p_B": [0.3], "p_NC": [0.5]})
    >>> among(scans, ("A", "B", "NC"), ("A", "B")).to_numpy()
    array([[0.4, 0.6, 0. ]])
    """
    columns = [f"p_{name}" for name in class_names]
    others = [f"p_{name}" for name in class_names if name not in allowed]
    made = predictions.copy()
    made[others] = 0.0
    kept = [name for name in columns if name not in others]
    total = made[kept].sum(axis=1)
    made[kept] = made[kept].div(total.where(total > 0), axis=0).fillna(1 / len(kept))
    return made


def fused_verdicts(model, learned, tables, class_names):
    """Probabilities of every class from a fusion, the mean over tables of features.

    Trees learned from the probabilities of single networks. A mean over networks is less sure than
    each of them, so they see one network at a time here too.

    Parameters
    ----------
    model, learned
        Output of `fit_fusion` or of another fit like it.
    tables : sequence of DataFrame of shape (n_scans, n_features)
        Features of the same scans, from one network each.
    class_names : sequence of str
        Classes of the study; one that was not learned has the probability 0.

    Returns
    -------
    DataFrame
        `p_<class>`, with the index of the first table.
    """
    names = list(model.feature_names_in_)
    proba = np.mean([model.predict_proba(table[names]) for table in tables], axis=0)
    found = pd.DataFrame(0.0, tables[0].index, [f"p_{name}" for name in class_names])
    found[[f"p_{name}" for name in learned]] = proba
    return found


def cross_fitted(fit, features, diagnosis, fold, class_names, seen=None):
    """Probabilities of scans by fusions that learned from the scans of the other folds.

    Parameters
    ----------
    fit : callable
        Gets features and labels; returns model and classes, as `fit_fusion`.
    features : DataFrame of shape (n, n_features)
    diagnosis, fold : array-like of shape (n,)
        Label and fold of each scan.
    class_names : sequence of str
    seen : DataFrame of shape (n, n_features), optional
        What is judged, where it is not what is learned from: such as without some values.

    Returns
    -------
    DataFrame of shape (n, n_classes)
        As `fused_verdicts`.
    """
    diagnosis, fold = np.asarray(diagnosis, dtype=str), np.asarray(fold, dtype=int)
    parts = []
    for k in np.unique(fold):
        made = fit(features[fold != k], diagnosis[fold != k])
        parts.append(
            fused_verdicts(*made, [(features if seen is None else seen)[fold == k]], class_names)
        )
    return pd.concat(parts).loc[features.index]


def log_of_probabilities(features):
    """Features with the logarithm of each probability in its place, from `FLOOR` up.

    Examples
    --------
    >>> import pandas as pd
    >>> log_of_probabilities(pd.DataFrame({"p_A": [1.0, 0.0], "age": [60.0, 70.0]})).round(2)
        p_A   age
    0  0.00  60.0
    1 -9.21  70.0
    """
    names = [name for name in features if name.startswith("p_")]
    return features.assign(**{name: np.log(features[name].clip(lower=FLOOR)) for name in names})
