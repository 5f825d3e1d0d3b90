"""How common the diagnoses are at another site, estimated without its labels, and what follows.

A network that learned where one diagnosis is common takes it to be common everywhere. Own code: the
algorithm is ten lines, and no library among the requirements has it.
"""

import numpy as np

AS_LEARNED = 10  # scans that count as if they had the shares learned from; few scans say little
STEPS = 500  # at most; far more than it takes
CLOSE = 1e-9


def estimated_shares(proba, learned):
    """Shares of the classes among unlabelled scans, by the EM algorithm of Saerens et al.

    p(c | x) is proportional to p_learned(c | x) s(c) / s_learned(c), and s(c) is its mean over
    scans and over `AS_LEARNED` more with the shares that were learned, again and again. It is the
    most likely s if scans of a class look alike at both sites; a scanner that makes all scans look
    like another class is taken for a shift of the shares. Without the further scans, the share of
    a rare class goes to 0 at a small site, and nobody could have it any more.

    Parameters
    ----------
    proba : ndarray of shape (n_scans, n_classes)
        Probabilities for classes as common as `learned` says.
    learned : ndarray of shape (n_classes,)
        Shares that the probabilities are for; those of 0 stay 0.

    Returns
    -------
    ndarray of shape (n_classes,)
        They sum to 1; `learned` itself where there is no scan.

    References
    ----------
    Saerens, Latinne, Decaestecker 2002, Neural Computation 14:21, doi:10.1162/089976602753284446.

    Examples
    --------
    >>> sure = np.array([[1.0, 0.0]] * 70 + [[0.0, 1.0]] * 20)
    >>> estimated_shares(sure, np.array([0.5, 0.5]))  # 70 + 5 and 20 + 5 of 100
    array([0.75, 0.25])
    """
    shares = learned = np.asarray(learned, dtype=float)
    for _ in range(STEPS if len(proba) else 0):
        expected = with_shares(proba, learned, shares).sum(axis=0) + AS_LEARNED * learned
        before, shares = shares, expected / (len(proba) + AS_LEARNED)
        if np.abs(shares - before).max() < CLOSE:
            break
    return shares


def with_shares(proba, learned, shares):
    """Probabilities for other shares of the classes, by Bayes' rule.

    Parameters
    ----------
    proba : ndarray of shape (n_scans, n_classes)
    learned, shares : ndarray of shape (n_classes,)
        Shares that the probabilities are for, and those that they are to be for.

    Returns
    -------
    ndarray of shape (n_scans, n_classes)

    Examples
    --------
    >>> with_shares(np.array([[0.5, 0.5]]), np.array([0.5, 0.5]), np.array([0.9, 0.1]))
    array([[0.9, 0.1]])
    """
    odds = np.divide(shares, learned, out=np.zeros(len(learned)), where=np.asarray(learned) > 0)
    weighted = np.asarray(proba) * odds
    return weighted / weighted.sum(axis=1, keepdims=True)


def recalibrated(proba, learned, part):
    """Probabilities for shares that were estimated on other people of the site.

    Parameters
    ----------
    proba : ndarray of shape (n_scans, n_classes)
        Of one site.
    learned : ndarray of shape (n_classes,)
    part : int ndarray of shape (n_scans,)
        Part of the site's people that a scan is in; the shares come from all other parts.

    Returns
    -------
    ndarray of shape (n_scans, n_classes)
    """
    made = np.array(proba, dtype=float)
    for k in np.unique(part):
        shares = estimated_shares(proba[part != k], learned)
        made[part == k] = with_shares(proba[part == k], learned, shares)
    return made
