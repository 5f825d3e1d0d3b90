"""Weight and length of adversarial training, as they were chosen on made-up sites."""

from datnet_study.sites.transfer import ADVERSARIAL

SCRIPT = "benchmarks/adaptation_choice.py"


def chosen_adaptation(table):
    """The candidate with the highest mean AUC over the development sites.

    Parameters
    ----------
    table : DataFrame
        `data_manifest/adaptation_choice.tsv`: `site`, `row`, `weight`, `steps`, `auc`.

    Returns
    -------
    dict
        `weight`, `steps`, `auc` (mean over the sites), `sites`, how many judged it, and
        `candidates`, how many were tried on all of them.

    Raises
    ------
    ValueError
        If no candidate was judged on every site.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(1, ADVERSARIAL, 0.1, 550, 0.8), (1, ADVERSARIAL, 1.0, 550, 0.7)]
    >>> columns = ["site", "row", "weight", "steps", "auc"]
    >>> chosen_adaptation(pd.DataFrame(rows, columns=columns))["weight"]
    0.1
    """
    candidates = table[table["row"] == ADVERSARIAL]
    means = candidates.groupby(["weight", "steps"])["auc"].agg(["mean", "count"])
    complete = means[means["count"] == table["site"].nunique()]
    if complete.empty:
        raise ValueError(
            f"no weight and length was tried on all {table['site'].nunique()} development sites; "
            f"finish the table: python {SCRIPT} FOLDER"
        )
    weight, steps = complete["mean"].idxmax()
    return {
        "weight": float(weight),
        "steps": int(steps),
        "auc": float(complete["mean"].max()),
        "sites": int(table["site"].nunique()),
        "candidates": len(complete),
    }
