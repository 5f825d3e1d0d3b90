"""Radiomic features: hand-worked boxes, the uncropped call as oracle, the IBSI digital phantom."""

import collections
import csv
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from datnet_images.radiomics import extract_features, feature_table, why_no_features

FOLDER = os.environ.get("DATNET_REFERENCE_DATA")
SPACING_MM = (1.0, 2.0, 4.0)
# PyRadiomics' features that the IBSI benchmark has no value for, and why.
NOT_IN_IBSI = {
    "firstorder_TotalEnergy",  # energy times the volume of a voxel
    "glcm_MCC",
    "shape_Maximum2DDiameterColumn",
    "shape_Maximum2DDiameterRow",
    "shape_Maximum2DDiameterSlice",
}
# Feature of PyRadiomics and code of the IBSI reference manual.
IBSI = {
    "shape": """
        MeshVolume RNU0, VoxelVolume YEKZ, SurfaceArea C0JK, SurfaceVolumeRatio 2PR5,
        Sphericity QCFX, Maximum3DDiameter L0JK, MajorAxisLength TDIC, MinorAxisLength P9VJ,
        LeastAxisLength 7J51, Elongation Q3CK, Flatness N17B""",
    "firstorder": """
        Mean Q4LE, Variance ECT3, Skewness KE2A, Kurtosis IPH6, Median Y12H, Minimum 1GSF,
        10Percentile QG58, 90Percentile 8DWT, Maximum 84IY, InterquartileRange SALO, Range 2OJQ,
        MeanAbsoluteDeviation 4FUA, RobustMeanAbsoluteDeviation 1128, Energy N8CA,
        RootMeanSquared 5ZWQ, Entropy TLU2, Uniformity BJ5W""",
    "glcm": """
        MaximumProbability GYBY, JointAverage 60VM, SumSquares UR99, JointEntropy TU9B,
        DifferenceAverage TF7R, DifferenceVariance D3YU, DifferenceEntropy NTRS, SumAverage ZGXS,
        SumEntropy P6QZ, JointEnergy 8ZQL, Contrast ACUI, Id IB1Z, Idn NDRX, Idm WF0Z, Idmn 1QCO,
        InverseVariance E8JP, Correlation NI2N, Autocorrelation QWB0, ClusterTendency DG8W,
        ClusterShade 7NFM, ClusterProminence AE86, Imc1 R8DG, Imc2 JN9H""",
    "glrlm": """
        ShortRunEmphasis 22OV, LongRunEmphasis W4KF, LowGrayLevelRunEmphasis V3SW,
        HighGrayLevelRunEmphasis G3QZ, ShortRunLowGrayLevelEmphasis HTZT,
        ShortRunHighGrayLevelEmphasis GD3A, LongRunLowGrayLevelEmphasis IVPO,
        LongRunHighGrayLevelEmphasis 3KUM, GrayLevelNonUniformity R5YN,
        GrayLevelNonUniformityNormalized OVBL, RunLengthNonUniformity W92Y,
        RunLengthNonUniformityNormalized IC23, RunPercentage 9ZK5, GrayLevelVariance 8CE5,
        RunVariance SXLW, RunEntropy HJ9O""",
    "glszm": """
        SmallAreaEmphasis 9SAK, LargeAreaEmphasis 48P8, LowGrayLevelZoneEmphasis XMSY,
        HighGrayLevelZoneEmphasis 5GN9, SmallAreaLowGrayLevelEmphasis 5RAI,
        SmallAreaHighGrayLevelEmphasis HW1V, LargeAreaLowGrayLevelEmphasis YH51,
        LargeAreaHighGrayLevelEmphasis J17V, GrayLevelNonUniformity JNSA,
        GrayLevelNonUniformityNormalized Y1RO, SizeZoneNonUniformity 4JP3,
        SizeZoneNonUniformityNormalized VB3A, ZonePercentage P30P, GrayLevelVariance BYLV,
        ZoneVariance 3NSA, ZoneEntropy GU8N""",
    "gldm": """
        SmallDependenceEmphasis SODN, LargeDependenceEmphasis IMOQ, LowGrayLevelEmphasis TL9H,
        HighGrayLevelEmphasis OAE7, SmallDependenceLowGrayLevelEmphasis EQ3F,
        SmallDependenceHighGrayLevelEmphasis JA6D, LargeDependenceLowGrayLevelEmphasis NBZI,
        LargeDependenceHighGrayLevelEmphasis 9QMG, GrayLevelNonUniformity FP8K,
        DependenceNonUniformity Z87G, DependenceNonUniformityNormalized OKJI,
        GrayLevelVariance 1PFV, DependenceVariance DNX2, DependenceEntropy FCBV""",
    "ngtdm": "Coarseness QCDE, Contrast 65HE, Busyness NQ30, Complexity HDEZ, Strength 1X9X",
}
CODES = {
    f"{name}_{pair.split()[0]}": pair.split()[1]
    for name, pairs in IBSI.items()
    for pair in pairs.split(",")
}


@pytest.fixture
def texture(rng):
    """A made-up volume and an L-shaped region that touches the edge of the grid."""
    volume = rng.gamma(4, 0.5, (15, 13, 11)).astype(np.float32)
    mask = np.zeros(volume.shape, bool)
    mask[0:4, 5:11, 3:9] = True
    mask[4:9, 5:7, 3:6] = True
    return volume, mask


def box_features(values=None):
    """A box of 3 x 5 x 7 voxels of 1 x 2 x 4 mm in a larger grid."""
    volume, mask = np.zeros((8, 9, 11)), np.zeros((8, 9, 11), bool)
    mask[2:5, 1:6, 3:10] = True
    volume[mask] = 1 if values is None else values
    return extract_features(volume, mask, SPACING_MM, 1.0)


def test_there_are_107_features_in_seven_classes(texture):
    features = extract_features(*texture, SPACING_MM, 0.25)
    counts = collections.Counter(name.split("_")[0] for name in features)
    assert counts == {
        "shape": 14, "firstorder": 18, "glcm": 24, "glrlm": 16, "glszm": 16, "gldm": 14, "ngtdm": 5,
    }  # fmt: skip
    assert len(features) == 107
    assert all(type(value) is float and np.isfinite(value) for value in features.values())


def test_the_tight_box_changes_no_value(texture):
    # Oracle: PyRadiomics on the whole volume.
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    images = [sitk.GetImageFromArray(array.T.astype(float)) for array in texture]
    images[1] = sitk.Cast(images[1], sitk.sitkUInt8)
    for image in images:
        image.SetSpacing(SPACING_MM)
    whole = RadiomicsFeatureExtractor(binWidth=0.25, additionalInfo=False).execute(*images)
    features = extract_features(*texture, SPACING_MM, 0.25)
    assert [f"original_{name}" for name in features] == list(whole)
    np.testing.assert_allclose(list(features.values()), [float(v) for v in whole.values()])


def test_voxels_outside_the_region_do_not_matter(texture):
    volume, mask = texture
    emptied = np.where(mask, volume, 77)
    assert extract_features(volume, mask, 2.0, 0.3) == extract_features(emptied, mask, 2.0, 0.3)


def test_axis_lengths_of_a_box_fit_its_voxels_axis_by_axis():
    # Variance of n equally spaced points: s^2 (n^2 - 1) / 12; axis length 4 sqrt(variance).
    # x: n = 3, s = 1: 2/3; y: n = 5, s = 2: 8; z: n = 7, s = 4: 64. Were the axes of the array
    # taken in reverse, x would have spacing 4 and all three would differ.
    features = box_features()
    assert features["shape_MajorAxisLength"] == pytest.approx(4 * 64**0.5)
    assert features["shape_MinorAxisLength"] == pytest.approx(4 * 8**0.5)
    assert features["shape_LeastAxisLength"] == pytest.approx(4 * (2 / 3) ** 0.5)
    assert features["shape_Elongation"] == pytest.approx((8 / 64) ** 0.5)
    assert features["shape_Flatness"] == pytest.approx((2 / 3 / 64) ** 0.5)


def test_diameters_of_a_box_lie_in_the_planes_of_their_names():
    # The surface runs half a voxel outside of the outer centres and cuts the corners, so its
    # extent along one axis, n s, goes with (n - 1) s along the others: centres span 2, 8, 24 mm,
    # the box 3, 10, 28 mm. Slice is x-y: (2, 10); column x-z: (2, 28); row y-z: (8, 28).
    features = box_features()
    for name, sides in {
        "2DDiameterSlice": (2, 10),
        "2DDiameterColumn": (2, 28),
        "2DDiameterRow": (8, 28),
        "3DDiameter": (2, 8, 28),
    }.items():
        assert features[f"shape_Maximum{name}"] == pytest.approx(np.hypot.reduce(sides)), name


def test_volume_and_first_order_features_of_hand_worked_values():
    # 105 voxels of 8 mm^3: 35 of each of 1, 2, 6. Mean 3; variance (4 + 1 + 9) / 3 = 14 / 3;
    # energy 35 (1 + 4 + 36) = 1435, times 8 mm^3 in total; three equal bins: log2(3) bits.
    features = box_features(np.resize([1.0, 2.0, 6.0], 105))
    expected = {
        "shape_VoxelVolume": 105 * 8,
        "firstorder_Mean": 3,
        "firstorder_Median": 2,
        "firstorder_Minimum": 1,
        "firstorder_Maximum": 6,
        "firstorder_Range": 5,
        "firstorder_Variance": 14 / 3,
        "firstorder_Energy": 1435,
        "firstorder_TotalEnergy": 1435 * 8,
        "firstorder_Entropy": np.log2(3),
        "firstorder_Uniformity": 1 / 3,
    }
    assert {name: features[name] for name in expected} == pytest.approx(expected)


def test_a_wider_grey_level_makes_fewer_of_them(texture):
    # Entropy of b bits needs at least 2^b levels; the shape knows nothing of grey levels.
    narrow, wide = (extract_features(*texture, SPACING_MM, width) for width in (0.1, 1.0))
    assert narrow["firstorder_Entropy"] > wide["firstorder_Entropy"] + 2
    changed = {name.split("_")[0] for name in narrow if narrow[name] != wide[name]}
    assert changed == {"firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"}


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirrored_region_has_the_same_features(texture, axis):
    mirrored = [np.flip(array, axis) for array in texture]
    expected = extract_features(*texture, SPACING_MM, 0.25)
    assert extract_features(*mirrored, SPACING_MM, 0.25) == pytest.approx(expected)


def test_a_single_spacing_stands_for_three(texture):
    assert extract_features(*texture, 3, 0.25) == extract_features(*texture, (3, 3, 3), 0.25)


def test_what_has_no_features_is_refused():
    volume, mask = np.ones((3, 4, 5)), np.zeros((3, 4, 5), bool)
    with pytest.raises(ValueError, match=r"\(3, 4, 5\), mask \(5, 4, 3\)"):
        extract_features(volume, mask.T, 2.0, 0.1)
    mask[1, 1, 1] = True
    with pytest.raises(ValueError, match=r"1 voxel\(s\); expected at least 2: use a finer"):
        extract_features(volume, mask, 2.0, 0.1)


def test_the_table_has_a_row_per_scan_and_region_in_order(rng):
    volumes = rng.gamma(4, 0.5, (2, 7, 8, 9)).astype(np.float32)
    common = np.zeros((7, 8, 9), bool)
    common[1:5, 2:6, 3:7] = True
    own = np.stack([common, np.roll(common, 2, axis=2)])
    table = feature_table(volumes, {"common": common, "own": own}, 4.0, 0.2, n_jobs=1)
    assert list(table[["scan", "region"]].itertuples(index=False, name=None)) == [
        (0, "common"), (0, "own"), (1, "common"), (1, "own"),
    ]  # fmt: skip
    assert table.shape == (4, 109)
    for row, mask in zip(table.itertuples(), (common, own[0], common, own[1]), strict=True):
        expected = extract_features(volumes[row.scan], mask, 4.0, 0.2)
        assert table.loc[row.Index, list(expected)].to_dict() == pytest.approx(expected)


def ibsi_reference():
    """Value and tolerance by code: half a unit of the third digit, as printed, or as given."""
    with (Path(FOLDER) / "ibsi" / "ibsi1_digital_phantom_reference.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if "2" not in row["aggregation"]]
    reference = {}
    for row in rows:  # "3D, averaged" stands before "3D, merged"; PyRadiomics averages
        value = float(row["value"])
        printed = 0.505 * 10.0 ** (np.floor(np.log10(abs(value) or 1)) - 2)
        given = 0 if row["tolerance"] == "—" else float(row["tolerance"])
        reference.setdefault(row["ibsi_code"], (value, max(printed, given)))
    return reference


@pytest.mark.skipif(not FOLDER, reason="DATNET_REFERENCE_DATA names no folder with ibsi/")
def test_the_features_agree_with_the_ibsi_benchmark():
    names = ("ibsi1_phantom_image.nii.gz", "ibsi1_phantom_mask.nii.gz")
    image, mask = (nib.load(Path(FOLDER) / "ibsi" / name) for name in names)
    spacing_mm = nib.affines.voxel_sizes(image.affine)
    inside = np.asarray(mask.dataobj) > 0
    features = extract_features(image.get_fdata(), inside, spacing_mm, bin_width=1.0)
    assert set(features) == set(CODES) | NOT_IN_IBSI
    # PyRadiomics' known deviations: kurtosis is not in excess of the normal distribution's 3, and
    # the covariance of the voxels' places is divided by n, not n - 1.
    features["firstorder_Kurtosis"] -= 3
    for name in ("Major", "Minor", "Least"):
        features[f"shape_{name}AxisLength"] *= (inside.sum() / (inside.sum() - 1)) ** 0.5
    reference = ibsi_reference()
    differing = {
        name: (features[name], *reference[code])
        for name, code in CODES.items()
        if abs(features[name] - reference[code][0]) > reference[code][1]
    }
    assert len(CODES) == 102
    assert not differing


@pytest.fixture
def odd_regions():
    """Volumes of two scans and regions, some of which cannot be measured."""
    volumes = np.random.default_rng(0).gamma(4, 0.5, (2, 5, 6, 7)).astype(np.float32)
    volumes[1, :, :, 5:] = 2
    masks = {name: np.zeros((5, 6, 7), bool) for name in ("whole", "flat", "line", "nowhere")}
    masks["whole"][1:4, 1:5, 1:5] = masks["flat"][:, :, 5:] = masks["line"][2, 1:5, 2] = True
    masks["speck"] = np.stack([masks["whole"], np.zeros((5, 6, 7), bool)])
    masks["speck"][1, 0, 0, 0] = True
    return volumes, masks


def test_what_cannot_be_measured_has_a_reason_and_no_row(odd_regions):
    found = why_no_features(*odd_regions)
    assert list(found.itertuples(index=False, name=None)) == [
        (0, "line", "voxels in one line"),
        (0, "nowhere", "0 voxel(s)"),
        (1, "flat", "the same value in all voxels"),
        (1, "line", "voxels in one line"),
        (1, "nowhere", "0 voxel(s)"),
        (1, "speck", "1 voxel(s)"),
    ]
    table = feature_table(*odd_regions, 4.0, 0.2, n_jobs=1)
    assert list(table[["scan", "region"]].itertuples(index=False, name=None)) == [
        (0, "whole"), (0, "flat"), (0, "speck"), (1, "whole"),
    ]  # fmt: skip
    assert table.notna().all(axis=None)


def test_nothing_to_measure_is_an_empty_table(odd_regions):
    volumes, masks = odd_regions
    table = feature_table(volumes, {"nowhere": masks["nowhere"]}, 4.0, 0.2, n_jobs=1)
    assert table.empty and list(table.columns) == ["scan", "region"]


@pytest.mark.parametrize("n_voxels", [3, 4, 5])
def test_a_handful_of_voxels_gives_numbers_or_gaps_but_no_crash(texture, n_voxels):
    mask = np.zeros(texture[0].shape, bool)
    mask.ravel()[np.flatnonzero(texture[1].ravel())[[0, 1, 7, 8, 40][:n_voxels]]] = True
    features = extract_features(texture[0], mask, 4.0, 0.2)
    assert len(features) == 107 and all(type(value) is float for value in features.values())


def test_two_processes_give_what_one_gives(odd_regions):
    volumes, masks = odd_regions
    one, two = (
        feature_table(volumes, {"whole": masks["whole"]}, 4.0, 0.2, n_jobs=n) for n in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two, rtol=1e-9)
