"""Figures of brains on black: planes of each volume, and a viewer to move through them.

Paper Fig. 5, single scans, and true differences. All that nilearn draws is here and in
`viewers`: its import takes a second.
"""

import html

import matplotlib.pyplot as plt
import nibabel as nib
import numpy as np
from IPython.display import HTML
from nilearn import plotting

from datnet_study.figures.style import themed
from datnet_study.public_forms import of_averages, of_participants

STRIATUM_MM = (24, 6, 2)  # planes along x, y, z through putamen and caudate
MIDBRAIN_MM = (26, -8, -10)  # planes through the posterior putamen (x, y) and the midbrain (y, z)
MONTAGE_MM = {"z": (-14, 0, 10, 20), "y": (8, -8), "x": (-26,)}  # what a reader of DAT PET looks at
DRAWN_FROM = 0.35  # of a map rescaled to 0-1: what is weaker would hide the template everywhere
NOT_ZERO = 1e-6  # threshold that leaves out zeros only
EFFECT_DRAWN_FROM = 0.05  # of the largest effect: what is weaker is its smooth tail
TOP_PERCENTILE = 99.9  # of the voxels: a few hot ones must not decide the scale
ON_BLACK = {"colorbar": True, "draw_cross": False, "black_bg": True}
LONG_TITLES = {"width": 0.17, "fontsize": 11}  # of rows, as `_black_rows` takes them


def _top(volumes):
    """End of the common colour scale of some volumes."""
    return max(np.percentile(volume, TOP_PERCENTILE) for volume in volumes.values())


def _black_rows(names, width=0.1, fontsize=14):
    """Figure with one wide black row per name, its title in white in a left margin of `width`."""
    fig = plt.figure(figsize=(9, 2.7 * len(names)), facecolor="black", layout="none")
    height = 1 / len(names)
    axes = []
    for k, name in enumerate(names):
        bottom = 1 - (k + 1) * height
        middle = bottom + height / 2
        fig.text(0.02, middle, name, color="white", fontsize=fontsize, va="center")
        axes.append(fig.add_axes([width, bottom + 0.04 * height, 0.98 - width, 0.92 * height]))
    return fig, axes


def _over_template(ax, img, template_img, cut_coords, *, cmap, limits, threshold):
    """Draw a map over the template; an empty one, which nilearn cannot threshold, as nothing."""
    values = img.get_fdata(dtype=np.float32)
    plotting.plot_stat_map(
        nib.Nifti1Image(values, img.affine), template_img, cut_coords=cut_coords, axes=ax,
        cmap=cmap, vmin=limits[0], vmax=limits[1], threshold=threshold if values.any() else None,
        **ON_BLACK,
    )  # fmt: skip


@of_averages
@themed
def plot_saliency_maps(maps, template_img, cut_coords):
    """Mean saliency of each diagnosis over the template, three planes, one scale (Fig. 5).

    Parameters
    ----------
    maps : dict of str to nibabel.Nifti1Image
        Mean map of each diagnosis, rescaled to 0-1 inside the brain.
    template_img : nibabel.Nifti1Image
        Anatomical template.
    cut_coords : tuple of 3 float
        Place of the three planes, mm.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = _black_rows(maps)
    for ax, img in zip(axes, maps.values(), strict=True):
        _over_template(
            ax, img, template_img, cut_coords, cmap="inferno", limits=(0, 1), threshold=DRAWN_FROM
        )
    return fig


@of_averages
@themed
def plot_layer_maps(maps, template_img):
    """Mean saliency by size of the layers' grid over the template, each map in its own range.

    Parameters
    ----------
    maps : dict of str to nibabel.Nifti1Image
        Title to map, rescaled to 0-1 inside the brain.
    template_img : nibabel.Nifti1Image
        Anatomical template.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = _black_rows(maps, **LONG_TITLES)
    for ax, img in zip(axes, maps.values(), strict=True):
        _over_template(
            ax, img, template_img, STRIATUM_MM, cmap="inferno", limits=(0, 1), threshold=NOT_ZERO
        )
    return fig


def view_saliency_maps(maps, template_img):
    """Mean saliency of each diagnosis as a viewer that moves through the brain.

    Parameters
    ----------
    maps : dict of str to nibabel.Nifti1Image
        Mean map of each diagnosis, rescaled to 0-1 inside the brain.
    template_img : nibabel.Nifti1Image
        Anatomical template; its voxel size decides the size of the page.

    Returns
    -------
    IPython.display.HTML
        Complete in itself: it needs no network.
    """
    shown = []
    for name, img in maps.items():
        title = html.escape(name)
        view = plotting.view_img(
            img, template_img, cut_coords=STRIATUM_MM, threshold=DRAWN_FROM, vmin=0, vmax=1,
            cmap="inferno", symmetric_cmap=False, black_bg=True, opacity=0.85,
        )  # fmt: skip
        frame = view.get_iframe(width=660, height=285)
        frame = frame.replace(
            'width="660"', f'title="Saliency, {title}" style="width: 100%; max-width: 660px"'
        )
        shown.append(f"<p><b>{title}</b></p>{frame}")
    return HTML(f"<div>{''.join(shown)}</div>")


@of_averages
@themed
def plot_effect_maps(maps, template_img, label):
    """True difference between two diagnoses over the template, signed, each on its own scale.

    Parameters
    ----------
    maps : dict of str to nibabel.Nifti1Image
        Title to map.
    template_img : nibabel.Nifti1Image
    label : str
        What the colours mean.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = _black_rows(maps)
    for ax, img in zip(axes, maps.values(), strict=True):
        top = float(np.abs(img.get_fdata(dtype=np.float32)).max()) or 1.0
        threshold = EFFECT_DRAWN_FROM * top
        _over_template(
            ax,
            img,
            template_img,
            MIDBRAIN_MM,
            cmap="cold_hot",
            limits=(-top, top),
            threshold=threshold,
        )
    fig.text(0.99, 0.005, label, color="white", ha="right", fontsize=9)
    return fig


@of_participants
@themed
def plot_montage(volumes, affine):
    """One scan per diagnosis in all planes, one colour scale.

    Parameters
    ----------
    volumes : dict of str to ndarray of shape (X, Y, Z)
        Uptake ratio of one scan, by title of its row.
    affine : ndarray of shape (4, 4)
        Voxel to mm, axes along the grid.

    Returns
    -------
    matplotlib.figure.Figure
    """
    cuts = [(axis, mm) for axis, places in MONTAGE_MM.items() for mm in places]
    top = _top(volumes)
    widths = [1 if axis != "x" else 1.2 for axis, _ in cuts]
    fig, axes = plt.subplots(
        len(volumes), len(cuts), figsize=(11, 1.75 * len(volumes) + 0.3), facecolor="black",
        gridspec_kw={"width_ratios": widths}, squeeze=False,
    )  # fmt: skip
    for row, (title, volume) in enumerate(volumes.items()):
        for ax, (axis, mm) in zip(axes[row], cuts, strict=True):
            k = "xyz".index(axis)
            voxel = int(round((mm - affine[k, 3]) / affine[k, k]))
            plane = np.take(volume, voxel, axis=k).T
            shown = ax.imshow(plane, cmap="inferno", vmin=0, vmax=top, origin="lower")
            ax.set(xticks=[], yticks=[], facecolor="black")
            ax.spines[:].set_visible(False)
            if row == 0:
                ax.set_title(f"{axis} = {mm} mm", color="white", fontsize=10)
        axes[row, 0].set_ylabel(title, color="white", fontsize=13, rotation=0, labelpad=26)
    bar = fig.colorbar(shown, ax=axes, shrink=0.6, pad=0.01)
    bar.set_label("uptake ratio to occipital cortex", color="white")
    bar.ax.tick_params(colors="white")
    bar.outline.set_visible(False)
    return fig
