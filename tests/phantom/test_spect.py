"""The numbers of FP-CIT SPECT: sources, and the mean of controls beside a real mean image."""

import runpy

import numpy as np
import pytest

from datnet_phantom.measure import response
from datnet_phantom.noise import noise_cv
from datnet_phantom.numbers import read_calibration, read_published, read_sources


@pytest.fixture(scope="module")
def path(study):
    return study.data_manifest / "phantom-spect.yaml"


@pytest.fixture(scope="module")
def fitted(path):
    return runpy.run_path(str(path.with_name("fit_phantom_spect.py")))["fitted"]()


def test_every_number_of_spect_has_a_source_and_every_published_value_a_citation(path):
    assert len(read_sources(path)) > 80
    assert read_published(path)["citation"].notna().all()


def test_people_and_their_anatomy_are_those_of_the_pet_phantom(path, calibration):
    spect = read_calibration(path)
    for section in ("clinic", "anatomy", "spread", "severity_sd", "asymmetry"):
        assert getattr(spect, section) == getattr(calibration, section), section


def test_losses_are_those_of_cft_but_for_what_a_source_says_of_serotonin(path, calibration):
    spect = read_calibration(path)
    other = {
        (name, part)
        for name, losses in spect.loss.items()
        for part, loss in losses.items()
        if loss != calibration.loss[name][part]
    }
    assert other == {("IPD", "midbrain_sert"), ("PSP", "midbrain_sert")}


def test_the_mean_of_controls_has_the_ratios_of_a_real_mean_image(fitted):
    _, uptake = fitted  # as multiples of occipital cortex, at the resolution of the camera
    assert 2.2 < uptake["putamen_whole"] < uptake["putamen"] < 3.2
    assert uptake["midbrain"] == pytest.approx(1.4, abs=0.07)
    assert uptake["brainstem"] == pytest.approx(1.4, abs=0.07)  # the pons is most of it


def test_the_fit_is_what_stands_in_the_file(fitted):
    table, _ = fitted
    np.testing.assert_allclose(table["in_file"], table["fitted"], atol=0.05)


def test_the_camera_is_coarser_and_recovers_less_than_the_pet_scanner(path, calibration, atlas):
    spect = read_calibration(path)
    found = {
        name: response(atlas, numbers, numbers.scanner.resolution_fwhm_mm, "occipital").recovery
        for name, numbers in {"spect": spect, "pet": calibration}.items()
    }
    assert np.diag(found["spect"])[:6].mean() < 0.8 * np.diag(found["pet"])[:6].mean()
    assert 0.05 < noise_cv(spect.scanner, spect.tracer.half_life_min) < 0.2
