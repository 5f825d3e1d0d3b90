"""Where two diagnoses of the phantom truly differ, voxel by voxel.

Three maps for each pair: `tissue` (what the disease does, before any scanner), `image` (what is
left of it in the mean image) and `d` (the image difference in units of the spread between
people of one diagnosis, Cohen's d). A saliency map can be held against them.
"""

import nibabel as nib
import numpy as np

from datnet_images.atlas import region_mask
from datnet_images.volumes import to_grid
from datnet_phantom.density import draw_binding, like_patients
from datnet_phantom.noise import filtered_noise_cv
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import expected_image, paint, read_scene

N_DRAWS = 4000  # of binding, per diagnosis


def effect_path(folder, first, second, kind):
    """Path of the map of the difference between two diagnoses.

    Parameters
    ----------
    folder : Path
        `truth/` of a phantom data set.
    first, second : str
        Diagnoses; a positive difference means more uptake in the first.
    kind : str
        `tissue`, `image` or `d`.

    Returns
    -------
    Path

    Examples
    --------
    >>> from pathlib import Path
    >>> effect_path(Path("truth"), "IPD", "MSA", "d").as_posix()
    'truth/effect_IPD-MSA_d.nii.gz'
    """
    return folder / f"effect_{first}-{second}_{kind}.nii.gz"


def largest_effect(folder, diagnosis, others, affine, shape):
    """Largest |Cohen's d| of a diagnosis against any of the others, voxel by voxel.

    Parameters
    ----------
    folder : Path
        `truth/` of a phantom data set.
    diagnosis : str
    others : sequence of str
        Diagnoses it is compared with; itself is skipped.
    affine : ndarray of shape (4, 4)
        Grid of the result, voxel to mm.
    shape : tuple of 3 int

    Returns
    -------
    ndarray of shape `shape`
        Unitless, 0 or more; linear between the voxels of the phantom.

    Raises
    ------
    FileNotFoundError
        If the phantom has no map of a pair.
    """
    effects = []
    for other in others:
        if other == diagnosis:
            continue
        orders = (diagnosis, other), (other, diagnosis)
        paths = [effect_path(folder, *order, "d") for order in orders]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            raise FileNotFoundError(f"{folder} has neither {paths[0].name} nor {paths[1].name}")
        img = nib.load(path)
        differs = img.get_fdata(dtype=np.float32).any()  # not where two diagnoses are made equal
        effects.append(np.abs(to_grid(img, affine, shape)) if differs else np.zeros(shape))
    return np.max(effects, axis=0)


def effect_maps(pairs, calibration, atlas, control, reference_region, identical_patients=False):
    """Yield the maps of the difference between each two diagnoses at the first scan.

    image difference = E[u_first] - E[u_second] with u the uptake ratio to the reference region; its
    spread between people is var(x) = T(x)' C T(x) + noise, with C the covariance of binding,
    T(x) the response of voxel x to binding, and the two diagnoses pooled. What individual anatomy
    and misregistration add to the spread is left out.

    Parameters
    ----------
    pairs : list of tuple of 2 str
        Diagnoses; a positive difference means more uptake in the first.
    calibration : Calibration
        Output of `numbers.read_calibration`.
    atlas : Atlas
    control : str
        Diagnosis without any loss.
    reference_region : str
        Region that normalises the counts.
    identical_patients : bool
        All patients come from the distribution of the first patient group.

    Yields
    ------
    name : tuple of 3 str
        First diagnosis, second diagnosis, and `tissue`, `image` or `d`.
    values : ndarray of float32, shape of the atlas
    """
    scene = read_scene(atlas, calibration)
    zero = dict.fromkeys(BINDING_COLUMNS, 0.0)
    background = expected_image(zero, scene, calibration)
    scale = 1 / background[region_mask(atlas, reference_region)].mean()
    raised = [
        expected_image(zero | {column: 1.0}, scene, calibration) for column in BINDING_COLUMNS
    ]
    response = np.stack([(image - background) * scale for image in raised])  # (n_columns, X, Y, Z)
    means = {}
    covariances = {}
    for name in {name for pair in pairs for name in pair}:
        like = like_patients(name, calibration, control, identical_patients)
        draws = draw_binding(like, calibration, control, N_DRAWS, seed=0)
        means[name], covariances[name] = draws.mean(axis=0), np.cov(draws.T)
    noise = filtered_noise_cv(scene, calibration)
    brain = region_mask(atlas, "brain")
    for first, second in pairs:
        differing = means[first] - means[second]  # (n_columns,)
        painted = [
            paint(zero | dict(zip(BINDING_COLUMNS, means[name], strict=True)), scene, calibration)
            for name in (first, second)
        ]
        yield (first, second, "tissue"), painted[0] - painted[1]
        difference = np.tensordot(differing.astype(np.float32), response, 1)
        yield (first, second, "image"), difference
        pooled = (covariances[first] + covariances[second]).astype(np.float32) / 2
        level = background * scale
        level += np.tensordot(((means[first] + means[second]) / 2).astype(np.float32), response, 1)
        variance = (np.tensordot(pooled, response, 1) * response).sum(axis=0)
        variance += (noise * level) ** 2
        spread = np.sqrt(variance, out=np.ones_like(variance), where=brain)
        yield (first, second, "d"), np.where(brain, difference / spread, 0)
