"""Which site a classifier can still tell from what a remedy leaves."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def told_apart(features, site, part):
    """Share of the scans of each site that a logistic regression gives to it, mean over sites.

    Parameters
    ----------
    features : ndarray of shape (n_scans, n_features)
    site : str array-like of shape (n_scans,)
    part : int ndarray of shape (n_scans,)
        Part of the people; a scan is judged by who learned from the other parts.

    Returns
    -------
    float
        1 / number of sites is chance; NaN where those who learn for some part are of one site.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> site, part = np.repeat(["a", "b"], 50), np.arange(100) % 5
    >>> told_apart(rng.normal(size=(100, 2)) + 9 * (site == "a")[:, None], site, part)
    1.0
    """
    site, part = np.asarray(site, dtype=str), np.asarray(part)
    if any(len(set(site[part != k])) < 2 for k in np.unique(part)):
        return np.nan
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        said = cross_val_predict(model, features, site, cv=PredefinedSplit(part))
    return float(np.mean([(said == site)[site == name].mean() for name in np.unique(site)]))
