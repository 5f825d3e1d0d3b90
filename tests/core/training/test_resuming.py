"""Training goes on after any interruption as if nothing had happened."""

import os
import signal
from functools import partial
from itertools import count

import pytest
import torch
from small_fits import N_BATCHES, Epochs, Watched, content, exit_code, fit

from datnet_core.training.checkpoint import (
    read_checkpoint,
    read_config,
    read_tensors,
    write_checkpoint,
)


def test_a_finished_model_returns_at_once(finished):
    before, epochs = content(finished), Epochs()
    assert fit(finished, after_epoch=epochs) == read_config(finished)
    assert (epochs, content(finished)) == ([], before)


@pytest.mark.parametrize(("epoch", "left"), [(0, [0, 1, 2, 3]), (2, [2, 3]), (3, [3])])
def test_after_an_interruption_finished_epochs_are_not_repeated(finished, tmp_path, epoch, left):
    folder, epochs = tmp_path / "undisturbed" / "member-0", Epochs()
    with pytest.raises(KeyboardInterrupt):
        fit(folder, after_epoch=Epochs(interrupted_in=epoch))
    assert not (folder / "config.json").exists()
    fit(folder, after_epoch=epochs)
    assert (epochs, content(folder)) == (left, content(finished))


def test_checkpoints_of_short_epochs_are_rare_and_what_is_lost_is_done_again(finished, tmp_path):
    folder, epochs = tmp_path / "undisturbed" / "member-0", Epochs()
    with pytest.raises(KeyboardInterrupt):
        fit(folder, after_epoch=Epochs(interrupted_in=3), checkpoint_seconds=600)
    fit(folder, after_epoch=epochs)
    assert epochs == [1, 2, 3]  # a checkpoint after the first epoch; those since then are lost
    assert content(folder) == content(finished)


def test_the_weights_are_of_the_epochs_in_the_record_even_where_training_is_not_repeatable(
    tmp_path,
):
    # A device may round in another order: epoch 3 is lost, and done again from other weights.
    folder, judged = tmp_path / "m", {}

    def keep(row, model):
        judged[row["epoch"]] = model.state_dict()["stem.0.weight"].clone()
        if row["epoch"] == 3 and "again" not in judged:
            raise KeyboardInterrupt

    changes = {"learning_rate": 0.05, "averaging": 0.0, "max_epochs": 5, "after_epoch": keep}
    with pytest.raises(KeyboardInterrupt):
        fit(folder, **changes)
    judged["again"] = True
    state = read_checkpoint(folder / "checkpoint.pt")
    for name in ("network", "averaged"):
        state[name] = {key: 2 * tensor for key, tensor in state[name].items()}
    write_checkpoint(folder / "checkpoint.pt", state)
    config = fit(folder, **changes)
    assert torch.equal(
        read_tensors(folder / "weights.safetensors")[0]["stem.0.weight"],
        judged[config["best_epoch"]],
    )


def fit_until_killed(folder, batch=None, write=None, n_bytes=None):
    """Kill -9 in a batch, or when a file is written, whole or in part, but has no name yet."""
    batches, writes, rename = count(), count(), os.replace

    def read(_):
        if next(batches) == batch:
            os.kill(os.getpid(), signal.SIGKILL)

    def rename_or_die(part, path):
        if next(writes) == write:
            if n_bytes is not None:
                os.truncate(part, n_bytes)
            os.kill(os.getpid(), signal.SIGKILL)
        rename(part, path)

    os.replace = rename_or_die
    fit(folder, volumes=Watched(read))


# A checkpoint after each of 4 epochs, then weights, history and record.
DEATHS = {
    "in the third epoch": {"batch": 2 * (N_BATCHES + 2) + 2},
    "first checkpoint, nothing written": {"write": 0, "n_bytes": 0},
    "second checkpoint, half written": {"write": 1, "n_bytes": 300},
    "third checkpoint, all written": {"write": 2},
    "weights, half written": {"write": 4, "n_bytes": 300},
    "history, all written": {"write": 5},
    "record, all written": {"write": 6},
}


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
def test_a_killed_training_goes_on_as_if_nothing_had_happened(finished, tmp_path, death):
    folder = tmp_path / "undisturbed" / "member-0"
    assert exit_code(partial(fit_until_killed, folder, **death)) == -signal.SIGKILL
    assert not (folder / "config.json").exists()
    fit(folder)
    assert content(folder) == content(finished)
