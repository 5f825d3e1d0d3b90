"""Volumes that were put into MNI space and have lost their place in the file format.

The pre-processed SPECT volumes of PPMI have 91 x 109 x 91 voxels of 2 mm, the grid of the MNI152
templates, but users report that origins have to be set anew and some volumes turned over.
"""

import nibabel as nib
import numpy as np

from datnet_images.atlas import region_mask_on

SHAPE, VOXEL_MM = (91, 109, 91), 2.0
ORIGIN_MM = (-90.0, -126.0, -72.0)  # of the first voxel in RAS order: FSL's MNI152 at 2 mm
STRIATUM = ("putamen", "caudate")


def has_mni_grid(shape, voxel_mm):
    """Whether a volume can have been written on the grid of MNI152 at 2 mm.

    Parameters
    ----------
    shape, voxel_mm : sequence of 3 numbers
        In any order of axes.

    Returns
    -------
    bool

    Examples
    --------
    >>> has_mni_grid((91, 109, 91), (2, 2, 2)), has_mni_grid((128, 128, 91), (2, 2, 2))
    (True, False)
    """
    return sorted(shape) == sorted(SHAPE) and np.allclose(voxel_mm, VOXEL_MM, atol=0.01)


def in_mni(img, atlas):
    """A volume on the grid of MNI152 at its place, head up.

    Parameters
    ----------
    img : nibabel.Nifti1Image
        On that grid (`has_mni_grid`); of its affine only the order of the axes is used.
    atlas : Atlas
        In MNI space.

    Returns
    -------
    img : nibabel.Nifti1Image
        Axes to the right, front and top.
    turned : bool
        Whether it was upside down: brighter where the striatum would then be than where it is.
    """
    img = nib.as_closest_canonical(img)
    data = np.asanyarray(img.dataobj)
    if data.shape != SHAPE:
        raise ValueError(f"axes of {data.shape} voxels; expected {SHAPE}, to the right, front, top")
    affine = np.diag([VOXEL_MM, VOXEL_MM, VOXEL_MM, 1.0])
    affine[:3, 3] = ORIGIN_MM
    inside = np.logical_or.reduce(
        [region_mask_on(atlas, region, affine, SHAPE) for region in STRIATUM]
    )
    turned = data[:, :, ::-1][inside].mean() > data[inside].mean()
    return nib.Nifti1Image(data[:, :, ::-1] if turned else data, affine), bool(turned)
