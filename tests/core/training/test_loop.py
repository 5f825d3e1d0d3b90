"""Training: repeatable to the byte, resumable after any interruption, blind to other scans."""

import json
import multiprocessing
import os
import re
import resource
import signal
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric

from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_core.training import checkpoint, epochs, loop, plan
from datnet_core.training.prediction import load_model, predict

NAMES = ("A", "B", "C")
SHAPE = (13, 14, 11)
NETWORK = NetworkSettings(n_filters=2, n_levels=2, n_members=1, both_sides=False)
SETTINGS = TrainingSettings(
    max_epochs=4, batch_size=4, patience=4, learning_rate=1e-2, averaging=0.5
)
FIT, VALIDATION, OTHER = np.arange(17), np.arange(17, 24), np.arange(24, 30)
CPU = Fabric(accelerator="cpu", devices=1)
N_BATCHES = 4  # 17 fit scans in batches of 4: 17 // 4


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """On volumes this small threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch):
    """A checkpoint after every epoch, however short."""
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)


def made_up_scans():
    """30 small volumes; a box of class k is brighter by 1, the row's number picks the class."""
    rng = np.random.default_rng(4)
    labels = np.array([0] * 9 + [1] * 5 + [2] * 3 + [0, 1, 2, 0, 1, 2, 0] + [0, 1, 2, 0, 1, 2])
    volumes = rng.normal(1, 0.2, (30, *SHAPE)).astype(np.float32)
    for volume, label in zip(volumes, labels, strict=True):
        volume[2 + 3 * label : 5 + 3 * label, 4:9, 3:8] += 1
    return volumes, labels


def fit(folder, volumes=None, labels=None, rows=FIT, others=VALIDATION, **changes):
    """`loop.fit` on the made-up scans; settings by name, from either section."""
    start, names = changes.pop("start", None), changes.pop("classes", NAMES)
    sections = [
        replace(section, **{k: v for k, v in changes.items() if k in asdict(section)})
        for section in (NETWORK, SETTINGS)
    ]
    assert set(changes) <= set(asdict(NETWORK) | asdict(SETTINGS))
    given_volumes, given_labels = made_up_scans()
    volumes = given_volumes if volumes is None else volumes
    labels = given_labels if labels is None else labels
    return loop.fit(folder, volumes, labels, rows, others, names, *sections, start)


def content(folder):
    """Bytes of the weights, the history, and the record without its seconds."""
    config = json.loads((folder / "config.json").read_text())
    config.pop("seconds")
    files = [(folder / name).read_bytes() for name in ("weights.safetensors", "history.tsv")]
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json", "history.tsv", "weights.safetensors",
    ]  # fmt: skip
    return *files, config


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("DATNET_PROGRESS", "lines")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of an undisturbed model."""
    folder = tmp_path_factory.mktemp("models") / "undisturbed" / "member-0"
    fit(folder)
    return folder


class Interruption(Exception):
    """Stands for whatever ends a run early."""


def fails_at(call, function):
    """A function that works until its n-th call, then raises."""
    count = iter(range(call))

    def wrapped(*args, **kwargs):
        if next(count, None) is None:
            raise Interruption
        return function(*args, **kwargs)

    return wrapped


def forbid_training(monkeypatch):
    def refuse(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(loop, "train_epoch", refuse)


# --- the same again ---------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes(finished, tmp_path):
    fit(tmp_path / "again")
    assert content(tmp_path / "again") == content(finished)


def test_half_precision_gives_the_same_bytes_whatever_is_in_memory(tmp_path):
    for k in range(6):
        rubbish = [torch.full((n,), torch.nan) for n in (64, 256, 1000, 5000, 20_000, 100_000)]
        del rubbish  # the next arrays may lie where it was
        fit(tmp_path / f"{k}" / "m", precision="bf16-mixed", max_epochs=1)
    first = content(tmp_path / "0" / "m")
    assert all(content(tmp_path / f"{k}" / "m") == first for k in range(1, 6))


def test_a_memory_map_gives_the_same_model_as_an_array(finished, tmp_path):
    np.save(tmp_path / "volumes.npy", made_up_scans()[0])
    fit(tmp_path / "m", volumes=np.load(tmp_path / "volumes.npy", mmap_mode="r"))
    assert content(tmp_path / "m") == content(finished)


def test_fitting_leaves_volumes_and_labels_as_they_are(tmp_path):
    volumes, labels = made_up_scans()
    fit(tmp_path / "m", volumes, labels, max_epochs=1)
    for now, before in zip((volumes, labels), made_up_scans(), strict=True):
        np.testing.assert_array_equal(now, before)


def test_a_finished_model_returns_at_once(finished, monkeypatch):
    before = content(finished)
    forbid_training(monkeypatch)
    config = fit(finished)
    assert config == checkpoint.read_config(finished)
    assert content(finished) == before


# --- interruptions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "call"),
    [
        ("cross_entropy", 2),  # third batch of the first epoch
        ("cross_entropy", 2 * N_BATCHES + 1),  # second batch of the third epoch
        ("validation_loss", 1),
        ("write_checkpoint", 0),
        ("write_checkpoint", 3),
        ("write_tensors", 0),  # all epochs are done, the weights are not written
        ("whole", 0),  # nor the history
        ("write_config", 0),
    ],
)
def test_an_interrupted_training_goes_on_as_if_nothing_had_happened(
    finished, tmp_path, monkeypatch, where, call
):
    folder = tmp_path / "undisturbed"
    with monkeypatch.context() as patch:
        module = epochs if where == "cross_entropy" else loop
        patch.setattr(module, where, fails_at(call, getattr(module, where)))
        with pytest.raises(Interruption):
            fit(folder)
    assert not (folder / "config.json").exists()
    fit(folder)
    assert content(folder) == content(finished)


def test_finished_epochs_are_not_repeated_after_an_interruption(tmp_path, monkeypatch):
    train_epoch, n_epochs = loop.train_epoch, []
    with monkeypatch.context() as patch:
        patch.setattr(loop, "train_epoch", fails_at(3, train_epoch))
        with pytest.raises(Interruption):
            fit(tmp_path / "m")
    monkeypatch.setattr(loop, "train_epoch", lambda *args: n_epochs.append(1) or train_epoch(*args))
    fit(tmp_path / "m")
    assert len(n_epochs) == SETTINGS.max_epochs - 3


def test_checkpoints_of_short_epochs_are_rare_and_what_is_lost_is_done_again(
    finished, tmp_path, monkeypatch
):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 600)
    written, write = [], loop.write_checkpoint
    monkeypatch.setattr(loop, "write_checkpoint", lambda *a: written.append(1) or write(*a))
    folder = tmp_path / "undisturbed"
    with monkeypatch.context() as patch:
        patch.setattr(loop, "validation_loss", fails_at(3, loop.validation_loss))
        with pytest.raises(Interruption):
            fit(folder)
    assert len(written) == 1  # after the first epoch; those since then are lost
    fit(folder)
    assert content(folder) == content(finished)


def test_the_weights_are_of_the_epochs_in_the_record_even_where_training_is_not_repeatable(
    tmp_path, monkeypatch
):
    # A device may round in another order: the lost epoch 2 was the best, done again it is not.
    def with_losses(folder, *losses, **changes):
        left = iter(losses)
        monkeypatch.setattr(loop, "validation_loss", lambda *_: next(left))
        return fit(folder, **changes)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "write_checkpoint", fails_at(2, loop.write_checkpoint))
        with pytest.raises(Interruption):
            with_losses(tmp_path / "m", 1.0, 0.9, 0.1)
    assert with_losses(tmp_path / "m", 1.1, 1.2)["best_epoch"] == 1
    with_losses(tmp_path / "n", 1.0, 0.9, max_epochs=2)
    found, expected = (
        checkpoint.read_tensors(tmp_path / name / "weights.safetensors")[0] for name in "mn"
    )
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def killed_in_an_epoch():
    loss, count = epochs.cross_entropy, iter(range(2 * N_BATCHES + 2))
    epochs.cross_entropy = lambda *a: loss(*a) if next(count, None) is not None else die()


def killed_while_writing(n_files, n_bytes):
    """Before file n + 1 has all of its bytes: a checkpoint each epoch, then the weights."""
    save, count = checkpoint.save_file, iter(range(n_files))

    def write_a_part(tensors, path, metadata):
        save(tensors, path, metadata)
        if next(count, None) is None:
            cut(path, n_bytes)
            die()

    checkpoint.save_file = write_a_part


def killed_before_renaming(n_files):
    replace, count = os.replace, iter(range(n_files))
    os.replace = lambda *a: replace(*a) if next(count, None) is not None else die()


DEATHS = {
    "third epoch": (killed_in_an_epoch,),
    "first checkpoint, nothing written": (killed_while_writing, 0, 0),
    "second checkpoint, half written": (killed_while_writing, 1, 300),
    "third checkpoint, all written": (killed_while_writing, 2, None),
    "second checkpoint, not renamed": (killed_before_renaming, 1),
    "weights, half written": (killed_while_writing, SETTINGS.max_epochs, 300),
    "weights, not renamed": (killed_before_renaming, SETTINGS.max_epochs),
    "history, not renamed": (killed_before_renaming, SETTINGS.max_epochs + 1),
    "record, not renamed": (killed_before_renaming, SETTINGS.max_epochs + 2),
}


def fit_until_killed(folder, how, *arguments):
    """Run in a process of its own: kill -9 in the middle of something."""
    torch.set_num_threads(1)
    loop.CHECKPOINT_SECONDS = 0  # a new process knows no fixture
    how(*arguments)
    fit(folder)


@pytest.mark.parametrize("death", DEATHS)
def test_a_killed_training_goes_on_as_if_nothing_had_happened(finished, tmp_path, death):
    folder, (how, *arguments) = tmp_path / "undisturbed", DEATHS[death]
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=fit_until_killed, args=(folder, how, *arguments))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert not (folder / "config.json").exists()
    fit(folder)
    for part in folder.glob("part-*"):  # left by the kill, overwritten by the next write
        part.unlink()
    assert content(folder) == content(finished)


# --- trained anew or not ----------------------------------------------------------------------


def changed_volume(row):
    volumes, _ = made_up_scans()
    volumes[row, 1, 1, 1] += 0.5
    return {"volumes": volumes}


def changed_label(row):
    _, labels = made_up_scans()
    labels[row] = (labels[row] + 1) % 3
    return {"labels": labels}


@pytest.mark.parametrize(
    "change",
    [
        changed_label(FIT[3]),
        changed_label(VALIDATION[2]),
        changed_volume(FIT[3]),
        changed_volume(VALIDATION[2]),
        {"learning_rate": 2e-2},
        {"dropout": 0.1},
        {"rows": FIT[:-1]},
        {"rows": FIT[::-1]},
        {"others": VALIDATION[:-1]},
        {"rows": np.arange(16), "others": np.arange(16, 24)},  # one scan over the border
        {"classes": (*NAMES, "D")},
    ],
    ids=[
        "label of a scan learned from", "label of a validation scan",
        "voxel of a scan learned from", "voxel of a validation scan",
        "training setting", "network setting", "fewer scans", "order of the scans",
        "fewer validation scans", "border of the split", "diagnoses",
    ],
)  # fmt: skip
@pytest.mark.parametrize("state", ["finished", "interrupted"])
def test_a_change_of_the_inputs_trains_anew(tmp_path, monkeypatch, state, change):
    folder, n_epochs = tmp_path / "m", []
    with monkeypatch.context() as patch:
        if state == "interrupted":
            patch.setattr(loop, "write_config", fails_at(0, loop.write_config))
            with pytest.raises(Interruption):
                fit(folder, max_epochs=1)
        else:
            fit(folder, max_epochs=1)
    train_epoch = loop.train_epoch
    monkeypatch.setattr(loop, "train_epoch", lambda *args: n_epochs.append(1) or train_epoch(*args))
    fit(folder, **{"max_epochs": 1, **change})
    assert n_epochs == [1]
    fit(tmp_path / "fresh" / "m", **{"max_epochs": 1, **change})
    assert content(folder) == content(tmp_path / "fresh" / "m")


@pytest.mark.parametrize("change", [*map(changed_label, OTHER[:2]), changed_volume(OTHER[0])])
def test_scans_outside_of_the_split_make_no_difference(finished, tmp_path, monkeypatch, change):
    # Honesty: what is judged later has no way into the model.
    fit(tmp_path / "m", **change)
    assert content(tmp_path / "m") == content(finished)
    forbid_training(monkeypatch)
    fit(finished, **change)


def test_validation_scans_stop_the_training_but_are_not_learned_from(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        epochs, "batch", lambda v, rows, f=epochs.batch: seen.append(rows) or f(v, rows)
    )
    monkeypatch.setattr(loop, "validation_loss", lambda *_: 1.0)
    fit(tmp_path / "m", max_epochs=3)
    assert set(np.concatenate(seen)) <= set(FIT)


def test_every_epoch_draws_anew(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        epochs, "batch", lambda v, rows, f=epochs.batch: drawn.append(rows) or f(v, rows)
    )
    monkeypatch.setattr(loop, "validation_loss", lambda *_: 1.0)
    fit(tmp_path / "m", max_epochs=3)
    orders = [np.concatenate(drawn[k : k + N_BATCHES]).tolist() for k in (0, 4, 8)]
    assert len({*map(tuple, orders)}) == 3


def test_a_model_starts_from_the_weights_it_is_given(finished, tmp_path, monkeypatch):
    weights = checkpoint.read_tensors(finished / "weights.safetensors")[0]
    monkeypatch.setattr(loop, "train_epoch", lambda *_: 0.5)  # learns nothing
    config = fit(tmp_path / "m", max_epochs=1, start=finished)
    assert config["start"] == "undisturbed/member-0"
    for name, tensor in checkpoint.read_tensors(tmp_path / "m" / "weights.safetensors")[0].items():
        assert torch.equal(tensor, weights[name])


def test_other_start_weights_train_anew(finished, tmp_path):
    one = fit(tmp_path / "m", max_epochs=1, start=finished)
    fit(tmp_path / "start", max_epochs=1, seed=9)
    other = fit(tmp_path / "m", max_epochs=1, start=tmp_path / "start")
    assert one["inputs"] != other["inputs"]
    assert other["start"].endswith("/start")


def test_a_start_that_is_not_finished_is_refused(finished, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(loop, "write_config", fails_at(0, loop.write_config))
        with pytest.raises(Interruption):
            fit(tmp_path / "pretrain")
    assert (tmp_path / "pretrain" / "weights.safetensors").is_file()
    with pytest.raises(FileNotFoundError, match="pretrain holds no finished model.*make study"):
        fit(tmp_path / "m", start=tmp_path / "pretrain")


@pytest.mark.parametrize(("rows", "others"), [(FIT[:1], VALIDATION), (FIT, VALIDATION[:0])])
def test_too_few_scans_are_refused(tmp_path, rows, others):
    with pytest.raises(ValueError, match=f"/m: {len(rows)} .* {len(others)} .* expected"):
        fit(tmp_path / "m", rows=rows, others=others)


def test_instance_normalisation_of_a_single_voxel_is_refused(tmp_path):
    with pytest.raises(ValueError, match="3 levels leave one voxel of 13 x 14 x 11; lower"):
        fit(tmp_path / "m", normalisation="instance", n_levels=3)


def test_settings_that_come_back_are_not_given_the_weights_of_others(tmp_path, monkeypatch):
    # A stops before its record, B stops between weights and checkpoint, then A again.
    folder = tmp_path / "m"
    for call, rate in ((0, 1e-2), (0, 2e-2)):
        where = "write_config" if rate == 1e-2 else "write_checkpoint"
        with monkeypatch.context() as patch:
            patch.setattr(loop, where, fails_at(call, getattr(loop, where)))
            with pytest.raises(Interruption):
                fit(folder, learning_rate=rate)
    fit(folder, learning_rate=1e-2)
    fit(tmp_path / "fresh" / "m", learning_rate=1e-2)
    assert content(folder) == content(tmp_path / "fresh" / "m")


def test_a_loss_that_is_no_number_stops_the_training(tmp_path, monkeypatch):
    losses = iter([2.0, float("nan")])
    monkeypatch.setattr(loop, "validation_loss", lambda *_: next(losses))
    with pytest.raises(RuntimeError, match="m: the validation loss of epoch 1 is nan; lower"):
        fit(tmp_path / "m")
    assert not (tmp_path / "m" / "config.json").exists()


# --- damaged files ----------------------------------------------------------------------------


def cut(path, n_bytes):
    path.write_bytes(path.read_bytes()[:n_bytes])


@pytest.mark.parametrize("n_bytes", [0, 5, 300, -1])
def test_a_damaged_checkpoint_is_named(tmp_path, monkeypatch, n_bytes):
    with monkeypatch.context() as patch:
        patch.setattr(loop, "train_epoch", fails_at(2, loop.train_epoch))
        with pytest.raises(Interruption):
            fit(tmp_path / "m")
    path = tmp_path / "m" / "checkpoint.safetensors"
    cut(path, n_bytes)
    with pytest.raises(ValueError, match=f"{re.escape(str(path))} is damaged .*; delete it"):
        fit(tmp_path / "m")


@pytest.mark.parametrize("n_bytes", [0, 5, 300, -1])
def test_damaged_weights_are_named(tmp_path, n_bytes):
    fit(tmp_path / "member-0", max_epochs=1)
    path = tmp_path / "member-0" / "weights.safetensors"
    cut(path, n_bytes)
    with pytest.raises(ValueError, match=f"{re.escape(str(path))} is damaged .*; delete it"):
        load_model(tmp_path, NETWORK)


@pytest.mark.parametrize("byte", [-1, -40, 0.5])
def test_a_single_wrong_bit_is_noticed(tmp_path, byte):
    fit(tmp_path / "member-0", max_epochs=1)
    path = tmp_path / "member-0" / "weights.safetensors"
    damaged = bytearray(path.read_bytes())
    damaged[int(byte * len(damaged)) if byte == 0.5 else byte] ^= 4
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=f"{re.escape(str(path))} is damaged .*; delete it"):
        load_model(tmp_path, NETWORK)


@pytest.mark.parametrize("lost", ["checkpoint.safetensors", "weights.safetensors"])
@pytest.mark.parametrize("state", ["finished", "interrupted"])
def test_deleting_a_damaged_file_and_running_again_repairs_the_model(
    finished, tmp_path, monkeypatch, state, lost
):
    folder = tmp_path / "undisturbed"
    if state == "interrupted":
        with monkeypatch.context() as patch:
            patch.setattr(loop, "write_config", fails_at(0, loop.write_config))
            with pytest.raises(Interruption):
                fit(folder)
    else:
        fit(folder)
    (folder / lost).unlink(missing_ok=True)
    fit(folder)
    assert content(folder) == content(finished)


def test_an_unfinished_model_is_not_loaded(tmp_path):
    with pytest.raises(FileNotFoundError, match="no finished model.*make study"):
        load_model(tmp_path, NETWORK)


# --- what is kept -----------------------------------------------------------------------------


def test_the_weights_of_the_best_epoch_are_kept(tmp_path, monkeypatch):
    volumes, labels = made_up_scans()
    validation_loss, penalty = loop.validation_loss, iter([9, 9, 0, 9])  # the third is best
    monkeypatch.setattr(
        loop, "validation_loss", lambda *args: validation_loss(*args) + next(penalty)
    )
    config = fit(tmp_path / "member-0")
    history = pd.read_csv(tmp_path / "member-0" / "history.tsv", sep="\t")
    best = history["validation_loss"].idxmin()
    assert (config["best_epoch"], best, config["n_epochs"], len(history)) == (2, 2, 4, 4)
    uniform = replace(NETWORK, class_prior="uniform")  # as the batches are
    model = load_model(tmp_path, uniform)
    proba = predict(model, volumes, VALIDATION)
    # Mean over the classes of the mean cross-entropy of each class.
    losses = [
        np.mean(
            [-np.log(p[k]) for p, row in zip(proba, VALIDATION, strict=True) if labels[row] == k]
        )
        for k in range(3)
    ]
    assert config["validation_loss"] == pytest.approx(np.mean(losses), rel=1e-6)
    assert history["validation_loss"][best] == pytest.approx(np.mean(losses), rel=1e-5)


def test_the_record_says_what_was_trained(finished):
    config = checkpoint.read_config(finished)
    assert config["classes"] == list(NAMES)
    when_loaded = {"n_members", "both_sides", "class_prior"}
    of_one = {k: v for k, v in asdict(NETWORK).items() if k not in when_loaded}
    assert config["network"] == json.loads(json.dumps(of_one))
    assert config["training"] == asdict(SETTINGS)
    assert (config["n_fit"], config["n_validation"], config["start"]) == (17, 7, None)
    assert config["class_counts"] == [9, 5, 3]
    model = load_model(finished.parent, NETWORK)
    assert config["n_parameters"] == sum(p.numel() for p in model.parameters())
    assert not model.training


def test_it_learns_what_the_made_up_scans_show(tmp_path):
    volumes, labels = made_up_scans()
    changes = {"n_filters": 6, "dropout": 0.0, "flips": False}
    fit(tmp_path / "member-0", max_epochs=15, patience=15, learning_rate=0.02, **changes)
    network = replace(NETWORK, **changes)
    proba = predict(load_model(tmp_path, network), volumes, OTHER)
    np.testing.assert_array_equal(proba.argmax(1), labels[OTHER])


# --- every option has an effect ---------------------------------------------------------------

EFFECTS = {
    "seed": 1,
    "learning_rate": 5e-3,
    "batch_size": 8,
    "balanced_classes": False,
    "flips": False,
    "averaging": 0.1,
    "head_l2": 0.1,
    "precision": "bf16-mixed",
}
OF_THE_PAGE = {"n_folds", "pretrain", "early_stopping_on", "inner_fraction"}


def test_every_training_option_is_tested_here_or_read_by_the_page():
    tested = set(EFFECTS) | {"max_epochs", "patience", "halve_after", "devices", "accelerator"}
    assert tested | OF_THE_PAGE == set(asdict(SETTINGS))


@pytest.mark.parametrize("option", EFFECTS)
def test_an_option_changes_the_weights(tmp_path, option):
    fit(tmp_path / "one", max_epochs=2)
    fit(tmp_path / "other", **{"max_epochs": 2, option: EFFECTS[option]})
    assert content(tmp_path / "one")[0] != content(tmp_path / "other")[0]


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
def test_a_network_option_changes_the_weights(finished, tmp_path, change):
    fit(tmp_path / "m", **change)
    assert content(tmp_path / "m")[0] != content(finished)[0]


@pytest.mark.parametrize("max_epochs", [1, 3])
def test_training_ends_after_max_epochs(tmp_path, max_epochs):
    assert fit(tmp_path / "m", max_epochs=max_epochs)["n_epochs"] == max_epochs


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_training_ends_when_the_loss_has_not_improved_for_patience_epochs(
    tmp_path, monkeypatch, patience
):
    # Best at epoch 2; with patience p the epochs 3 ... 2 + p follow: 3 + p in all.
    losses = iter([5, 4, 3, *[4] * 20])
    monkeypatch.setattr(loop, "validation_loss", lambda *_: float(next(losses)))
    config = fit(tmp_path / "m", max_epochs=20, patience=patience)
    assert (config["n_epochs"], config["best_epoch"]) == (3 + patience, 2)


def learning_rates(folder, monkeypatch, interrupted_after=None, **changes):
    """Learning rate of every epoch; the validation loss improves in the first epoch only."""
    rates, train_epoch = [], loop.train_epoch

    def recorded(fabric, model, averaged, optimizer, *args):
        if len(rates) == interrupted_after:
            raise Interruption
        rates.append(optimizer.param_groups[0]["lr"])
        return train_epoch(fabric, model, averaged, optimizer, *args)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "validation_loss", lambda *_: 1.0)
        patch.setattr(loop, "train_epoch", recorded)
        if interrupted_after is None:
            fit(folder, max_epochs=7, patience=9, **changes)
        else:
            with pytest.raises(Interruption):
                fit(folder, max_epochs=7, patience=9, **changes)
    return rates


def test_the_learning_rate_is_halved_on_a_plateau_also_after_an_interruption(tmp_path, monkeypatch):
    # Epoch 0 is the best; PyTorch halves after more than 1 epoch without improvement.
    expected = [0.01, 0.01, 0.01, 0.005, 0.005, 0.0025, 0.0025]
    assert learning_rates(tmp_path / "m", monkeypatch, halve_after=1) == expected
    before = learning_rates(tmp_path / "n", monkeypatch, interrupted_after=4, halve_after=1)
    after = learning_rates(tmp_path / "n", monkeypatch, halve_after=1)
    assert (before, after) == (expected[:4], expected[4:])
    assert learning_rates(tmp_path / "o", monkeypatch) == [0.01] * 7


def test_the_weights_that_are_kept_are_the_running_mean(tmp_path, monkeypatch):
    # mean_0 = w_0, mean_k = d_k mean_(k-1) + (1 - d_k) w_k, d_k = min(0.25, (1 + k) / (10 + k)):
    # 2 / 11, 3 / 12, 0.25 (4 / 13 is more).
    seen, train_epoch = [], loop.train_epoch

    def recorded(fabric, model, averaged, optimizer, *args):
        step = optimizer.step

        def stepped(*a):
            step(*a)
            seen.append(next(model.parameters()).detach().clone())

        monkeypatch.setattr(optimizer, "step", stepped)
        return train_epoch(fabric, model, averaged, optimizer, *args)

    monkeypatch.setattr(loop, "train_epoch", recorded)
    fit(tmp_path / "m", max_epochs=1, averaging=0.25)
    mean = seen[0]
    for decay, weights in zip((2 / 11, 3 / 12, 0.25), seen[1:], strict=True):
        mean = decay * mean + (1 - decay) * weights
    kept, _ = checkpoint.read_tensors(tmp_path / "m" / "weights.safetensors")
    assert len(seen) == N_BATCHES
    torch.testing.assert_close(kept["stem.0.weight"], mean)
    assert not torch.allclose(kept["stem.0.weight"], seen[-1])


# --- variants and networks ---------------------------------------------------------------------


def test_more_networks_leave_the_others_as_they_are(finished, monkeypatch):
    forbid_training(monkeypatch)
    fit(finished, n_members=5, both_sides=True)


def test_a_variant_changes_its_one_point_and_nothing_else():
    plain = TrainingSettings()
    assert plan.variant_settings(plain, "study") == plain
    replay = plan.variant_settings(plain, "test_fold")
    assert replay == replace(plain, early_stopping_on="test_fold") != plain
    raw = plan.variant_settings(plain, "no_pretraining")
    assert raw == replace(plain, pretrain=False) != plain
    with pytest.raises(ValueError, match="'other'.*no_pretraining"):
        plan.variant_settings(plain, "other")


# --- number type and devices ------------------------------------------------------------------


SHARED = {  # what makes one device with whole batches and two with halves do the same sums
    "accelerator": "cpu", "normalisation": "instance", "dropout": 0.0, "flips": False,
    "balanced_classes": False, "max_epochs": 3, "rows": FIT[:16],
}  # fmt: skip


def fit_on_two_devices(folder):
    """Run in a process of its own: two forked processes share each batch."""
    torch.set_num_threads(1)
    fit(folder, devices=2, **SHARED)


def test_two_devices_share_each_batch_and_learn_what_one_device_learns(tmp_path):
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=fit_on_two_devices, args=(tmp_path / "two",))
    child.start()
    child.join(120)
    assert child.exitcode == 0
    fit(tmp_path / "one", **SHARED)
    two, one = (
        checkpoint.read_tensors(tmp_path / name / "weights.safetensors")[0]
        for name in ("two", "one")
    )
    for name, weights in one.items():
        torch.testing.assert_close(two[name], weights, atol=1e-4, rtol=1e-3)
    losses = [checkpoint.read_config(tmp_path / n)["validation_loss"] for n in ("two", "one")]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.skipif(torch.accelerator.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RuntimeError, match="(?i)gpu|cuda|accelerator"):
        fit(tmp_path / "m", accelerator="gpu")


# --- larger than memory -----------------------------------------------------------------------

LARGE = (1600, 48, 50, 52)  # 0.8 GB of float32
ALLOWED = 300 * 2**20  # what the process may allocate on top of what Python and torch have


def allocated():
    """Bytes of private memory that the limit counts."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmData")).split()[1])


def fit_with_little_memory(folder, path):
    """Run in a process of its own: it cannot hold the volumes, which lie on disk."""
    torch.set_num_threads(1)
    volumes, labels = np.load(path, mmap_mode="r"), np.arange(LARGE[0]) % 3
    fit(folder / "warm", max_epochs=1)  # threads and caches of torch are there from here on
    limit = allocated() + ALLOWED
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    with pytest.raises(MemoryError):
        np.array(volumes)
    rows = np.arange(LARGE[0])
    fit(folder / "m", volumes, labels, rows[:-64], rows[-64:], max_epochs=1, batch_size=8)


def test_a_cohort_larger_than_memory_trains_from_the_memory_map(tmp_path):
    path = tmp_path / "volumes.npy"
    volumes = np.lib.format.open_memmap(path, "w+", np.float32, LARGE)
    for row in range(LARGE[0]):
        volumes[row, row % 48] = 1 + row % 3
    del volumes
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=fit_with_little_memory, args=(tmp_path, path))
    child.start()
    child.join(300)
    assert child.exitcode == 0
    assert checkpoint.read_config(tmp_path / "m")["n_fit"] == LARGE[0] - 64
