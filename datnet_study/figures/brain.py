"""Figures of brains on black, three planes for each volume, and a viewer to move through them.

Paper Fig. 5. All that nilearn draws is here: its import takes a second, and no training job needs
it.
"""

import matplotlib.pyplot as plt
import nibabel as nib
import numpy as np
from IPython.display import HTML
from nilearn import plotting

from datnet_study.figures.style import finished

STRIATUM_MM = (24, 6, 2)  # mm; a plane through putamen and caudate along each axis
ON_BLACK = {"colorbar": True, "draw_cross": False, "black_bg": True}


def plot_mean_volumes(means, affine, template_img):
    """Mean uptake ratio of each diagnosis in three planes through the striatum, one scale.

    Parameters
    ----------
    means : dict of str to ndarray of shape (X, Y, Z)
        Mean volume of each diagnosis.
    affine : ndarray of shape (4, 4)
        Voxel to mm.
    template_img : nibabel.Nifti1Image
        Anatomical template whose outline is drawn.

    Returns
    -------
    matplotlib.figure.Figure
    """
    top = max(np.percentile(volume, 99.9) for volume in means.values())
    fig, axes = black_rows(means)
    for ax, volume in zip(axes, means.values(), strict=True):
        display = plotting.plot_img(
            nib.Nifti1Image(volume.astype(np.float32), affine), cut_coords=(24, 4, 2), axes=ax,
            cmap="inferno", vmin=0, vmax=top, **ON_BLACK,
        )  # fmt: skip
        display.add_contours(template_img, levels=[0.25], colors="white", linewidths=0.4)
    return finished(fig)


def black_rows(names, width=0.1):
    """Figure with one wide black row per name, its title in white in a left margin of `width`."""
    fig = plt.figure(figsize=(9, 2.7 * len(names)), facecolor="black", layout="none")
    height = 1 / len(names)
    axes = []
    for k, name in enumerate(names):
        bottom = 1 - (k + 1) * height
        fig.text(
            0.02,
            bottom + height / 2,
            name,
            color="white",
            fontsize=14 if width <= 0.1 else 11,  # a wide margin has long titles
            va="center",
        )
        axes.append(fig.add_axes([width, bottom + 0.04 * height, 0.98 - width, 0.92 * height]))
    return fig, axes


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
    fig, axes = black_rows(maps)
    for ax, img in zip(axes, maps.values(), strict=True):
        plotting.plot_stat_map(
            img, template_img, cut_coords=cut_coords, axes=ax, cmap="inferno", threshold=0.35,
            vmin=0, vmax=1, **ON_BLACK,
        )  # fmt: skip
    return finished(fig)


def plot_layer_maps(maps, template_img):
    """Mean saliency by size of the layers' grid over the template, each on its own scale.

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
    fig, axes = black_rows(maps, width=0.17)
    for ax, img in zip(axes, maps.values(), strict=True):
        drawn = img.get_fdata(dtype=np.float32).any()
        plotting.plot_stat_map(
            img, template_img, cut_coords=STRIATUM_MM, axes=ax, cmap="inferno", vmin=0, vmax=1,
            threshold=1e-6 if drawn else None, **ON_BLACK,
        )  # fmt: skip
    return finished(fig)


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
        view = plotting.view_img(
            img, template_img, cut_coords=STRIATUM_MM, threshold=0.35, vmin=0, vmax=1,
            cmap="inferno", symmetric_cmap=False, black_bg=True, opacity=0.85,
        )  # fmt: skip
        shown.append(f"<p><b>{name}</b></p>{view.get_iframe(width=660, height=285)}")
    return HTML(f"<div>{''.join(shown)}</div>")


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
    fig, axes = black_rows(maps)
    for ax, img in zip(axes, maps.values(), strict=True):
        values = img.get_fdata(dtype=np.float32)
        top = float(np.abs(values).max()) or 1.0
        plotting.plot_stat_map(
            nib.Nifti1Image(values, img.affine), template_img, cut_coords=(26, -8, -10), axes=ax,
            cmap="cold_hot", vmin=-top, vmax=top, threshold=0.05 * top if values.any() else None,
            **ON_BLACK,
        )  # fmt: skip
    fig.text(0.99, 0.005, label, color="white", ha="right", fontsize=9)
    return finished(fig)


PLANES_MM = {  # what a reader of DAT PET looks at, in mm
    "z": (-14, 0, 10, 20),
    "y": (8, -8),
    "x": (-26,),
}


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
    cuts = [(axis, mm) for axis, places in PLANES_MM.items() for mm in places]
    top = max(np.percentile(volume, 99.95) for volume in volumes.values())
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
    return finished(fig)
