"""Charts and a montage of the page `phantom`, each a function that returns a figure."""

import matplotlib.pyplot as plt
import numpy as np

from datnet_study.figures.style import colours, finished

LIGHT = {"both": "o", "worse": "v", "better": "^"}


def plot_beside_published(compared, control):
    """Published regional values and the phantom's, one panel per diagnosis.

    Parameters
    ----------
    compared : DataFrame
        Output of `published.beside_published`.
    control : str
        Group shown in binding ratio; the others in percent of their reference group.

    Returns
    -------
    matplotlib.figure.Figure
    """
    groups = list(dict.fromkeys(compared["diagnosis"]))
    sizes = [(compared["diagnosis"] == name).sum() + 1 for name in groups]
    fig, axes = plt.subplots(
        len(groups), 1, figsize=(9, 0.27 * sum(sizes) + 1.5), squeeze=False,
        gridspec_kw={"height_ratios": sizes},
    )  # fmt: skip
    for ax, name in zip(axes[:, 0], groups, strict=True):
        part = compared[compared["diagnosis"] == name].sort_values(["region", "side"])
        y = np.arange(len(part))[::-1]
        ax.errorbar(
            part["percent"], y + 0.12, xerr=part["percent_sd"], fmt="o", color="0.35", ms=5,
            label="published, mean and SD",
        )  # fmt: skip
        ax.errorbar(
            part["phantom"], y - 0.18, xerr=part["phantom_sd"], fmt="D", ms=4,
            color=colours(groups)[name], label="phantom",
        )  # fmt: skip
        side = part["side"].where(part["side"] != "both", "")
        labels = part["region"].str.replace("_", " ") + side.map(
            lambda s: f", {s} side" if s else s
        )
        ax.set_yticks(y, labels + "  (" + part["source"] + ")", fontsize=9)
        unit = "binding ratio" if name == control else "percent of the reference group"
        ax.set(title=name, xlabel=unit, xlim=(0, None), ylim=(-0.7, len(part) - 0.3))
        ax.grid(axis="x", color="0.9")
    axes[0, 0].legend(frameon=False, fontsize="small", loc="lower left")
    return finished(fig)


def plot_power_spectra(spectra, grids_mm):
    """Power by spatial frequency, with the limit of each grid.

    Parameters
    ----------
    spectra : dict of str to tuple of 2 ndarray
        Label to frequency (cycles per mm) and power.
    grids_mm : sequence of float
        Spacings whose Nyquist frequency is marked, mm.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(8, 4))
    for label, (frequency, power) in spectra.items():
        ax.semilogy(frequency, power / np.nanmax(power), label=label)
    for grid_mm in grids_mm:
        ax.axvline(1 / (2 * grid_mm), color="0.6", ls=":")
        ax.annotate(
            f"{grid_mm:g} mm grid", (1 / (2 * grid_mm), 1.3), fontsize=9, color="0.4",
            ha="right", rotation=90, va="top",
        )  # fmt: skip
    ax.set(xlabel="spatial frequency, cycles per mm", ylabel="power, share of the largest")
    ax.set_ylim(1e-10, 3)
    ax.legend(frameon=False)
    return finished(fig)


def plot_auc_ladder(aucs, class_names):
    """Area under the curve of each classifier, one panel per diagnosis.

    Parameters
    ----------
    aucs : DataFrame
        `classifier`, `diagnosis`, `auc`, `auc_low`, `auc_high`; classifiers from top to bottom.
    class_names : sequence of str
        Diagnoses from left to right.

    Returns
    -------
    matplotlib.figure.Figure
    """
    order = list(dict.fromkeys(aucs["classifier"]))
    fig, axes = plt.subplots(
        1, len(class_names), figsize=(3 + 1.9 * len(class_names), 0.36 * len(order) + 1.2),
        sharey=True, sharex=True, squeeze=False,
    )  # fmt: skip
    for ax, name in zip(axes[0], class_names, strict=True):
        part = aucs[aucs["diagnosis"] == name].set_index("classifier").reindex(order)
        y = np.arange(len(order))[::-1]
        error = [part["auc"] - part["auc_low"], part["auc_high"] - part["auc"]]
        ax.errorbar(part["auc"], y, xerr=error, fmt="o", color=colours(class_names)[name])
        ax.axvline(0.5, color="0.6", ls=":")
        ax.set(title=name, xlabel="AUC")
        ax.grid(axis="y", color="0.92")
    axes[0, 0].set_yticks(np.arange(len(order))[::-1], order)
    return finished(fig)
