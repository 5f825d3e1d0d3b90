"""Volumes: refusals, orientation, count normalisation, and the cached array."""

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datnet_core import volumes
from datnet_core.volumes import cache_volumes, load_volume, read_scan, study_grid, uptake_ratio

AFFINE = np.array([[2.0, 0, 0, -78], [0, 2, 0, -112], [0, 0, 2, -50], [0, 0, 0, 1]])


@pytest.fixture
def save(tmp_path):
    def write(data, affine=AFFINE, name="scan.nii.gz"):
        nib.save(nib.Nifti1Image(data, affine), tmp_path / name)
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("spacing_mm", "shape"), [(2, (79, 95, 69)), (4, (40, 48, 35)), (8, (21, 25, 18))]
)
def test_the_study_grid_covers_the_template(spacing_mm, shape):
    affine, found = study_grid(spacing_mm)
    assert found == shape
    last = nib.affines.apply_affine(affine, np.array(shape) - 1)
    assert (np.abs(last - [78, 76, 86]) <= spacing_mm / 2).all()


def test_what_cannot_be_analysed_is_refused_by_name(save, tmp_path, rng):
    good = rng.random((5, 6, 7)).astype(np.float32)
    holed = good.copy()
    holed[1, 2, 3] = np.nan
    with pytest.raises(ValueError, match=r"scan.nii.gz: 1 voxel\(s\) are NaN"):
        read_scan(save(holed))
    with pytest.raises(ValueError, match="every voxel is 3; expected a PET image"):
        read_scan(save(np.full((5, 6, 7), 3.0)))
    with pytest.raises(ValueError, match=r"expected one 3D volume, found shape \(5, 6, 7, 2\)"):
        read_scan(save(np.stack([good, good], -1)))
    header = nib.Nifti1Header()
    header.set_sform(np.diag([2.0, 0, 2, 1]), code=1)
    header.set_qform(None, code=0)
    nib.Nifti1Image(good, None, header).to_filename(tmp_path / "flat.nii.gz")
    with pytest.raises(ValueError, match="affine is singular"):
        read_scan(tmp_path / "flat.nii.gz")
    whole = save(good).read_bytes()
    (tmp_path / "cut.nii.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="cut.nii.gz: not a readable NIfTI"):
        read_scan(tmp_path / "cut.nii.gz")
    (tmp_path / "text.nii.gz").write_text("no image")
    with pytest.raises(ValueError, match="not a readable NIfTI"):
        read_scan(tmp_path / "text.nii.gz")


def test_a_volume_with_a_fourth_axis_of_one_is_a_volume(save, rng):
    assert read_scan(save(rng.random((5, 6, 7, 1)))).shape == (5, 6, 7)


def test_orientation_and_byte_order_do_not_change_the_volume(save, atlas, dataset):
    path = next(dataset.rglob("*.nii.gz"))
    img = nib.load(path)
    data = img.get_fdata(dtype=np.float32)
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = data.shape[0] - 1
    flipped = save(data[::-1].astype(">f4"), img.affine @ flip, "flipped.nii.gz")
    assert nib.aff2axcodes(nib.load(flipped).affine) == ("L", "A", "S")
    expected = load_volume(path, atlas, 4.0, "occipital")
    np.testing.assert_allclose(load_volume(flipped, atlas, 4.0, "occipital"), expected, atol=1e-4)


def test_a_coarser_scan_gives_nearly_the_same_volume(save, atlas, dataset):
    path = next(dataset.rglob("*.nii.gz"))
    affine, shape = study_grid(3.0)
    coarse = save(volumes.to_grid(read_scan(path), affine, shape), affine, "coarse.nii.gz")
    expected = load_volume(path, atlas, 4.0, "occipital")
    found = load_volume(coarse, atlas, 4.0, "occipital")
    inside = expected > 0.5
    assert np.abs(found - expected)[inside].mean() < 0.02


def test_uptake_ratio_by_hand():
    counts = np.array([[[2.0, 4.0, 9.0]]])
    reference = np.array([[[True, True, False]]])  # mean (2 + 4) / 2 = 3
    np.testing.assert_allclose(uptake_ratio(counts, reference), [[[2 / 3, 4 / 3, 3]]], rtol=1e-6)


@given(scale=st.floats(1e-3, 1e6))
def test_uptake_ratio_ignores_the_count_scale(scale):
    counts = np.random.default_rng(1).random((3, 4, 5)) + 0.1
    mask = counts > 0.6
    np.testing.assert_allclose(uptake_ratio(counts * scale, mask), uptake_ratio(counts, mask), 1e-5)


def test_uptake_ratio_refuses_an_unusable_reference():
    ones = np.ones((2, 3, 4))
    with pytest.raises(ValueError, match="empty"):
        uptake_ratio(ones, ones < 0)
    with pytest.raises(ValueError, match="shape"):
        uptake_ratio(ones, np.ones((2, 3, 5), bool))
    with pytest.raises(ValueError, match="mean of the reference region is 0"):
        uptake_ratio(ones * 0, ones > 0)


def test_the_cache_holds_each_scan_and_is_not_read_again(dataset, atlas, tmp_path, monkeypatch):
    paths = sorted(dataset.rglob("*.nii.gz"))[:3]
    arguments = (atlas, 8.0, "occipital", tmp_path / "volumes.npy")
    array = cache_volumes(paths, *arguments)
    assert isinstance(array, np.memmap) and array.shape == (3, 21, 25, 18)
    for k, path in enumerate(paths):
        np.testing.assert_array_equal(array[k], load_volume(path, atlas, 8.0, "occipital"))

    def fail(*_):
        raise AssertionError("read again")

    monkeypatch.setattr(volumes, "load_volume", fail)
    np.testing.assert_array_equal(cache_volumes(paths, *arguments), array)
    with pytest.raises(AssertionError, match="read again"):
        cache_volumes(paths[:2], *arguments)


def test_all_bad_scans_are_listed_and_nothing_is_left(save, dataset, atlas, tmp_path):
    good = next(dataset.rglob("*.nii.gz"))
    bad = [save(np.full((5, 6, 7), k), name=f"bad{k:.0f}.nii.gz") for k in (1.0, 2.0)]
    out = tmp_path / "out"
    with pytest.raises(ValueError, match=r"2 scan\(s\) cannot be used") as error:
        cache_volumes([bad[0], good, bad[1]], atlas, 8.0, "occipital", out / "volumes.npy")
    assert "bad1.nii.gz" in str(error.value) and "bad2.nii.gz" in str(error.value)
    assert list(out.iterdir()) == []
