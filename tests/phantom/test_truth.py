"""Maps of the true differences: signs, places, and the spread against drawn images."""

import numpy as np
import pytest
from helpers import changed

from datnet_images.atlas import region_mask
from datnet_phantom.density import draw_binding
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import expected_image, read_scene, render
from datnet_phantom.truth import N_DRAWS, effect_maps

PAIRS = [("IPD", "PSP"), ("MSA", "NC")]


@pytest.fixture(scope="module")
def maps(atlas, calibration):
    return dict(effect_maps(PAIRS, calibration, atlas, "NC", "occipital"))


def test_there_are_three_maps_for_each_pair_on_the_grid_of_the_atlas(maps, atlas):
    assert set(maps) == {(*pair, kind) for pair in PAIRS for kind in ("tissue", "image", "d")}
    for values in maps.values():
        assert values.shape == atlas.labels.shape
        assert np.isfinite(values).all()


def test_tissue_differs_where_the_tracer_binds_and_by_the_difference_of_means(
    maps, atlas, calibration
):
    ipd, psp = (
        draw_binding(name, calibration, "NC", N_DRAWS, 0).mean(axis=0) for name in ("IPD", "PSP")
    )
    tissue = maps["IPD", "PSP", "tissue"]
    binds = np.zeros(tissue.shape, bool)
    for k, column in enumerate(BINDING_COLUMNS):
        mask = region_mask(atlas, column)
        binds |= mask
        np.testing.assert_allclose(tissue[mask], ipd[k] - psp[k], atol=1e-5)
    assert not tissue[~binds].any()


def test_the_image_difference_is_the_difference_of_two_expected_images(maps, atlas, calibration):
    scene = read_scene(atlas, calibration)
    occipital = region_mask(atlas, "occipital")
    images = []
    for name in ("MSA", "NC"):
        mean = draw_binding(name, calibration, "NC", N_DRAWS, 0).mean(axis=0)
        binding = dict(zip(BINDING_COLUMNS, mean, strict=True))
        image = expected_image(binding, scene, calibration)
        images.append(image / image[occipital].mean())
    np.testing.assert_allclose(maps["MSA", "NC", "image"], images[0] - images[1], atol=2e-3)


def test_patients_have_less_than_controls_and_psp_the_least(maps, atlas):
    striatum = region_mask(atlas, "striatum")
    assert (maps["MSA", "NC", "image"][striatum] < 0).all()
    assert maps["IPD", "PSP", "image"][region_mask(atlas, "caudate")].min() > 0


def test_the_effect_size_is_that_of_drawn_images(maps, atlas, calibration):
    calm = changed(
        calibration,
        "anatomy",
        deformation_mm=0,
        ventricle_sd=0,
        ventricle_per_decade=0,
        background_sd=0,
    )
    calm = changed(calm, "scanner", shift_mm=0, rotation_degree=0, zoom=0, counts_sd=0)
    scene = read_scene(atlas, calm)
    voxels = region_mask(atlas, "caudate") | region_mask(atlas, "putamen_posterior")
    occipital = region_mask(atlas, "occipital")
    values = {}
    for name in ("IPD", "PSP"):
        drawn = draw_binding(name, calm, "NC", 40, seed=5)
        images = [
            render(dict(zip(BINDING_COLUMNS, b, strict=True)), 60, scene, calm,
                           np.random.default_rng(k)) for k, b in enumerate(drawn)
        ]  # fmt: skip
        values[name] = np.stack([image[voxels] / image[occipital].mean() for image in images])
    pooled = np.sqrt((values["IPD"].var(axis=0, ddof=1) + values["PSP"].var(axis=0, ddof=1)) / 2)
    drawn_d = (values["IPD"].mean(axis=0) - values["PSP"].mean(axis=0)) / pooled
    expected = maps["IPD", "PSP", "d"][voxels]
    # 40 against 40 people: d has a standard error of about 0.23, shared by neighbours.
    assert np.abs(drawn_d - expected).mean() < 0.3
    assert np.corrcoef(drawn_d, expected)[0, 1] > 0.6


def test_identical_patients_do_not_differ_anywhere(atlas, calibration):
    pairs = [("IPD", "MSA"), ("MSA", "NC")]
    found = dict(effect_maps(pairs, calibration, atlas, "NC", "occipital", identical_patients=True))
    for kind in ("tissue", "image", "d"):
        assert not found["IPD", "MSA", kind].any()
        assert found["MSA", "NC", kind].any()


def test_another_reference_region_scales_the_image_difference(maps, atlas, calibration):
    other = dict(effect_maps(PAIRS[1:], calibration, atlas, "NC", "cerebellum"))
    scene = read_scene(atlas, calibration)
    background = expected_image(dict.fromkeys(BINDING_COLUMNS, 0.0), scene, calibration)
    means = [background[region_mask(atlas, name)].mean() for name in ("occipital", "cerebellum")]
    assert means[0] / means[1] > 1.03  # 1.00 against 0.95 before the blur
    expected = maps["MSA", "NC", "image"] * means[0] / means[1]
    np.testing.assert_allclose(other["MSA", "NC", "image"], expected, rtol=1e-4, atol=1e-5)
    # The scale cancels in d, and tissue knows no scanner.
    np.testing.assert_allclose(other["MSA", "NC", "d"], maps["MSA", "NC", "d"], atol=1e-4)
    np.testing.assert_array_equal(other["MSA", "NC", "tissue"], maps["MSA", "NC", "tissue"])
