"""A viewer of one scan to move through, with the outlines of the regions, inside the report."""

import warnings

import nibabel as nib
import numpy as np
from scipy import ndimage

from datnet_images.atlas import region_mask


def viewer_of(volume, atlas, regions, top):
    """HTML of a viewer, for an `iframe`.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Uptake ratio on the grid of the atlas; NaN outside the scan.
    atlas : Atlas
    regions : sequence of str
        To outline.
    top : float
        End of the scale.

    Returns
    -------
    str
    """
    from nilearn.plotting import view_img

    lines = np.zeros(volume.shape, np.float32)
    for number, region in enumerate(regions, 1):
        mask = region_mask(atlas, region)
        lines[mask & ~ndimage.binary_erosion(mask)] = number
    shown = nib.Nifti1Image(np.nan_to_num(volume).clip(0, top).astype(np.float32), atlas.affine)
    options = {
        "cmap": "cool", "symmetric_cmap": False, "vmin": 0, "vmax": len(regions), "threshold": 0.5,
        "colorbar": False, "black_bg": False, "dim": 0, "opacity": 0.8, "cut_coords": (24, 6, 2),
    }  # fmt: skip
    with warnings.catch_warnings():  # nilearn's, of a function that matplotlib will give up
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        view = view_img(nib.Nifti1Image(lines, atlas.affine), bg_img=shown, **options)
    return view.html
