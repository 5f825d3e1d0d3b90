"""The study grid in MNI space, and the box of it that the network sees (A9, A12)."""

import numpy as np

BACK_MM, BOTTOM_MM = -112.0, -50.0
EXTENT_MM = (156.0, 188.0, 136.0)
FWHM_PER_SD = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian, what smooths images on any grid


def study_grid(spacing_mm):
    """Grid over the bounding box of SPM's MNI template.

    Parameters
    ----------
    spacing_mm : float
        Edge of a voxel, mm. 2 gives 79 x 95 x 69 voxels.

    Returns
    -------
    affine : ndarray of shape (4, 4)
        Voxel index to mm.
    shape : tuple of 3 int

    Examples
    --------
    >>> study_grid(8.0)[1]
    (21, 25, 18)
    """
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    shape = tuple(int(round(extent / spacing_mm)) + 1 for extent in EXTENT_MM)
    left = -spacing_mm * (shape[0] - 1) / 2  # centred, so a flipped array is the mirror image
    affine[:3, 3] = left, BACK_MM, BOTTOM_MM
    return affine, shape


def field_of_view(spacing_mm, field_mm):
    """Part of the study grid that a box in MNI space covers.

    Parameters
    ----------
    spacing_mm : float
        Voxel size of the study grid, mm.
    field_mm : sequence of 3 pairs of float, or None
        From and to along x, y, z, mm; None is the whole grid.

    Returns
    -------
    tuple of 3 slice
        Of the voxels whose centres lie in the box.

    Raises
    ------
    ValueError
        If the box holds fewer than two voxels along an axis.
    """
    affine, shape = study_grid(spacing_mm)
    if field_mm is None:
        return tuple(slice(0, n) for n in shape)
    field = []
    for (low, high), origin, n, axis in zip(field_mm, affine[:3, 3], shape, "xyz", strict=True):
        first = max(int(np.ceil((low - origin) / spacing_mm)), 0)
        last = min(int(np.floor((high - origin) / spacing_mm)), n - 1)
        if last <= first:
            raise ValueError(
                f"network.field_mm from {low:g} to {high:g} mm along {axis} holds "
                f"{max(last - first + 1, 0)} voxel(s) of the {spacing_mm:g} mm grid, which reaches "
                f"from {origin:g} to {origin + spacing_mm * (n - 1):g} mm; expected more"
            )
        field.append(slice(first, last + 1))
    return tuple(field)


def in_full_grid(maps, field, shape):
    """Maps of a field of view in their place on the whole grid, 0 outside.

    Parameters
    ----------
    maps : ndarray of shape (..., x, y, z)
        Values in the field.
    field : tuple of 3 slice
        Output of `field_of_view`.
    shape : tuple of 3 int
        Of the whole grid; the result has the shape (..., *shape).
    """
    full = np.zeros((*maps.shape[:-3], *shape), maps.dtype)
    full[(..., *field)] = maps
    return full


def box_centre(field, affine):
    """Centre of a field of view in mm, ndarray of shape (3,).

    Parameters
    ----------
    field : tuple of 3 slice
        Output of `field_of_view`.
    affine : ndarray of shape (4, 4)
        Voxel to mm.

    Examples
    --------
    >>> affine, shape = study_grid(4.0)
    >>> box_centre(field_of_view(4.0, [(-8, 8), (0, 8), (-2, 2)]), affine)
    array([0., 4., 0.])
    """
    middle = [(part.start + part.stop - 1) / 2 for part in field]
    return affine[:3, :3] @ middle + affine[:3, 3]


def centre_cone(field, affine, shape):
    """A map that knows no image: minus the distance of each voxel from the centre of the box, mm.

    Parameters
    ----------
    field, affine
        As in `box_centre`.
    shape : tuple of 3 int
        Of the whole grid, and of the map.

    Returns
    -------
    ndarray of float64, shape `shape`
        0 at the centre and lower everywhere else.

    Examples
    --------
    >>> affine, shape = study_grid(8.0)
    >>> field = field_of_view(8.0, [(-8, 8), (-8, 8), (-10, 6)])
    >>> centre_cone(field, affine, shape)[field][:, 1, 1].round().tolist()
    [-8.0, -0.0, -8.0]
    """
    places = np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    return -np.linalg.norm(places - box_centre(field, affine), axis=-1)
