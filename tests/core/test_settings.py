"""Settings refuse what has no meaning, in code and in a study file alike."""

import re
from dataclasses import FrozenInstanceError, asdict, fields

import pytest
from pydantic import TypeAdapter, ValidationError

from datnet_core.settings import NetworkSettings, TrainingSettings

BOTH = pytest.mark.parametrize("section", [NetworkSettings, TrainingSettings])
REFUSED = [
    (NetworkSettings, "n_filters", 0, "n_filters is 0, expected at least 1"),
    (NetworkSettings, "n_filters", 2.5, "n_filters is 2.5, expected a whole number"),
    (NetworkSettings, "dropout", 1.0, "dropout is 1.0, expected less than 1"),
    (NetworkSettings, "dropout", -0.1, "dropout is -0.1, expected at least 0"),
    (NetworkSettings, "normalisation", "layer", "normalisation is 'layer', expected 'batch' or"),
    (NetworkSettings, "both_sides", 3, "both_sides is 3, expected True or False"),
    (NetworkSettings, "resized_to", (9, 0, 9), "resized_to is (9, 0, 9), expected at least 1"),
    (NetworkSettings, "resized_to", (9, 9), "resized_to is (9, 9), expected a tuple of 3"),
    (NetworkSettings, "field_mm", ((0, 1), 3, (0, 1)), "expected a tuple of 2"),
    (TrainingSettings, "n_folds", 1, "n_folds is 1, expected at least 2"),
    (TrainingSettings, "seed", -1, "seed is -1, expected at least 0"),
    (TrainingSettings, "seed", None, "seed is None, expected a whole number"),
    (TrainingSettings, "learning_rate", 0.0, "learning_rate is 0.0, expected more than 0"),
    (TrainingSettings, "learning_rate", float("inf"), "is inf, expected a finite number"),
    (TrainingSettings, "learning_rate", "fast", "learning_rate is 'fast', expected a number"),
    (TrainingSettings, "inner_fraction", float("nan"), "inner_fraction is nan, expected more"),
    (TrainingSettings, "halve_after", 0, "halve_after is 0, expected at least 1"),
    (TrainingSettings, "batch_size", 1, "batch_size is 1, expected at least 2"),
]


@pytest.mark.parametrize(("section", "key", "value", "message"), REFUSED)
def test_what_has_no_meaning_is_refused_in_code_and_in_a_file(section, key, value, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        section(**{key: value})
    with pytest.raises(ValidationError, match=key):
        TypeAdapter(section).validate_python({key: value})


@BOTH
def test_an_unknown_setting_is_refused_in_code_and_in_a_file(section):
    with pytest.raises(TypeError, match="filters"):
        section(filters=3)
    with pytest.raises(ValidationError, match="filters"):
        TypeAdapter(section).validate_python({"filters": 3})


@BOTH
def test_a_file_with_the_defaults_gives_the_defaults(section):
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(section()).items()}
    assert TypeAdapter(section).validate_python(plain) == section()


@BOTH
def test_settings_cannot_be_changed_by_accident(section):
    with pytest.raises(FrozenInstanceError):
        setattr(section(), fields(section)[0].name, 3)


def test_all_problems_are_named_at_once():
    with pytest.raises(ValueError, match="n_filters is 0.*; dropout is 2, expected less than 1"):
        NetworkSettings(n_filters=0, dropout=2)


def test_a_training_needs_a_limit_of_steps_or_of_epochs():
    with pytest.raises(ValueError, match="expected a number for one of them"):
        TrainingSettings(max_steps=None, max_epochs=None)
    assert TrainingSettings(max_steps=None, max_epochs=2).max_steps is None


def test_every_device_needs_two_scans_of_a_batch():
    with pytest.raises(ValueError, match="batch_size is 6, expected at least 2 for each of 4"):
        TrainingSettings(batch_size=6, devices=4)
