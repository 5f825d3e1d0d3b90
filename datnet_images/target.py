"""What a PET scan should look like in MNI space, adapted to the scan itself.

A target that looks healthy pulls controls into place better than patients. Here each region of the
atlas has a level of its own, fitted to the scan and never negative, so a weak striatum is compared
with a weak striatum, and nothing needs to know the diagnosis. A bright striatum still pulls harder
than a weak one where its shape is not that of the atlas; `fit_striatum=False` leaves striatum and
midbrain, where diagnoses differ, out where a map is fitted (`Target.driving`). Paper section "Image
Acquisition and Reconstruction": the scans were normalised without MRI.
"""

from typing import NamedTuple

import nibabel as nib
import numpy as np
from scipy import linalg, ndimage, optimize

from datnet_images.atlas import GROUPS, HALF, region_fractions, region_mask_on
from datnet_images.grid import FWHM_PER_SD

MARGIN_MM = 16.0  # around the atlas
SCALP_MM = 12.0  # skull and scalp around the brain
RIM_MM = 16.0  # how far from the brain voxels are compared: scalp and a little air
NOISE_FLOOR = 0.3  # of the mean of the brain; noise grows with the counts above it
N_REWEIGHTED = 2  # the weights need the levels, and the levels the weights
SPILL = 0.002  # share of striatum and midbrain in a voxel after the blur that would still show
APART_MM = 10.0  # from there to what moves a map: other people's striata reach beyond the atlas'
RIDGE = 1e-9  # of the mean diagonal, for regions that no voxel in the field of view reaches


class Target(NamedTuple):
    """Images that a scan in MNI space is a sum of, on a coarse grid."""

    names: tuple  # of the regions; the last one is the scalp
    basis: np.ndarray  # float32 (n_regions, X, Y, Z): share of each region, blurred
    affine: np.ndarray  # (4, 4) voxel to mm
    mask: np.ndarray  # bool (X, Y, Z): voxels that are compared
    brain: np.ndarray  # bool (X, Y, Z)
    specific: np.ndarray  # bool (X, Y, Z): striatum
    driving: np.ndarray  # bool (X, Y, Z): of the mask, what moves maps
    fwhm_mm: float  # resolution of the images

    @property
    def spacing_mm(self):
        """Edge of a voxel."""
        return float(self.affine[0, 0])

    @property
    def fit_striatum(self):
        """Whether the striatum moves maps."""
        return bool((self.driving & self.specific).any())


class Adapted(NamedTuple):
    """A target with the levels of one scan."""

    image: np.ndarray  # (X, Y, Z)
    levels: dict  # region to its level; 1 is the mean of the brain
    weights: np.ndarray  # (X, Y, Z) of the squared differences; 0 where the scan has no voxel
    agreement: float  # share of the scan's weighted variance that the target explains


def read_target(atlas, fwhm_mm, spacing_mm=5.0, fit_striatum=True):
    """Prepare the images that scans are compared with.

    Parameters
    ----------
    atlas : Atlas
    fwhm_mm : float
        Resolution of the scans that will be compared, full width at half maximum.
    spacing_mm : float
        Edge of a voxel of the target.
    fit_striatum : bool
        Whether striatum and midbrain, and 10 mm around where they show, move a map too. Without
        them no diagnosis can, and the map is less exact.

    Returns
    -------
    Target
    """
    low = atlas.affine[:3, 3] - MARGIN_MM
    high = nib.affines.apply_affine(atlas.affine, np.array(atlas.labels.shape) - 1) + MARGIN_MM
    shape = tuple(np.ceil((high - low) / spacing_mm).astype(int) + 1)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = low
    shares = [region_fractions(atlas, name, affine, shape) for name in atlas.names]
    brain = sum(shares).clip(0, 1)
    away_mm = ndimage.distance_transform_edt(brain < HALF) * spacing_mm
    shares.append((away_mm <= SCALP_MM) * (1 - brain))
    sd = fwhm_mm / FWHM_PER_SD / spacing_mm
    basis = np.stack([ndimage.gaussian_filter(part.astype(np.float32), sd) for part in shares])
    mask = away_mm <= RIM_MM
    mask[:, :, : int(np.ceil(MARGIN_MM / spacing_mm)) + 1] = False  # the head goes on below
    names = (*atlas.names, "scalp")
    specific = region_mask_on(atlas, "striatum", affine, shape)
    driving = mask
    if not fit_striatum:
        differ = GROUPS["striatum"] | {"midbrain"}
        differing = [bool(differ & set(name.split("_"))) for name in names]
        free = basis[differing].sum(axis=0) < SPILL
        driving = mask & (ndimage.distance_transform_edt(free) * spacing_mm > APART_MM)
    return Target(names, basis, affine, mask, away_mm == 0, specific, driving, fwhm_mm)


def adapted_target(values, inside, target):
    """Fit the levels of a target to a scan.

    Levels w >= 0 minimise sum v (scan - sum w_k b_k)^2 over the mask; v = 1 / (t^2 + 0.3^2) with
    the target t of the step before, because the noise of PET grows with the counts.

    Parameters
    ----------
    values : ndarray of shape (X, Y, Z)
        The scan on the grid of the target, 1 being the mean of the brain.
    inside : bool ndarray of shape (X, Y, Z)
        Voxels that count: in the scan's field of view, and of `target.driving` where a map is
        fitted.
    target : Target

    Returns
    -------
    Adapted

    Raises
    ------
    ValueError
        If few voxels are inside, or all of them are alike.
    """
    used = target.mask & inside
    n_levels = len(target.names)
    if used.sum() < 2 * n_levels:
        raise ValueError(
            f"{used.sum()} voxels of the head are in the field of view, expected at least "
            f"{2 * n_levels}: give a start or a transform by hand"
        )
    rows = target.basis[:, used].astype(np.float64)  # (n_levels, n)
    scan = values[used].astype(np.float64)
    weights = np.ones(len(scan))
    for _ in range(N_REWEIGHTED):
        weighted = rows * weights
        levels = _nonnegative(weighted @ rows.T, weighted @ scan)
        fitted = levels @ rows
        weights = 1 / (fitted**2 + NOISE_FLOOR**2)
    image = np.tensordot(levels.astype(np.float32), target.basis, 1)
    left = np.average((scan - fitted) ** 2, weights=weights)
    spread = np.average((scan - np.average(scan, weights=weights)) ** 2, weights=weights)
    if not spread > 0:
        raise ValueError(
            f"{used.sum()} voxels that are compared are all alike, expected a head: give a start "
            "or a transform by hand"
        )
    everywhere = np.zeros(values.shape)
    everywhere[used] = weights
    named = dict(zip(target.names, levels.tolist(), strict=True))
    return Adapted(image, named, everywhere, float(1 - left / spread))


def _nonnegative(gram, right):
    """Minimum of x' gram x / 2 - right' x over x >= 0.

    With a root R'R of the small matrix gram, |Rx - R'^-1 right|^2 has the same minimum, and the
    voxels are summed up once, not in every step of the search.
    """
    gram[np.diag_indices_from(gram)] += RIDGE * np.trace(gram) / len(gram)
    root = linalg.cholesky(gram)
    right = linalg.solve_triangular(root, right, trans="T")
    return optimize.nnls(root, right, maxiter=50 * len(gram))[0]
