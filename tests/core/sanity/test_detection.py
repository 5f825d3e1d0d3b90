"""Detection of true differences: hand-worked numbers, and the effect maps of a phantom."""

import nibabel as nib
import numpy as np
import pytest
from scipy.stats import rankdata

from datnet_core.sanity.detection import average_precision, pointing_game
from datnet_images.grid import study_grid
from datnet_phantom.truth import largest_effect

MASK = np.array([[[True, True, True], [True, True, False]]])  # (1, 2, 3)
TRUTH = np.array([[[True, False, True], [False, False, True]]])


def test_average_precision_by_hand():
    # Scores 9, 7, 5, 3, 1 in the mask; true are the first and third: (1/1 + 2/3) / 2
    maps = np.array([[[[9.0, 7, 5], [3, 1, 99]]], [[[1.0, 7, 5], [3, 9, 99]]]])
    # Second map: order 9 (no), 7 (no), 5 (true), 3 (no), 1 (true): (1/3 + 2/5) / 2
    found = average_precision(maps, TRUTH, MASK)
    np.testing.assert_allclose(found, [(1 + 2 / 3) / 2, (1 / 3 + 2 / 5) / 2])
    constant = average_precision(np.ones((1, 1, 2, 3)), TRUTH, MASK)
    np.testing.assert_allclose(constant, 2 / 5)  # chance


def test_average_precision_ignores_the_scale_and_knows_no_answer_without_truth(rng):
    maps = rng.random((3, 1, 2, 3))
    ranks = np.stack([rankdata(m).reshape(m.shape) for m in maps])
    expected = average_precision(maps, TRUTH, MASK)
    np.testing.assert_allclose(average_precision(ranks, TRUTH, MASK), expected)
    assert np.isnan(average_precision(maps, TRUTH & ~MASK, MASK)).all()


def test_the_pointing_game_asks_for_the_highest_voxel_of_the_mask():
    maps = np.array([[[[9.0, 7, 5], [3, 1, 99]]], [[[1.0, 7, 5], [3, 9, 99]]]])
    assert pointing_game(maps, TRUTH, MASK).tolist() == [True, False]


def test_the_largest_effect_is_found_under_either_order_of_names(tmp_path):
    affine = study_grid(8.0)[0]
    for name, value in {"A-B": -3.0, "C-A": 2.0, "B-C": 9.0}.items():
        values = np.zeros((4, 5, 6), np.float32)
        values[1, 2, 3] = value
        values[0, 0, 0] = 1.0
        nib.save(nib.Nifti1Image(values, affine), tmp_path / f"effect_{name}_d.nii.gz")
    found = largest_effect(tmp_path, "A", ("A", "B", "C"), affine, (4, 5, 6))
    assert (found[1, 2, 3], found[0, 0, 0], found[1, 1, 1]) == (3, 1, 0)
    found = largest_effect(tmp_path, "A", ("C",), affine, (4, 5, 6))
    assert found[1, 2, 3] == 2
    nib.save(
        nib.Nifti1Image(np.zeros((4, 5, 6), np.float32), affine), tmp_path / "effect_E-A_d.nii.gz"
    )
    finer = study_grid(4.0)[0]
    assert not largest_effect(tmp_path, "A", ("E",), finer, (9, 8, 7)).any()
    with pytest.raises(FileNotFoundError, match="neither effect_A-D_d.nii.gz nor effect_D-A"):
        largest_effect(tmp_path, "A", ("D",), affine, (4, 5, 6))


def test_effects_of_a_phantom_lie_in_the_striatum(dataset, atlas):
    from datnet_images.atlas import region_fractions

    affine, shape = study_grid(8.0)
    effect = largest_effect(dataset / "truth", "IPD", ("IPD", "NC"), affine, shape)
    assert effect.shape == shape and effect.min() >= 0
    means = {
        region: np.average(effect, weights=region_fractions(atlas, region, affine, shape))
        for region in ("putamen", "occipital")
    }
    assert means["putamen"] > 1 and means["occipital"] < 0.2
