"""What another device changes: binding ratios of the same people, and where a network looks."""

import numpy as np
import pandas as pd

from datnet_core.metrics.bootstrap import mean_interval
from datnet_core.saliency.maps import saliency_maps
from datnet_core.training.prediction import load_model


def paired_rows(setting, site):
    """Rows of the same people at the home site and at another one, in the same order.

    Parameters
    ----------
    setting : remedies.Setting
    site : str

    Returns
    -------
    at_home, there : int ndarray of shape (n_people,)
        Rows of the scan table; empty where nobody was imaged at both.
    """
    judged, person = setting.judged, setting.person[setting.judged]
    at = {
        name: dict(zip(person[rows], judged[rows], strict=True))
        for name in (setting.home, site)
        for rows in [setting.site[judged] == name]
    }
    both = [name for name in at[setting.home] if name in at[site]]
    return tuple(np.array([at[name][p] for p in both], int) for name in (setting.home, site))


def ratio_bias(ratios, setting):
    """How much larger the binding ratios of the same people are at each other site.

    Parameters
    ----------
    ratios : DataFrame of shape (n_scans, n_regions)
    setting : remedies.Setting

    Returns
    -------
    DataFrame
        `site`, `region`, `participants`, and the mean of ratio there / ratio at home - 1, `bias`,
        with its 95% interval `low`, `high`; without sites that share nobody with the home site.
    """
    rows = []
    for site in sorted(set(setting.site[setting.judged]) - {setting.home}):
        at_home, there = paired_rows(setting, site)
        if len(there):
            change = ratios.to_numpy()[there] / ratios.to_numpy()[at_home] - 1
            for name, values in zip(ratios.columns, change.T, strict=True):
                rows.append((site, name, len(there), *mean_interval(values)))
    columns = ["site", "region", "participants", "bias", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def saliency_shift(folder, volumes, setting, learner):
    """Correlation of the mean saliency map of each other site with that of the home site.

    Of the same people where there are any, else of all who are judged there. The logit is that
    of the diagnosis which the network holds most likely, at home for people who were seen there.

    Parameters
    ----------
    folder : Path
        Of the network.
    volumes : ndarray of shape (n_scans, x, y, z)
        What the network sees.
    setting : remedies.Setting
    learner : remedies.Learner

    Returns
    -------
    dict of str to float
        By site.
    """
    model, found = load_model(folder, learner.network, "cpu"), {}

    def mean_map(rows, named_at):
        said = learner.judges(folder, volumes, named_at).argmax(axis=1)
        return saliency_maps(model, volumes[rows], said)[0].mean(axis=0).ravel()

    judged = setting.judged
    for site in sorted(set(setting.site[judged]) - {setting.home}):
        at_home, there = paired_rows(setting, site)
        named_at = at_home
        if not len(there):
            at_home = judged[setting.site[judged] == setting.home]
            there = named_at = judged[setting.site[judged] == site]
        if len(at_home) and len(there):
            maps = mean_map(at_home, at_home), mean_map(there, named_at)
            found[site] = float(np.corrcoef(*maps)[0, 1])
    return found
