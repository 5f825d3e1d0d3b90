"""Charts of the page `phantom`: published values beside its own, and what each grid keeps."""

import matplotlib.pyplot as plt
import numpy as np

from datnet_study.figures.style import colours, themed
from datnet_study.public_forms import of_groups


@of_groups
@themed
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
        With a word in place of the panels where there is no row.
    """
    groups = list(dict.fromkeys(compared["diagnosis"]))
    if not groups:
        fig = plt.figure(figsize=(9, 1))
        fig.text(0.5, 0.5, "no group of this phantom has a published value", ha="center")
        return fig
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
        )  # fmt: skip
        ax.errorbar(
            part["phantom"], y - 0.18, xerr=part["phantom_sd"], fmt="D", ms=4,
            color=colours(groups)[name],
        )  # fmt: skip
        side = part["side"].where(part["side"] != "both", "")
        labels = part["region"].str.replace("_", " ") + side.map(
            lambda s: f", {s} side" if s else s
        )
        ax.set_yticks(y, labels + "  (" + part["source"] + ")", fontsize=9)
        unit = "binding ratio" if name == control else "percent of the reference group"
        ax.set(title=name, xlabel=unit, xlim=(0, None), ylim=(-0.7, len(part) - 0.3))
        ax.grid(axis="x", color="0.9")
    looks = {
        "published, mean and SD": ("o", "0.35"),
        "phantom, coloured by diagnosis": ("D", "none"),
    }
    for label, (marker, fill) in looks.items():
        axes[0, 0].plot([], [], marker, color="0.35", mfc=fill, label=label)
    handles = axes[0, 0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    return fig


@of_groups
@themed
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
    ax.legend(frameon=False, loc="lower left")  # below the curves and beside the marks of the grids
    return fig
