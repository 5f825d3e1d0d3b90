"""Radiomic features: complete, unchanged by the tight box, and right by hand."""

import numpy as np
import pytest
import SimpleITK as sitk

from datnet_core.radiomics import extract_features, feature_table

COUNTS = {
    "shape": 14, "firstorder": 18, "glcm": 24, "glrlm": 16, "glszm": 16, "gldm": 14, "ngtdm": 5,
}  # fmt: skip


@pytest.fixture
def blob(rng):
    mask = np.zeros((12, 14, 16), bool)
    mask[3:8, 4:10, 5:12] = True
    mask[3, 4, 5] = False
    return rng.random(mask.shape) + np.arange(16) / 16, mask


def test_all_107_features_of_the_default_classes_are_there(blob):
    features = extract_features(*blob, 2.0, 0.1)
    found = [name.split("_")[0] for name in features]
    assert {name: found.count(name) for name in set(found)} == COUNTS
    assert len(features) == 107 and np.isfinite(list(features.values())).all()


def test_first_order_and_volume_by_hand(blob):
    volume, mask = blob
    features = extract_features(volume, mask, (1.0, 2.0, 3.0), 0.1)
    assert features["firstorder_Mean"] == pytest.approx(volume[mask].mean())
    assert features["firstorder_Maximum"] == pytest.approx(volume[mask].max())
    # 5 * 6 * 7 - 1 = 209 voxels of 1 * 2 * 3 mm
    assert features["shape_VoxelVolume"] == pytest.approx(209 * 6)


def test_spacing_goes_with_its_own_axis():
    mask = np.zeros((20, 20, 20), bool)
    mask[2:18, 8:11, 8:11] = True  # long along the first axis
    volume = np.random.default_rng(0).random(mask.shape)
    long = extract_features(volume, mask, (5.0, 1.0, 1.0), 0.1)["shape_MajorAxisLength"]
    flat = extract_features(volume, mask, (1.0, 5.0, 1.0), 0.1)["shape_MajorAxisLength"]
    assert long > 3 * flat


def test_the_tight_box_changes_nothing(blob):
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    volume, mask = blob
    images = [
        sitk.GetImageFromArray(np.ascontiguousarray(a.T)) for a in (volume, mask.astype("u1"))
    ]
    for image in images:
        image.SetSpacing([2.0] * 3)
    whole = RadiomicsFeatureExtractor(binWidth=0.1, additionalInfo=False).execute(*images)
    features = extract_features(volume, mask, 2.0, 0.1)
    for name, value in whole.items():
        assert features[name.removeprefix("original_")] == pytest.approx(float(value), rel=1e-9)


def test_the_bin_width_changes_textures_only(blob):
    fine, coarse = (extract_features(*blob, 2.0, width) for width in (0.05, 0.3))
    assert fine["glcm_Contrast"] != coarse["glcm_Contrast"]
    assert fine["firstorder_Mean"] == coarse["firstorder_Mean"]


def test_a_region_may_be_common_or_one_for_each_scan(blob):
    volume, mask = blob
    volumes = np.stack([volume, volume[::-1].copy()])
    own = np.stack([mask, mask[::-1]])
    table = feature_table(volumes, {"common": mask, "own": own}, 2.0, 0.1, n_jobs=2)
    assert table[["scan", "region"]].values.tolist() == [
        [0, "common"], [0, "own"], [1, "common"], [1, "own"],
    ]  # fmt: skip
    means = table["firstorder_Mean"]
    assert means[0] == means[1] == pytest.approx(means[3]) and means[2] != means[3]


def test_unusable_regions_are_refused(blob):
    volume, mask = blob
    with pytest.raises(ValueError, match=r"0 voxel\(s\), expected at least 2"):
        extract_features(volume, mask & False, 2.0, 0.1)
    with pytest.raises(ValueError, match="shape"):
        extract_features(volume, mask[1:], 2.0, 0.1)
