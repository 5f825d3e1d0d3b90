import itertools
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nilearn.image import resample_img

from datnet_images.atlas import (
    Atlas,
    coarser_atlas,
    read_atlas,
    region_fractions,
    region_mask,
    region_mask_on,
    region_parts,
    region_table,
)

PATH = (
    Path(__file__).parents[2]
    / "data_manifest/atlas/tpl-MNI152NLin6Asym_res-02_atlas-datnet_dseg.nii.gz"
)


@pytest.fixture(scope="module")
def atlas():
    return read_atlas(PATH)


@pytest.fixture(scope="module")
def volume_ml(atlas):
    table = region_table(atlas)
    return dict(zip(table["name"], table["volume_ml"], strict=True))


def grid(spacing_mm, shape, origin=(-78, -112, -50)):
    affine = np.diag([*np.broadcast_to(spacing_mm, 3), 1.0])
    affine[:3, 3] = origin
    return affine, shape


def small_atlas():
    """Two boxes on a 7 x 9 x 11 grid of 2 x 3 x 1 mm."""
    labels = np.zeros((7, 9, 11), np.uint8)
    labels[1:4, 2:7, 3:9] = 1
    labels[4:6, 2:7, 3:9] = 2
    affine, _ = grid((2, 3, 1), labels.shape, (-6, -20, 5))
    return Atlas(labels, affine, {"box_left": 1, "box_right": 2})


def oracle_fraction(atlas, index, affine, shape, n=8):
    """Share of n ** 3 points of each voxel that fall into a label, looked up one by one."""
    steps = (np.arange(n) + 0.5) / n - 0.5
    inverse = np.linalg.inv(atlas.affine)
    share = np.zeros(shape)
    for voxel in np.ndindex(*shape):
        points = np.array(list(itertools.product(steps, repeat=3))) + voxel
        nearest = np.rint(nib.affines.apply_affine(inverse @ affine, points)).astype(int)
        inside = ((nearest >= 0) & (nearest < atlas.labels.shape)).all(axis=1)
        share[voxel] = (atlas.labels[tuple(nearest[inside].T)] == index).sum() / len(points)
    return share


def write_atlas(folder, labels, names, indices):
    img = nib.Nifti1Image(labels, np.diag([2.0, 3, 1, 1]))
    img.to_filename(folder / "a_dseg.nii.gz")
    table = pd.DataFrame({"index": indices, "name": names})
    table.to_csv(folder / "a_dseg.tsv", sep="\t", index=False)
    return folder / "a_dseg.nii.gz"


def test_image_and_table_agree_on_the_study_grid(atlas):
    assert atlas.labels.shape == (79, 95, 69)
    assert atlas.labels.dtype == np.uint8
    np.testing.assert_array_equal(atlas.affine, grid(2, None)[0])
    assert sorted(atlas.names.values()) == list(range(1, len(atlas.names) + 1))


def test_label_image_is_small():
    assert PATH.stat().st_size < 60_000


def test_read_names_the_labels_that_only_the_image_or_only_the_table_has(tmp_path):
    labels = np.zeros((3, 4, 5), np.uint8)
    labels[0, 0, :3] = 1, 2, 4
    path = write_atlas(tmp_path, labels, ["a", "b", "c"], [1, 2, 3])
    with pytest.raises(ValueError, match=r"labels \[3, 4\] are in image or table only"):
        read_atlas(path)


def test_read_refuses_an_image_that_was_interpolated(tmp_path):
    labels = np.zeros((3, 4, 5), np.float32)
    labels[0, 0, :2] = 1, 1.5  # a cast to whole numbers would hide 1.5
    with pytest.raises(ValueError, match=r"labels \[1.5\]"):
        read_atlas(write_atlas(tmp_path, labels, ["a"], [1]))


def test_read_refuses_a_name_given_twice(tmp_path):
    labels = np.zeros((3, 4, 5), np.uint8)
    labels[0, 0, :2] = 1, 2
    with pytest.raises(ValueError, match=r"\['a'\] more than once"):
        read_atlas(write_atlas(tmp_path, labels, ["a", "a"], [1, 2]))


def test_read_refuses_another_file_type():
    with pytest.raises(ValueError, match="expected a label image that ends in .nii.gz"):
        read_atlas("labels.mgz")


def test_unknown_region_lists_the_known_ones(atlas):
    with pytest.raises(ValueError, match=r"no region 'putamem'.*brain, striatum, putamen_anterior"):
        region_mask(atlas, "putamem")


@pytest.mark.parametrize(
    ("region", "parts"),
    [
        ("putamen", ["putamen_left", "putamen_right"]),
        ("putamen_left", ["putamen_anterior_left", "putamen_posterior_left"]),
        ("putamen_anterior", ["putamen_anterior_left", "putamen_anterior_right"]),
        ("caudate", ["caudate_left", "caudate_right"]),
        ("midbrain", ["midbrain_left", "midbrain_right"]),
        ("striatum", ["putamen", "caudate", "accumbens"]),
        ("striatum_left", ["putamen_left", "caudate_left", "accumbens_left"]),
    ],
)
def test_a_region_is_the_disjoint_union_of_its_parts(atlas, region, parts):
    masks = np.array([region_mask(atlas, part) for part in parts])
    assert masks.sum(axis=0).max() == 1
    np.testing.assert_array_equal(masks.any(axis=0), region_mask(atlas, region))


def test_labels_are_disjoint_and_fill_the_brain(atlas):
    masks = np.array([region_mask(atlas, name) for name in atlas.names])
    np.testing.assert_array_equal(masks.sum(axis=0), region_mask(atlas, "brain"))


def test_left_is_negative_x(atlas):
    table = region_table(atlas).set_index("name")
    sides = pd.read_csv(str(PATH).replace(".nii.gz", ".tsv"), sep="\t", index_col="name")
    assert (table["x_mm"][sides["hemisphere"] == "L"] < -6).all()
    assert (table["x_mm"][sides["hemisphere"] == "R"] > 6).all()
    assert (table["x_mm"][sides["hemisphere"] == "B"].abs() < 1).all()
    for name in table.index[sides["hemisphere"] == "L"]:
        assert name.endswith("_left")
        # The two sides mirror each other within a voxel.
        mirrored = table.loc[name.replace("left", "right"), "x_mm"]
        assert table.loc[name, "x_mm"] == pytest.approx(-mirrored, abs=2)


def test_putamen_is_split_at_the_anterior_commissure(atlas):
    for part, sign in (("anterior", 1), ("posterior", -1)):
        where = np.argwhere(region_mask(atlas, f"putamen_{part}"))
        y_mm = nib.affines.apply_affine(atlas.affine, where)[:, 1]
        assert (sign * y_mm + 1e-9 >= 0).all()
    assert region_mask(atlas, "putamen_posterior")[:, 56].sum() == 0  # y = 2 * 56 - 112 = 0 mm


@pytest.mark.parametrize(
    ("region", "low", "high"),
    [
        ("putamen_left", 7, 8.5),  # CIT168 at 1 mm: 7.8 ml on each side of the MNI brain
        ("putamen_right", 7, 8.5),
        ("caudate_left", 6, 7.5),  # CIT168 at 1 mm: 6.9 and 7.1 ml, with the tail
        ("caudate_right", 6, 7.5),
        ("midbrain_left", 1, 1.5),
        ("midbrain_right", 1, 1.5),
        ("occipital", 25, 50),
        ("cerebellum", 120, 170),
        ("brain", 1750, 1900),
    ],
)
def test_volumes_are_those_of_the_template(atlas, region, low, high):
    volume = region_mask(atlas, region).sum() * 8 / 1000  # 2 mm voxels: 8 mm3
    assert low < volume < high


def test_region_table_by_hand():
    table = region_table(small_atlas()).set_index("name")
    # 3 x 5 x 6 = 90 voxels of 2 * 3 * 1 = 6 mm3; centre voxel (2, 4, 5.5) of origin (-6, -20, 5).
    expected = [90, 0.54, 2 * 2 - 6, 3 * 4 - 20, 5.5 + 5]
    np.testing.assert_allclose(table.loc["box_left"].astype(float), expected)


@pytest.mark.parametrize(
    ("spacing_mm", "n"),  # n points per axis, so that no point falls on an edge of the atlas
    [((2, 3, 1), 12), ((4, 6, 2), 12), ((6, 9, 3), 12), ((10, 3, 3), 15)],
)
def test_fractions_on_aligned_grids_equal_the_point_count(spacing_mm, n):
    atlas = small_atlas()
    affine, shape = grid(spacing_mm, (3, 4, 5), atlas.affine[:3, 3])
    expected = oracle_fraction(atlas, 1, affine, shape, n)
    fractions = region_fractions(atlas, "box_left", affine, shape)
    np.testing.assert_allclose(fractions, expected, atol=1e-6)


def test_fractions_on_the_same_grid_are_the_mask(atlas):
    fractions = region_fractions(atlas, "caudate", atlas.affine, atlas.labels.shape)
    np.testing.assert_array_equal(fractions, region_mask(atlas, "caudate"))


@settings(max_examples=25, deadline=None)
@given(
    signs=st.tuples(*[st.sampled_from([-1, 1])] * 3),
    order=st.permutations(range(3)),
    shift=st.tuples(*[st.integers(-2, 2)] * 3),
)
def test_flipped_permuted_and_translated_grids_hold_the_same_millimetres(signs, order, shift):
    atlas = small_atlas()
    straight = region_fractions(atlas, "box_left", *grid((4, 3, 2), (6, 12, 9), (-10, -26, 1)))
    affine, _ = grid((4, 3, 2), None, (-10, -26, 1))
    shape = np.array([6, 12, 9])
    # Voxel of the new grid -> voxel of the straight one: reorder the axes, flip, translate.
    change = np.zeros((4, 4))
    change[order, range(3)] = np.array(signs)[list(order)]
    change[:3, 3] = np.where(np.array(signs) < 0, shape - 1, 0) + shift
    change[3, 3] = 1
    new_shape = tuple(shape[list(order)] + 4)
    changed = region_fractions(atlas, "box_left", affine @ change, new_shape)
    old = np.rint(nib.affines.apply_affine(change, list(np.ndindex(*new_shape)))).astype(int)
    inside = ((old >= 0) & (old < shape)).all(axis=1)
    assert inside.sum() >= 4 * 10 * 7  # at most two layers of each axis are moved out
    np.testing.assert_allclose(changed.ravel()[inside], straight[tuple(old[inside].T)], atol=1e-5)


def test_a_left_to_right_flipped_grid_keeps_left_on_the_left(atlas):
    affine, shape = grid(4, (40, 48, 35))
    las = affine @ np.diag([-1.0, 1, 1, 1])
    las[0, 3] = affine[0, 3] + 4 * (shape[0] - 1)
    mask = region_mask_on(atlas, "putamen_left", las, shape)
    np.testing.assert_array_equal(mask[::-1], region_mask_on(atlas, "putamen_left", affine, shape))
    assert nib.affines.apply_affine(las, np.argwhere(mask))[:, 0].max() < 0


GRIDS = {
    "4 mm": grid(4, (40, 48, 35)),
    "8 mm": grid(8, (20, 24, 18)),
    "odd": grid((3, 3.5, 4.5), (53, 55, 31), (-79, -113, -49)),
}


def test_a_coarser_atlas_has_the_regions_where_they_were(atlas):
    coarse = coarser_atlas(atlas, 3.0)
    fine_table, table = (region_table(a).set_index("name") for a in (atlas, coarse))
    centres = [f"{axis}_mm" for axis in "xyz"]
    assert np.abs(table[centres] - fine_table[centres]).max(axis=None) < 1.5
    assert coarse.labels.shape == (53, 63, 46)  # 79, 95 and 69 voxels of 2 mm


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("region", ["putamen_left", "caudate", "midbrain", "occipital", "brain"])
def test_fractions_keep_the_volume(atlas, name, region):
    affine, shape = GRIDS[name]
    volume = region_fractions(atlas, region, affine, shape).sum() * abs(np.linalg.det(affine))
    assert volume == pytest.approx(region_mask(atlas, region).sum() * 8, rel=0.02)


@pytest.mark.parametrize("region", ["putamen", "putamen_left", "caudate", "caudate_left", "brain"])
def test_masks_at_4_mm_keep_nine_tenths_of_the_volume(atlas, region):
    affine, shape = GRIDS["4 mm"]
    volume = region_mask_on(atlas, region, affine, shape).sum() * 64
    assert volume == pytest.approx(region_mask(atlas, region).sum() * 8, rel=0.1)


def test_a_mask_without_a_voxel_is_refused_by_name(atlas):
    with pytest.raises(ValueError, match="'accumbens_left' fills no voxel of the 8 x 8 x 8 mm"):
        region_mask_on(atlas, "accumbens_left", *GRIDS["8 mm"])


@pytest.fixture(scope="module")
def fluorodopa(atlas):
    folder = os.environ.get("DATNET_REFERENCE_DATA")
    if not folder:
        pytest.skip("DATNET_REFERENCE_DATA names no folder with the real mean F-DOPA map")
    img = nib.load(Path(folder) / "real/FDOPA_fluorodopa_hc12_gomez.nii.gz")
    sampled = resample_img(
        img, atlas.affine, atlas.labels.shape, force_resample=True, copy_header=True
    )
    return sampled.get_fdata()


def test_reference_region_lies_on_the_plateau_of_a_real_map(atlas, fluorodopa):
    occipital = region_mask(atlas, "occipital")
    values = fluorodopa[occipital]
    assert values.std() / values.mean() < 0.08  # 0.33 in the labels as published
    # The half that lies farther from the posterior edge reads the same.
    y_mm = nib.affines.apply_affine(atlas.affine, np.argwhere(occipital))[:, 1]
    assert values[y_mm > np.median(y_mm)].mean() == pytest.approx(values.mean(), rel=0.02)


def test_binding_ratios_of_a_real_map_of_healthy_people(atlas, fluorodopa):
    reference = fluorodopa[region_mask(atlas, "occipital")].mean()
    ratio = {
        region: fluorodopa[region_mask(atlas, region)].mean() / reference - 1
        for region in ("putamen", "caudate", "midbrain", "midbrain_left", "midbrain_right")
    }
    assert ratio["putamen"] == pytest.approx(1.22, abs=0.03)
    assert ratio["caudate"] == pytest.approx(0.37, abs=0.03)
    assert ratio["midbrain"] == pytest.approx(0.41, abs=0.03)
    assert ratio["midbrain_left"] == pytest.approx(ratio["midbrain_right"], abs=0.02)


def test_parts_of_a_mask_add_up_and_know_the_volume_of_a_region(atlas, volume_ml):
    mask = region_mask(atlas, "putamen") | region_mask(atlas, "thalamus_left")
    parts = region_parts(mask, atlas, ["putamen", "thalamus", "midbrain"], atlas.affine)
    putamen = sum(ml for name, ml in volume_ml.items() if name.startswith("putamen"))
    assert parts["ml"] == pytest.approx(putamen + volume_ml["thalamus_left"])
    assert parts["putamen"] == pytest.approx(putamen / parts["ml"])
    assert parts["thalamus"] == pytest.approx(volume_ml["thalamus_left"] / parts["ml"])
    assert parts["midbrain"] == 0 and parts["rest"] == pytest.approx(0, abs=1e-6)


def test_an_empty_mask_has_no_parts(atlas):
    parts = region_parts(np.zeros(atlas.labels.shape, bool), atlas, ["putamen"], atlas.affine)
    assert parts["ml"] == 0 and np.isnan([parts["putamen"], parts["rest"]]).all()
