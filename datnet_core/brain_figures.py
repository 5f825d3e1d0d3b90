"""Figures of brains on black, three planes for each volume.

Apart from `figures`, because nilearn's plotting takes a second to import in every training job.
"""

import matplotlib.pyplot as plt
import nibabel as nib
import numpy as np
from nilearn import plotting

from datnet_core.figures import finished


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
            cmap="inferno", vmin=0, vmax=top, colorbar=True, draw_cross=False, black_bg=True,
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
