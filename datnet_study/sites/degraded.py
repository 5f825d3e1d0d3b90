"""PET scans made like those of a SPECT camera: coarser, with coarse noise.

Not in the paper. What is known of SPECT without looking at a scan: its reconstructed images have a
resolution of 8 to 12 mm. Smoothed copies among the scans learned from made a network robust to
devices before (2019, DAT SPECT); no label and no scan of the other site is used.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from datnet_phantom.noise import FWHM_PER_SD

SPECT_FWHM_MM = (8.0, 12.0)  # reconstructed, as articles give it
PET_FWHM_MM = 5.5  # of the scanner of the study, as in data_manifest/phantom.yaml
NOISE = (0.0, 0.1)  # SD / mean of a voxel after the filter of the study; an assumption
N_COPIES = 3  # of each scan, each as strange as chance has it


def degraded(volumes, voxel_mm, seed):
    """Copies of scans as a coarser and noisier camera might have made them.

    Added FWHM = sqrt(f^2 - 5.5^2) with f drawn from 8 to 12 mm; the noise is proportional to the
    uptake, and as smooth as the resolution f.

    Parameters
    ----------
    volumes : ndarray of float32, shape (n_scans, X, Y, Z)
        Uptake ratios on the whole grid, so that nothing is missing at the border of a box.
    voxel_mm : float
    seed : int

    Returns
    -------
    ndarray of float32, shape (n_scans, X, Y, Z)

    Examples
    --------
    >>> flat = np.ones((1, 9, 9, 9), np.float32)
    >>> copy = degraded(flat, 4.0, seed=0)
    >>> copy.shape, bool(abs(copy.mean() - 1) < 0.1)
    ((1, 9, 9, 9), True)
    """
    rng = np.random.default_rng([seed, len(volumes)])
    copies = np.empty_like(volumes, dtype=np.float32)
    for copy, volume in zip(copies, volumes, strict=True):
        fwhm_mm = rng.uniform(*SPECT_FWHM_MM)
        added = np.sqrt(fwhm_mm**2 - PET_FWHM_MM**2) / FWHM_PER_SD / voxel_mm
        noise = gaussian_filter(
            rng.standard_normal(volume.shape), fwhm_mm / FWHM_PER_SD / voxel_mm, mode="wrap"
        )
        noise *= rng.uniform(*NOISE) / noise.std()
        copy[:] = gaussian_filter(volume, added, mode="nearest") * (1 + noise)
    return copies
