"""Cost by hand, and the comparison of classifiers on scores that are known."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from datnet_core.settings import NetworkSettings
from datnet_core.training.checkpoint import write_config
from datnet_study.recipes import compare_mean_auc, cost, step_gflop


def test_operations_of_a_step_counted_by_hand():
    # 16 x 8 x 24 voxels, 2 filters, one level. Stem 5^3, stride 2: 8 x 4 x 12 = 384 places,
    # 384 * 125 * 2 = 96,000 multiplications; pooled to 4 x 2 x 6 = 48 places. Residual pair:
    # 2 * 48 * 27 * 2 * 2 = 10,368. Head: 2 * 3 = 6. Backward: twice that, but no gradient of
    # the input of the stem: 2 * (96,000 + 10,368 + 6) + 2 * 96,000 + 4 * (10,368 + 6).
    counted = step_gflop(3, NetworkSettings(n_filters=2, n_levels=1), (16, 8, 24))
    assert counted * 1e9 == pytest.approx(446_244)


def test_a_finer_grid_and_more_filters_cost_more():
    small = step_gflop(4, NetworkSettings(n_filters=4), (22, 20, 17))
    assert step_gflop(4, NetworkSettings(n_filters=4), (44, 40, 34)) > 5 * small
    assert step_gflop(4, NetworkSettings(n_filters=8), (22, 20, 17)) > 2 * small


def test_the_cost_of_a_recipe_adds_up_its_networks(tmp_path):
    for k in range(3):
        (tmp_path / f"{k}").mkdir()
        write_config(tmp_path / f"{k}", {"seconds": 1.5 + k, "n_parameters": 99})
    network = NetworkSettings(n_filters=3, field_mm=((-20, 20), (-8, 16), (0, 30)))
    # Centres at -78 + 4 k, -112 + 4 k, -50 + 4 k mm: -18 to 18, -8 to 16, 2 to 30.
    found = cost(4.0, network, 4, [tmp_path / f"{k}" for k in range(3)])
    assert (found["voxels"], found["seconds"], found["parameters"]) == ("10×7×8", 7.5, 99)
    assert found["gflop"] == step_gflop(4, network, (10, 7, 8))
    with pytest.raises(FileNotFoundError, match="no finished model"):
        cost(4.0, network, 4, [tmp_path / "none"])


def made_up(rng, n=150):
    """Diagnoses, and scores that follow them closely, loosely and not at all."""
    names = np.array(["IPD", "MSA", "PSP"])
    y_true = rng.choice(names, n)
    right = (y_true[:, None] == names[:2]).astype(float)
    noise = rng.normal(size=(3, n, 2))
    return y_true, {"close": right + 0.4 * noise[0], "loose": right + noise[1], "none": noise[2]}


def test_the_mean_auc_is_scikit_learns_and_the_best_is_compared_with_itself(rng):
    y_true, scores = made_up(rng)
    found = compare_mean_auc(y_true, scores, ["IPD", "MSA"], np.arange(len(y_true)), 400, 0)
    for name, s in scores.items():
        aucs = [roc_auc_score(y_true == g, s[:, k]) for k, g in enumerate(("IPD", "MSA"))]
        row = found.loc[name]
        assert row["auc"] == pytest.approx(np.mean(aucs))
        assert row["low"] < row["auc"] < row["high"]
    assert found["p"]["close"] == 1
    assert found["p"]["none"] == 1 / 400


def test_equal_classifiers_are_not_told_apart(rng):
    y_true, scores = made_up(rng)
    twins = {"one": scores["loose"], "other": scores["loose"].copy()}
    found = compare_mean_auc(y_true, twins, ["IPD", "MSA"], np.arange(len(y_true)), 200, 0)
    assert (found["p"] == 1).all()


def test_two_scans_of_a_person_widen_the_interval(rng):
    y_true, scores = made_up(rng)
    y_twice, s_twice = np.repeat(y_true, 2), {"loose": np.repeat(scores["loose"], 2, axis=0)}
    width = []
    for people in (np.arange(300), np.repeat(np.arange(150), 2)):
        row = compare_mean_auc(y_twice, s_twice, ["IPD", "MSA"], people, 500, 0).loc["loose"]
        width.append(row["high"] - row["low"])
    assert width[1] > 1.2 * width[0]
