"""Resolution of finished scans: estimated from them, matched to each other, and varied.

The resolution of a scan is that of the scanner and of all filters behind it, as the FWHM of one
Gaussian. It is most of what differs between scanners (Joshi et al. 2009, PMC4308413); a scan can be
made as coarse as another one, not as fine.
"""

import itertools

import numpy as np

from datnet_images.grid import FWHM_PER_SD
from datnet_images.transforms import smoothed
from datnet_phantom.spectrum import power_spectrum

BAND = (0.02, 0.07)  # cycles/mm: below lies the shape of the head, above little but noise
COPIES = 4  # degraded copies of each scan
WIDEST_MM = 8.0  # of an extra filter, FWHM; from 11 mm to what SPECT has
NOISE_SD = 0.08  # largest added SD, after the filter, relative to the reference
WHOLE = (slice(None),) * 3


def filtered(volumes, fwhm_mm, spacing_mm, field=WHOLE):
    """Scans after a Gaussian filter.

    Parameters
    ----------
    volumes : ndarray of shape (n_scans, X, Y, Z)
    fwhm_mm : float or ndarray of shape (n_scans,)
        0 leaves a scan as it is.
    spacing_mm : float
        Edge of a voxel.
    field : tuple of 3 slice
        Part of the grid that is returned; what lies beside it counts for the filter.

    Returns
    -------
    ndarray of float32, shape (n_scans, x, y, z)

    Examples
    --------
    >>> filtered(np.ones((1, 5, 5, 5)), 8.0, 4.0).round(3).max().item()
    1.0
    """
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    made = [
        (smoothed(volume, affine, fwhm) if fwhm else volume)[field]
        for volume, fwhm in zip(
            np.asarray(volumes, np.float32), np.broadcast_to(fwhm_mm, len(volumes)), strict=True
        )
    ]
    return np.stack(made)


def missing_fwhm(own_mm, common_mm):
    """FWHM of the filter that brings a scan to a coarser resolution: widths add as squares.

    Raises
    ------
    ValueError
        If a scan is coarser already.

    Examples
    --------
    >>> missing_fwhm(6.0, 10.0).item()
    8.0
    """
    own_mm = np.asarray(own_mm, dtype=float)
    if (own_mm > common_mm + 1e-9).any():
        raise ValueError(
            f"a scan of {own_mm.max():.1f} mm cannot be brought to {common_mm:.1f} mm; expected a "
            "common resolution no finer than that of any scan"
        )
    return np.sqrt(np.maximum(common_mm**2 - own_mm**2, 0.0))[()]


def estimated_fwhm(volumes, reference, reference_mm, spacing_mm):
    """Resolution of the scans of a site, from how much fine detail they have beside known ones.

    A Gaussian of SD s leaves exp(-(2 pi f s)^2) of the power at frequency f, whatever the object;
    so the slope of log(power / power of the reference) over f^2 is -(2 pi)^2 (s^2 - s_ref^2), if
    the people look alike on average. The power is that of the mean scan: in single scans a noisy
    camera looks like a fine one, and the more so the noisier it is. No label is used.

    Parameters
    ----------
    volumes, reference : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios of the site, and of one whose resolution is known.
    reference_mm : float
        FWHM of that.
    spacing_mm : float
        Edge of a voxel.

    Returns
    -------
    float
        FWHM, mm; 0 where the scans are finer than any could be.

    References
    ----------
    After Carbonell et al. 2024, doi:10.1101/2024.09.30.614929, who fit the power of one scan.

    Examples
    --------
    >>> object = np.random.default_rng(0).normal(size=(2, 44, 46, 42))
    >>> coarse = filtered(object, 12.0, 4.0)
    >>> fine = filtered(object, 9.0, 4.0)
    >>> abs(estimated_fwhm(coarse, fine, 9.0, 4.0) - 12.0) < 0.3
    True
    """
    f, own = power_spectrum(np.mean(volumes, axis=0), spacing_mm)
    change = np.log(own) - np.log(power_spectrum(np.mean(reference, axis=0), spacing_mm)[1])
    band = (f >= BAND[0]) & (f <= BAND[1]) & np.isfinite(change)
    slope, _ = np.polyfit(f[band] ** 2, change[band], 1)
    square = (reference_mm / FWHM_PER_SD) ** 2 - slope / (2 * np.pi) ** 2
    return float(np.sqrt(max(square, 0.0)) * FWHM_PER_SD)


def degraded_copies(volumes, spacing_mm, rng, field=WHOLE):
    """Copies of scans as other cameras might make them: coarser or finer, and noisier.

    Of each copy a number u between -1 and 1 is drawn: above 0 it is filtered with u times
    `WIDEST_MM`; below 0 it gets once more a share of |u| of what such a filter takes. Noise is
    white before the filter and has an SD of up to `NOISE_SD` after it. These ranges are an
    assumption about cameras in general, not about a site that is judged.

    Parameters
    ----------
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios.
    spacing_mm : float
        Edge of a voxel.
    rng : numpy.random.Generator
    field : tuple of 3 slice
        Part of the grid that is returned.

    Returns
    -------
    ndarray of float32, shape (COPIES * n_scans, x, y, z)
        All scans once, then once more, and so on.
    """
    copies = []
    for volume in itertools.chain.from_iterable([np.asarray(volumes, np.float32)] * COPIES):
        u, level = rng.uniform(-1, 1), NOISE_SD * rng.random()
        fwhm_mm = max(u, 0) * WIDEST_MM
        soft = filtered(volume[None], WIDEST_MM if u < 0 else fwhm_mm, spacing_mm)[0]
        made = volume - u * (volume - soft) if u < 0 else soft
        noise = rng.standard_normal((1, *volume.shape), dtype=np.float32)
        noise = filtered(noise, max(fwhm_mm, 2 * spacing_mm), spacing_mm)[0]
        copies.append((made + level * noise / noise.std())[field])
    return np.stack(copies).astype(np.float32)
