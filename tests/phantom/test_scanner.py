"""From binding to counts: each step of the chain against hand-worked numbers and slow oracles."""

import numpy as np
import pytest
from helpers import changed
from scipy import ndimage

from datnet_images.atlas import region_mask
from datnet_phantom import scanner
from datnet_phantom.anatomy import misregistered
from datnet_phantom.numbers import read_calibration
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import blurred, expected_image, paint, read_scene, render


@pytest.fixture(scope="module")
def healthy(calibration):
    ratios = calibration.healthy_binding_ratio
    whole = ratios | {"midbrain": ratios["midbrain_dat"] + ratios["midbrain_sert"]}
    return {column: whole[column.rsplit("_", 1)[0]] for column in BINDING_COLUMNS}


STILL = {"rotation_degree": 0, "shift_mm": 0, "zoom": 0}


def test_every_region_is_painted_with_its_uptake(healthy, scene, calibration, atlas):
    activity = paint(healthy, scene, calibration)
    for column in BINDING_COLUMNS:
        found = activity[region_mask(atlas, column)]
        np.testing.assert_allclose(found, 1 + healthy[column], rtol=1e-6)
    for tissue in ("white_matter", "thalamus", "occipital"):
        found = activity[region_mask(atlas, tissue)]
        np.testing.assert_allclose(found, calibration.background[tissue], rtol=1e-6)
    own = np.full(len(calibration.background), 2.0)
    doubled = paint(healthy, scene, calibration, own)
    mask = region_mask(atlas, "white_matter")
    np.testing.assert_allclose(doubled[mask], 2 * activity[mask])
    np.testing.assert_array_equal(
        doubled[region_mask(atlas, "caudate")], activity[region_mask(atlas, "caudate")]
    )


@pytest.mark.parametrize("numbers", ["phantom.yaml", "phantom-spect.yaml"])
def test_every_region_of_the_atlas_has_an_uptake_so_that_none_is_a_hole(study, atlas, numbers):
    label_of = read_scene(atlas, read_calibration(study.data_manifest / numbers)).label_of
    given = {label for labels in label_of.values() for label in labels}
    holes = [name for name, label in atlas.names.items() if label not in given]
    assert holes == [], f"{numbers}: no number of them; add one under `background`"


def test_soft_tissue_surrounds_the_brain_up_to_its_thickness(scene, atlas, calibration):
    distance = ndimage.distance_transform_edt(atlas.labels == 0) * 2.0
    thickness = calibration.anatomy.soft_tissue_mm
    soft = scene.labels == scene.label_of["soft_tissue"][0]
    np.testing.assert_array_equal(soft, (distance > 0) & (distance <= thickness))


def test_the_expected_image_is_two_blurs_in_one(healthy, scene, calibration):
    numbers = calibration.scanner
    activity = paint(healthy, scene, calibration)
    twice = blurred(activity, numbers.resolution_fwhm_mm, scene)
    twice = blurred(twice, numbers.filter_fwhm_mm, scene)
    once = expected_image(healthy, scene, calibration)
    inside = (slice(8, -8),) * 3
    np.testing.assert_allclose(once[inside], twice[inside], atol=0.02)


def test_a_scan_without_any_variation_is_the_expected_image(healthy, atlas, calibration):
    numbers = changed(calibration, "anatomy", deformation_mm=0, ventricle_sd=0, background_sd=0)
    numbers = changed(numbers, "scanner", reconstruction_noise=0, counts=1, counts_sd=0, **STILL)
    scene = read_scene(atlas, numbers)
    image = render(healthy, 60, scene, numbers, np.random.default_rng(0))
    inside = (slice(8, -8),) * 3
    np.testing.assert_allclose(
        image[inside], expected_image(healthy, scene, numbers)[inside], atol=0.02
    )


def test_normalisation_takes_off_the_share_it_is_said_to(healthy, atlas, calibration):
    calm = changed(calibration, "anatomy", ventricle_sd=0, background_sd=0, deformation_mm=3.0)
    calm = changed(calm, "scanner", reconstruction_noise=0, counts=1, counts_sd=0, **STILL)
    scene = read_scene(atlas, calm)
    target = expected_image(healthy, scene, calm)
    errors = []
    for share in (0.0, 0.5, 1.0):
        numbers = changed(calm, "scanner", normalised_share=share)
        image = render(healthy, 60, scene, numbers, np.random.default_rng(3))
        errors.append(np.abs(image - target).mean())
    assert errors[2] < 0.6 * errors[1] < 0.6 * errors[0]


def test_a_shift_has_the_length_drawn_and_moves_the_image_by_it(
    healthy, atlas, calibration, monkeypatch
):
    calm = changed(calibration, "anatomy", deformation_mm=0, ventricle_sd=0, background_sd=0)
    calm = changed(calm, "scanner", reconstruction_noise=0, counts=1, counts_sd=0, **STILL)
    moved = changed(calm, "scanner", shift_mm=4.0)
    scene = read_scene(atlas, calm)
    positions = misregistered(scene, moved.scanner, np.random.default_rng(5))
    shift = positions[:, 40, 40, 30] - [scene.axes_mm[k][i] for k, i in enumerate((40, 40, 30))]
    # Three draws of the zoom and three of the angles, both with SD 0, come first.
    expected = 4 * np.random.default_rng(5).standard_normal(9)[6:]
    np.testing.assert_allclose(shift, expected, rtol=1e-4)
    np.testing.assert_allclose(positions[:, 1, 2, 3] - positions[:, 40, 40, 30],
                               [-78, -76, -54], atol=1e-3)  # fmt: skip

    def striatum_mm():
        """Centre of what binding adds to an image: no edge of the grid plays a part."""
        nowhere = dict.fromkeys(BINDING_COLUMNS, 0.0)
        images = [
            render(binding, 60, scene, calm, np.random.default_rng(0))
            for binding in (healthy, nowhere)
        ]
        return 2.0 * np.array(ndimage.center_of_mass(images[0] - images[1]))

    at_rest = striatum_mm()
    monkeypatch.setattr(scanner, "misregistered", lambda *_: positions)
    # A voxel that looks further up shows what lies there, so the image moves down.
    np.testing.assert_allclose(striatum_mm() - at_rest, -expected, atol=0.02)


def test_another_scanner_gives_other_images(healthy, atlas, calibration):
    def image(section, **numbers):
        altered = changed(calibration, section, **numbers)
        scene = read_scene(atlas, altered)
        return render(healthy, 75, scene, altered, np.random.default_rng(0))

    plain = image("scanner")
    np.testing.assert_array_equal(plain, image("scanner"))
    for section, number, value in [
        ("scanner", "resolution_fwhm_mm", 8.0),
        ("scanner", "filter_fwhm_mm", 6.0),
        ("scanner", "reconstruction_noise", 1.0),
        ("scanner", "normalised_share", 0.2),
        ("scanner", "rotation_degree", 5.0),
        ("scanner", "shift_mm", 3.0),
        ("scanner", "zoom", 0.05),
        ("scanner", "counts", 100),
        ("scanner", "counts_sd", 0.6),
        ("anatomy", "deformation_mm", 5.0),
        ("anatomy", "deformation_knots_mm", 40),
        ("anatomy", "soft_tissue_mm", 4),
        ("anatomy", "ventricle_mm", [20, -20, 25]),
        ("anatomy", "ventricle_reach_mm", 20),
        ("anatomy", "ventricle_per_decade", 0.3),
        ("anatomy", "ventricle_sd", 0.4),
        ("anatomy", "background_sd", 0.2),
        ("background", "thalamus", 2.0),
    ]:
        assert not np.allclose(image(section, **{number: value}), plain, rtol=1e-4), number


@pytest.mark.parametrize("region", ["putamen_anterior", "caudate", "accumbens", "midbrain"])
def test_a_loss_lowers_its_region_and_hardly_any_other(healthy, scene, calibration, atlas, region):
    def means(kept):
        binding = healthy | {f"{region}_left": kept * healthy[f"{region}_left"]}
        image = render(binding, 60, scene, calibration, np.random.default_rng(1))
        wanted = [f"{region}_left", f"{region}_right", "occipital"]
        return np.array([image[region_mask(atlas, name)].mean() for name in wanted])

    unchanged, some, more = means(1.0), means(0.7), means(0.4)
    assert more[0] < some[0] < unchanged[0]
    assert (some[0] / unchanged[0]) < (some[1] / unchanged[1]) - 0.004  # it only blurs in
    np.testing.assert_allclose(more[2] / unchanged[2], 1, atol=1e-3)


def test_counts_are_positive_whatever_the_noise(healthy, scene, calibration):
    loud = changed(calibration, "scanner", reconstruction_noise=5.0)
    image = render(healthy, 60, scene, loud, np.random.default_rng(2))
    assert image.dtype == np.float32 and image.min() >= 0 and np.isfinite(image).all()
