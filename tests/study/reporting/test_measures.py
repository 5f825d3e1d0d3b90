"""Ratios, sides, and lines of controls over age."""

import numpy as np
import pandas as pd
import pytest
from small_judges import IMAGES

from datnet_images.atlas import region_mask_on
from datnet_images.grid import study_grid
from datnet_study.reporting.judge import quantiles
from datnet_study.reporting.measures import (
    FEWEST_CONTROLS,
    as_row,
    asymmetry_in_words,
    measured,
    measures_in_words,
    norms_of,
    outlines,
    panel_titles,
    places_of,
    without_sides,
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


def test_asymmetries_without_a_side_are_near_those_of_the_sizes(rng):
    values = rng.normal(0, 0.2, 200) + 0.4 * rng.choice([-1, 1], 200)
    places = {"putamen_asymmetry": {"IPD": quantiles(values)}, "putamen": {"IPD": (0.5,)}}
    found, scan = without_sides(places, {"putamen_asymmetry": -0.3, "putamen": -0.1})
    expected = np.array(quantiles(np.abs(values)))[:-2]  # the ends are of those that are known
    assert np.abs(found["putamen_asymmetry"]["IPD"][:-2] - expected).max() < 0.05
    assert found["putamen"] == {"IPD": (0.5,)} and scan == {"putamen_asymmetry": 0.3} | {
        "putamen": -0.1
    }


def test_words_name_filter_grid_reference_and_the_side_of_the_sign():
    words = measures_in_words(IMAGES)
    assert f"voxels of {IMAGES.grid_mm:g} mm" in words and IMAGES.reference_region in words
    assert "not corrected for partial volume" in words
    unfiltered = measures_in_words(IMAGES.model_copy(update={"filter_fwhm_mm": 0.0}))
    filtered = measures_in_words(IMAGES.model_copy(update={"filter_fwhm_mm": 7.5}))
    assert "filter" not in unfiltered and "a filter of 7.5 mm" in filtered
    assert "(left - right) / mean" in asymmetry_in_words()
    assert "above 0, the right side" in asymmetry_in_words()


def test_panels_have_words_for_ratio_and_asymmetry():
    assert panel_titles(["putamen"]) == {
        "putamen": "putamen, binding ratio",
        "putamen_asymmetry": "putamen, |left - right| / mean",
    }
