"""The key figure of a study: how well two patient groups are told apart."""

import pandas as pd

BLIND = ", blind test"  # behind the name of a classifier that judges it
COHORTS = ("cross-validation", "blind test")


def auc_ladder(pairwise, a, b):
    """AUCs between two diagnoses that a page has stored, the lowest classifier first.

    Parameters
    ----------
    pairwise : dict of str to (float, float, float)
        AUC and its 95% interval, by `<classifier>.<a>.<b>` (page `truth`, where a classifier may be
        marked ", blind test"), or with "vs" or "against" between the two (`cross_validation`).
    a, b : str
        The two diagnoses.

    Returns
    -------
    DataFrame
        `method`, `cohort` (cross-validation or blind test), `auc`, `low`, `high`. Methods rise by
        their AUC in cross-validation; without any AUC of these two, there is no row.

    Examples
    --------
    >>> ladder = auc_ladder({"net.A.B": (0.8, 0.7, 0.9), "BR.A.B": (0.6, 0.5, 0.7)}, "A", "B")
    >>> ladder["method"].tolist()
    ['BR', 'net']
    """
    rows = []
    for key, value in pairwise.items():
        for end in (f".{a}.{b}", f".{a} vs {b}", f".{a} against {b}"):
            if key.endswith(end):
                name = key.removesuffix(end)
                cohort = COHORTS[name.endswith(BLIND)]
                rows.append((name.removesuffix(BLIND), cohort, *value))
    table = pd.DataFrame(rows, columns=["method", "cohort", "auc", "low", "high"])
    first = table[table["cohort"] == COHORTS[0]].set_index("method")["auc"]
    order = table["method"].map(first).rename("order")
    return table.loc[order.sort_values(kind="stable").index].reset_index(drop=True)
