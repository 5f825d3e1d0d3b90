"""How well a classifier does in parts of a cohort: by sex, age, duration of symptoms, and site.

TRIPOD+AI item 23a and STARD-AI item 23 ask for it. Of few people no number is given.
"""

import numpy as np
import pandas as pd

from datnet_core.metrics.pairs import pairwise_auc
from datnet_core.metrics.rates import share_interval

ENOUGH = 20  # people: of fewer, the interval of a share is nearly half of the scale
DURATION_YEARS = 2.0  # the paper's own division
UNKNOWN = "not known"
NO_NUMBER = (np.nan, np.nan, np.nan)


def subgroups_of(people):
    """Parts of a cohort that its table tells apart.

    Parameters
    ----------
    people : DataFrame
        A row for each participant, with any of `sex`, `site`, `age` and `symptom_duration_years`;
        what nobody has divides nobody.

    Returns
    -------
    dict of (str, str) to bool ndarray
        What divides and what the part is called, to the rows in it; those without a value are a
        part of their own. Thirds are of the ages of these people, so ties make them uneven.

    Examples
    --------
    >>> people = pd.DataFrame({"sex": ["F", "M", None], "age": np.nan})
    >>> {part: rows.tolist() for (_, part), rows in subgroups_of(people).items()}
    {'F': [True, False, False], 'M': [False, True, False], 'not known': [False, False, True]}
    """
    divided = {name: people[name] for name in ("sex", "site") if name in people}
    if "age" in people and people["age"].nunique() > 2:
        thirds = people["age"].quantile([1 / 3, 2 / 3]).round().unique()
        divided["age"] = _intervals(people["age"], thirds)
    if "symptom_duration_years" in people:
        duration = people["symptom_duration_years"]
        divided["duration of symptoms"] = _intervals(duration, [DURATION_YEARS])
    parts = {}
    for what, names in divided.items():
        known = names.astype("category").cat.categories  # in order
        if names.notna().any():
            parts |= {(what, str(part)): (names == part).to_numpy() for part in known}
            parts[what, UNKNOWN] = names.isna().to_numpy()
    return {name: rows for name, rows in parts.items() if rows.any()}


def _intervals(values, limits):
    """Which interval of years each value lies in, as an ordered category; limits belong below."""
    between = [f"over {a:g} to {b:g} y" for a, b in zip(limits, limits[1:], strict=False)]
    texts = [f"up to {limits[0]:g} y", *between, f"over {limits[-1]:g} y"]
    return pd.cut(values, [-np.inf, *limits, np.inf], labels=texts)


def subgroup_table(predictions, right, parts, class_names, pair=None):
    """Accuracy, and the AUC of two diagnoses, in each part of a cohort.

    Parameters
    ----------
    predictions : DataFrame
        A row for each participant, with `diagnosis` and `p_<class>`.
    right : array-like of bool, shape (n_people,)
        Whether the decision is right.
    parts : dict of (str, str) to bool ndarray
        Output of `subgroups_of` for the same rows.
    class_names : sequence of str
    pair : (str, str), optional
        Diagnoses that the AUC is about.

    Returns
    -------
    DataFrame
        `by`, `part`, `people`, `accuracy` with `_low` and `_high` (Wilson), `pair_people`, and
        `auc` with `_low` and `_high` (DeLong). Not-a-number stands where fewer than `ENOUGH` people
        are counted, or where one of the two diagnoses is not there.
    """
    right = np.asarray(right, dtype=bool)
    proba = predictions[[f"p_{name}" for name in class_names]].to_numpy()
    labels, rows = predictions["diagnosis"].to_numpy(), []
    for (what, part), chosen in parts.items():
        share = share_interval(right[chosen]) if chosen.sum() >= ENOUGH else NO_NUMBER
        of_pair = chosen & np.isin(labels, pair or ())
        both = len(set(labels[of_pair])) == 2
        auc = NO_NUMBER
        if both and of_pair.sum() >= ENOUGH:
            auc = pairwise_auc(labels[of_pair], proba[of_pair], class_names, *pair)
        rows.append((what, part, int(chosen.sum()), *share, int(of_pair.sum()), *auc))
    columns = ["by", "part", "people", "accuracy", "accuracy_low", "accuracy_high"]
    columns += ["pair_people", "auc", "auc_low", "auc_high"]
    return pd.DataFrame(rows, columns=columns)
