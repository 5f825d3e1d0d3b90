"""Ratios, sides, and lines of controls over age."""

import numpy as np
import pandas as pd
import pytest
from small_judges import IMAGES

from datnet_images.atlas import region_mask_on
from datnet_images.grid import study_grid
from datnet_study.reporting.measures import (
    FEWEST_CONTROLS,
    as_row,
    measured,
    norms_of,
    outlines,
    places_of,
)


def test_a_side_with_more_uptake_has_the_sign_of_its_side(atlas):
    affine, shape = study_grid(IMAGES.grid_mm)
    volume = np.ones((2, *shape), np.float32)
    volume[0, : shape[0] // 2] += region_mask_on(atlas, "putamen", affine, shape)[: shape[0] // 2]
    found = measured(volume, atlas, IMAGES)
    assert list(found)[:4] == ["putamen", "putamen_left", "putamen_right", "putamen_asymmetry"]
    assert found.loc[0, "putamen_left"] > found.loc[0, "putamen_right"]
    left, right = found.loc[0, ["putamen_left", "putamen_right"]]
    assert found.loc[0, "putamen_asymmetry"] == pytest.approx(2 * (left - right) / (left + right))
    assert np.isnan(found.loc[1, "putamen_asymmetry"])  # no binding at all
    assert "putamen_asymmetry" not in as_row(found.loc[[1]])


def test_norms_are_the_line_and_the_spread_around_it(rng):
    ages = rng.uniform(40, 80, 300)
    values = 2 - 0.12 * (ages - 60) / 10 + rng.normal(0, 0.2, 300)
    norm = norms_of(pd.DataFrame({"putamen": values}), ages)["putamen"]
    assert norm.at_60 == pytest.approx(2, abs=0.04)
    assert norm.per_decade == pytest.approx(-0.12, abs=0.03)
    assert norm.sd == pytest.approx(0.2, abs=0.03)
    assert norm.z(2 - 0.12 - 0.4, 70) == pytest.approx(-2, abs=0.3)


@pytest.mark.parametrize("n", [0, FEWEST_CONTROLS - 1])
def test_few_controls_or_ages_give_no_norm(n, rng):
    table = pd.DataFrame({"putamen": rng.normal(2, 0.2, 30)})
    ages = np.full(30, np.nan)
    ages[:n] = np.arange(50, 50 + n)
    assert norms_of(table, ages) == {}
    assert norms_of(table, np.full(30, 60.0)) == {}


def test_places_name_only_diagnoses_with_enough_people(rng):
    table = pd.DataFrame({"putamen": rng.normal(size=40)})
    groups = ["IPD"] * 31 + ["PSP"] * 9
    assert list(places_of(table, groups, ("IPD", "PSP", "NC"))["putamen"]) == ["IPD"]


def test_outlines_are_the_regions_that_are_measured(atlas):
    affine, shape = study_grid(8.0)
    found = outlines(atlas, IMAGES, affine, shape)
    assert tuple(found) == IMAGES.regions and found["putamen"].shape == shape
