"""How a classifier does in another hospital, and how many people it takes to say so.

Not in the paper, which has one hospital.
"""

from itertools import count

import numpy as np
import pandas as pd

from datnet_core.metrics.auc import Z
from datnet_study.claim_values import paper_text
from datnet_study.comparison import detectable
from datnet_study.printed import hanley_mcneil_interval, independent_difference

CHANCE = 0.5  # AUC of guessing
HALF_WIDTH = 0.1  # of a 95% interval of an AUC that says something


def needed_for_auc(auc, half_width=HALF_WIDTH):
    """Participants of each of two diagnoses that an AUC needs for an interval of ± `half_width`.

    Parameters
    ----------
    auc : float
        Expected, 0.5 to 1; the error is largest near 0.5.
    half_width : float
        From the value to the lower end of the 95% interval of Hanley and McNeil, groups of one
        size.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `auc` lies outside 0.5 to 1, or `half_width` is not positive.

    Examples
    --------
    >>> needed_for_auc(0.5), needed_for_auc(0.8), needed_for_auc(0.95)
    (65, 39, 11)
    """
    if not CHANCE <= auc <= 1 or half_width <= 0:
        raise ValueError(
            f"auc is {auc} and half_width {half_width}; expected 0.5 to 1 and more than 0"
        )
    return next(n for n in count(1) if auc - hanley_mcneil_interval(auc, n, n)[1] <= half_width)


def away_from_home(aucs, home):
    """AUC at each other site minus that at home, with an interval for other people.

    Parameters
    ----------
    aucs : DataFrame
        `method` (the site, or `home`), `of`, `auc`, `auc_low`, `auc_high`, as
        `comparison.aucs_side_by_side` makes it.
    home : str
        Title of the rows that the others are compared with.

    Returns
    -------
    DataFrame
        `method`, `of`, `difference`, `low`, `high` (95%, MOVER of Zou and Donner 2008 on DeLong's
        intervals, which takes the people as others), `detectable` (`comparison.detectable`). NaN
        where one of the two has no interval; without what is missing at home.
    """
    own = {
        row.of: (row.auc, row.auc_low, row.auc_high)
        for row in aucs[aucs["method"] == home].itertuples()
    }
    rows = []
    for row in aucs[aucs["method"] != home].itertuples():
        if row.of not in own:
            continue
        there, here, found = (row.auc, row.auc_low, row.auc_high), own[row.of], (np.nan,) * 3
        if np.isfinite([*there, *here]).all():
            found = independent_difference(there, here)
        error = (found[2] - found[1]) / 2 / Z
        rows.append((row.method, row.of, *found, detectable(error)))
    names = ["method", "of", "difference", "low", "high", "detectable"]
    return pd.DataFrame(rows, columns=names)


def beside_paper(claims, aucs, accuracies):
    """What the paper says of its own hospital beside what comes out in others.

    The paper claims nothing about another hospital, so these are no claims and have no verdict.

    Parameters
    ----------
    claims : DataFrame
        Output of `read_claims`.
    aucs : dict of str to dict of str to (float, float, float)
        By site, AUC of each diagnosis against the rest, with its interval.
    accuracies : dict of str to (float, float, float)
        By site.

    Returns
    -------
    list of dict
        `quantity`, `of`, `paper`, and a number with its interval for each site, as text; without
        diagnoses that no site has.
    """
    rows, by_id = [], claims.set_index("id")
    for name in dict.fromkeys(name for of in aucs.values() for name in of):
        claim = f"cv.auc.{name.lower()}"
        if claim in by_id.index:
            found = {site: of.get(name) for site, of in aucs.items()}
            rows.append(_row("AUC against the rest", name, by_id.loc[claim], found))
    rows.append(_row("accuracy", "all", by_id.loc["blind.accuracy"], accuracies))
    return rows


def _row(quantity, of, claim, found):
    """One quantity of `beside_paper`."""
    texts = {
        site: "–" if value is None else "{:.3f} ({:.3f} to {:.3f})".format(*value)
        for site, value in found.items()
    }
    return {"quantity": quantity, "of": of, "paper": paper_text(claim)} | texts
