"""What a wrong correction of attenuation and scatter leaves in a scan: a smooth factor.

Between the scanners of one study such factors remain after the resolution is matched.
"""

import numpy as np

REACH_MM = 45  # of the factor from the middle of the head; an assumption


def correction_factor(scene, scanner):
    """What a wrong correction multiplies each voxel with.

    f(r) = 1 + bias exp(-r^2 / (2 reach^2)), with r the distance from the centre of the grid: the
    middle of the head is too bright or too dark, which no change of the resolution mends.

    Parameters
    ----------
    scene : Scene
    scanner : Scanner
        Its `correction_bias`; 0 is no error.

    Returns
    -------
    ndarray of float32, shape of the scene

    References
    ----------
    Joshi et al. 2009, Neuroimage 46:154, PMC4308413.

    Examples
    --------
    >>> from types import SimpleNamespace as Some
    >>> scene = Some(grid_mm=np.zeros((3, 1, 1, 1), np.float32))  # the middle alone
    >>> correction_factor(scene, Some(correction_bias=0.05)).item()
    1.0499999523162842
    """
    near = np.exp(-(scene.grid_mm**2).sum(axis=0) / (2 * REACH_MM**2))
    return (1 + np.float32(scanner.correction_bias) * near).astype(np.float32)
