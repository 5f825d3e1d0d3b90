"""A table of native scans: images and transforms are written, failures are rows with reasons."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from datnet_images.atlas import Atlas
from datnet_images.transforms import itk_affine, to_mni, write_transform
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import expected_image
from datnet_study import native
from datnet_study.native import normalise_scans
from datnet_study.settings import Images

SHIFT = nib.affines.from_matvec(np.eye(3), [9, -6, 12])


@pytest.fixture(scope="module")
def coarse(atlas):
    """The atlas on voxels of 4 mm, so that images are small."""
    labels = np.ascontiguousarray(atlas.labels[::2, ::2, ::2])
    return Atlas(labels, atlas.affine @ np.diag([2.0, 2, 2, 1]), atlas.names)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, coarse, scene, calibration):
    """A scan that was shifted, the same with a transform by hand, and one without a head."""
    root = tmp_path_factory.mktemp("native")
    image = expected_image(dict.fromkeys(BINDING_COLUMNS, 1.5), scene, calibration)[::2, ::2, ::2]
    img = nib.Nifti1Image(image, coarse.affine)
    grid = np.diag([5.0, 5, 5, 1])
    grid[:3, 3] = -110, -120, -75
    nib.save(to_mni(img, itk_affine(np.linalg.inv(SHIFT)), grid, (45, 47, 34), 0), root / "one.nii")
    noise = np.random.default_rng(3).random((20, 20, 8), np.float32)
    nib.save(nib.Nifti1Image(noise, np.diag([5.0, 5, 5, 1])), root / "empty.nii")
    write_transform(itk_affine(SHIFT), root / "hand" / "sub-2_ses-1_to-scan_xfm.tfm")
    return root


SCANS = pd.DataFrame(
    {
        "participant_id": ["sub-1", "sub-2", "sub-3"],
        "session_id": "ses-1",
        "path": ["one.nii", "one.nii", "empty.nii"],
    }
)


def normalised(folder, atlas, scans=SCANS, by_hand="hand", **settings):
    settings = {"filter_fwhm_mm": 0, "scan_fwhm_mm": 12.0} | settings
    images = Images(space="native", **settings)
    return normalise_scans(
        scans, folder, folder / "mni", atlas, images, by_hand=folder / by_hand, n_jobs=1
    )


@pytest.fixture(scope="module")
def quality(folder, coarse):
    return normalised(folder, coarse).set_index("participant_id")


def test_the_worst_scan_stands_first_and_says_why_it_has_no_image(quality):
    assert quality.index[0] == "sub-3"
    assert quality.loc["sub-3", "verdict"] == "fail"
    assert "give" in quality.loc["sub-3", "problem"]
    assert pd.isna(quality.loc["sub-3", "path"])


def test_scans_are_written_in_mni_space_with_their_transforms(quality, folder, coarse):
    for name in ("sub-1", "sub-2"):
        row = quality.loc[name]
        assert row["verdict"] == "pass" and pd.isna(row["problem"])
        img = nib.load(folder / "mni" / row["path"])
        assert img.shape == coarse.labels.shape
        assert row["moves_mm"] < 3
        assert (folder / "mni" / row["transform"]).is_file()


def test_a_transform_by_hand_takes_the_place_of_the_one_found(quality, folder):
    assert quality.loc["sub-2", "start"] == "transform by hand"
    assert quality.loc["sub-1", "start"] != "transform by hand"
    by_hand = (folder / "hand" / "sub-2_ses-1_to-scan_xfm.tfm").read_bytes()
    assert (folder / "mni" / quality.loc["sub-2", "transform"]).read_bytes() == by_hand


def test_finished_scans_are_kept_until_something_of_theirs_changes(
    quality, folder, coarse, monkeypatch
):
    made = []

    def noted(*arguments):
        made.append(arguments)
        return to_mni(*arguments)

    monkeypatch.setattr(native, "to_mni", noted)
    again = normalised(folder, coarse).set_index("participant_id")
    assert made == []
    pd.testing.assert_frame_equal(again, quality, check_dtype=False)
    by_hand = SCANS[SCANS["participant_id"] == "sub-2"]
    (folder / "mni" / quality.loc["sub-2", "path"]).unlink()
    normalised(folder, coarse, by_hand)
    assert len(made) == 1
    sharper = normalised(folder, coarse, by_hand, scan_fwhm_mm=9.0)
    assert len(made) == 2
    assert sharper["agreement"].item() != quality.loc["sub-2", "agreement"]
    smoother = normalised(folder, coarse, by_hand, filter_fwhm_mm=6.0)
    assert len(made) == 3
    normalised(folder, coarse, by_hand, filter_fwhm_mm=6.0, fit_striatum=False)
    assert len(made) == 4
    img = nib.load(folder / "mni" / smoother["path"].item())
    assert img.get_fdata().std() < noted(*made[0]).get_fdata().std()


def test_without_the_striatum_the_map_is_another(quality, folder, coarse):
    scans = SCANS.head(1).assign(session_id="ses-2")
    (folder / "without").mkdir()
    apart = normalised(folder, coarse, scans, "without", fit_striatum=False).iloc[0]
    assert apart["verdict"] == "pass"
    images = [
        nib.load(folder / "mni" / path).get_fdata()
        for path in (quality.loc["sub-1", "path"], apart["path"])
    ]
    assert np.abs(images[0] - images[1]).max() > 0.01 * images[0].max()


def test_a_file_that_is_no_scan_stops_the_study_by_its_name(folder, coarse):
    (folder / "damaged.nii").write_bytes(b"no image")
    (folder / "none").mkdir()
    scans = SCANS.tail(1).assign(path="damaged.nii")
    with pytest.raises(ValueError, match=r"1 scan\(s\).*\n .*damaged\.nii: not a readable NIfTI"):
        normalised(folder, coarse, scans, by_hand="none")


def test_a_transform_of_no_scan_and_a_folder_that_is_not_there_are_refused(folder, coarse):
    scans = SCANS.head(1)
    expected = r"sub-2_ses-1_to-scan_xfm\.tfm: of no scan; expected .* sub-1_ses-1_to-scan_xfm\.tfm"
    with pytest.raises(ValueError, match=expected):
        normalised(folder, coarse, scans)
    with pytest.raises(ValueError, match=r"images\.transforms: no folder .*nowhere"):
        normalised(folder, coarse, scans, "nowhere")
