"""Regions of the brain on any grid, from one label image in MNI space.

Paper, methods: binding ratios and radiomics of putamen, caudate and occipital cortex. Only this
module knows label numbers; `data_manifest/atlas/README.md` names their sources.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import numpy as np
import pandas as pd
from scipy import ndimage

HALF = 0.5  # of a voxel
GROUPS = {"striatum": {"putamen", "caudate", "accumbens"}}


class Atlas(NamedTuple):
    """A label image and the names of its labels."""

    labels: np.ndarray  # uint8 (X, Y, Z); 0 is outside the brain
    affine: np.ndarray  # (4, 4), voxel to mm
    names: dict[str, int]  # region to label number

    @property
    def content(self):
        """Hash of labels, place and names: what was measured with another one is measured anew."""
        names = json.dumps(self.names)
        return hashlib.sha256(
            self.labels.tobytes() + self.affine.tobytes() + names.encode()
        ).hexdigest()


def read_atlas(path):
    """Read an `Atlas`: a label image and the table of names beside it.

    Parameters
    ----------
    path : str or Path
        `*_dseg.nii.gz`; the `.tsv` of the same name has columns `index` and `name`.

    Raises
    ------
    FileNotFoundError
        If one of the two files is missing.
    ValueError
        If `path` is no `.nii.gz`, a name occurs twice, or table and image differ in their labels.
    """
    path = Path(path)
    if not path.name.endswith(".nii.gz"):
        raise ValueError(f"{path}: expected a label image that ends in .nii.gz")
    img = nib.load(path)
    table = pd.read_csv(path.with_name(path.name.replace(".nii.gz", ".tsv")), sep="\t")
    if not table["name"].is_unique:
        twice = sorted(table["name"][table["name"].duplicated()])
        raise ValueError(f"{path}: the table names {twice} more than once; give each its own name")
    labels = np.asarray(img.dataobj)
    in_image, in_table = set(np.unique(labels).tolist()) - {0}, set(table["index"])
    if in_image != in_table:
        differing = sorted(in_image ^ in_table)[:9]
        raise ValueError(
            f"{path}: labels {differing} are in image or table only; build both together"
        )
    names = dict(zip(table["name"], table["index"], strict=True))
    return Atlas(np.ascontiguousarray(labels, np.uint8), img.affine, names)


def coarser_atlas(atlas, voxel_mm):
    """An atlas in larger voxels, each with the label that lies at its centre.

    Parameters
    ----------
    atlas : Atlas
        Its voxels are cubes along the axes of MNI space.
    voxel_mm : float
        Edge of the new voxels, mm.

    Returns
    -------
    Atlas
        The centre of its first voxel is that of the old one.

    Examples
    --------
    >>> fine = Atlas(np.arange(4, dtype=np.uint8)[:, None, None], np.eye(4), {})
    >>> coarser_atlas(fine, 2.0).labels.ravel()
    array([0, 2], dtype=uint8)
    """
    step = voxel_mm / atlas.affine[0, 0]
    places = [np.round(np.arange(0, n - HALF, step)).astype(int) for n in atlas.labels.shape]
    labels = np.ascontiguousarray(atlas.labels[np.ix_(*places)])
    return Atlas(labels, atlas.affine @ np.diag([step, step, step, 1]), atlas.names)


def region_mask(atlas, region):
    """Voxels of a region on the atlas' own grid, as a mask (bool).

    A region holds every label whose name contains all words of the region's name, so
    `putamen` is both sides and both parts, `putamen_left` one side. `striatum` stands for
    putamen, caudate and accumbens, `brain` for every label.

    Parameters
    ----------
    atlas : Atlas
    region : str
        Such as `putamen`, `caudate_left`, `striatum_right`, `occipital`, `brain`.

    Raises
    ------
    ValueError
        If no label matches; the message lists the labels.

    Examples
    --------
    >>> atlas = Atlas(np.array([[[0, 1, 2]]]), np.eye(4), {"putamen_left": 1, "caudate_left": 2})
    >>> region_mask(atlas, "striatum_left")
    array([[[False,  True,  True]]])
    """
    if region == "brain":
        return atlas.labels > 0
    wanted = [GROUPS.get(word, {word}) for word in region.split("_")]
    indices = [
        index
        for name, index in atlas.names.items()
        if all(words & set(name.split("_")) for words in wanted)
    ]
    if not indices:
        known = ", ".join(["brain", *GROUPS, *atlas.names])
        raise ValueError(f"no region {region!r}; the atlas has {known}, and parts of these names")
    return np.isin(atlas.labels, indices)


def region_fractions(atlas, region, affine, shape):
    """Share of each voxel of a grid that lies in a region, 0 to 1.

    Exact where the centres of the voxels fall on centres of the atlas, linear in between.

    Parameters
    ----------
    atlas, region
        As in `region_mask`; its error applies.
    affine, shape : ndarray of shape (4, 4), tuple of 3 int
        Target grid, voxel to mm, and its shape.

    Returns
    -------
    ndarray of float32, shape `shape`
    """
    fractions = region_mask(atlas, region).astype(np.float32)
    to_atlas = np.linalg.solve(atlas.affine, affine)  # voxel of the target to voxel of the atlas
    for axis, width in enumerate(np.abs(to_atlas[:3, :3]).sum(axis=1)):  # of a target voxel
        reach = np.arange(-np.ceil(width / 2), np.ceil(width / 2) + 1)
        overlap = np.clip((width + 1) / 2 - np.abs(reach), 0, min(width, 1))
        fractions = ndimage.convolve1d(fractions, overlap / overlap.sum(), axis, mode="constant")
    return ndimage.affine_transform(
        fractions, to_atlas, output_shape=tuple(shape), order=1, mode="grid-constant"
    ).clip(0, 1)


def region_mask_on(atlas, region, affine, shape):
    """Voxels of a grid of which at least half lies in a region, as a mask (bool) of its `shape`.

    Thin regions lose volume on coarse grids; means are better weighted by `region_fractions`,
    whose arguments and errors apply. No voxel at all is a `ValueError`, too.
    """
    mask = region_fractions(atlas, region, affine, shape) >= HALF
    if not mask.any():
        size = " x ".join(f"{edge:g}" for edge in nib.affines.voxel_sizes(affine).round(2))
        raise ValueError(
            f"region {region!r} fills no voxel of the {size} mm grid; expected at least one: use a "
            "finer images.grid_mm"
        )
    return mask


def region_parts(mask, atlas, regions, affine):
    """What a mask is made of: its volume, and the shares of it that lie in some regions.

    Parameters
    ----------
    mask : bool ndarray of shape (X, Y, Z)
        Voxels of any grid.
    atlas : Atlas
    regions : sequence of str
        Regions without a common label, such as `putamen` and `caudate`.
    affine : ndarray of shape (4, 4)
        Voxel of the mask to mm.

    Returns
    -------
    dict of str to float
        `ml`, the share in each of the regions, and in `rest` what is in none; NaN shares for an
        empty mask.

    Examples
    --------
    >>> atlas = Atlas(np.array([[[1, 2, 2]]], np.uint8), np.eye(4), {"putamen": 1, "csf": 2})
    >>> parts = region_parts(np.array([[[True, True, False]]]), atlas, ["putamen"], np.eye(4))
    >>> {name: round(float(value), 3) for name, value in parts.items()}
    {'ml': 0.002, 'putamen': 0.5, 'rest': 0.5}
    """
    parts = {"ml": float(mask.sum() * abs(np.linalg.det(affine[:3, :3])) / 1000)}
    for region in regions:
        inside = region_fractions(atlas, region, affine, mask.shape)[mask]
        parts[region] = float(inside.mean(dtype=np.float64)) if mask.any() else np.nan
    return parts | {"rest": 1 - sum(parts[region] for region in regions)}


def region_table(atlas):
    """DataFrame of the name, number of voxels, volume and centre of each label of an `Atlas`.

    Its columns are `name`, `n_voxels`, `volume_ml`, `x_mm`, `y_mm`, `z_mm`.
    """
    rows = []
    for name, index in atlas.names.items():
        where = np.argwhere(atlas.labels == index)
        centre = nib.affines.apply_affine(atlas.affine, where.mean(axis=0))
        volume = len(where) * abs(np.linalg.det(atlas.affine[:3, :3])) / 1000
        rows.append((name, len(where), volume, *centre))
    return pd.DataFrame(rows, columns=["name", "n_voxels", "volume_ml", "x_mm", "y_mm", "z_mm"])
