"""Figures of right and wrong decisions: ROC curves and the confusion matrix (paper Figs. 3, 4)."""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from sklearn.metrics import auc, roc_curve

from datnet_study.figures.style import legend_below, method_looks, panels, themed
from datnet_study.masking import FEWEST, MARK, TO_AVERAGE, enough_people, hidden_cells
from datnet_study.public_forms import replaced

BINS, FINE = 10, 20  # of a public ROC curve, and points in each


@themed
def _roc_in_bins(predictions, class_names):
    """Curves that do not bend at single scans: means over tenths; no panel of few people."""
    known = {
        title: table[table["diagnosis"].isin(enough_people(table)["diagnosis"])]
        for title, table in predictions.items()
    }
    if any(table["diagnosis"].nunique() < 2 for table in known.values()):
        return None
    return _roc_curves(known, class_names, in_bins=True)


@replaced(
    _roc_in_bins,
    "Curves are means over tenths of 1 - specificity, so that none bends at a single scan; a "
    f"diagnosis of fewer than {TO_AVERAGE} people has no panel and no part in the others. The AUC "
    "is that of these scans, unsmoothed.",
)
@themed
def plot_roc_curves(predictions, class_names):
    """One-vs-rest ROC curves, one panel per diagnosis with all sets of predictions.

    Parameters
    ----------
    predictions : dict of str to DataFrame
        Title to table with `diagnosis` and `p_<class>`, of the same scans.
    class_names : tuple of str
        Diagnoses to draw, those that occur.

    Returns
    -------
    matplotlib.figure.Figure
    """
    return _roc_curves(predictions, class_names, in_bins=False)


def _roc_curves(predictions, class_names, in_bins):
    """The figure of `plot_roc_curves`, with each threshold or with means over bins."""
    there = {name for table in predictions.values() for name in table["diagnosis"]}
    shown = [name for name in class_names if name in there]
    looks = method_looks(predictions)
    fig, axes = panels(len(shown), most_columns=4, width=3, height=3.4)
    for ax, name in zip(axes, shown, strict=True):
        for title, table in predictions.items():
            positive = table["diagnosis"] == name
            x, y, _ = roc_curve(positive, table[f"p_{name}"])
            area = auc(x, y)
            if in_bins:
                x, y = _binned(x, y)
            first = title == next(iter(predictions))
            width, colour = (2 if first else 1.3), looks[title][0]
            ax.plot(x, y, color=colour, lw=width, label=f"{area:.2f}", zorder=2 + first)
        ax.plot([0, 1], [0, 1], ":", color="0.6")
        ax.set(title=f"{name} (n = {positive.sum()})", aspect="equal", xlabel="1 - specificity")
        ax.legend(frameon=False, loc="lower right", title="AUC", fontsize="small")
    axes[0].set_ylabel("sensitivity")
    handles = axes[0].lines[: len(predictions)]
    legend_below(fig, handles, list(predictions))
    return fig


def _binned(x, y):
    """Mean of a curve of steps over tenths of x, between its ends."""
    fine = (np.arange(FINE * BINS) + 0.5) / (FINE * BINS)
    means = np.interp(fine, x, y).reshape(BINS, FINE).mean(axis=1)
    return np.r_[0, (np.arange(BINS) + 0.5) / BINS, 1], np.r_[0, means, 1]


@themed
def _confusion_masked(table):
    """Counts below 5, and those that would give them away, neither written nor coloured."""
    return _confusion(table, hidden_cells(table.to_numpy()))


@replaced(
    _confusion_masked,
    f"{MARK} stands for a count below {FEWEST}, or for one that would give such a count away.",
)
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
    return _confusion(table, np.zeros(table.shape, dtype=bool))


def _confusion(table, hidden):
    """The figure of `plot_confusion`, with some cells hidden."""
    there = (table.sum(axis=1) > 0).to_numpy()
    table, hidden = table[there], hidden[there]
    fig, ax = plt.subplots(figsize=(4.6, 3.4))
    share = table.div(table.sum(axis=1), axis=0).mask(hidden)
    words = table.astype(str).mask(hidden, MARK)
    sns.heatmap(
        share.fillna(0), annot=words, fmt="", cmap="Blues", vmin=0, vmax=1, ax=ax, square=True,
        cbar_kws={"label": "share of the true diagnosis"},
    )  # fmt: skip
    ax.set(xlabel="predicted diagnosis", ylabel="true diagnosis")
    return fig
