"""Planes through the basal ganglia as a reader of DAT PET sees them: grey on white, L and R.

Regions that networks find, maps beside what geometry alone gives, and mean uptake.
"""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from datnet_images.atlas import HALF
from datnet_study.figures.style import themed
from datnet_study.public_forms import of_averages

STRIP_MM = (-14, -8, -2, 4, 10, 16)  # axial planes from the midbrain to the top of the caudate
PAIR_MM = (-10, 2)  # through the midbrain, and through putamen and caudate
GREY = "gray_r"  # inverse grey: much uptake is dark
LOW_PERCENTILE, TOP_PERCENTILE = 1, 99.9  # of the voxels: a few must not decide the scale
APART = 3  # colours of a palette that nobody confuses; what comes then is dashed
SIDES = ("L", "R")  # left of the image is left of the head
INCHES = 1.75  # of a plane


@of_averages
@themed
def plot_region_strip(volume, regions, anatomy, affine, field):
    """Contours of some regions on a volume and on the atlas, axial planes from below upwards.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Such as mean uptake.
    regions : dict of str to bool ndarray of shape (X, Y, Z)
        Title in the legend to region; each has a colour.
    anatomy : dict of str to ndarray of shape (X, Y, Z)
        Title to the share of each voxel that lies in a region of the atlas, filled in the lower
        row.
    affine : ndarray of shape (4, 4)
        Voxel to mm, axes along the grid.
    field : tuple of 3 slice
        Part of the grid that is drawn.

    Returns
    -------
    matplotlib.figure.Figure
    """
    planes = planes_of(STRIP_MM, affine, field)
    fig, axes = plt.subplots(
        2, len(planes), figsize=(INCHES * len(planes), 1.9 * INCHES + 0.7), squeeze=False
    )
    lines = dict(zip(regions, sns.color_palette("colorblind", max(len(regions), 1)), strict=True))
    fills = dict(zip(anatomy, sns.color_palette("pastel", max(len(anatomy), 1)), strict=True))
    low, top = np.percentile(volume[field], [LOW_PERCENTILE, TOP_PERCENTILE])
    styles = dict(zip(regions, ["-"] * APART + ["--"] * len(regions), strict=False))
    for column, k in enumerate(planes):
        upper, lower = axes[:, column]
        draw_image(upper, volume, affine, field, k, cmap=GREY, vmin=low, vmax=top)
        draw_image(lower, np.zeros(volume.shape), affine, field, k, cmap=GREY, vmin=0, vmax=1)
        for name, share in anatomy.items():
            draw_contour(lower, share, affine, field, k, filled=True, color=fills[name])
        for name, region in regions.items():
            for ax in (upper, lower):
                draw_contour(ax, region, affine, field, k, color=lines[name], style=styles[name])
        upper.set_title(f"z = {affine[2, 3] + k * affine[2, 2]:.0f} mm", fontsize=9)
    handles = [Line2D([], [], color=lines[name], ls=styles[name]) for name in regions]
    handles += [Patch(color=colour) for colour in fills.values()]
    fig.legend(
        handles, [*lines, *fills], loc="outside lower center", ncols=5, frameon=False, fontsize=8
    )
    return fig


@of_averages
@themed
def plot_maps_beside(maps, anatomy, affine, field, centre_mm):
    """Maps of each diagnosis side by side, two axial planes each, with their peaks.

    Parameters
    ----------
    maps : dict of str to dict of str to ndarray of shape (X, Y, Z)
        Row to column to map, 0 to 1, NaN where nothing is drawn.
    anatomy : dict of str to ndarray of shape (X, Y, Z)
        As in `plot_region_strip`; outlines.
    affine, field
        As in `plot_region_strip`.
    centre_mm : sequence of 3 float
        Centre of the box that the network sees; marked as the peaks are.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = list(next(iter(maps.values())))
    planes = planes_of(PAIR_MM, affine, field)
    width = len(planes)
    fig, axes = plt.subplots(
        len(maps), width * len(columns), squeeze=False,
        figsize=(INCHES * width * len(columns), 0.88 * INCHES * len(maps) + 0.8),
    )  # fmt: skip
    for row, (name, of) in enumerate(maps.items()):
        for column, title in enumerate(columns):
            peak = np.unravel_index(np.nanargmax(of[title]), of[title].shape)
            peak_mm = affine[:3, :3] @ peak + affine[:3, 3]
            for number, k in enumerate(planes):
                ax = axes[row, column * width + number]
                shown = draw_image(ax, of[title], affine, field, k, cmap="inferno", vmin=0, vmax=1)
                for share in anatomy.values():
                    draw_contour(ax, share, affine, field, k, color="white")
                ax.plot(*centre_mm[:2], "+", color="cyan", ms=9, mew=1.5)
                ax.plot(*peak_mm[:2], "x", color="lime", ms=7, mew=1.5)
                z = f"z = {affine[2, 3] + k * affine[2, 2]:.0f} mm"
                if row == 0:
                    ax.set_title(f"{title}\n{z}" if number == 0 else f"\n{z}", fontsize=9)
        axes[row, 0].set_ylabel(name, rotation=0, ha="right", va="center")
    bar = fig.colorbar(shown, ax=axes, shrink=0.7, pad=0.01)
    bar.set_label("map, 0–1 in the brain", fontsize=9)
    marks = [
        Line2D([], [], ls="", marker=mark, color=colour, mew=1.5)
        for mark, colour in (("x", "lime"), ("+", "cyan"))
    ]
    fig.legend(
        marks, ["peak of the map", "centre of the box"], loc="outside lower center", ncols=2,
        facecolor="0.3", labelcolor="white", fontsize=8,
    )  # fmt: skip
    return fig


@of_averages
@themed
def plot_uptake_strip(means, affine, box, sides=SIDES):
    """Mean uptake of each diagnosis, axial planes through the basal ganglia, one scale.

    Parameters
    ----------
    means : dict of str to ndarray of shape (X, Y, Z)
        Mean uptake ratio by diagnosis.
    affine : ndarray of shape (4, 4)
        Voxel to mm, axes along the grid.
    box : tuple of 3 slice
        Part of the grid that is drawn.
    sides : tuple of 2 str
        What lies on the left and on the right of the image, where scans were turned before.

    Returns
    -------
    matplotlib.figure.Figure
    """
    planes = planes_of(STRIP_MM, affine, box)
    fig, axes = plt.subplots(
        len(means), len(planes), squeeze=False,
        figsize=(INCHES * len(planes), 0.9 * INCHES * len(means) + 0.4),
    )  # fmt: skip
    top = max(np.percentile(mean[box], TOP_PERCENTILE) for mean in means.values())
    for row, (name, mean) in enumerate(means.items()):
        for ax, k in zip(axes[row], planes, strict=True):
            shown = draw_image(ax, mean, affine, box, k, sides, cmap=GREY, vmin=0, vmax=top)
            if row == 0:
                ax.set_title(f"z = {affine[2, 3] + k * affine[2, 2]:.0f} mm", fontsize=9)
        axes[row, 0].set_ylabel(name, rotation=0, ha="right", va="center")
    bar = fig.colorbar(shown, ax=axes, shrink=0.7, pad=0.01, extend="max")
    bar.set_label("uptake ratio to the reference region", fontsize=9)
    return fig


def planes_of(places_mm, affine, field):
    """Voxels of the axial planes nearest to some places that lie in the field, each once."""
    voxels = [int(round((z - affine[2, 3]) / affine[2, 2])) for z in places_mm]
    inside = [k for k in dict.fromkeys(voxels) if field[2].start <= k < field[2].stop]
    return inside or [(field[2].start + field[2].stop) // 2]


def draw_image(ax, values, affine, field, k, sides=SIDES, **options):
    """An axial plane of the field in mm, the left of the head on the left."""
    edges = [
        affine[axis, 3] + (end - HALF) * affine[axis, axis]
        for axis in (0, 1)
        for end in (field[axis].start, field[axis].stop)
    ]
    shown = ax.imshow(values[field[0], field[1], k].T, origin="lower", extent=edges, **options)
    ax.set(xticks=[], yticks=[], autoscale_on=False)
    ax.spines[:].set_visible(False)
    box = {"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.7}
    for x, side, ha in zip((0.02, 0.98), sides, ("left", "right"), strict=True):
        ax.text(x, 0.98, side, ha=ha, va="top", fontsize=7, transform=ax.transAxes, bbox=box)
    return shown


def draw_contour(ax, values, affine, field, k, *, color, filled=False, style="-"):
    """Outline of what fills at least half of the voxels of a plane."""
    plane = np.asarray(values[field[0], field[1], k], dtype=float).T
    if plane.max() < HALF or plane.min() >= HALF:
        return  # a line has to have two sides
    x, y = (
        affine[axis, 3] + affine[axis, axis] * np.arange(field[axis].start, field[axis].stop)
        for axis in (0, 1)
    )
    if filled:
        ax.contourf(x, y, plane, levels=[HALF, plane.max() + 1], colors=[color])
    else:
        ax.contour(x, y, plane, levels=[HALF], colors=[color], linewidths=1, linestyles=style)
