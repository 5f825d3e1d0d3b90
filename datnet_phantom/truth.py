"""Where two diagnoses of the phantom truly differ, voxel by voxel.

Three maps for each pair: `tissue` (what the disease does, before any scanner), `image` (what is
left of it in the mean image) and `d` (the image difference in units of the spread between
people of one diagnosis, Cohen's d). A saliency map can be held against them.
"""

import nibabel as nib
import numpy as np

from datnet_core.images.atlas import region_mask
from datnet_core.images.volumes import to_grid
from datnet_phantom.noise import filtered_noise_cv
from datnet_phantom.people import BINDING_COLUMNS, draw_binding, like_patients
from datnet_phantom.scanner import expected_image, paint, read_scene


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
        names = [f"effect_{a}-{b}_d.nii.gz" for a, b in ((diagnosis, other), (other, diagnosis))]
        found = [folder / name for name in names if (folder / name).is_file()]
        if not found:
            raise FileNotFoundError(f"{folder} has neither {names[0]} nor {names[1]}")
        img = nib.load(found[0])
        differs = img.get_fdata(dtype=np.float32).any()  # not where two diagnoses are made equal
        effects.append(np.abs(to_grid(img, affine, shape)) if differs else np.zeros(shape))
    return np.max(effects, axis=0)


N_DRAWS = 4000  # of binding, per diagnosis


def effect_maps(pairs, calibration, atlas, control, identical_patients=False):
    """Yield the maps of the difference between each two diagnoses at the first scan.

    image difference = E[u_first] - E[u_second] with u the uptake ratio to occipital cortex; its
    spread between people is var(x) = T(x)' C T(x) + noise, with C the covariance of binding,
    T(x) the response of voxel x to binding, and the two diagnoses pooled. What individual anatomy
    and misregistration add to the spread is left out.

    Parameters
    ----------
    pairs : list of tuple of 2 str
        Diagnoses; a positive difference means more uptake in the first.
    calibration : dict
        Output of `numbers.read_calibration`.
    atlas : Atlas
    control : str
        Diagnosis without any loss.
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
    scale = 1 / background[region_mask(atlas, "occipital")].mean()
    raised = [
        expected_image(zero | {column: 1.0}, scene, calibration) for column in BINDING_COLUMNS
    ]
    response = np.stack([(image - background) * scale for image in raised])  # (10, X, Y, Z)
    means, covariances = {}, {}
    for name in {name for pair in pairs for name in pair}:
        like = like_patients(name, calibration, control, identical_patients)
        draws = draw_binding(like, calibration, control, N_DRAWS, seed=0)
        means[name], covariances[name] = draws.mean(axis=0), np.cov(draws.T)
    noise = filtered_noise_cv(scene, calibration["scanner"])
    brain = region_mask(atlas, "brain")
    for first, second in pairs:
        differing = means[first] - means[second]  # (10,)
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
