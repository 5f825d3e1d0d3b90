"""Figures of the readings of the DL region: how well each separates, and why one may seem to.

Paper Fig. 6 shows the ratios of one reading.
"""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

from datnet_images.atlas import HALF
from datnet_study.figures.groups import ENDS, TUKEY, five_numbers
from datnet_study.figures.style import colours, panels, themed
from datnet_study.public_forms import of_groups, replaced

KINDS = {  # colour and marker, which also tell apart in grey
    "conventional region": ("0.35", "s"),
    "no own label in the region": ("#0072B2", "o"),
    "own label in the region": ("#D55E00", "D"),
}
RATE_AT = (1.15, 1.42)  # columns of the two rates, right of a panel
PLANES_MM = {2: 2, 1: 6}  # axial and coronal, through the striatum
WIDEST = 3  # panels of differences in a row
MARGIN = 3  # voxels around the regions that are drawn


@of_groups
@themed
def plot_ladder(rows, titles):
    """AUC of each source of the region with its interval, a panel for each pair of diagnoses.

    Parameters
    ----------
    rows : DataFrame
        `pair`, `source` from top to bottom, `kind` (a key of `KINDS`), `auc`, `low`, `high`, and
        the texts `rate_a` and `rate_b`. The interval of the first source of a pair is shaded.
    titles : tuple of 2 str
        Headings of the two rates; a line break in one puts it on two lines.

    Returns
    -------
    matplotlib.figure.Figure
    """
    pairs = list(dict.fromkeys(rows["pair"]))
    sources = list(dict.fromkeys(rows["source"]))
    fig, axes = plt.subplots(
        len(pairs), 1, figsize=(8.2, (0.29 * len(sources) + 0.75) * len(pairs) + 0.5), sharex=True,
        squeeze=False,
    )  # fmt: skip
    for ax, pair in zip(axes[:, 0], pairs, strict=True):
        part = rows[rows["pair"] == pair]
        first = part.iloc[0]
        if np.isfinite(first["low"]):
            ax.axvspan(first["low"], first["high"], color="0.9", lw=0)
        ax.axvline(0.5, color="0.5", ls=":", lw=1)
        for row in part.to_dict("records"):
            y = sources.index(row["source"])
            colour, marker = KINDS[row["kind"]]
            ax.plot([row["low"], row["high"]], [y, y], color=colour, lw=1.6)
            ax.plot(row["auc"], y, marker, color=colour, ms=5.5)
            for x, rate in zip(RATE_AT, (row["rate_a"], row["rate_b"]), strict=True):
                ax.text(x, y, rate, transform=ax.get_yaxis_transform(), ha="center", va="center",
                        fontsize=9)  # fmt: skip
        for x, title in zip(RATE_AT, titles, strict=True):
            ax.text(x, -0.6, title, transform=ax.get_yaxis_transform(), ha="center", va="bottom",
                    fontsize=9, weight="bold")  # fmt: skip
        ax.set(xlim=(0, 1), ylim=(len(sources) - 0.5, -0.5))
        ax.set_title(pair, loc="left", fontsize=11)
        ax.set_yticks(range(len(sources)), sources, fontsize=9)
    ax.set_xlabel("AUC: above 0.5, the first diagnosis has the higher value")
    _name_kinds(fig, rows)
    return fig


def _name_kinds(fig, rows):
    """The looks of the kinds of sources that are there, below the panels."""
    there = [kind for kind in KINDS if kind in set(rows["kind"])]
    handles = [
        plt.Line2D([], [], color=KINDS[kind][0], marker=KINDS[kind][1], ms=5.5) for kind in there
    ]
    fig.legend(handles, there, loc="outside lower center", ncols=3, frameon=False, fontsize=9)


@of_groups
@themed
def plot_ladder_differences(rows, title):
    """AUC of each source minus that of a mark with its interval, a panel for each pair.

    Parameters
    ----------
    rows : DataFrame
        `pair`, from left to right, `source` from top to bottom, `kind` (a key of `KINDS`),
        `difference`, `low`, `high`.
    title : str
        What the axis says.

    Returns
    -------
    matplotlib.figure.Figure
    """
    names, sources = (list(dict.fromkeys(rows[column])) for column in ("pair", "source"))
    n_columns = min(len(names), WIDEST)
    size = 2 + 3 / n_columns, 0.33 * len(sources) + 1.4
    fig, axes = panels(len(names), n_columns, *size, sharex=True, sharey=True)
    for ax, pair in zip(axes, names, strict=True):
        ax.axvline(0, color="0.5", ls=":", lw=1)
        for row in rows[rows["pair"] == pair].to_dict("records"):
            y = sources.index(row["source"])
            colour, marker = KINDS[row["kind"]]
            ax.plot([row["low"], row["high"]], [y, y], color=colour, lw=1.6)
            ax.plot(row["difference"], y, marker, color=colour, ms=5.5)
        ax.set(xlabel=title, ylim=(len(sources) - 0.5, -0.5))
        ax.set_title(pair, fontsize=11)
        ax.grid(axis="y", color="0.92")
        ax.tick_params(labelbottom=True)  # also where no panel stands below
    axes[0].set_yticks(range(len(sources)), sources, fontsize=9)
    _name_kinds(fig, rows)
    return fig


@themed
def _shift_without_scans(mean_volume, regions, outline, affine, ratios):
    """The same, with boxes whose ends are no scan."""
    ratios = five_numbers(ratios, ["measured in", "diagnosis"], ["ratio"])
    return _region_shift(mean_volume, regions, outline, affine, ratios, scans=False)


@replaced(
    _shift_without_scans,
    "Lines reach from the 10% to the 90% point, not to a scan, and no dot stands beyond them.",
    averages=True,
)
@themed
def plot_region_shift(mean_volume, regions, outline, affine, ratios):
    """Where the regions of two diagnoses lie, and what the same scans are in either of them.

    Parameters
    ----------
    mean_volume : ndarray of shape (X, Y, Z)
        Mean uptake ratio, the ground of the planes.
    regions : dict of str to bool ndarray of shape (X, Y, Z)
        Region of each of the two diagnoses.
    outline : bool ndarray of shape (X, Y, Z)
        A region to know the place by, dashed.
    affine : ndarray of shape (4, 4)
        Voxel to mm, axes along the grid.
    ratios : DataFrame
        `measured in`, from left to right, `diagnosis` and `ratio` of each scan.

    Returns
    -------
    matplotlib.figure.Figure
    """
    return _region_shift(mean_volume, regions, outline, affine, ratios, scans=True)


def _region_shift(mean_volume, regions, outline, affine, ratios, scans):
    """The figure of `plot_region_shift`, with the ends of boxes at scans or without."""
    fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.6), width_ratios=[1, 1, 1.9])
    shown = np.argwhere(outline | np.any(list(regions.values()), axis=0))
    low = np.maximum(shown.min(axis=0) - MARGIN, 0)
    box = tuple(slice(a, b + MARGIN + 1) for a, b in zip(low, shown.max(axis=0), strict=True))
    for ax, (axis, mm) in zip(axes, PLANES_MM.items(), strict=False):
        voxel = round((mm - affine[axis, 3]) / affine[axis, axis])
        across = [k for k in range(3) if k != axis]

        def plane(volume, voxel=voxel, axis=axis, across=across):
            taken = np.take(volume, voxel, axis=axis)
            return taken[tuple(box[k] for k in across)].T

        ax.imshow(plane(mean_volume), cmap="Greys", origin="lower", interpolation="bilinear")
        lines = {name: (region, colours(regions)[name], "-") for name, region in regions.items()}
        for region, colour, style in (*lines.values(), (outline, "black", "--")):
            if plane(region).any():
                ax.contour(plane(region), levels=[HALF], colors=[colour], linestyles=style,
                           linewidths=1.0 if style == "--" else 2.2)  # fmt: skip
        drawn_mm = affine[axis, axis] * voxel + affine[axis, 3]
        ax.set(xticks=[], yticks=[], xlabel=f"{'xyz'[axis]} = {drawn_mm:.0f} mm")
        for x, side in ((0.03, "L"), (0.97, "R")):
            ax.text(x, 0.97, side, transform=ax.transAxes, va="top", ha="left" if side == "L"
                    else "right")  # fmt: skip
    names = list(regions)
    sns.boxplot(
        ratios, x="measured in", y="ratio", hue="diagnosis", hue_order=names, width=0.7,
        palette={name: colours(names)[name] for name in names}, fliersize=2, ax=axes[2],
        showfliers=scans, whis=TUKEY if scans else ENDS,
    )  # fmt: skip
    axes[2].set(xlabel="", ylabel="binding ratio")
    axes[2].legend(title="", frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return fig
