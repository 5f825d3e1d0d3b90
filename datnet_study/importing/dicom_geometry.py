"""Where the slices of a DICOM series lie, by its own header, and a converted image beside it.

PET has a position for each slice (PS3.3, C.7.6.2); a reconstructed NM file has that of the first
one and the step to the next, whose sign says whether it lies ahead or behind (C.8.4.15). A
converter that takes it for positive turns such a volume upside down (dcm2niix issue 885).
"""

import nibabel as nib
import numpy as np

SAME_MM = 0.1  # positions are text of up to 16 characters; scanners round them to about 0.01 mm
TO_RAS = np.array([-1.0, -1.0, 1.0])  # DICOM counts to the left and back


def slice_positions(series):
    """Position of each slice along the normal of the first one.

    Parameters
    ----------
    series : Series

    Returns
    -------
    normal : ndarray of shape (3,), or None
        Unit vector, DICOM axes. None where a header has no orientation or position.
    positions : ndarray of shape (n_slices,)
        mm, in the order of files or frames; equal for the slices of several frames of time.
    """
    header = series.first
    nuclear = header.Modality == "NM"
    places = [header]
    if nuclear:  # in the item of the detector; some write it as other images have it
        places = [*(header.get("DetectorInformationSequence") or [])[:1], header]
    directions, corner = (
        next((place.get(name) for place in places if place.get(name)), None)
        for name in ("ImageOrientationPatient", "ImagePositionPatient")
    )
    everywhere = nuclear or all(each.get("ImagePositionPatient") for each in series.headers)
    if not directions or len(directions) != 6 or not corner or not everywhere:
        return None, np.zeros(0)
    normal = np.cross(*np.array(directions, float).reshape(2, 3))
    if not nuclear:
        corners = [np.array(each.ImagePositionPatient, float) for each in series.headers]
        return normal, np.array([normal @ each for each in corners])
    step = float(header.get("SpacingBetweenSlices") or header.get("SliceThickness") or 0)
    n = int(header.get("NumberOfFrames") or 1)
    return normal, normal @ np.array(corner, float) + step * np.arange(n)


def upright(img, normal, positions):
    """A converted image with the place of its slices as the header has them.

    Parameters
    ----------
    img : nibabel.Nifti1Image
        Output of a converter; the third axis counts slices.
    normal, positions : ndarray
        Output of `slice_positions`.

    Returns
    -------
    nibabel.Nifti1Image
        The same, or turned over where the converter has lost the sign of the step.

    Raises
    ------
    ValueError
        If the slices lie elsewhere than the header says.
    """
    ends = np.array([[0, 0, 0, 1], [0, 0, img.shape[2] - 1, 1]], float).T
    first, last = (normal * TO_RAS) @ (img.affine @ ends)[:3]
    low, high = positions.min(), positions.max()
    if np.allclose(sorted((first, last)), (low, high), atol=SAME_MM):
        return img
    # The slices lie mirrored about the first one of the file, which a converter may count last.
    for fixed, at, other in ((first, 0, last), (last, img.shape[2] - 1, first)):
        beyond = 2 * fixed - other
        mended = np.allclose((fixed, beyond), positions[[0, -1]], atol=SAME_MM)
        if mended and len(positions) == img.shape[2]:
            mirror = np.diag([1.0, 1.0, -1.0, 1.0])
            mirror[2, 3] = 2 * at
            return nib.Nifti1Image(np.asanyarray(img.dataobj), img.affine @ mirror)
    raise ValueError(
        f"slices from {first:.1f} to {last:.1f} mm after conversion, expected from {low:.1f} to "
        f"{high:.1f} mm by the header; export the series again"
    )
