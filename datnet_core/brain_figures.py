"""Figures of brains on black, three planes for each volume, and a viewer to move through them.

Paper Fig. 5. All that nilearn draws is here: its import takes a second, and no training job needs
it.
"""

import matplotlib.pyplot as plt
import nibabel as nib
import numpy as np
from IPython.display import HTML
from nilearn import plotting

from datnet_core.figures import finished

STRIATUM = (24, 6, 2)  # mm; a plane through putamen and caudate along each axis
ON_BLACK = {"colorbar": True, "draw_cross": False, "black_bg": True}


def mean_volumes(means, affine, template_img):
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


def saliency_maps(maps, template_img, cut_coords):
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


def layer_maps(maps, template_img):
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
            img, template_img, cut_coords=STRIATUM, axes=ax, cmap="inferno", vmin=0, vmax=1,
            threshold=1e-6 if drawn else None, **ON_BLACK,
        )  # fmt: skip
    return finished(fig)


def saliency_viewer(maps, template_img):
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
            img, template_img, cut_coords=STRIATUM, threshold=0.35, vmin=0, vmax=1,
            cmap="inferno", symmetric_cmap=False, black_bg=True, opacity=0.85,
        )  # fmt: skip
        shown.append(f"<p><b>{name}</b></p>{view.get_iframe(width=660, height=285)}")
    return HTML(f"<div>{''.join(shown)}</div>")


def effect_maps(maps, template_img, label):
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
