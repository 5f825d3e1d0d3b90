"""Who teaches at the home site and who is judged at which site."""

import numpy as np

from datnet_study.sites.remedies import Setting

HOME, AGAIN = "home", "the same people"
OWN = "its own people"


def home_of(scans):
    """Site with the most scans of the training cohort; the first of them in the alphabet.

    Examples
    --------
    >>> import pandas as pd
    >>> home_of(pd.DataFrame({"site": ["b", "a", "b"], "cohort": ["training"] * 3}))
    'b'
    """
    counts = scans.loc[scans["cohort"] == "training", "site"].value_counts()
    return min(counts.index[counts == counts.max()])


def setting_of(scans, classes, home):
    """Rows of the scan table that teach and that are judged.

    The home site teaches with its pre-training and training cohorts. Judged are the first scans at
    each site of all people who teach nothing, but for those of the pre-training cohort, whose
    diagnoses are uncertain. A person seen at one site only may lend a scan to the others there.

    Parameters
    ----------
    scans : DataFrame
        Scan table with cohorts and a column `site`.
    classes : sequence of str
        Diagnoses in the order of the columns.
    home : str
        Site that networks learn at.

    Returns
    -------
    Setting

    Raises
    ------
    ValueError
        If the home site has nobody in the training cohort; names the sites that have.
    """
    site, cohort = scans["site"].to_numpy(str), scans["cohort"].to_numpy(str)
    person = scans["participant_id"].to_numpy(str)
    learn = np.flatnonzero((site == home) & (cohort == "training"))
    if not len(learn):
        there = ", ".join(sorted(set(site[cohort == "training"])))
        raise ValueError(
            f"nobody of site {home!r} is in the training cohort; expected one of {there}"
        )
    pretrain = np.flatnonzero((site == home) & (cohort == "pretraining"))
    teachers = set(person[learn]) | set(person[pretrain])
    first = ~scans.duplicated(["participant_id", "site"]).to_numpy()
    others = np.array([name not in teachers for name in person])
    judged = np.flatnonzero(first & others & (cohort != "pretraining"))
    sites_of = scans.groupby("participant_id")["site"].nunique()
    alone = scans["participant_id"].map(sites_of).to_numpy()[judged] == 1
    return Setting(
        labels=scans["diagnosis"].map(list(classes).index).to_numpy(),
        person=person,
        site=site,
        pretrain=pretrain,
        learn=learn,
        judged=judged,
        lends=judged[alone & (site[judged] != home)],
        home=home,
    )


def groups_judged(setting):
    """Rows of each group of people that is judged, by site and who they are.

    Parameters
    ----------
    setting : Setting

    Returns
    -------
    dict of (str, str) to int ndarray
        Positions among `setting.judged`, the home site first; without groups of one diagnosis.
    """
    site = setting.site[setting.judged]
    lends = np.isin(setting.judged, setting.lends)
    names = [setting.home, *sorted(set(site) - {setting.home})]
    found = {}
    for name in names:
        kinds = {HOME: ~lends} if name == setting.home else {AGAIN: ~lends, OWN: lends}
        for kind, members in kinds.items():
            rows = np.flatnonzero((site == name) & members)
            if len(np.unique(setting.labels[setting.judged[rows]])) > 1:
                found[name, kind] = rows
    return found
