"""Contours of regions on scans in MNI space, to see whether each is where it should be."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from datnet_images.atlas import HALF
from datnet_study.figures.style import themed
from datnet_study.public_forms import of_participants

PLANES_MM = {"z": 2, "y": 6, "x": 26}  # through the striatum; x also through occipital cortex
LINES = ("white", "cyan", "lime")
ACROSS = 2  # scans in a row
TOP_PERCENTILE = 99.5  # of a scan's voxels: a few hot ones must not decide its scale
INCHES = 1.6  # of a panel


@of_participants
@themed
def plot_contours(scans, masks, affine):
    """Three planes of each scan with contours of regions, each scan on a scale of its own.

    Parameters
    ----------
    scans : dict of str to ndarray of shape (X, Y, Z)
        Title to scan, in any count scale.
    masks : dict of str to bool ndarray of shape (X, Y, Z)
        Up to three regions, in the order of their colours.
    affine : ndarray of shape (4, 4)
        Voxel to mm, axes along the grid.

    Returns
    -------
    matplotlib.figure.Figure
    """
    n_rows = -(-len(scans) // ACROSS)
    fig = plt.figure(
        figsize=(INCHES * 3 * ACROSS, (INCHES + 0.45) * n_rows + 0.4), facecolor="black"
    )
    boxes = fig.subfigures(n_rows, ACROSS, squeeze=False).flat
    for box, title in zip(boxes, [*scans, *[None] * (n_rows * ACROSS - len(scans))], strict=True):
        box.set_facecolor("black")
        if title is None:
            continue
        box.suptitle(title, color="white", fontsize=9)
        top = np.percentile(scans[title], TOP_PERCENTILE)
        for ax, axis in zip(box.subplots(1, 3), PLANES_MM, strict=True):
            _plane(ax, scans[title] / (top if top > 0 else 1), masks, affine, axis)
    handles = [Line2D([], [], color=c) for c, _ in zip(LINES, masks, strict=False)]
    fig.legend(
        handles, list(masks), loc="outside lower center", ncols=3, frameon=False,
        labelcolor="white", fontsize=9,
    )  # fmt: skip
    return fig


def _plane(ax, scan, masks, affine, axis):
    """One plane of a scan; left of the image is left of the head, or the back of it."""
    k = "xyz".index(axis)
    voxel = int(round((PLANES_MM[axis] - affine[k, 3]) / affine[k, k]))
    ax.imshow(np.take(scan, voxel, axis=k).T, cmap="inferno", vmin=0, vmax=1, origin="lower")
    for colour, mask in zip(LINES, masks.values(), strict=False):
        plane = np.take(mask, voxel, axis=k).T
        if plane.any():
            ax.contour(plane, levels=[HALF], colors=colour, linewidths=0.7)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    near, far = ("back", "front") if axis == "x" else ("L", "R")
    words = {"color": "white", "fontsize": 8, "va": "top", "transform": ax.transAxes}
    ax.text(0.02, 0.98, near, ha="left", **words)
    ax.text(0.98, 0.98, far, ha="right", **words)
