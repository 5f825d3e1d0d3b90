"""One scan as a reader of DAT PET sees it, for its report."""

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.lines import Line2D

from datnet_study.figures.strips import GREY, INCHES, STRIP_MM, draw_contour, draw_image, planes_of
from datnet_study.figures.style import themed
from datnet_study.public_forms import of_participants

ON_HOT = "cyan"  # outlines that are seen on black, red and yellow
DRAWN_FROM = 0.35  # of a map from 0 to 1: what is weaker would hide the scan everywhere


@of_participants
@themed
def plot_scan_strip(volume, anatomy, affine, *, top, scale, saliency=None):
    """One scan in axial planes, in inverse grey and in hot colours, or under a map in grey alone.

    Parameters
    ----------
    volume, anatomy, affine : as in `plot_region_strip`, of the whole grid; outlines
    top : float
        End of the scale of the volume.
    scale : str
        What the volume counts, beside the scale.
    saliency : (ndarray, ndarray), optional; a map on a grid of its own, 0 to 1, and its affine

    Returns
    -------
    matplotlib.figure.Figure
    """
    everything = tuple(slice(0, n) for n in volume.shape)
    planes = planes_of(STRIP_MM, affine, everything)
    scales = [GREY] if saliency is not None else [GREY, "hot"]
    height = 1.2 * INCHES * len(scales) + 0.55
    fig, axes = plt.subplots(  # placed by hand: to find the places takes longer than to draw
        len(scales), len(planes), squeeze=False, layout="none",
        figsize=(INCHES * len(planes), height),
        gridspec_kw={"left": 0.005, "right": 0.91, "bottom": 0.32 / height,
                     "top": 1 - 0.25 / height, "wspace": 0.03, "hspace": 0.03},
    )  # fmt: skip
    lines = dict(zip(anatomy, sns.color_palette("colorblind", len(anatomy)), strict=True))
    for row, colour_map in enumerate(scales):
        for ax, k in zip(axes[row], planes, strict=True):
            shown = draw_image(ax, volume, affine, everything, k, cmap=colour_map, vmin=0, vmax=top)
            z = affine[2, 3] + k * affine[2, 2]
            if saliency is not None:
                _overlay(ax, *saliency, z)
            for name, share in anatomy.items():
                draw_contour(
                    ax,
                    share,
                    affine,
                    everything,
                    k,
                    color=ON_HOT if colour_map == "hot" else lines[name],
                )
            if row == 0:
                ax.set_title(f"z = {z:.0f} mm", fontsize=9)
        box = axes[row, -1].get_position()
        beside = fig.add_axes((0.92, box.y0 + 0.1 * box.height, 0.01, 0.8 * box.height))
        bar = fig.colorbar(shown, cax=beside, extend="max")
        bar.ax.tick_params(labelsize=8)
        bar.set_label(scale, fontsize=8)
    handles = [Line2D([], [], color=c) for c in lines.values()]
    fig.legend(handles, list(lines), loc="lower center", ncols=5, frameon=False, fontsize=8)
    return fig


def _overlay(ax, values, affine, z_mm):
    """A map in red over what is drawn there, clear where little counts."""
    box = tuple(slice(0, n) for n in values.shape)
    (k,) = planes_of([z_mm], affine, box)
    clear = ((values[..., k] - DRAWN_FROM) / (1 - DRAWN_FROM)).clip(0, 1).T
    draw_image(ax, values, affine, box, k, cmap="Reds", vmin=0, vmax=1, alpha=clear)
