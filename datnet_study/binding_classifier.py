"""Binding-ratio quantification as a classifier: the yardstick of the network.

Open points A8 (the ratios as a classifier) and A14 (how common a class is taken to be).
"""

import warnings

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class AgeAdjusted(TransformerMixin, BaseEstimator):
    """z-scores: how many SD a ratio lies above that of controls of the same age.

    Each ratio of the controls is fitted as a line over age, on the scans that are learned from;
    z = (ratio - line at that age) / SD of the controls about the line.

    Parameters
    ----------
    control : str or int
        Label of the controls.

    Examples
    --------
    >>> ratios_and_age = np.array([[3.1, 50], [2.9, 50], [2.6, 60], [2.4, 60], [1.5, 60]])
    >>> labels = np.array(["NC"] * 4 + ["PD"])
    >>> AgeAdjusted("NC").fit(ratios_and_age, labels).transform(ratios_and_age)[[0, 4]].round(1)
    array([[ 0.7],
           [-7.1]])
    """

    def __init__(self, control):
        self.control = control

    def fit(self, X, y):
        """Learn the lines from features (n_scans, n_features + 1), age last, and labels."""
        controls = X[np.asarray(y) == self.control]
        self.line_ = LinearRegression().fit(controls[:, -1:], controls[:, :-1])
        left = controls[:, :-1] - self.line_.predict(controls[:, -1:])
        self.sd_ = np.sqrt((left**2).sum(axis=0) / (len(controls) - 2))
        return self

    def transform(self, X):
        """z-scores of shape (n_scans, n_features)."""
        return (X[:, :-1] - self.line_.predict(X[:, -1:])) / self.sd_


def binding_classifier(class_prior, control=None):
    """Multinomial logistic regression on standardised binding ratios.

    Parameters
    ----------
    class_prior : {"cohort", "uniform"}
        Whether its probabilities go by how common a class is, as those of the network do (A14).
    control : str, optional
        With it, the last feature is the age, and the others become `AgeAdjusted`.

    Returns
    -------
    sklearn.pipeline.Pipeline
    """
    weight = "balanced" if class_prior == "uniform" else None
    adjusted = [] if control is None else [AgeAdjusted(control)]
    last = LogisticRegression(class_weight=weight, max_iter=1000)
    return make_pipeline(*adjusted, StandardScaler(), last)


def sides_unordered(left, right):
    """Features that are the same for an image and its mirror image.

    Which side of a patient is worse says nothing about the diagnosis; how much worse it is does.

    Parameters
    ----------
    left, right : ndarray of shape (n_scans, n_regions)
        Binding ratios.

    Returns
    -------
    ndarray of shape (n_scans, 2 * n_regions)
        Mean of both sides, then their absolute difference, by region.

    Examples
    --------
    >>> sides_unordered(np.array([[1.0]]), np.array([[2.0]]))
    array([[1.5, 1. ]])
    """
    return np.concatenate([(left + right) / 2, abs(left - right)], axis=1)


def class_proba(features, diagnosis, new_features, class_names, class_prior, control=None):
    """Probabilities of new scans from a classifier that learned from others.

    Parameters
    ----------
    features, new_features : ndarray of shape (n_scans, n_features)
        Binding ratios of the scans to learn from, and of those to judge.
    diagnosis : ndarray of str, shape (n_scans,)
        Labels of the scans to learn from.
    class_names : sequence of str
        Order of the columns.
    class_prior, control
        As in `binding_classifier`.

    Returns
    -------
    ndarray of shape (n_new_scans, n_classes)
        0 for a class that none of the labels names.

    Raises
    ------
    ValueError
        If a label is no class.

    Examples
    --------
    >>> ratios = np.array([[1.0], [1.2], [3.0], [3.2]])
    >>> labels = np.array(["IPD", "IPD", "NC", "NC"])
    >>> class_proba(ratios, labels, np.array([[2.1]]), ("NC", "IPD", "PSP"), "cohort").round(2)
    array([[0.5, 0.5, 0. ]])
    """
    classifier = binding_classifier(class_prior, control).fit(features, diagnosis)
    return _in_columns(classifier.predict_proba(new_features), classifier.classes_, class_names)


def out_of_fold_proba(features, diagnosis, fold, class_names, class_prior, control=None):
    """Probabilities of each scan from a classifier that never saw its fold.

    Parameters
    ----------
    features : ndarray of shape (n_scans, n_features)
        Binding ratios.
    diagnosis : ndarray of str, shape (n_scans,)
        Labels; those of a fold are not used for its own probabilities.
    fold : int ndarray of shape (n_scans,)
        Cross-validation fold, from 0.
    class_names, class_prior, control
        As in `class_proba`; its errors apply.

    Returns
    -------
    ndarray of shape (n_scans, n_classes)
        0 for a class that no label outside the fold names.

    Examples
    --------
    >>> ratios = np.array([[1.0], [1.2], [3.0], [3.2]])
    >>> labels, fold = np.array(["IPD", "IPD", "NC", "NC"]), np.array([0, 1, 0, 1])
    >>> out_of_fold_proba(ratios, labels, fold, ("IPD", "NC"), "cohort").argmax(axis=1)
    array([0, 0, 1, 1])
    """
    classes, codes = np.unique(
        diagnosis, return_inverse=True
    )  # which `cross_val_predict` makes too
    control = None if control is None else list(classes).index(control)
    with warnings.catch_warnings():  # a class that lies in one fold only gets its documented 0
        warnings.filterwarnings("ignore", "Number of classes in training fold", RuntimeWarning)
        proba = cross_val_predict(
            binding_classifier(class_prior, control), features, codes,
            cv=PredefinedSplit(fold), method="predict_proba",
        )  # fmt: skip
    return _in_columns(proba, classes, class_names)


def _in_columns(proba, classes, class_names):
    """Columns in the order of the class names, 0 for those that are not among the classes."""
    if unknown := sorted(set(map(str, classes)) - set(class_names)):
        raise ValueError(f"labels {unknown} are no class; expected some of {tuple(class_names)}")
    table = pd.DataFrame(proba, columns=classes)
    return table.reindex(columns=list(class_names), fill_value=0.0).to_numpy()
