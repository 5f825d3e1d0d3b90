"""All scans in one array: as the study file says what they are, and only where there is room."""

from collections import namedtuple

import nibabel as nib
import numpy as np
import pytest

from datnet_images.atlas import region_mask
from datnet_study import cached_scans
from datnet_study.cached_scans import SPARE, cache_scans
from datnet_study.settings import Images

N_BYTES = 4 * 2 * 21 * 25 * 18  # two scans on the grid of 8 mm


@pytest.fixture
def scans(dataset, atlas, tmp_path):
    """Two scans as binding potentials."""
    paths = []
    for k, source in enumerate(sorted(dataset.rglob("*_pet.nii.gz"))[:2]):
        img = nib.load(source)
        counts = img.get_fdata()
        bp = counts / counts[region_mask(atlas, "occipital")].mean() - 1
        paths.append(tmp_path / f"{k}.nii")
        nib.save(nib.Nifti1Image(bp.astype(np.float32), img.affine), paths[-1])
    return paths


def disk(monkeypatch, free):
    usage = namedtuple("usage", "total used free")(10**12, 0, free)
    monkeypatch.setattr(cached_scans.shutil, "disk_usage", lambda _: usage)


@pytest.mark.parametrize("reference", ["occipital", "cerebellum"])
def test_scans_are_read_as_the_study_file_says(scans, atlas, tmp_path, reference):
    images = Images(input="bp", reference_region=reference)
    volumes = cache_scans(scans, atlas, images, 8.0, tmp_path / "out/volumes.npy")
    assert volumes.nbytes == N_BYTES
    assert 0.9 < np.median(volumes[:, 8:13, 5:7, 8:10]) < 1.1  # occipital cortex
    with pytest.raises(ValueError, match=r"2 scan.*\n.*0\.nii: .* write images\.input: bp"):
        cache_scans(scans, atlas, Images(), 8.0, tmp_path / "out/volumes.npy")


def test_a_disk_without_room_is_named_before_anything_is_written(
    scans, atlas, tmp_path, monkeypatch
):
    images, path = Images(input="bp"), tmp_path / "out/volumes.npy"
    disk(monkeypatch, N_BYTES + SPARE - 1)
    with pytest.raises(ValueError, match=r"volumes\.npy: needs 0\.05 GB, 0\.05 GB are free; make"):
        cache_scans(scans, atlas, images, 8.0, path)
    assert list(path.parent.iterdir()) == []
    disk(monkeypatch, N_BYTES + SPARE)
    cache_scans(scans, atlas, images, 8.0, path)
    disk(monkeypatch, SPARE)  # the array that is there is kept, or gives its place
    assert len(cache_scans(scans, atlas, images, 8.0, path)) == 2
