"""Sentences that several results begin with, made from the numbers whichever way they fall."""

from datnet_study.comparison import in_words
from datnet_study.show import direction, interval, signed


def pair_sentence(aucs, differences, of, mark):
    """How the first classifier and a mark tell two diagnoses apart, in a sentence.

    Parameters
    ----------
    aucs, differences : DataFrame
        Outputs of `comparison.aucs_side_by_side` and `comparison.gains`.
    of : (str, str)
        The diagnoses.
    mark : str
        Title of the classifier to compare with.

    Returns
    -------
    str
        With both AUCs, their difference and the intervals, and no full stop.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"of": ("A", "B"), "auc": 0.7, "auc_low": 0.6, "auc_high": 0.8}
    >>> aucs = pd.DataFrame([row | {"method": "net"}, row | {"method": "m", "auc": 0.75}])
    >>> gain = {"method": "m", "of": ("A", "B"), "difference": -0.05, "low": -0.1, "high": 0.0}
    >>> pair_sentence(aucs, pd.DataFrame([gain]), ("A", "B"), "m")[-52:]
    'difference -0.050 (-0.100 to +0.000), not told apart'
    """
    found = {
        row.method: interval(row.auc, row.auc_low, row.auc_high)
        for row in aucs.itertuples()
        if row.of == of
    }
    first = aucs["method"].iloc[0]
    of_mark = [row for row in differences.itertuples() if (row.method, row.of) == (mark, of)]
    change = of_mark[0].difference, of_mark[0].low, of_mark[0].high
    words = direction(
        *change[1:], more=f"{first} is better", less=f"{first} is worse", even="not told apart"
    )
    return (
        f"{in_words(of)}, {first} has an AUC of {found[first]}, and the {mark} {found[mark]}: "
        f"difference {signed(*change)}, {words}"
    )
