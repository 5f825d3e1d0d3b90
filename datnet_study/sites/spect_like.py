"""PET scans made like those of a SPECT camera: coarser, with coarse noise.

Not in the paper. What is known of SPECT without looking at a scan: its reconstructed images have a
resolution of 8 to 12 mm. Smoothed copies among the scans learned from made a network robust to
devices before (2019, DAT SPECT); no label and no scan of the other site is used.
"""

import numpy as np

from datnet_study.sites.resolution import filtered, missing_fwhm

SPECT_FWHM_MM = (8.0, 12.0)  # reconstructed, as articles give it
PET_FWHM_MM = 5.5  # of the scanner of the study, as in data_manifest/phantom.yaml
NOISE = (0.0, 0.1)  # SD / mean of a voxel after the filter of the study; an assumption
N_COPIES = 3  # of each scan, each as strange as chance has it


def spect_like(volumes, voxel_mm, seed):
    """Copies of scans as a SPECT camera might have made them.

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
    >>> copy = spect_like(flat, 4.0, seed=0)
    >>> copy.shape, bool(abs(copy.mean() - 1) < 0.1)
    ((1, 9, 9, 9), True)
    """
    rng = np.random.default_rng([seed, len(volumes)])
    fwhm_mm = rng.uniform(*SPECT_FWHM_MM, len(volumes))
    coarse = filtered(volumes, missing_fwhm(PET_FWHM_MM, fwhm_mm), voxel_mm)
    noise = filtered(rng.standard_normal(volumes.shape), fwhm_mm, voxel_mm)
    level = rng.uniform(*NOISE, len(volumes)) / noise.std(axis=(1, 2, 3))
    return (coarse * (1 + level[:, None, None, None] * noise)).astype(np.float32)
