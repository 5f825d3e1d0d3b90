"""Figures of how a classifier learns and how well it tells the diagnoses apart.

Paper Figs. 3, 4 and 8: ROC curves and rates; beside them losses, confusion,
and any number with its interval.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from datnet_study.figures.style import colours, legend_below, method_looks, panels, themed
from datnet_study.public_forms import of_groups

RATES = {"sensitivity": "sensitivity", "specificity": "specificity", "ppv": "PPV", "npv": "NPV"}
WIDEST = 4  # panels in a row
GROUP_WIDTH = 0.8  # of the points of one rate; the rest is space between rates


@of_groups
@themed
def plot_importances(spread, titles):
    """Importances of the fusion's features (Fig. 8E): mean and range over the fits.

    Parameters
    ----------
    spread : DataFrame
        `measure`, `feature` and `value`, a row for each fit; features from top to bottom.
    titles : dict of str to str
        Measure to what its axis says, a panel each.

    Returns
    -------
    matplotlib.figure.Figure
    """
    features = list(dict.fromkeys(spread["feature"]))
    fig, axes = plt.subplots(
        1, len(titles), figsize=(1.5 + 2.6 * len(titles), 0.3 * len(features) + 1.2),
        sharey=True, squeeze=False,
    )  # fmt: skip
    y = np.arange(len(features))
    for ax, (measure, title) in zip(axes[0], titles.items(), strict=True):
        of = spread[spread["measure"] == measure].groupby("feature")["value"]
        mean, low, high = (of.agg(how).reindex(features) for how in ("mean", "min", "max"))
        ax.errorbar(mean, y, xerr=[mean - low, high - mean], fmt="o", color="0.1", ecolor="0.5")
        ax.axvline(0, color="0.5", ls=":")
        ax.set(xlabel=title, ylim=(len(features) - 0.5, -0.5))
        ax.grid(axis="y", color="0.92")
    axes[0, 0].set_yticks(y, features)
    return fig


@of_groups
@themed
def plot_learning_curves(histories):
    """Training and validation loss by epoch, one panel per model with all its networks.

    Without scans that stop the training there is no validation loss.

    Parameters
    ----------
    histories : dict of (str, int) to DataFrame
        Name of the model and number of the network to `history.tsv`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    models = list(dict.fromkeys(model for model, _ in histories))
    fig, axes = panels(len(models), most_columns=4, width=2.6, height=2.4, sharey=True)
    for (model, network), history in histories.items():
        ax, first = axes[models.index(model)], network == 0
        lines = {"training": ("train_loss", "0.7"), "validation": ("validation_loss", "C0")}
        for label, (column, colour) in lines.items():
            label = label if first else None
            if column in history:
                ax.plot(history["epoch"], history[column], color=colour, lw=1, label=label)
        if "validation_loss" in history:
            best = history["validation_loss"].idxmin()
            ax.plot(history["epoch"][best], history["validation_loss"][best], "o", color="C3", ms=4)
        ax.set(title=model, xlabel="epoch", ylim=(0, None))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].set_ylabel("cross-entropy")
    axes[0].legend(frameon=False, fontsize="small")
    return fig


@of_groups
@themed
def plot_rates(tables, class_names):
    """Sensitivity, specificity, PPV and NPV with 95% intervals by diagnosis (Figs. 3, 4, 8).

    Parameters
    ----------
    tables : dict of str to DataFrame
        Condition to `performance.diagnostic_table`, indexed by diagnosis.
    class_names : tuple of str
        Diagnoses, one panel each.

    Returns
    -------
    matplotlib.figure.Figure
    """
    shown = [name for name in class_names if any(name in table.index for table in tables.values())]
    height = 1.4 + len(RATES) * (0.25 + 0.16 * len(tables))
    fig, axes = panels(len(shown), most_columns=4, width=2.7, height=height, sharey=True)
    looks, step = method_looks(tables), GROUP_WIDTH / len(tables)
    handle_of = {}
    for ax, name in zip(axes, shown, strict=True):
        for k, (condition, table) in enumerate(tables.items()):
            if name not in table.index:
                continue
            value, low, high = (
                table.loc[name, [f"{rate}{end}" for rate in RATES]].to_numpy(float)
                for end in ("", "_low", "_high")
            )
            y = np.arange(len(RATES)) + (k - len(tables) / 2 + 0.5) * step
            colour, marker = looks[condition]
            bars = [value - low, high - value]
            point = ax.errorbar(value, y, xerr=bars, fmt=marker, color=colour, ms=5, lw=1.3)
            handle_of[condition] = point
        ax.set(title=name, xlim=(-0.03, 1.03), xlabel="rate", ylim=(len(RATES) - 0.5, -0.5))
        ax.hlines(np.arange(1, len(RATES)) - 0.5, *ax.get_xlim(), color="0.9", lw=1)
    axes[0].set_yticks(range(len(RATES)), RATES.values())
    there = [condition for condition in tables if condition in handle_of]
    legend_below(fig, [handle_of[condition] for condition in there], there)
    return fig


@of_groups
@themed
def plot_interval_panels(table, value, title, chance=None, *, x_min=None, by_method=False):
    """A number of each method with its interval, one panel per diagnosis, up to four in a row.

    Parameters
    ----------
    table : DataFrame
        `method`, `diagnosis`, and the columns `<value>`, `<value>_low`, `<value>_high`; methods
        from top to bottom, diagnoses from left to right. A method may lack a diagnosis, a number
        its interval.
    value, title : str
        Column and what the axis says.
    chance : dict of str to float, optional
        By diagnosis: what chance reaches, dotted.
    x_min : float, optional
        Where the axis starts; without it, beside the smallest value.
    by_method : bool
        Whether a colour and a marker stand for a method, as on the pages that compare classifiers,
        and not a colour for a diagnosis.

    Returns
    -------
    matplotlib.figure.Figure
    """
    methods = list(dict.fromkeys(table["method"]))
    names = list(dict.fromkeys(table["diagnosis"]))
    n_columns = len(names) if len(names) <= WIDEST else WIDEST - 1  # more would be too small
    size = 2 + 3 / n_columns, 0.37 * len(methods) + 1.25
    fig, axes = panels(len(names), n_columns, *size, sharex=True, sharey=True)
    y = np.arange(len(methods))
    for ax, name in zip(axes, names, strict=True):
        part = table[table["diagnosis"] == name].set_index("method").reindex(methods)
        low, high = part[f"{value}_low"], part[f"{value}_high"]
        error = np.nan_to_num([part[value] - low, high - part[value]]).clip(0)
        if by_method:
            for k, (colour, marker) in enumerate(method_looks(methods).values()):
                bar = error[:, k : k + 1]
                ax.errorbar(part[value].iloc[[k]], y[[k]], xerr=bar, fmt=marker, color=colour)
        else:
            ax.errorbar(part[value], y, xerr=error, fmt="o", color=colours(names)[name])
        if chance:
            ax.axvline(chance[name], color="0.5", ls=":")
        ax.set(title=name, xlabel=title, ylim=(len(methods) - 0.5, -0.5))
        ax.grid(axis="y", color="0.92")
        ax.tick_params(labelbottom=True)  # also where no panel stands below
    axes[0].set(xlim=(x_min, None))
    axes[0].set_yticks(y, methods)
    return fig
