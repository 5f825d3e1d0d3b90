"""Every setting changes the result, and a change of the inputs trains anew."""

import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from small_fits import (
    LEARN,
    NAMES,
    OTHER,
    SETTINGS,
    STOP,
    Epochs,
    content,
    fit,
    made_up_scans,
)

from datnet_core.settings import TrainingSettings
from datnet_core.training.checkpoint import read_tensors
from datnet_core.training.plan import VARIANTS

EFFECTS = {
    "seed": 1,
    "learning_rate": 5e-3,
    "batch_size": 8,
    "balanced_classes": False,
    "flips": False,
    "shift_voxels": 1,
    "contrast_sd": 0.1,
    "noise_sd": 0.05,
    "averaging": 0.1,
    "head_l2": 0.1,
    "precision": "bf16-mixed",
}
OF_THE_PLAN = {"n_folds", "pretrain_on", "early_stopping_on", "inner_fraction"}
OF_OTHER_TESTS = {"max_steps", "max_epochs", "patience", "halve_after", "devices", "accelerator"}


def test_every_training_option_is_tested_or_read_by_the_plan():
    assert set(EFFECTS) | OF_OTHER_TESTS | OF_THE_PLAN == set(asdict(SETTINGS))


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two") / "m"
    fit(folder, max_epochs=2)
    return folder


@pytest.mark.parametrize("option", EFFECTS)
def test_a_training_option_changes_the_weights(two_epochs, tmp_path, option):
    fit(tmp_path / "m", **{"max_epochs": 2, option: EFFECTS[option]})
    assert content(tmp_path / "m")[0] != content(two_epochs)[0]


@pytest.mark.parametrize(
    "change",
    [
        {"n_filters": 3},
        {"n_levels": 1},
        {"normalisation": "instance"},
        {"dropout": 0.6},
        {"standardised": True},
        {"resized_to": (14, 15, 12)},
    ],
)
def test_a_network_option_changes_the_weights(two_epochs, tmp_path, change):
    fit(tmp_path / "m", max_epochs=2, **change)
    assert content(tmp_path / "m")[0] != content(two_epochs)[0]


def test_options_of_loading_train_nothing_anew(finished):
    epochs = Epochs()
    fit(finished, n_members=5, both_sides=True, class_prior="uniform", after_epoch=epochs)
    assert epochs == []


@pytest.mark.parametrize("change", VARIANTS.values(), ids=VARIANTS)
def test_a_variant_of_the_protocol_differs_from_the_default(change):
    assert replace(TrainingSettings(), **change) != TrainingSettings()


def changed_volume(row):
    volumes, _ = made_up_scans()
    volumes[row, 1, 1, 1] += 0.5
    return {"volumes": volumes}


def changed_label(row):
    _, labels = made_up_scans()
    labels[row] = (labels[row] + 1) % 3
    return {"labels": labels}


CHANGES = {
    "label of a scan learned from": changed_label(LEARN[3]),
    "label of a scan that stops": changed_label(STOP[2]),
    "voxel of a scan learned from": changed_volume(LEARN[3]),
    "voxel of a scan that stops": changed_volume(STOP[2]),
    "training setting": {"learning_rate": 2e-2},
    "network setting": {"dropout": 0.1},
    "fewer scans": {"learn": LEARN[:-1]},
    "order of the scans": {"learn": LEARN[::-1]},
    "fewer scans that stop": {"stop": STOP[:-1]},
    "border of the split": {"learn": np.arange(16), "stop": np.arange(16, 24)},
    "diagnoses": {"classes": (*NAMES, "D")},
}


@pytest.fixture(scope="module", params=["finished", "interrupted", "without its record"])
def left_behind(request, two_epochs, tmp_path_factory):
    """A model as a run of other inputs leaves it."""
    folder = tmp_path_factory.mktemp("left") / "m"
    if request.param == "interrupted":
        with pytest.raises(KeyboardInterrupt):
            fit(folder, max_epochs=2, after_epoch=Epochs(interrupted_in=1))
    else:
        shutil.copytree(two_epochs, folder)
    if request.param == "without its record":
        (folder / "config.json").unlink()
    return folder


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """What each change gives where there was nothing before."""
    folder = tmp_path_factory.mktemp("fresh")
    return {name: _fresh(folder / name / "m", change) for name, change in CHANGES.items()}


def _fresh(folder, change):
    fit(folder, **{"max_epochs": 2, **change})
    return content(folder)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_the_inputs_trains_anew(left_behind, fresh, tmp_path, name):
    shutil.copytree(left_behind, tmp_path / "m")
    epochs = Epochs()
    fit(tmp_path / "m", **{"max_epochs": 2, "after_epoch": epochs, **CHANGES[name]})
    assert epochs == [0, 1]
    assert content(tmp_path / "m") == fresh[name]


@pytest.mark.parametrize("change", [changed_label(OTHER[:2]), changed_volume(OTHER[0])])
def test_scans_outside_of_the_split_make_no_difference(finished, tmp_path, change):
    # Honesty: what is judged later has no way into the model.
    fit(tmp_path / "m", **change)
    assert content(tmp_path / "m") == content(finished)


def test_settings_that_come_back_are_not_given_the_weights_of_others(finished, tmp_path):
    # A stops before its record, B in its first epoch, then A again.
    folder = tmp_path / "undisturbed" / "member-0"
    with pytest.raises(KeyboardInterrupt):
        fit(folder, after_epoch=Epochs(interrupted_in=3))
    shutil.copy(finished / "weights.safetensors", folder)
    with pytest.raises(KeyboardInterrupt):
        fit(folder, after_epoch=Epochs(interrupted_in=0), learning_rate=2e-2)
    fit(folder)
    assert content(folder) == content(finished)


def test_a_model_starts_from_the_weights_it_is_given(finished, tmp_path):
    # So small a step leaves weights of 32 bits as they are.
    config = fit(tmp_path / "m", max_epochs=1, learning_rate=1e-30, start=finished)
    assert config["start"] == "undisturbed/member-0"
    before, after = (
        read_tensors(folder / "weights.safetensors")[0] for folder in (finished, tmp_path / "m")
    )
    learned = [name for name in before if name.endswith(("weight", "bias"))]
    assert len(learned) > 10
    assert all(torch.equal(before[name], after[name]) for name in learned)


def test_other_start_weights_train_anew(finished, two_epochs, tmp_path):
    one = fit(tmp_path / "m", max_epochs=1, start=finished)
    other = fit(tmp_path / "m", max_epochs=1, start=two_epochs)
    assert one["inputs"] != other["inputs"]
    assert other["start"].endswith("/m")


def test_a_start_that_is_not_finished_is_refused(two_epochs, tmp_path):
    shutil.copytree(two_epochs, tmp_path / "pretrain")
    (tmp_path / "pretrain" / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match="pretrain holds no finished model.*make study"):
        fit(tmp_path / "m", start=tmp_path / "pretrain")


@pytest.mark.parametrize(("learn", "stop"), [(LEARN[:1], STOP), (LEARN, STOP[:0])])
def test_too_few_scans_are_refused(tmp_path, learn, stop):
    with pytest.raises(ValueError, match=f"/m: {len(learn)} .* {len(stop)} .* expected"):
        fit(tmp_path / "m", learn=learn, stop=stop)


def test_instance_normalisation_of_a_single_voxel_is_refused(tmp_path):
    with pytest.raises(ValueError, match="3 levels leave one voxel of 13 x 14 x 11; lower"):
        fit(tmp_path / "m", normalisation="instance", n_levels=3)
