"""Figures of how a classifier learns and how well it tells the diagnoses apart.

Paper Figs. 3, 4 and 8: ROC curves and rates; beside them losses, confusion,
and any number with its interval.
"""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.ticker import MaxNLocator
from sklearn.metrics import roc_curve

from datnet_study.figures.style import colours, panels, themed

RATES = {"sensitivity": "sensitivity", "specificity": "specificity", "ppv": "PPV", "npv": "NPV"}
GROUP_WIDTH = 0.8  # of the bars of one rate; the rest is space between rates


@themed
def plot_importances(shares):
    """Feature importances of the fusion (Fig. 8E).

    Parameters
    ----------
    shares : Series
        Importance by feature, largest first.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(6, 3.4))
    sns.barplot(x=shares.to_numpy(), y=shares.index, color=sns.color_palette("Blues_d")[2], ax=ax)
    ax.bar_label(ax.containers[0], fmt="%.2f", fontsize=8, padding=2)
    ax.set(xlabel="importance (mean gain per split, share)", ylabel="")
    sns.despine(fig)
    return fig


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


@themed
def plot_roc_curves(predictions, class_names):
    """One-vs-rest ROC curves, one panel per set of predictions.

    Parameters
    ----------
    predictions : dict of str to DataFrame
        Title to table with `diagnosis` and `p_<class>`.
    class_names : tuple of str
        Diagnoses to draw.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = panels(len(predictions), most_columns=len(predictions), width=4.2, height=4)
    for ax, (title, table) in zip(axes, predictions.items(), strict=True):
        for name in class_names:
            positive = table["diagnosis"] == name
            if positive.any():
                x, y, _ = roc_curve(positive, table[f"p_{name}"])
                label = f"{name} (n = {positive.sum()})"
                ax.plot(x, y, color=colours(class_names)[name], label=label)
        ax.plot([0, 1], [0, 1], ":", color="0.6")
        ax.set(title=title, xlabel="1 - specificity", ylabel="sensitivity", aspect="equal")
        ax.legend(frameon=False, loc="lower right")
    return fig


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
    fig, axes = panels(len(shown), most_columns=len(shown), width=3.1, height=3.4, sharey=True)
    shades = sns.color_palette("Blues_d", len(tables))
    bar = GROUP_WIDTH / len(tables)
    for ax, name in zip(axes, shown, strict=True):
        for k, (condition, table) in enumerate(tables.items()):
            if name not in table.index:
                continue
            row = table.loc[name]
            x = np.arange(len(RATES)) + (k - len(tables) / 2 + 0.5) * bar
            value = np.array([row[rate] for rate in RATES], float)
            low = np.array([row[f"{rate}_low"] for rate in RATES], float)
            high = np.array([row[f"{rate}_high"] for rate in RATES], float)
            ax.bar(x, value, bar, color=shades[k], label=condition)
            ax.errorbar(x, value, [value - low, high - value], fmt="none", ecolor="0.2", lw=1)
        ax.set_title(name)
        ax.set_xticks(range(len(RATES)), RATES.values(), rotation=30, ha="right")
    axes[0].set(ylim=(0, 1), ylabel="rate (95% interval)")
    entries = [zip(*ax.get_legend_handles_labels(), strict=True) for ax in axes]
    handle_of = {label: handle for panel in entries for handle, label in panel}
    shown = [condition for condition in tables if condition in handle_of]
    handles = [handle_of[condition] for condition in shown]
    fig.legend(handles, shown, loc="outside lower center", ncols=len(tables), frameon=False)
    return fig


@themed
def plot_confusion(table):
    """Confusion matrix as a heat map with counts.

    Parameters
    ----------
    table : DataFrame
        Rows true diagnosis, columns predicted.

    Returns
    -------
    matplotlib.figure.Figure
    """
    table = table[table.sum(axis=1) > 0]
    fig, ax = plt.subplots(figsize=(4.6, 3.4))
    share = table.div(table.sum(axis=1), axis=0)
    sns.heatmap(
        share, annot=table, fmt="d", cmap="Blues", vmin=0, vmax=1, ax=ax, square=True,
        cbar_kws={"label": "share of the true diagnosis"},
    )  # fmt: skip
    ax.set(xlabel="predicted diagnosis", ylabel="true diagnosis")
    return fig


@themed
def plot_interval_panels(table, value, title, chance=None, x_min=None):
    """A number of each method with its interval, one panel per diagnosis.

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

    Returns
    -------
    matplotlib.figure.Figure
    """
    methods = list(dict.fromkeys(table["method"]))
    names = list(dict.fromkeys(table["diagnosis"]))
    fig, axes = plt.subplots(
        1, len(names), figsize=(3 + 2 * len(names), 0.37 * len(methods) + 1.25), sharex=True,
        sharey=True, squeeze=False,
    )  # fmt: skip
    y = np.arange(len(methods))
    for ax, name in zip(axes[0], names, strict=True):
        part = table[table["diagnosis"] == name].set_index("method").reindex(methods)
        low, high = part[f"{value}_low"], part[f"{value}_high"]
        error = np.nan_to_num([part[value] - low, high - part[value]]).clip(0)
        ax.errorbar(part[value], y, xerr=error, fmt="o", color=colours(names)[name])
        if chance:
            ax.axvline(chance[name], color="0.5", ls=":")
        ax.set(title=name, xlabel=title, ylim=(len(methods) - 0.5, -0.5))
        ax.grid(axis="y", color="0.92")
    axes[0, 0].set(xlim=(x_min, None))
    axes[0, 0].set_yticks(y, methods)
    return fig
