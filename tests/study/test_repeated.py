"""The same image under two names, and images that are only alike."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from datnet_images.volumes import cache_volumes, read_scan
from datnet_study.repeated import refuse_repeated, repeated_images


def mirrored_axes(img):
    """The same image with its first axis from left to right, or from right to left."""
    turn = np.diag([-1.0, 1, 1, 1])
    turn[0, 3] = img.shape[0] - 1
    return nib.Nifti1Image(img.get_fdata()[::-1], img.affine @ turn)


def in_whole_numbers(img):
    data = img.get_fdata()
    return nib.Nifti1Image(np.round(data / data.max() * 32000).astype(np.int16), img.affine)


COPIES = {
    "another orientation": mirrored_axes,
    "another scale and number type": in_whole_numbers,
    "not compressed": lambda img: img,
}


@pytest.mark.parametrize("copy", list(COPIES))
def test_a_copy_is_known_however_it_was_made(dataset, atlas, tmp_path, copy):
    paths = sorted(dataset.rglob("*_pet.nii.gz"))[:4]
    nib.save(COPIES[copy](read_scan(paths[1])), tmp_path / "copy.nii")
    volumes = cache_volumes(
        [*paths, tmp_path / "copy.nii"], atlas, 8.0, "occipital", tmp_path / "volumes.npy"
    )
    assert repeated_images(volumes) == [(1, 4)]


def test_two_scans_of_one_person_are_two_images(dataset, atlas, tmp_path):
    paths = sorted(dataset.rglob("*_pet.nii.gz"))
    assert len({path.parents[2] for path in paths}) < len(paths)  # somebody has two
    volumes = cache_volumes(paths, atlas, 8.0, "occipital", tmp_path / "volumes.npy")
    assert repeated_images(volumes) == []


def test_the_rows_with_one_image_are_named(rng):
    volumes = rng.random((3, 4, 5, 6))
    volumes[1] = volumes[2]
    scans = pd.DataFrame(
        {
            "participant_id": ["sub-1", "sub-2", "sub-3"],
            "session_id": "ses-1",
            "path": ["a.nii", "b.nii", "c.nii"],
        }
    )
    refuse_repeated(scans[:2], volumes[:2])
    with pytest.raises(ValueError, match=r"1 pair.*\n  sub-2/ses-1 \(b.nii\) and sub-3/ses-1"):
        refuse_repeated(scans, volumes)
