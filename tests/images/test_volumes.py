"""Volumes: refusals, orientation, count normalisation, and the cached array."""

import gzip
import json
import os
import shutil
import struct

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datnet_core.fingerprint import code_modules
from datnet_images import volumes
from datnet_images.atlas import region_mask
from datnet_images.grid import study_grid
from datnet_images.volumes import cache_volumes, load_volume, read_scan, to_grid, uptake_ratio

AFFINE = np.array([[2.0, 0, 0, -78], [0, 2, 0, -112], [0, 0, 2, -50], [0, 0, 0, 1]])


@pytest.fixture
def save(tmp_path):
    def write(data, affine=AFFINE, name="scan.nii.gz"):
        nib.save(nib.Nifti1Image(data, affine), tmp_path / name)
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: np.where(x == x.max(), np.nan, x), r"1 voxel\(s\) are NaN or infinite"),
        (lambda x: np.where(x < 0.5, np.inf, x), r"\d+ voxel\(s\) are NaN or infinite"),
        (lambda x: 0 * x + 3, "every voxel is 3; expected a PET image"),
        (lambda x: np.stack([x, x], -1), r"expected one 3D volume, found shape \(5, 6, 7, 2\)"),
        (lambda x: x[:1, ..., None].repeat(2, -1), r"expected one .* found shape \(1, 6, 7, 2\)"),
        (lambda x: x[0], r"expected one 3D volume, found shape \(6, 7\)"),
    ],
    ids=["NaN", "infinite", "constant", "two frames", "two frames of one slice", "one slice"],
)
def test_what_cannot_be_analysed_is_refused_by_name(save, rng, change, message):
    path = save(change(rng.random((5, 6, 7)).astype(np.float32)))
    with pytest.raises(ValueError, match=rf"scan\.nii\.gz: {message}"):
        read_scan(path)


def test_one_slice_with_its_third_axis_is_a_volume(save, rng):
    assert read_scan(save(rng.random((5, 1, 7)))).shape == (5, 1, 7)


@pytest.mark.parametrize("second", [(0, 0, 0, -112), (0, np.nan, 0, -112), (0, 2, 0, np.nan)])
def test_an_affine_without_an_inverse_is_refused(save, rng, second):
    image = bytearray(gzip.decompress(save(rng.random((5, 6, 7))).read_bytes()))
    struct.pack_into("<4f", image, 296, *second)  # `srow_y` of the header
    path = save(rng.random((5, 6, 7)))
    path.write_bytes(gzip.compress(image))
    with pytest.raises(ValueError, match=r"scan\.nii\.gz: the affine is singular"):
        read_scan(path)


def damaged(image, offset, kind, value):
    """A compressed image with a wrong value in its header."""
    image = bytearray(gzip.decompress(image))
    struct.pack_into(kind, image, offset, value)
    return gzip.compress(image)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image[: len(image) // 2],
        lambda image: image[:-4],
        lambda image: image[:-9] + bytes([image[-9] ^ 255]) + image[-8:],
        lambda image: image[:-8] + bytes([image[-8] ^ 255]) + image[-7:],
        lambda _: b"",
        lambda _: b"no image",
        lambda _: gzip.compress(b"no image"),
        lambda image: damaged(image, 42, "<h", -5),
        lambda image: damaged(image, 70, "<h", 99),
        lambda image: damaged(image, 70, "<h", 128),
        lambda image: damaged(image, 108, "<f", 1e6),
    ],
    ids=[
        "cut in half", "cut at the end", "a wrong byte", "wrong checksum", "empty", "text",
        "compressed text", "negative shape", "unknown number type", "colours", "too short",
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_by_name(save, rng, change):
    path = save(rng.random((5, 6, 7)).astype(np.float32))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=r"scan\.nii\.gz: not a readable NIfTI image"):
        read_scan(path)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match=r"gone\.nii: not a readable NIfTI image \(No such file"):
        read_scan(tmp_path / "gone.nii")


def rotated(degrees):
    """Turn about x, then about z."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    about_z = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return about_z @ about_x


def plane(xyz_mm):
    """Counts that linear interpolation reproduces everywhere."""
    return 5000 + xyz_mm @ [9.0, -5.0, 13.0]


@pytest.mark.parametrize(
    ("axes", "n_extra", "order"),
    [
        (np.diag([2.0, 2, 2]), 0, "<"),
        (np.diag([-2.0, 2, 2]), 0, "<"),  # LAS
        (np.diag([3.0, 2.5, 4.5]), 0, "<"),
        (np.diag([1.5, 1.5, 3.5]) @ np.eye(3)[[2, 0, 1]], 0, ">"),  # other order of the axes
        (np.diag([2.0, 2, 2]) * [-1, -1, 1], 0, ">"),
        (rotated(12) * [3.0, 3.5, 4.0], 0, "<"),
        (np.diag([4.0, 3.5, 3]), 1, "<"),
        (rotated(-7) * [-3.0, 3.5, 4.0], 2, ">"),
    ],
    ids=["2 mm", "LAS", "anisotropic", "permuted, big-endian", "LPS, big-endian", "oblique",
         "4D of one volume", "oblique, big-endian, 5D"],
)  # fmt: skip
def test_a_scan_means_the_same_in_mm_however_it_is_stored(tmp_path, atlas, axes, n_extra, order):
    # Half the template's box is 78 x 94 x 68 mm, its centre (0, -18, 18) mm.
    half = np.ceil(np.abs(np.linalg.inv(axes)) @ [78, 94, 68]).astype(int)
    shape = 2 * half + [2, 3, 4]
    affine = np.eye(4)
    affine[:3, :3] = axes
    affine[:3, 3] = [0, -18, 18] - axes @ (shape - 1) / 2
    voxels = np.moveaxis(np.indices(shape, np.float32), 0, -1)
    counts = plane(nib.affines.apply_affine(affine, voxels))
    header = nib.Nifti1Header(endianness=order)
    header.set_data_dtype(np.float32)
    path = tmp_path / "scan.nii"
    nib.save(nib.Nifti1Image(counts.reshape(*shape, *[1] * n_extra), affine, header), path)
    assert path.read_bytes()[:4] == struct.pack(f"{order}i", 348)

    grid, grid_shape = study_grid(4.0)
    reference = np.argwhere(region_mask(atlas, "occipital"))
    expected = plane(nib.affines.apply_affine(grid, np.moveaxis(np.indices(grid_shape), 0, -1)))
    expected = expected / plane(nib.affines.apply_affine(atlas.affine, reference)).mean()
    found = load_volume(path, atlas, 4.0, "occipital")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_outside_the_scan_there_is_nothing(rng):
    affine, shape = study_grid(4.0)
    small = nib.Nifti1Image(rng.random((5, 6, 7)).astype(np.float32) + 1, np.diag([4.0, 4, 4, 1]))
    on_grid = to_grid(small, affine, shape)
    # mm 0 is voxel 78 / 4 = 19.5, 112 / 4 = 28, 50 / 4 = 12.5 of the grid.
    assert on_grid[20:24, 28:34, 13:19].min() > 0.9
    assert on_grid[:19].max() == on_grid[25:].max() == on_grid[:, 35:].max() == 0


def test_a_scan_on_the_grid_already_is_left_as_it_is(rng):
    affine, shape = study_grid(8.0)
    data = rng.random(shape).astype(np.float32)
    np.testing.assert_array_equal(to_grid(nib.Nifti1Image(data, affine), affine, shape), data)


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
    with pytest.raises(ValueError, match="reference region: 0% inside the image"):
        uptake_ratio(ones, ones < 0)
    with pytest.raises(ValueError, match="shape"):
        uptake_ratio(ones, np.ones((2, 3, 5), bool))
    with pytest.raises(ValueError, match="reference region: 0% inside the image; expected 90%"):
        uptake_ratio(ones * 0, ones > 0)


def test_voxels_outside_the_image_are_unknown_and_no_zeros():
    counts, reference = np.full((1, 1, 24), 2.0), np.arange(24).reshape(1, 1, 24) < 20
    counts[0, 0, :3] = np.nan, 4.0, 0.0  # one of 20 outside the image, one not measured
    np.testing.assert_allclose(uptake_ratio(counts, reference)[0, 0, 20], 2 / (38 / 18))
    counts[0, 0, 3] = np.nan
    with pytest.raises(ValueError, match="reference region: 85% inside the image; expected 90%"):
        uptake_ratio(counts, reference)
    counts[0, 0, :4] = np.nan, 0.1, 0.0, 0.0  # a binding potential may be 0
    counts[0, 0, 4:20] = 0.1
    assert uptake_ratio(counts, reference, "bp")[0, 0, 20] == 3


@pytest.fixture
def phantom(dataset):
    """Counts of one scan of the phantom, and their affine."""
    img = read_scan(next(dataset.rglob("*_pet.nii.gz")))
    return img.get_fdata(dtype=np.float32), img.affine


def test_binding_potentials_and_ratios_give_the_volume_of_the_counts(save, phantom, atlas):
    counts, affine = phantom
    mean = counts[region_mask(atlas, "occipital")].mean()
    expected = load_volume(save(counts, affine), atlas, 8.0, "occipital")
    for kind, voxels in (("ratio", counts / mean), ("bp", counts / mean - 1)):
        found = load_volume(save(voxels, affine), atlas, 8.0, "occipital", kind)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    more = load_volume(save(1.2 * counts / mean, affine), atlas, 8.0, "occipital", "ratio")
    np.testing.assert_allclose(more, 1.2 * expected, atol=1e-5)  # its mean is kept


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        (
            "counts",
            lambda ratio: 100 * (ratio - 1),
            "for binding potentials write images.input: bp",
        ),
        ("counts", lambda ratio: ratio - 0.99, "no counts; for binding potentials"),
        (
            "counts",
            lambda ratio: ratio - 1.1,
            "100% of it below 0|[0-9]+% of it below 0: no counts",
        ),
        ("bp", lambda ratio: ratio, r"is 1, .*; expected about 0, as images\.input is bp"),
        (
            "ratio",
            lambda ratio: 3 * ratio,
            r"is 3, .*; expected about 1, as images\.input is ratio",
        ),
    ],
    ids=["percent", "a little more", "less", "a ratio as bp", "counts as ratio"],
)
def test_voxels_of_another_kind_are_refused_with_the_word_for_it(
    save, phantom, atlas, kind, change, message
):
    counts, affine = phantom
    ratio = counts / counts[region_mask(atlas, "occipital")].mean()
    with pytest.raises(
        ValueError, match=rf"scan\.nii\.gz: mean of the reference region .*{message}"
    ):
        load_volume(save(change(ratio), affine), atlas, 8.0, "occipital", kind)


@pytest.mark.parametrize("how", ["cropped", "filled with zeros"])
def test_a_scan_without_the_back_of_the_head_is_refused_not_read_as_zeros(
    save, phantom, atlas, how
):
    counts, affine = phantom
    region = region_mask(atlas, "occipital")

    def scan(n_lost):
        if how == "cropped":
            start = affine.copy()
            start[1, 3] += 2 * n_lost
            return save(counts[:, n_lost:], start)
        return save(np.where(np.arange(95)[:, None] < n_lost, 0, counts), affine)

    lost = np.cumsum(region.sum(axis=(0, 2))) / region.sum()
    little, much = np.searchsorted(lost, [0.08, 0.4])
    whole = load_volume(save(counts, affine), atlas, 4.0, "occipital")
    found = load_volume(scan(little), atlas, 4.0, "occipital")
    assert abs(found[20, 30, 12] / whole[20, 30, 12] - 1) < 0.02  # with zeros it were 8% more
    with pytest.raises(
        ValueError, match=r"reference region: [56]\d% inside the image; expected 90%"
    ):
        load_volume(scan(much), atlas, 4.0, "occipital")


def parcel_means(counts, labels):
    """Mean of each region in all of its voxels: a picture of the scan, without its voxels."""
    means = np.bincount(labels.ravel(), counts.ravel()) / np.maximum(np.bincount(labels.ravel()), 1)
    return means[labels].astype(np.float32)


@pytest.mark.parametrize("kind", ["parcel means", "thresholded, in int16", "ones on a margin"])
def test_what_has_even_patches_is_no_pet_image(save, phantom, atlas, kind):
    counts, affine = phantom
    if kind == "parcel means":
        image = parcel_means(counts, atlas.labels)
    elif kind == "ones on a margin":
        image = np.where(counts > counts.max() / 4, 1.0, -3.0) + (counts > counts.max() / 2)
    else:
        image = (counts > counts.max() / 4).astype(np.int16)
    with pytest.raises(
        ValueError, match=r"scan\.nii\.gz: \d+ distinct values .* not a mask or labels"
    ):
        read_scan(save(image, affine))


def test_a_pet_image_in_whole_numbers_on_a_margin_is_one(save, phantom):
    counts, affine = phantom
    eight_bits = np.round(counts / counts.max() * 255).astype(np.uint8)
    assert read_scan(save(eight_bits, affine)).shape == counts.shape
    assert read_scan(save(np.where(counts > 0, counts, -1024), affine)).shape == counts.shape


def test_a_volume_is_one_on_average_in_the_reference_region(dataset, atlas):
    path = next(dataset.rglob("*.nii.gz"))
    volume = load_volume(path, atlas, 2.0, "cerebellum")
    assert volume[region_mask(atlas, "cerebellum")].mean() == pytest.approx(1, abs=1e-5)
    assert volume[region_mask(atlas, "occipital")].mean() > 1.02


def test_a_scan_away_from_the_template_is_refused_by_name(save, atlas, rng):
    far = AFFINE.copy()
    far[0, 3] = 900
    with pytest.raises(ValueError, match=r"scan\.nii\.gz: .*: 0% inside .*in MNI space\?"):
        load_volume(save(rng.random((5, 6, 7)), far), atlas, 4.0, "occipital")


def test_the_cache_holds_each_scan_and_is_not_read_again(dataset, atlas, tmp_path, monkeypatch):
    paths = sorted(dataset.rglob("*.nii.gz"))[:3]
    arguments = (atlas, 8.0, "occipital", tmp_path / "volumes.npy")
    array = cache_volumes(paths, *arguments)
    assert arguments[-1].stat().st_blocks * 512 >= array.nbytes  # no hole that a full disk leaves
    assert isinstance(array, np.memmap) and array.shape == (3, 21, 25, 18)
    assert array.dtype == np.float32 and not array.flags.writeable
    for k, path in enumerate(paths):
        np.testing.assert_array_equal(array[k], load_volume(path, atlas, 8.0, "occipital"))

    def fail(*_):
        raise AssertionError("read again")

    monkeypatch.setattr(volumes, "load_volume", fail)
    np.testing.assert_array_equal(cache_volumes(paths, *arguments), array)
    with pytest.raises(AssertionError, match="read again"):
        cache_volumes(paths[:2], *arguments)


def test_the_record_of_the_cache_says_what_it_holds(dataset, atlas, tmp_path):
    cache_volumes(
        sorted(dataset.rglob("*.nii.gz"))[:2], atlas, 8.0, "occipital", tmp_path / "v.npy"
    )
    record = json.loads((tmp_path / "v.json").read_text())
    assert (record["n_scans"], record["shape"], record["grid_mm"]) == (2, [21, 25, 18], 8.0)
    assert record["affine"] == study_grid(8.0)[0].tolist()
    assert record["reference_region"] == "occipital"


@pytest.fixture
def scans(dataset, tmp_path):
    """Three scans of one file name, size and time of change, each in a folder of its own."""
    paths = [tmp_path / f"sub-{k}" / "pet.nii" for k in range(3)]
    for path, source in zip(paths, sorted(dataset.rglob("*.nii.gz")), strict=False):
        path.parent.mkdir()
        path.write_bytes(gzip.decompress(source.read_bytes()))
        os.utime(path, (1_000_000, 1_000_000))
    return paths


@pytest.mark.parametrize("changed", ["file", "order", "grid", "region", "atlas"])
def test_a_cache_of_something_else_is_built_anew(scans, atlas, tmp_path, changed):
    array_path = tmp_path / "volumes.npy"
    old = np.array(cache_volumes(scans, atlas, 8.0, "occipital", array_path))
    spacing_mm, region = 8.0, "occipital"
    if changed == "file":
        shutil.copy(scans[0], scans[1])
    elif changed == "order":
        scans = scans[::-1]
    elif changed == "grid":
        spacing_mm = 10.0
    elif changed == "region":
        region = "cerebellum"
    else:
        atlas = atlas._replace(labels=atlas.labels[::-1].copy())
    new = cache_volumes(scans, atlas, spacing_mm, region, array_path)
    assert new.shape != old.shape or not np.array_equal(new, old)
    for k, path in enumerate(scans):
        np.testing.assert_array_equal(new[k], load_volume(path, atlas, spacing_mm, region))


def test_a_cache_of_other_code_is_built_anew(scans, atlas, tmp_path, monkeypatch):
    arguments = (scans, atlas, 8.0, "occipital", tmp_path / "volumes.npy")
    cache_volumes(*arguments)
    built = arguments[-1].stat().st_ino
    cache_volumes(*arguments)
    assert arguments[-1].stat().st_ino == built
    monkeypatch.setattr(volumes, "__file__", __file__)
    monkeypatch.setattr(volumes, "load_volume", lambda *_: np.float32(7))
    assert (cache_volumes(*arguments) == 7).all()


def test_the_code_of_the_cache_includes_the_grid_and_the_atlas():
    reached = {path.name for path in code_modules(volumes.__file__)}
    assert {"volumes.py", "grid.py", "atlas.py"} <= reached


def test_a_data_set_that_moved_keeps_its_cache(scans, atlas, tmp_path, monkeypatch):
    array_path = tmp_path / "out" / "volumes.npy"
    cache_volumes(scans, atlas, 8.0, "occipital", array_path)
    monkeypatch.setattr(volumes, "load_volume", None)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for path in scans:
        shutil.move(path.parent, moved / path.parent.name)
    scans = [moved / path.parent.name / path.name for path in scans]
    assert len(cache_volumes(scans, atlas, 8.0, "occipital", array_path)) == 3


def test_a_stopped_run_leaves_no_array_and_the_next_one_is_whole(
    scans, atlas, tmp_path, monkeypatch
):
    arguments = (atlas, 8.0, "occipital", tmp_path / "volumes.npy")
    with monkeypatch.context() as patch:
        patch.setattr(volumes, "load_volume", lambda path, *_: 1 / (path != scans[1]))
        with pytest.raises(ZeroDivisionError):
            cache_volumes(scans, *arguments)
        assert not arguments[-1].exists()
    array = cache_volumes(scans, *arguments)
    np.testing.assert_array_equal(array[1], load_volume(scans[1], atlas, 8.0, "occipital"))
    assert sorted(path.name for path in tmp_path.glob("vol*")) == ["volumes.json", "volumes.npy"]


def test_a_refused_scan_takes_the_outdated_array_away(scans, atlas, tmp_path):
    array_path = tmp_path / "volumes.npy"
    cache_volumes(scans, atlas, 8.0, "occipital", array_path)
    scans[1].write_bytes(b"")
    with pytest.raises(ValueError, match=r"1 scan\(s\) cannot be used\n.*sub-1/pet.nii: not a"):
        cache_volumes(scans, atlas, 8.0, "occipital", array_path)
    assert list(tmp_path.glob("vol*")) == []


def test_an_unknown_region_is_one_problem_not_one_per_scan(scans, atlas, tmp_path):
    with pytest.raises(ValueError, match="^no region 'occiput'"):
        cache_volumes(scans, atlas, 8.0, "occiput", tmp_path / "volumes.npy")


def test_all_bad_scans_are_listed_and_no_array_is_left(save, dataset, atlas, tmp_path):
    good = next(dataset.rglob("*.nii.gz"))
    bad = [save(np.full((5, 6, 7), k), name=f"bad{k:.0f}.nii.gz") for k in (1.0, 2.0)]
    out = tmp_path / "out"
    with pytest.raises(ValueError, match=r"2 scan\(s\) cannot be used") as error:
        cache_volumes([bad[0], good, bad[1]], atlas, 8.0, "occipital", out / "volumes.npy")
    assert "bad1.nii.gz" in str(error.value) and "bad2.nii.gz" in str(error.value)
    assert [path.name for path in out.iterdir()] == ["files.json"]  # hashes of what was looked at
