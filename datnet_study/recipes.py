"""Compare recipes (grid, network, training): what they cost, and how well they do.

Open points A1, A9 and A12; not in the paper.
"""

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from datnet_core.metrics.bootstrap import resampled_participants, weighted_auc
from datnet_core.network import build
from datnet_core.training.checkpoint import read_config
from datnet_images.grid import field_of_view

N_SCANS = 2  # of the step that is counted; batch norm needs two, and each costs the same


def step_gflop(n_classes, network, shape):
    """Floating-point operations of one training step (forward, backward) for one scan.

    Parameters
    ----------
    n_classes : int
    network : NetworkSettings
        Section of the study file, or a recipe's.
    shape : tuple of 3 int
        Voxels that the network sees.

    Returns
    -------
    float
        GFLOP per scan; a multiplication and an addition count as two.
    """
    with torch.device("meta"):  # counts operations without doing any
        model = build(n_classes, network).train()
        x, y = torch.empty(N_SCANS, 1, *shape), torch.empty(N_SCANS, dtype=torch.long)
        with FlopCounterMode(display=False) as counter:
            cross_entropy(model(x), y).backward()
    return counter.get_total_flops() / N_SCANS / 1e9


def cost(grid_mm, network, n_classes, folders):
    """What the networks of one recipe see, and what they cost.

    Parameters
    ----------
    grid_mm : float
        Voxel size, mm.
    network : NetworkSettings
    n_classes : int
    folders : sequence of Path
        Finished networks.

    Returns
    -------
    dict
        `grid_mm`, `voxels` (text), `filters`, `levels`, `normalisation`, `parameters`, `gflop`
        (see `step_gflop`), `seconds` of training of all networks together.

    Raises
    ------
    FileNotFoundError
        If a network is not finished.
    """
    field = field_of_view(grid_mm, network.field_mm)
    shape = tuple(part.stop - part.start for part in field)
    facts = [read_config(folder) for folder in folders]
    return {
        "grid_mm": grid_mm,
        "voxels": "×".join(map(str, shape)),
        "filters": network.n_filters,
        "levels": network.n_levels,
        "normalisation": network.normalisation,
        "parameters": facts[0]["n_parameters"],
        "gflop": step_gflop(n_classes, network, shape),
        "seconds": sum(fact["seconds"] for fact in facts),
    }


def differences(training, own):
    """What a recipe trains otherwise than the study, in words; empty where nothing.

    Parameters
    ----------
    training, own : TrainingSettings
        Of the recipe, and of the study.

    Returns
    -------
    str

    Examples
    --------
    >>> from datnet_core.settings import TrainingSettings
    >>> differences(TrainingSettings(max_epochs=9, flips=False), TrainingSettings())
    'max epochs 9, flips False'
    """
    others = {name: value for name, value in vars(training).items() if getattr(own, name) != value}
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in others.items())


def compare_mean_auc(y_true, scores, groups, participants, n_resamples, seed):
    """Mean one-vs-rest AUC of several classifiers of the same scans, each against the best.

    Parameters
    ----------
    y_true : array-like of str, shape (n_scans,)
        Diagnoses.
    scores : dict of str to ndarray of shape (n_scans, n_groups)
        By classifier; one column for each of `groups`.
    groups : sequence of str
        Diagnoses whose AUCs are averaged.
    participants : array-like of shape (n_scans,)
        Participant of each scan; they are resampled within their diagnosis, in the same way for
        all classifiers.
    n_resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame, one row per classifier
        `auc`, `low`, `high` (95% percentile interval), and `p`: twice the smaller share of
        resamples in which the difference to the best has one sign, at most 1; 1 for the best.
    """
    y_true = np.asarray(y_true)
    weights = resampled_participants(y_true, participants, n_resamples, seed)
    weights = np.concatenate([np.ones((1, len(y_true))), weights])  # first: the cohort as it is
    means = {
        name: np.mean(
            [weighted_auc(y_true == g, s[:, k], weights) for k, g in enumerate(groups)], axis=0
        )
        for name, s in scores.items()
    }
    best = max(means, key=lambda name: means[name][0])
    rows = []
    for name, aucs in means.items():
        low, high = np.quantile(aucs[1:], [0.025, 0.975])
        behind = (means[best] - aucs)[1:]
        p = 2 * min((behind <= 0).mean(), (behind >= 0).mean())
        rows.append((name, aucs[0], low, high, min(max(p, 1 / n_resamples), 1.0)))
    return pd.DataFrame(rows, columns=["recipe", "auc", "low", "high", "p"]).set_index("recipe")
