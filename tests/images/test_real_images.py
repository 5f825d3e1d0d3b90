"""Two real PET images through loader, normalisation, binding ratio and radiomics.

The images are not part of the project; DATNET_REFERENCE_DATA names the folder that holds them.
"""

import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from datnet_images.atlas import read_atlas
from datnet_images.binding import regional_binding
from datnet_images.grid import study_grid
from datnet_images.radiomics import extract_features
from datnet_images.volumes import load_volume, read_scan
from datnet_study.study import read_study

FOLDER = os.environ.get("DATNET_REFERENCE_DATA")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="DATNET_REFERENCE_DATA names no folder with the real images"
)


def real(name):
    return Path(FOLDER) / "real" / name


@pytest.fixture(scope="module")
def real_atlas():
    return read_atlas(read_study("data_manifest/demo.yaml").atlas_path)


@pytest.mark.parametrize(("spacing_mm", "tolerance"), [(2.0, 0.02), (4.0, 0.04)])
def test_the_binding_ratio_of_a_real_f_dopa_map(real_atlas, spacing_mm, tolerance):
    # Mean map of 12 controls, 3 mm, right-to-left, big-endian. Measured with this atlas: 1.20 and
    # 0.35 with linear sampling, 1.22 and 0.37 with splines. Occipital labels that reach the edge
    # of the brain dilute the reference and give 1.6 and 0.6.
    path = real("FDOPA_fluorodopa_hc12_gomez.nii.gz")
    assert nib.aff2axcodes(nib.load(path).affine) == ("L", "A", "S")
    volume = load_volume(path, real_atlas, spacing_mm, "occipital")
    affine, _ = study_grid(spacing_mm)
    ratios = regional_binding(
        volume[None], real_atlas, affine, "occipital", ("putamen", "caudate")
    ).iloc[0]
    assert ratios["putamen"] == pytest.approx(1.20, abs=tolerance)
    assert ratios["caudate"] == pytest.approx(0.35, abs=tolerance)
    assert ratios["putamen_left"] == pytest.approx(ratios["putamen_right"], rel=0.15)


def test_the_radiomics_of_a_real_fdg_lesion():
    img = read_scan(real("STS_002_PET_image.nii.gz"))
    mask = np.asarray(nib.load(real("STS_002_PET_mask.nii.gz")).dataobj) > 0
    spacing_mm = tuple(nib.affines.voxel_sizes(img.affine).astype(float))
    features = extract_features(img.get_fdata(), mask, spacing_mm, bin_width=0.5)
    assert len(features) == 107
    assert np.isfinite(list(features.values())).all()
    assert features["firstorder_Mean"] == pytest.approx(img.get_fdata()[mask].mean(), rel=1e-6)
    assert features["shape_VoxelVolume"] == pytest.approx(
        mask.sum() * np.prod(spacing_mm), rel=1e-6
    )
