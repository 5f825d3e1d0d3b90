"""Scans that come in MNI space: measured as the study file says, worst first."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from datnet_images.atlas import Atlas, region_mask
from datnet_images.transforms import itk_affine, to_mni
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import expected_image
from datnet_study import placed_scans
from datnet_study.placed_scans import as_counts, checked_scans
from datnet_study.settings import Images

SCANS = pd.DataFrame(
    {
        "participant_id": ["sub-1", "sub-2", "sub-3"],
        "session_id": "ses-1",
        "path": ["placed.nii", "shifted.nii", "air.nii"],
    }
)


@pytest.fixture(scope="module")
def coarse(atlas):
    """The atlas on voxels of 4 mm: quicker."""
    labels = np.ascontiguousarray(atlas.labels[::2, ::2, ::2])
    return Atlas(labels, atlas.affine @ np.diag([2.0, 2, 2, 1]), atlas.names)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, atlas, scene, calibration):
    """A scan in its place, the same beside it, an image of air, and binding potentials."""
    root = tmp_path_factory.mktemp("placed")
    image = expected_image(dict.fromkeys(BINDING_COLUMNS, 1.5), scene, calibration)
    affine = atlas.affine @ np.diag([2.0, 2, 2, 1])
    reference = image[region_mask(atlas, "occipital")].mean()
    img = nib.Nifti1Image(image[::2, ::2, ::2], affine)
    nib.save(img, root / "placed.nii")
    matrix = nib.affines.from_matvec(np.eye(3), (0, 9, 0))
    nib.save(to_mni(img, itk_affine(matrix), affine, img.shape, 0), root / "shifted.nii")
    air = np.zeros(img.shape, np.float32)
    air[0, 0, :9] = np.arange(9)
    nib.save(nib.Nifti1Image(air, affine), root / "air.nii")
    nib.save(nib.Nifti1Image(img.get_fdata() / reference - 1, affine), root / "bp.nii")
    return root


def test_the_worst_scan_stands_first_with_its_reason(folder, coarse):
    found = checked_scans(SCANS, folder, coarse, Images(), n_jobs=1)
    assert found["participant_id"].tolist() == ["sub-3", "sub-2", "sub-1"]
    assert found["verdict"].tolist() == ["fail", "fail", "pass"]
    assert found["path"].tolist() == ["air.nii", "shifted.nii", "placed.nii"]
    assert found["problem"].notna().tolist() == [True, False, False]
    assert found.loc[1, "worst"] == "moves_mm" and found.loc[1, "moves_mm"] > 6


@pytest.mark.parametrize(
    "settings", [{"scan_fwhm_mm": 3}, {"filter_fwhm_mm": 0}, {"reference_region": "cerebellum"}]
)
def test_each_setting_changes_what_is_measured(folder, coarse, settings):
    one = SCANS.head(1)
    usual, other = (
        checked_scans(one, folder, coarse, images, n_jobs=1)
        for images in (Images(), Images(**settings))
    )
    names = ["agreement", "reference_level"]
    assert not np.allclose(usual[names].to_numpy(), other[names].to_numpy(), rtol=1e-4)


def test_binding_potentials_are_measured_as_ratios(folder, coarse):
    scans = SCANS.head(1).assign(path="bp.nii")
    as_bp = checked_scans(scans, folder, coarse, Images(input="bp"), n_jobs=1)
    as_was = checked_scans(SCANS.head(1), folder, coarse, Images(), n_jobs=1)
    assert as_bp["verdict"].item() == "pass"
    assert as_bp["moves_mm"].item() == pytest.approx(as_was["moves_mm"].item(), abs=0.01)
    taken_for_counts = checked_scans(
        pd.concat([scans, SCANS.head(1)]), folder, coarse, Images(), n_jobs=1
    )
    assert taken_for_counts["verdict"].tolist() == ["fail", "pass"]


def test_a_binding_potential_of_0_is_outside_the_scan():
    img = nib.Nifti1Image(np.array([[[-0.5, 0, 2]]], np.float32), np.eye(4))
    assert as_counts(img, "bp").get_fdata().tolist() == [[[0.5, 0, 3]]]
    assert as_counts(img, "ratio") is img


def test_files_that_are_no_scans_are_listed(folder, coarse):
    scans = SCANS.assign(path=["placed.nii", "none.nii", "gone.nii"])
    with pytest.raises(ValueError, match=r"^2 scan\(s\) cannot be used\n .*none\.nii.*\n .*gone"):
        checked_scans(scans, folder, coarse, Images(), n_jobs=1)


def test_a_study_of_which_nothing_can_be_measured_stops(folder, coarse):
    with pytest.raises(ValueError, match=r"none of 1 scans .* images\.input say"):
        checked_scans(SCANS.tail(1), folder, coarse, Images(), n_jobs=1)


def test_measures_are_kept_until_something_changes(folder, coarse, tmp_path, monkeypatch):
    kept, asked = tmp_path / "kept.json", []
    measure = placed_scans.scan_quality
    monkeypatch.setattr(placed_scans, "scan_quality", lambda *a: asked.append(a) or measure(*a))

    def found(scans, atlas=coarse, **settings):
        asked.clear()
        return checked_scans(scans, folder, atlas, Images(**settings), kept, n_jobs=1)

    two = SCANS.drop(1)
    first = found(two)
    assert len(asked) == 2
    pd.testing.assert_frame_equal(found(two), first, check_exact=True)
    renamed = SCANS.head(1).assign(participant_id="sub-9")
    assert found(renamed)["participant_id"].tolist() == ["sub-9"] and not asked
    found(SCANS.head(1), filter_fwhm_mm=0)
    assert len(asked) == 1
    found(SCANS.head(1), coarse._replace(labels=np.where(coarse.labels == 1, 2, coarse.labels)))
    assert len(asked) == 1
