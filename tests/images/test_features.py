"""What features are worth: hand-worked numbers, published ones, and shifts of a known image."""

import numpy as np
import pandas as pd
import pytest

from datnet_images.features import (
    effective_features,
    intraclass_correlation,
    shift_agreement,
    varying_features,
)

# Six targets by four judges, table 2 of Shrout and Fleiss 1979 (doi:10.1037/0033-2909.86.2.420).
JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_only_what_is_known_everywhere_and_differs_can_vary():
    table = pd.DataFrame(
        {
            "differs": [1.0, 1.0, 1.1],
            "constant": [0.1 + 0.2, 0.3, 0.3],  # equal but for rounding
            "zero": [0.0, 0.0, 0.0],
            "gap": [1.0, np.nan, 2.0],
            "infinite": [1.0, np.inf, 2.0],
            "small": [1e-20, 2e-20, 3e-20],
        }
    )
    assert varying_features(table) == ["differs", "small"]


def test_copies_of_a_feature_are_one_and_unrelated_features_are_many(rng):
    one = rng.standard_normal(400)
    copies = pd.DataFrame({k: np.exp(one) * (k + 1) for k in range(5)})  # ranks stay
    assert effective_features(copies) == pytest.approx(1)
    both = copies.join(pd.DataFrame({f"other {k}": rng.standard_normal(400) for k in range(3)}))
    assert 3 < effective_features(both) <= 6
    assert effective_features(both) < both.shape[1]


def test_effective_features_by_hand():
    # Ranks 1 2 3 4 and 2 1 4 3: correlation 0.6, eigenvalues 1.6 and 0.4: 1 + 0.6 and 0.4.
    table = pd.DataFrame({"a": [1, 2, 3, 4], "b": [20, 10, 40, 30]})
    assert effective_features(table) == pytest.approx(2)
    assert effective_features(table[["a"]]) == 1


def test_agreement_is_that_of_shrout_and_fleiss():
    assert intraclass_correlation(np.array(JUDGES, float)) == pytest.approx(0.29, abs=0.005)


def test_agreement_of_many_features_at_once_and_its_ends(rng):
    values = np.stack([np.array(JUDGES, float), np.repeat(np.arange(6.0)[:, None], 4, 1)], axis=-1)
    assert intraclass_correlation(values) == pytest.approx([0.29, 1], abs=0.005)
    assert np.isnan(intraclass_correlation(np.ones((3, 2))))
    noise = rng.standard_normal((300, 2))
    assert abs(intraclass_correlation(noise)) < 0.15


def test_a_smooth_image_agrees_with_itself_one_voxel_aside_and_noise_does_not(rng):
    mask = np.zeros((9, 10, 11), bool)
    mask[3:6, 3:7, 3:7] = True
    level = np.array([1.0, 2.0, 3.0, 4.0])[:, None, None, None]
    smooth = level + 0.01 * rng.random((4, 9, 10, 11))
    own = np.stack([mask] * 4)
    found = shift_agreement(smooth, {"one": mask, "own": own}, 4.0, 0.05, n_jobs=1)
    icc = found.set_index(["region", "feature"])["icc"]
    assert icc["one", "firstorder_Mean"] > 0.999
    assert icc["own", "firstorder_Mean"] == icc["one", "firstorder_Mean"]
    assert set(found["n_scans"]) == {4} and len(found) == 2 * 107
    noise = shift_agreement(rng.random((4, 9, 10, 11)), {"one": mask}, 4.0, 0.1, n_jobs=1)
    assert noise.set_index("feature")["icc"]["firstorder_Maximum"] < 0.9


def test_a_region_that_cannot_be_measured_in_all_places_has_no_agreement(rng):
    volumes = rng.random((3, 5, 6, 7))
    corner, speck = np.zeros((2, 5, 6, 7), bool)
    corner[:2, :2, :1] = True  # one step down along z nothing of it is left
    speck[0, 0, 0] = True
    found = shift_agreement(volumes, {"corner": corner, "speck": speck}, 4.0, 0.1, n_jobs=1)
    assert found.empty and list(found.columns) == ["region", "feature", "icc", "n_scans"]
