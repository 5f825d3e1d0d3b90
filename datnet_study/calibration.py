"""Do probabilities mean what they say, and what follows for who uses them.

Not in the paper. Reliability, calibration slope, temperature, decision curve and referral, each a
few lines of NumPy, SciPy, scikit-learn and statsmodels; a library for decision curves would be one
more dependency for one line.
"""

import warnings

import numpy as np
import pandas as pd
from scipy import optimize, special
from statsmodels.discrete.discrete_model import Logit

from datnet_core.metrics.auc import Z
from datnet_core.metrics.checks import checked_scores
from datnet_core.metrics.rates import share_interval

CLIPPED = 1e-6  # probabilities of 0 and 1 have no logarithm
COLDEST, HOTTEST = 1 / 20, 20  # temperatures looked at


def reliability(y_true, p, n_bins):
    """How often a diagnosis is right, by the probability that it was given.

    Parameters
    ----------
    y_true : bool or 0/1 array-like of shape (n_scans,)
        Whether the scan has the diagnosis.
    p : array-like of shape (n_scans,)
        Its probability.
    n_bins : int
        Groups of about equal size, from the least to the most probable.

    Returns
    -------
    DataFrame
        `scans`, `p` (mean), `share` that has the diagnosis, `low`, `high` (Wilson, 95%).

    Examples
    --------
    >>> reliability([0, 1, 1, 1], [0.1, 0.2, 0.7, 0.9], 2)[["scans", "p", "share"]]
       scans     p  share
    0      2  0.15    0.5
    1      2  0.80    1.0
    """
    y_true, p = np.asarray(y_true, dtype=bool), np.asarray(p, dtype=float)
    parts = np.array_split(np.argsort(p, kind="stable"), min(n_bins, len(p)))
    rows = [(len(part), p[part].mean(), *share_interval(y_true[part])) for part in parts]
    return pd.DataFrame(rows, columns=["scans", "p", "share", "low", "high"])


def brier_score(diagnosis, proba, class_names):
    """Mean over scans of the sum over classes of (p - 1 if it is the class, else 0)²; 0 is best.

    Parameters
    ----------
    diagnosis : array-like of str, shape (n_scans,)
    proba : array-like of shape (n_scans, n_classes)
    class_names : sequence of str
        Order of the columns.

    Returns
    -------
    float
        From 0 to 2.

    Examples
    --------
    >>> brier_score(["A", "B"], [[1, 0], [0.5, 0.5]], "AB")  # mean of 0 and 0.25 + 0.25
    0.25
    """
    is_class = np.asarray(diagnosis)[:, None] == np.array(list(class_names))
    return float(((np.asarray(proba, dtype=float) - is_class) ** 2).sum(axis=1).mean())


def calibration_line(y_true, p):
    """Slope and intercept of the log odds of a diagnosis on the log odds that it was given.

    log(P / (1 - P)) = intercept + slope * log(p / (1 - p)) by maximum likelihood. A slope below 1
    says that probabilities are too extreme, above 1 that they are too cautious.

    Parameters
    ----------
    y_true : bool or 0/1 array-like of shape (n_scans,)
        Whether the scan has the diagnosis.
    p : array-like of shape (n_scans,)
        Its probability; 0 and 1 are taken as `CLIPPED` away from them.

    Returns
    -------
    dict of str to (float, float, float)
        `slope` and `intercept`, each with its 95% interval (Wald); NaN where the scores of the two
        groups do not overlap, or all are the same: there is no finite line.

    Raises
    ------
    ValueError
        As `auc.delong_interval`.
    """
    y_true, p = checked_scores(y_true, p)
    odds = special.logit(np.clip(p, CLIPPED, 1 - CLIPPED))
    inside, outside = odds[y_true], odds[~y_true]
    apart = inside.min() >= outside.max() or outside.min() >= inside.max()
    if apart or np.ptp(odds) == 0:
        return {"slope": (np.nan,) * 3, "intercept": (np.nan,) * 3}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that did not converge is no line, see below
        fit = Logit(y_true.astype(float), np.column_stack([odds, np.ones(len(odds))])).fit(disp=0)
        error = fit.bse if fit.mle_retvals["converged"] else np.full(2, np.nan)
    found = {}
    for name, value, half in zip(("slope", "intercept"), fit.params, Z * error, strict=True):
        line = (float(value), float(value - half), float(value + half))
        found[name] = line if np.isfinite(half) else (np.nan,) * 3
    return found


def with_temperature(proba, temperature):
    """Probabilities p^(1/T) / sum of p^(1/T): T above 1 makes them less sure, below 1 surer.

    Examples
    --------
    >>> with_temperature([[0.8, 0.2]], 0.5).round(3)  # 0.64 and 0.04, over their sum
    array([[0.941, 0.059]])
    """
    return special.softmax(np.log(np.clip(proba, CLIPPED, 1)) / temperature, axis=1)


def fitted_temperature(diagnosis, proba, class_names):
    """Temperature with the smallest mean -log p of the right diagnosis.

    Parameters
    ----------
    diagnosis, proba, class_names
        As in `brier_score`; scans that no later one of `with_temperature` is judged with.

    Returns
    -------
    float
        From `COLDEST` to `HOTTEST`.
    """
    is_class = np.asarray(diagnosis)[:, None] == np.array(list(class_names))

    def loss(log_temperature):
        return -np.log(with_temperature(proba, np.exp(log_temperature))[is_class]).mean()

    limits = np.log([COLDEST, HOTTEST])
    return float(np.exp(optimize.minimize_scalar(loss, bounds=limits, method="bounded").x))


def net_benefit(y_true, p, thresholds):
    """Net benefit of acting on a diagnosis where its probability reaches a threshold.

    For threshold t it is (true positives - false positives t / (1 - t)) / scans: an action in vain
    counts t / (1 - t) of one that is right.

    Parameters
    ----------
    y_true, p
        As in `reliability`.
    thresholds : array-like of shape (n_thresholds,)
        From 0 to below 1.

    Returns
    -------
    DataFrame
        Index `threshold`; `by_classifier`, and `for_all`, who acts on everybody. Who acts on nobody
        has 0.

    References
    ----------
    Vickers and Elkin 2006, doi:10.1177/0272989X06295361.

    Examples
    --------
    >>> net_benefit([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1], [0.5])  # (1 - 1) / 4 and (2 - 2) / 4
               by_classifier  for_all
    threshold
    0.5                  0.0      0.0
    """
    y_true, p = np.asarray(y_true, dtype=bool), np.asarray(p, dtype=float)
    t = np.asarray(thresholds, dtype=float)
    acted = p >= t[:, None]  # (thresholds, scans)
    price = t / (1 - t)
    found = {
        "by_classifier": (acted & y_true).mean(axis=1) - price * (acted & ~y_true).mean(axis=1),
        "for_all": y_true.mean() - price * (1 - y_true.mean()),
    }
    return pd.DataFrame(found, index=pd.Index(t, name="threshold"))


def referral(proba, right):
    """Accuracy of the scans that are kept, by the share of the least sure that is referred.

    Parameters
    ----------
    proba : array-like of shape (n_scans, n_classes)
        The largest of a scan says how sure the classifier is.
    right : bool array-like of shape (n_scans,)
        Whether its decision is right.

    Returns
    -------
    DataFrame
        A row for each number of referred scans, from none: `referred` (share), `accuracy` of the
        rest, `low`, `high` (Wilson, 95%), and `errors_caught`, the share of the wrong decisions
        that are among the referred (NaN without any).

    Examples
    --------
    >>> proba = [[0.9, 0.1], [0.6, 0.4]]
    >>> referral(proba, [True, False])[["referred", "accuracy", "errors_caught"]]
       referred  accuracy  errors_caught
    0       0.0       0.5            0.0
    1       0.5       1.0            1.0
    """
    right = np.asarray(right, dtype=bool)
    kept_first = right[np.argsort(-np.max(proba, axis=1), kind="stable")]
    n, wrong = len(right), (~right).sum()
    rows = []
    for referred in range(n):
        kept = kept_first[: n - referred]
        caught = (wrong - (~kept).sum()) / wrong if wrong else np.nan
        rows.append((referred / n, *share_interval(kept), caught))
    return pd.DataFrame(rows, columns=["referred", "accuracy", "low", "high", "errors_caught"])
