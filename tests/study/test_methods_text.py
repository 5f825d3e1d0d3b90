"""Methods to copy: every setting that they name changes them."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from datnet_core.fingerprint import ROOT
from datnet_study.methods_text import methods_text
from datnet_study.study import read_study

SECTIONS = ("images", "network", "training", "decisions", "saliency", "radiomics", "fusion")
TOP = ("diagnoses", "control", "split", *SECTIONS)
OTHER = {  # another value of each setting
    "diagnoses": ("PD", "HC"), "control": "PSP", "split": 0.25, "phantom": False,
    "images.grid_mm": 3.0, "images.input": "bp", "images.space": "native",
    "images.scan_fwhm_mm": 4.5, "images.filter_fwhm_mm": 7.0, "images.verdicts": Path("a.tsv"),
    "images.transforms": Path("b"), "images.reference_region": "cerebellum",
    "images.regions": ("putamen",), "images.site_fwhm_mm": {"north": 6.5},
    "network.field_mm": None, "network.n_filters": 11, "network.n_levels": 3,
    "network.normalisation": "instance", "network.dropout": 0.11, "network.n_members": 9,
    "network.both_sides": False, "network.class_prior": "uniform", "network.standardised": True,
    "network.resized_to": (8, 9, 10),
    "training.seed": 17, "training.n_folds": 5, "training.pretrain_on": "both",
    "training.learning_rate": 0.003, "training.batch_size": 24, "training.averaging": 0.5,
    "training.max_steps": 77, "training.max_epochs": 78,
    "training.early_stopping_on": "test_fold", "training.balanced_classes": False,
    "training.flips": False, "training.shift_voxels": 3, "training.contrast_sd": 0.2,
    "training.noise_sd": 0.3, "training.halve_after": 6, "training.head_l2": 0.7,
    "training.precision": "bf16-mixed", "training.accelerator": "cpu", "training.devices": 2,
    "decisions.cross_validation": "argmax", "decisions.blind_test": "youden",
    "decisions.blind_test_model": "refit",
    "saliency.postprocess": "complete", "saliency.region_rule": "mass",
    "saliency.region_threshold": 0.4, "saliency.region_source": "per_participant",
    "saliency.regions": ("midbrain",),
    "radiomics.bin_width": 0.25, "fusion.n_estimators": 33, "fusion.max_depth": 5,
    "fusion.learning_rate": 0.2,
}  # fmt: skip
ONLY_WITH = {  # settings that say something only beside another one
    "training.patience": {"training.early_stopping_on": "inner"},
    "training.inner_fraction": {"training.early_stopping_on": "inner"},
    "images.fit_striatum": {"images.space": "native"},
}
VALUES = {"training.patience": 8, "training.inner_fraction": 0.3, "images.fit_striatum": False}


@pytest.fixture(scope="module")
def choices():
    study = read_study(ROOT / "data_manifest/demo.yaml")
    return {name: getattr(study, name) for name in TOP} | {"phantom": True}


def changed(choices, name, value):
    """The choices with another value of one setting."""
    section, _, key = name.rpartition(".")
    if not section:
        return choices | {name: value}
    given = choices[section]
    if hasattr(given, "model_copy"):
        return choices | {section: given.model_copy(update={key: value})}
    return choices | {section: replace(given, **{key: value})}


@pytest.mark.parametrize("name", OTHER)
def test_a_setting_changes_the_methods(choices, name):
    assert methods_text(changed(choices, name, OTHER[name])) != methods_text(choices)


@pytest.mark.parametrize("name", ONLY_WITH)
def test_a_setting_that_another_one_brings_in_changes_the_methods(choices, name):
    for needed, value in ONLY_WITH[name].items():
        choices = changed(choices, needed, value)
    assert methods_text(changed(choices, name, VALUES[name])) != methods_text(choices)


def test_no_setting_of_a_section_is_left_out(choices):
    names = set()
    for section in SECTIONS:
        given = choices[section]
        keys = type(given).model_fields if hasattr(given, "model_copy") else vars(given)
        names |= {f"{section}.{key}" for key in keys}
    assert len(fields(choices["training"])) > 10
    assert names == {name for name in (*OTHER, *ONLY_WITH) if "." in name}


def test_every_word_of_a_choice_has_a_sentence(choices):
    words = {
        "images.input": ("counts", "ratio", "bp"),
        "training.pretrain_on": ("cohort", "simulated", "both", "none"),
        "training.early_stopping_on": ("inner", "test_fold", "none"),
        "saliency.region_rule": ("rescaled", "of_maximum", "highest_voxels", "mass"),
        "saliency.region_source": ("cross_fitted", "per_participant", "per_diagnosis"),
    }
    for name, values in words.items():
        told = {"\n".join(methods_text(changed(choices, name, value))) for value in values}
        assert len(told) == len(values)
        assert not any("None" in text or "{" in text for text in told)


def test_methods_name_the_phantom_the_controls_and_the_length_of_training(choices):
    text = "\n".join(methods_text(choices))
    assert "scans of a digital phantom, not of people" in text and "NC are the controls" in text
    assert "at most 1100 batches or 250 epochs; no scan stopped it" in text
    without = changed(choices, "diagnoses", ("IPD", "MSA"))
    assert "there were no controls" in methods_text(without)[0]
    plain = changed(changed(choices, "training.averaging", 0.0), "training.flips", False)
    assert "the last weights were kept" in "\n".join(methods_text(plain))
