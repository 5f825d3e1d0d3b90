"""Maps of MNI space into a scan: made, stored as ITK has them, and applied.

The files are ITK's text format (`.tfm`), which 3D Slicer, ITK-SNAP and ANTs read and write, so a
map can be looked at, or made by hand for a scan that fails.
"""

from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from datnet_core.files import whole
from datnet_images.grid import FWHM_PER_SD

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # ITK counts to the left and back, nibabel right and front


def itk_image(array, affine):
    """A SimpleITK image of an array in nibabel's axis order.

    Parameters
    ----------
    array, affine : ndarray of shape (X, Y, Z), ndarray of shape (4, 4)
        The affine may flip and turn, not shear.
    """
    lps = LPS @ affine
    size = nib.affines.voxel_sizes(affine)
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.T))  # SimpleITK wants z, y, x
    image.SetSpacing(size.tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    image.SetDirection((lps[:3, :3] / size).ravel().tolist())
    return image


def itk_affine(matrix):
    """SimpleITK transform of an affine map (4, 4) between positions of nibabel, mm."""
    lps = LPS @ matrix @ LPS
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(lps[:3, :3].ravel().tolist())
    transform.SetTranslation(lps[:3, 3].tolist())
    return transform


def itk_warp(coefficients, origin_mm, knots_mm):
    """SimpleITK transform of a displacement by cubic B-splines.

    Parameters
    ----------
    coefficients : ndarray of shape (3, kx, ky, kz)
        mm to the right, to the front and up.
    origin_mm : ndarray of shape (3,)
        Corner of the domain at the left, the back and below.
    knots_mm : float
    """
    intervals = np.array(coefficients.shape[1:]) - 3
    transform = sitk.BSplineTransform(3, 3)
    transform.SetTransformDomainOrigin((origin_mm * LPS.diagonal()[:3]).tolist())
    transform.SetTransformDomainDirection(LPS[:3, :3].ravel().tolist())
    transform.SetTransformDomainPhysicalDimensions((knots_mm * intervals).tolist())
    transform.SetTransformDomainMeshSize(intervals.tolist())
    lps = coefficients * LPS.diagonal()[:3, None, None, None]
    transform.SetParameters([float(c) for part in lps for c in part.ravel(order="F")])
    return transform


def matrix_of(transform):
    """The (4, 4) map between positions of nibabel, mm, of a linear SimpleITK transform."""
    corners = 100 * np.vstack([np.zeros(3), np.eye(3)])
    places = scan_positions(transform, corners)
    matrix = np.eye(4)
    matrix[:3, :3] = (places[1:] - places[0]).T / 100
    matrix[:3, 3] = places[0]
    return matrix


def scan_positions(transform, points_mm):
    """Where points of MNI space lie in a scan.

    Parameters
    ----------
    transform : SimpleITK.Transform
    points_mm : ndarray of shape (n, 3)
        To the right, to the front and up.

    Returns
    -------
    ndarray of shape (n, 3)

    Examples
    --------
    >>> shift = np.eye(4)
    >>> shift[:3, 3] = 5, -3, 1
    >>> scan_positions(itk_affine(shift), np.array([[10.0, 20, 30]]))
    array([[15., 17., 31.]])
    """
    signs = LPS.diagonal()[:3]
    places = [transform.TransformPoint(p) for p in (points_mm * signs).tolist()]
    return np.array(places) * signs


def to_mni(img, transform, affine, shape, filter_fwhm_mm):
    """A scan in MNI space: interpolated once, linearly, then filtered.

    Parameters
    ----------
    img : nibabel.Nifti1Image
        3D, any orientation and voxel size.
    transform : SimpleITK.Transform
        MNI position to position in the scan: of `normalisation` or `read_transform`.
    affine, shape : ndarray of shape (4, 4), tuple of 3 int
        Grid in MNI space.
    filter_fwhm_mm : float
        Of the Gaussian filter, full width at half maximum; 0 for none.

    Returns
    -------
    nibabel.Nifti1Image
        float32; 0 outside the field of view of the scan.
    """
    moving = itk_image(img.get_fdata(dtype=np.float32), img.affine)
    grid = itk_image(np.zeros(shape, np.uint8), affine)
    resampler = sitk.ResampleImageFilter()
    resampler.SetNumberOfThreads(1)
    resampler.SetReferenceImage(grid)
    resampler.SetTransform(transform)
    resampler.SetOutputPixelType(sitk.sitkFloat32)
    found = sitk.GetArrayFromImage(resampler.Execute(moving)).T
    found = smoothed(found, affine, filter_fwhm_mm)
    return nib.Nifti1Image(np.ascontiguousarray(found), affine)


def smoothed(array, affine, fwhm_mm):
    """Array after a Gaussian filter of this full width at half maximum; its border goes on."""
    sizes = nib.affines.voxel_sizes(affine)
    return ndimage.gaussian_filter(array, fwhm_mm / FWHM_PER_SD / sizes, mode="nearest")


def write_transform(transform, path):
    """Store a transform in ITK's text format, `.tfm`: the same bytes for the same numbers.

    Parameters
    ----------
    transform : SimpleITK.Transform
    path : Path
    """
    with whole(path) as part:
        sitk.WriteTransform(transform, str(part))


def read_transform(path):
    """Read a transform from MNI space into a scan, such as one made by hand in 3D Slicer.

    Parameters
    ----------
    path : str or Path
        `.tfm`, `.txt`, `.h5` or `.mat` of ITK.

    Returns
    -------
    SimpleITK.Transform

    Raises
    ------
    ValueError
        If it cannot be read or is not a map of three dimensions.
    """
    try:
        if not Path(path).is_file():
            raise ValueError("no such file")
        transform = sitk.ReadTransform(str(path))
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise ValueError(f"{path}: not a transform of ITK ({reason}); expected a .tfm") from None
    if transform.GetDimension() != 3:
        raise ValueError(f"{path}: a map of {transform.GetDimension()} dimensions; expected 3")
    return transform
