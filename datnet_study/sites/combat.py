"""ComBat: a shift and a scale of each feature of each site, drawn together by empirical Bayes.

Johnson, Li, Rabinovic 2007, Biostatistics 8:118, doi:10.1093/biostatistics/kxj037, with one site as
the reference that the others are brought to (Stein et al. 2015, doi:10.1186/s12920-015-0095-7), so
a classifier that learned there judges as before. Own code, because none of the libraries serves:
neuroHarmonize wants numpy below 2, neuroCombat has no wheel and harmonises all scans at once, so
neither runs beside what this project needs, and a fit has to be kept apart from what it judges.

A diagnosis is never given: it is what is to be found. So where diagnoses are not equally common at
two sites, that difference looks like one of the scanners and is taken off with it.
"""

from typing import NamedTuple

import numpy as np

FEWEST = 20  # scans of a site; with fewer, its shift and scale say more of its people
ROUNDING = 1e-9  # relative; the residuals of a constant are not 0
CLOSE = 1e-6
STEPS = 200


class Combat(NamedTuple):
    """What was fitted; sites of which there were fewer than `FEWEST` scans are not in it."""

    reference: str
    mean: np.ndarray  # (n_features,) of the reference, without the covariates
    slope: np.ndarray  # (n_covariates, n_features)
    sd: np.ndarray  # (n_features,) of the reference about its line
    shift: dict  # by site: (n_features,), in SD
    scale: dict  # by site: (n_features,), SD over SD of the reference


def fit_combat(features, site, covariates, reference):
    """Fit shift and scale of each site.

    feature = mean + slope covariates + sd (shift of the site + scale of the site * error)

    Parameters
    ----------
    features : ndarray of shape (n_scans, n_features)
    site : str array-like of shape (n_scans,)
    covariates : ndarray of shape (n_scans, n_covariates)
        What is known of everybody before the diagnosis, such as age; what differs with it stays.
    reference : str
        Site that the others are brought to.

    Returns
    -------
    Combat

    Raises
    ------
    ValueError
        If the reference has fewer than `FEWEST` scans, a value is NaN, there are fewer than two
        features, or one does not vary among the scans of the reference, or with the covariates
        alone.
    """
    features, covariates = np.asarray(features, float), np.asarray(covariates, float)
    site = np.asarray(site, dtype=str)
    counts = dict(zip(*np.unique(site, return_counts=True), strict=True))
    if counts.get(reference, 0) < FEWEST:
        raise ValueError(
            f"site {reference!r} has {counts.get(reference, 0)} scans, expected at least {FEWEST} "
            "of the site that others are brought to; take a larger site as the reference"
        )
    if features.shape[1] < 2:
        raise ValueError("found one feature; ComBat draws several together: expected two or more")
    for name, values in {"features": features, "covariates": covariates}.items():
        if missing := int((~np.isfinite(values).all(axis=1)).sum()):
            raise ValueError(
                f"{name} of {missing} of {len(values)} scans are not known; expected numbers: "
                "leave these scans or columns out"
            )
    known = [name for name in counts if counts[name] >= FEWEST]
    used = np.isin(site, known)
    features, covariates, site = features[used], covariates[used], site[used]
    design = np.column_stack([*(site == name for name in known), covariates]).astype(float)
    weights = np.linalg.lstsq(design, features, rcond=None)[0]  # (sites + covariates, features)
    mean, slope = weights[known.index(reference)], weights[len(known) :]
    home = site == reference
    sd = (features - design @ weights)[home].std(axis=0)
    flat = sd <= ROUNDING * np.abs(features[home]).max(axis=0)
    if flat.any():
        raise ValueError(
            f"features {np.flatnonzero(flat).tolist()} do not vary at site {reference!r}, or with "
            "the covariates alone; leave them out: their shift would be drawn into all others"
        )
    z = (features - mean - covariates @ slope) / sd
    fitted = {name: _drawn_together(z[site == name]) for name in known if name != reference}
    shift, scale = ({name: pair[k] for name, pair in fitted.items()} for k in (0, 1))
    return Combat(reference, mean, slope, sd, shift, scale)


def harmonised(combat, features, site, covariates):
    """Features as the reference site would have them.

    Parameters
    ----------
    combat : Combat
    features, site, covariates
        As in `fit_combat`; the scans need not be among those of the fit.

    Returns
    -------
    ndarray of shape (n_scans, n_features)
        Unchanged for the reference, and for a site that the fit does not know: nothing is known of
        its scanner, and a guess would harm where there is nothing to mend.
    """
    features, covariates = np.array(features, float), np.asarray(covariates, float)
    site = np.asarray(site, dtype=str)
    for name, shift in combat.shift.items():
        rows = site == name
        expected = combat.mean + covariates[rows] @ combat.slope
        z = (features[rows] - expected) / combat.sd
        features[rows] = (z - shift) / combat.scale[name] * combat.sd + expected
    return features


def _drawn_together(z):
    """Shift and scale of one site, each drawn towards those of its other features."""
    n, found = len(z), z.mean(axis=0)
    variance = z.var(axis=0, ddof=1)
    centre, spread = found.mean(), found.var(ddof=1)
    m, s2 = variance.mean(), variance.var(ddof=1)
    if not spread > 0 or not s2 > 0:  # all features alike: nothing to draw
        return found, np.sqrt(variance)
    a, b = (2 * s2 + m**2) / s2, (m * s2 + m**3) / s2  # of an inverse gamma distribution
    shift, square = found, variance
    for _ in range(STEPS):
        before = shift, square
        shift = (n * spread * found + square * centre) / (n * spread + square)
        residual = ((z - shift) ** 2).sum(axis=0)
        square = (residual / 2 + b) / (n / 2 + a - 1)
        if max(abs(shift - before[0]).max(), abs(square - before[1]).max()) < CLOSE:
            break
    return shift, np.sqrt(square)
