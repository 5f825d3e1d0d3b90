"""What the trees rely on: a toy problem in which it is known, and who is drawn."""

import numpy as np
import pytest
from small_fusion import QUICK, toy

from datnet_study.fusion import fit_fusion
from datnet_study.importance import importance_spread, importances


def test_importances_sum_to_one_and_an_unused_feature_has_none(rng):
    features, diagnosis = toy(rng)
    shares = importances(fit_fusion(features, diagnosis, QUICK)[0], features)
    assert shares.sum() == pytest.approx(1, abs=1e-6)
    assert shares.is_monotonic_decreasing
    assert set(shares.index[:2]) == {"updrs", "p_x"}
    assert shares["age"] == 0  # the same for everyone, so no tree can split on it
    assert set(shares.index) == set(features.columns)


def test_three_measures_find_what_tells_the_classes_apart_in_every_draw(rng):
    features, diagnosis = toy(rng)
    table = importance_spread(features, diagnosis, np.arange(120), QUICK, 3)
    assert len(table) == 3 * 3 * 4
    wide = table.pivot(index=["draw", "measure"], columns="feature", values="value")
    assert (wide[["updrs", "p_x"]].min(axis=1) > 5 * wide[["age", "sex"]].max(axis=1)).all()
    shares = wide.drop("permutation", level="measure")
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    assert (wide["age"] == 0).all()
    assert wide.xs("gain", level="measure")["updrs"].nunique() == 3  # others are drawn


def test_a_draw_that_lacks_a_diagnosis_or_leaves_nobody_out_is_skipped(rng):
    features, diagnosis = toy(rng, 6)
    person = np.arange(6)
    table = importance_spread(features, np.array(["A"] * 5 + ["B"]), person, QUICK, 5)
    assert 0 < table["draw"].nunique() < 5
    assert importance_spread(features, diagnosis, np.zeros(6), QUICK, 2).empty
    assert list(importance_spread(features, diagnosis, person, QUICK, 0)) == [
        "draw", "feature", "measure", "value",
    ]  # fmt: skip
