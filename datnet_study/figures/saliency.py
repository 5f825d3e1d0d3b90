"""Charts of the pages on saliency, each a function that returns a figure."""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.lines import Line2D

from datnet_study.figures.style import colours, legend_beside, themed
from datnet_study.public_forms import of_groups


@of_groups
@themed
def plot_completeness(gaps):
    """Distribution of completeness gaps on a logarithmic axis.

    Parameters
    ----------
    gaps : dict of str to ndarray
        Label to gaps, as a share of the logit; exact zeros are drawn at 1e-17.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(8, 2.8))
    edges = np.logspace(-17, 0, 86)
    for label, values in gaps.items():
        values = np.clip(values, 1e-17, 1)
        ax.hist(
            values, edges, weights=np.full(len(values), 1 / len(values)), alpha=0.8, label=label
        )
    ax.set(xscale="log", xlabel="completeness gap, share of the logit", ylabel="share of the maps")
    ax.legend(frameon=False)
    return fig


@of_groups
@themed
def plot_region_sizes(curves, used, overlap):
    """Size and overlap of the salient region under every reading of "top 70%" (A2).

    Parameters
    ----------
    curves : DataFrame
        Share of the brain; rows thresholds, columns readings.
    used : tuple of str and float
        Reading and threshold of the study, marked.
    overlap : DataFrame
        Dice coefficient of each two readings.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.9), width_ratios=[1.15, 1])
    for name, curve in curves.items():
        left.plot(curves.index, curve, "o-", ms=3.5, label=name.replace("_", " "))
    left.axvline(used[1], ls=":", color="0.4")
    left.plot(used[1], np.interp(used[1], curves.index, curves[used[0]]), "o", mfc="none",
              mec="0.2", ms=12, label="this study")  # fmt: skip
    left.set(xlabel="threshold", ylabel="share of the brain seen", ylim=(-0.03, 1.03))
    fig.legend(loc="outside upper left", ncols=5, frameon=False, fontsize="small")
    names = [name.replace("_", " ") for name in overlap]
    sns.heatmap(
        overlap, annot=True, fmt=".2f", cmap="Blues", vmin=0, vmax=1, ax=right, square=True,
        xticklabels=names, yticklabels=names, cbar_kws={"label": "Dice coefficient"},
    )  # fmt: skip
    right.tick_params("x", rotation=30)
    right.tick_params("y", rotation=0)
    return fig


@of_groups
@themed
def plot_randomisation(similarity, reference):
    """Rank correlation with the map of the trained network as its layers are randomised.

    Parameters
    ----------
    similarity : DataFrame
        `method`, `layer`, `mean`, `low`, `high`; layers in the order of randomisation.
    reference : dict of str to float
        By method: mean correlation between the maps of two trained networks.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(9, 4.2))
    layers = list(dict.fromkeys(similarity["layer"]))
    for k, (method, part) in enumerate(similarity.groupby("method", sort=False)):
        x = [layers.index(layer) for layer in part["layer"]]
        ax.plot(x, part["mean"], "o-", color=f"C{k}", label=method)
        ax.fill_between(x, part["low"], part["high"], color=f"C{k}", alpha=0.2, lw=0)
        ax.axhline(reference[method], color=f"C{k}", ls=":", lw=1.5)
    ax.axhline(0, color="0.6", lw=0.8)
    ax.set_xticks(range(len(layers)), layers, rotation=30, ha="right")
    ax.set(ylabel="rank correlation with\nthe trained network's map", ylim=(None, 1.03))
    legend_beside(ax)
    return fig


@of_groups
@themed
def plot_perturbation(curves):
    """Mean probability as voxels are deleted or inserted, most salient first.

    Parameters
    ----------
    curves : dict of str to tuple of 2 ndarray of shape (n_scans, n_steps + 1)
        Method to deletion and insertion curves.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True)
    for k, (method, both) in enumerate(curves.items()):
        style = {"color": "0.5", "ls": "--"} if method == "random" else {"color": f"C{k}"}
        for ax, values in zip(axes, both, strict=True):
            ax.plot(np.linspace(0, 1, values.shape[1]), values.mean(axis=0), label=method, **style)
    axes[0].set(title="deletion (lower is better)", ylabel="probability of the diagnosis")
    axes[1].set(title="insertion (higher is better)")
    for ax in axes:
        ax.set(xlabel="share of the brain's voxels")
    legend_beside(axes[1])
    return fig


@of_groups
@themed
def plot_precision_recall(curves, chance):
    """Precision over recall of the mean map of each method, one panel per diagnosis.

    Parameters
    ----------
    curves : dict of str to dict of str to tuple of 2 ndarray
        Diagnosis to method to recall and precision.
    chance : dict of str to float
        By diagnosis: share of true voxels.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = plt.subplots(
        1, len(curves), figsize=(2.9 * len(curves) + 2.6, 3.4), sharey=True, squeeze=False
    )
    for ax, (name, methods) in zip(axes[0], curves.items(), strict=True):
        for k, (method, (recall, precision)) in enumerate(methods.items()):
            ax.plot(recall, precision, color=f"C{k}", label=method)
        ax.axhline(chance[name], color="0.5", ls=":", label="chance")
        ax.set(title=name, xlabel="recall", xlim=(0, 1), ylim=(0, 1.02))
    axes[0, 0].set_ylabel("precision")
    legend_beside(axes[0, -1])
    return fig


@of_groups
@themed
def plot_over_threshold(table, used):
    """Mean average precision of each method over the effect that counts as a true difference.

    Parameters
    ----------
    table : DataFrame
        Rows |d|, columns methods and `chance`.
    used : float
        The threshold of the page, marked.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(8.5, 3.6))
    for k, method in enumerate(table):
        style = {"color": "0.5", "ls": ":"} if method == "chance" else {"color": f"C{k}"}
        ax.plot(table.index, table[method], label=method, **style)
    ax.axvline(used, color="0.4", ls="--", lw=0.8)
    ax.set(xlabel="|d| from which a voxel truly differs", ylabel="average precision", ylim=(0, 1))
    legend_beside(ax)
    return fig


@of_groups
@themed
def plot_detectors(table, chance, without_network):
    """Average precision of each map as a detector, a panel for each truth.

    Parameters
    ----------
    table : DataFrame
        `method`, `diagnosis`, `ap`, `ap_low`, `ap_high`; methods from top to bottom. A method may
        lack a diagnosis.
    chance : dict of str to float
        By diagnosis, dotted.
    without_network : collection of str
        Methods that know no network, with hollow marks.

    Returns
    -------
    matplotlib.figure.Figure
    """
    methods, names = (list(dict.fromkeys(table[column])) for column in ("method", "diagnosis"))
    fig, axes = plt.subplots(
        1, len(names), figsize=(3 + 1.8 * len(names), 0.37 * len(methods) + 1.6), sharey=True,
        squeeze=False,
    )  # fmt: skip
    for ax, name in zip(axes[0], names, strict=True):
        for row in table[table["diagnosis"] == name].itertuples():
            error = np.nan_to_num([[row.ap - row.ap_low], [row.ap_high - row.ap]]).clip(0)
            fill = {"mfc": "white"} if row.method in without_network else {}
            colour = colours(names)[name]
            ax.errorbar(
                row.ap, methods.index(row.method), xerr=error, fmt="o", color=colour, **fill
            )
        ax.axvline(chance[name], color="0.5", ls=":")
        ax.set(title=name, xlabel="average precision", ylim=(len(methods) - 0.5, -0.5))
        ax.set_xlim(0, 1.05 * ax.get_xlim()[1])  # each its own: chance differs, too
        ax.grid(axis="y", color="0.92")
    axes[0, 0].set_yticks(range(len(methods)), methods)
    marks = [Line2D([], [], ls="", marker="o", color="0.3", mfc=m) for m in ("0.3", "white")]
    marks.append(Line2D([], [], color="0.5", ls=":"))
    words = ["explains the network", "knows no network", "chance"]
    fig.legend(marks, words, loc="outside lower center", ncols=3, frameon=False, fontsize="small")
    return fig
