"""Who teaches, who may be looked at, and who is judged, where a network goes to another site."""

import numpy as np

from datnet_study.sites.who import home_of

LEARN, HELD_OUT, LOOKED_AT, JUDGED = "source", "held out", "target", "judged"
ROLES = (LEARN, HELD_OUT, LOOKED_AT, JUDGED)
FEWEST = 2  # people of a diagnosis at the other site, one to look at and one to judge


def site_roles(scans, site, seed):
    """Role of each scan when a network of the home site judges the people of another one.

    The home site is the one with most scans of the training cohort. People of the other site who
    are imaged at no further site are looked at or judged, half of each diagnosis; which half does
    not depend on the order of the table. Those of the pre-training cohort, whose diagnoses are
    uncertain, have no role: nobody is judged by an unsure label.

    Parameters
    ----------
    scans : DataFrame
        Scan table with cohorts; `site` may be missing.
    site : str
        The other site.
    seed : int
        Of the draw.

    Returns
    -------
    str, str ndarray of shape (n_scans,)
        Name of the home site, and role of each scan, one of `ROLES` or nothing. The name is empty
        and so are the roles where there is no other site of this name, or where fewer than two
        diagnoses have two such people there.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"participant_id": list("abcdef"), "diagnosis": list("PMPPMM")})
    >>> table["site"], table["cohort"] = list("hhssss"), ["training"] * 2 + ["blind_test"] * 4
    >>> site_roles(table, "s", seed=0)[0]
    'h'
    """
    roles = np.full(len(scans), "", dtype="<U8")
    if "site" not in scans:
        return "", roles
    of_site, cohort = scans["site"], scans["cohort"]
    training = of_site[(cohort == "training") & (of_site != site)]
    person = scans["participant_id"]
    at_sites = of_site.groupby(person).transform("nunique")
    first = ~person.duplicated()
    sure = cohort != "pretraining"
    others = scans[first & (of_site == site) & (at_sites == 1) & sure]
    enough = others["diagnosis"].value_counts()
    others = others[others["diagnosis"].map(enough) >= FEWEST]
    if training.empty or others["diagnosis"].nunique() < 2:
        return "", roles
    home = home_of(scans[of_site != site])
    roles[first & (of_site == home) & (cohort == "training")] = LEARN
    roles[first & (of_site == home) & (cohort == "blind_test")] = HELD_OUT
    rng = np.random.default_rng(seed)
    for _, group in others.groupby("diagnosis"):
        order = group.sort_values("participant_id").index.to_numpy()
        order = rng.permutation(order)
        roles[order[: len(order) // 2]] = LOOKED_AT
        roles[order[len(order) // 2 :]] = JUDGED
    return home, roles
