"""Noise of a DAT PET scan: its size from the detected counts, its texture, what a filter leaves.

Paper section "Image Acquisition and Reconstruction".
"""

import numpy as np
from scipy import fft, ndimage

from datnet_images.grid import FWHM_PER_SD


def noise_cv(scanner, half_life_min):
    """SD / mean of a voxel before normalisation and filter, from the counts that were detected.

    SD / mean = 1.2 n_cells^(3/4) / sqrt(n_events) for filtered back-projection, where n_cells
    resolution cells fill a slice of the brain and n_events are the events in a slice as thick as
    the resolution; `reconstruction_noise` is what OSEM leaves of it.

    Parameters
    ----------
    scanner : Scanner
        Section `scanner` of the calibration.
    half_life_min : float
        Of the radionuclide, minutes.

    Returns
    -------
    float

    References
    ----------
    Budinger et al. 1978, J Nucl Med 19:309.

    Examples
    --------
    >>> from datnet_phantom.numbers import read_calibration
    >>> calibration = read_calibration("data_manifest/phantom.yaml")
    >>> round(noise_cv(calibration.scanner, calibration.tracer.half_life_min), 3)
    0.325
    """
    rate = np.log(2) / half_life_min
    at_start = np.exp(-rate * scanner.frame_start_min)
    in_frame = 1 - np.exp(-rate * scanner.frame_min)
    decays = at_start * in_frame / rate * 60  # s at full dose
    in_brain_kbq = scanner.injected_mbq * 1000 * scanner.brain_share
    detected = in_brain_kbq * decays * scanner.sensitivity_cps_per_kbq
    n_events = detected * scanner.attenuation * scanner.noise_equivalent_share
    fwhm_mm = scanner.resolution_fwhm_mm
    n_cells = np.pi / 4 * scanner.brain_width_mm * scanner.brain_length_mm / fwhm_mm**2
    per_slice = n_events * fwhm_mm / scanner.brain_height_mm
    return float(scanner.reconstruction_noise * 1.2 * n_cells**0.75 / np.sqrt(per_slice))


def relative_noise(scene, cv, rng):
    """Factor of each voxel: log-normal with mean 1, correlated like reconstructed noise.

    In images of the EM algorithm the SD is close to proportional to the mean and the values are
    close to log-normal; the power rises with the spatial frequency and falls with the resolution.

    Parameters
    ----------
    scene : Scene
    cv : float
        SD / mean of a voxel.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape of the scene

    References
    ----------
    Barrett et al. 1994, doi:10.1088/0031-9155/39/5/004.
    """
    shape = _padded(scene.labels.shape)
    white = fft.rfftn(rng.standard_normal(shape, dtype=np.float32))
    noise = fft.irfftn(white * scene.noise_filter, shape)[tuple(map(slice, scene.labels.shape))]
    variance = np.log1p(cv**2)
    return np.exp(np.float32(np.sqrt(variance)) * noise - np.float32(variance / 2))


def filtered_noise_cv(scene, calibration):
    """SD / mean of a voxel of the finished image: `noise_cv` times what the filter leaves.

    Parameters
    ----------
    scene : Scene
    calibration : Calibration
        Output of `numbers.read_calibration`.

    Returns
    -------
    float
    """
    scanner = calibration.scanner
    passed = ndimage.fourier_gaussian(
        np.ones_like(scene.noise_filter),
        sigma(scanner.filter_fwhm_mm, scene),
        n=_padded(scene.labels.shape)[2],
    )
    power = scene.noise_filter**2
    left = float(np.sqrt((power * passed**2).sum() / power.sum()))
    return noise_cv(scanner, calibration.tracer.half_life_min) * left


def sigma(fwhm_mm, scene):
    """SD of a Gaussian in voxels.

    Parameters
    ----------
    fwhm_mm : float
        Full width at half maximum, mm.
    scene : Scene

    Returns
    -------
    float
    """
    return fwhm_mm / FWHM_PER_SD / scene.voxel_mm


def _padded(shape):
    """Sizes that the Fourier transform is fast for."""
    return tuple(fft.next_fast_len(n, real=True) for n in shape)


def noise_filter(shape, voxel_mm, fwhm_mm):
    """Square root of the noise power |f| exp(-(2 pi f s)^2), scaled to unit variance.

    Parameters
    ----------
    shape : tuple of 3 int
        Of the image; the filter is for a size that the Fourier transform is fast for.
    voxel_mm : float
    fwhm_mm : float
        Resolution of the scanner; s is the SD of this Gaussian.

    Returns
    -------
    ndarray of float32
        For the half spectrum of `scipy.fft.rfftn`.
    """
    shape = _padded(shape)
    full = [fft.fftfreq(n, voxel_mm) for n in shape]
    squared = sum(f**2 for f in np.ix_(*full))
    spread = fwhm_mm / FWHM_PER_SD
    root = np.sqrt(np.sqrt(squared)) * np.exp(-2 * (np.pi * spread) ** 2 * squared)
    root /= np.sqrt((root**2).mean())
    return root[..., : shape[2] // 2 + 1].astype(np.float32)
