"""How fine the detail of an image is: its power by spatial frequency."""

import numpy as np
from scipy import fft
from scipy.signal import windows


def power_spectrum(volume, voxel_mm, n_bins=40):
    """Power of an image by spatial frequency, averaged over directions.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Its mean is taken off and its edges fade out (Hann window) first.
    voxel_mm : float
        Edge of a voxel, mm.
    n_bins : int
        Bins from 0 to the Nyquist frequency.

    Returns
    -------
    frequency : ndarray of shape (n_bins,)
        Centre of each bin, cycles per mm.
    power : ndarray of shape (n_bins,)
        Mean squared amplitude in the bin; NaN where no frequency falls into it.

    Examples
    --------
    A wave of 10 mm along the first axis:

    >>> wave = np.cos(2 * np.pi * 2.0 * np.arange(60) / 10)[:, None, None] * np.ones((60, 50, 40))
    >>> frequency, power = power_spectrum(wave, voxel_mm=2.0)
    >>> round(float(frequency[np.nanargmax(power)]), 2)
    0.1
    """
    power, frequencies = _power(volume, voxel_mm)
    radius = np.sqrt(sum(f**2 for f in np.ix_(*frequencies)))
    edges = np.linspace(0, 1 / (2 * voxel_mm), n_bins + 1)
    total, _ = np.histogram(radius, edges, weights=power)
    count, _ = np.histogram(radius, edges)
    mean = np.divide(total, count, out=np.full(n_bins, np.nan), where=count > 0)
    return (edges[1:] + edges[:-1]) / 2, mean


def power_kept(volume, voxel_mm, grid_mm):
    """Share of the power of an image that a coarser grid can hold.

    A grid of spacing d holds the frequencies up to 1 / (2 d) along each axis (Nyquist).

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Its mean is taken off and its edges fade out (Hann window) first.
    voxel_mm, grid_mm : float
        Spacing of the image and of the coarser grid, mm.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        If the image is constant.

    Examples
    --------
    Waves of 10 mm fit on a grid of 4 mm, which holds those of 8 mm and more:

    >>> wave = np.cos(2 * np.pi * 2.0 * np.arange(60) / 10)[:, None, None] * np.ones((60, 50, 40))
    >>> round(power_kept(wave, voxel_mm=2.0, grid_mm=4.0), 2)
    1.0
    >>> round(power_kept(wave, voxel_mm=2.0, grid_mm=8.0), 2)
    0.0
    """
    power, frequencies = _power(volume, voxel_mm)
    if not power.sum() > 0:
        raise ValueError("the image is constant; expected one with some power")
    held = [np.abs(f) <= 1 / (2 * grid_mm) + 1e-9 for f in frequencies]
    return float(power[np.ix_(*held)].sum() / power.sum())


def _power(volume, voxel_mm):
    """Squared amplitudes (X, Y, Z) and the frequencies of each axis in cycles per mm.

    The edges fade out, or the cut at the neck would look like fine detail.
    """
    faded = volume - volume.mean(dtype=np.float64)
    for axis, n in enumerate(volume.shape):
        faded = faded * np.expand_dims(windows.hann(n), [k for k in range(3) if k != axis])
    amplitude = fft.fftn(faded)
    return np.abs(amplitude) ** 2, [fft.fftfreq(n, voxel_mm) for n in volume.shape]
