"""Training: it learns, is repeatable to the byte, and stops in time."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
import torch
from small_fits import (
    LEARN,
    N_BATCHES,
    NAMES,
    NETWORK,
    OTHER,
    SETTINGS,
    STOP,
    Epochs,
    Watched,
    content,
    fit,
    made_up_scans,
)
from torch.optim.optimizer import register_optimizer_step_post_hook

from datnet_core.training.checkpoint import (
    read_config,
    read_tensors,
)
from datnet_core.training.prediction import load_model, predict


def weights(folder):
    return read_tensors(folder / "weights.safetensors")[0]


def test_it_learns_what_the_made_up_scans_show(tmp_path):
    volumes, labels = made_up_scans()
    changes = {"max_epochs": 15, "patience": 15, "learning_rate": 0.02, "flips": False}
    fit(tmp_path / "member-0", n_filters=6, dropout=0.0, **changes)
    proba = predict(load_model(tmp_path, replace(NETWORK, n_filters=6)), volumes, OTHER)
    np.testing.assert_array_equal(proba.argmax(1), labels[OTHER])


def test_the_same_seed_gives_the_same_bytes_from_an_array_and_from_a_memory_map(finished, tmp_path):
    np.save(tmp_path / "volumes.npy", made_up_scans()[0])
    fit(tmp_path / "m", volumes=np.load(tmp_path / "volumes.npy", mmap_mode="r"))
    assert content(tmp_path / "m") == content(finished)


def test_fitting_leaves_volumes_and_labels_as_they_are(tmp_path):
    volumes, labels = made_up_scans()
    fit(tmp_path / "m", volumes, labels, max_epochs=1)
    for now, before in zip((volumes, labels), made_up_scans(), strict=True):
        np.testing.assert_array_equal(now, before)


def test_every_epoch_draws_anew_from_the_scans_to_learn_from_alone(tmp_path):
    batches = []
    fit(tmp_path / "m", volumes=Watched(batches.append), max_epochs=3)
    judged = [rows for rows in batches if set(rows) <= set(STOP)]
    assert len(judged) == 3 * 2  # 7 scans by 4, in each epoch
    learned = [tuple(rows) for rows in batches if set(rows) <= set(LEARN)]
    assert len(judged) + len(learned) == len(batches) == 3 * (2 + N_BATCHES)
    assert len({tuple(learned[k : k + N_BATCHES]) for k in (0, 4, 8)}) == 3


def test_scans_that_stop_the_training_leave_the_weights_of_an_epoch_as_they_are(tmp_path):
    volumes, labels = made_up_scans()
    fit(tmp_path / "m", volumes, labels, max_epochs=1)
    volumes[STOP] *= 2
    labels[STOP] = (labels[STOP] + 1) % 3
    fit(tmp_path / "n", volumes, labels, max_epochs=1)
    for name, tensor in weights(tmp_path / "m").items():
        assert torch.equal(tensor, weights(tmp_path / "n")[name])


def test_the_record_says_what_was_trained(finished):
    config = read_config(finished)
    assert config["classes"] == list(NAMES)
    when_loaded = {"n_members", "both_sides", "class_prior"}
    assert config["network"].keys() == asdict(NETWORK).keys() - when_loaded
    assert config["network"]["n_filters"] == NETWORK.n_filters
    assert config["training"] == asdict(SETTINGS)
    assert (config["n_fit"], config["n_validation"], config["start"]) == (17, 7, None)
    assert config["class_counts"] == [9, 5, 3]
    model = load_model(finished.parent, NETWORK)
    assert config["n_parameters"] == sum(p.numel() for p in model.parameters())
    assert not model.training


@pytest.mark.parametrize("max_epochs", [1, 3])
def test_training_ends_after_max_epochs(tmp_path, max_epochs):
    assert fit(tmp_path / "m", max_epochs=max_epochs)["n_epochs"] == max_epochs


@pytest.mark.parametrize(("max_steps", "n_epochs"), [(1, 1), (4, 1), (5, 2), (20, 3)])
def test_training_ends_with_the_epoch_of_the_last_step(tmp_path, max_steps, n_epochs):
    assert N_BATCHES == 4
    assert fit(tmp_path / "m", max_steps=max_steps, max_epochs=3)["n_epochs"] == n_epochs


@pytest.mark.parametrize("patience", [1, 3])
def test_training_ends_when_the_loss_has_not_improved_for_patience_epochs(tmp_path, patience):
    # So small a step leaves weights of 32 bits as they are, and the loss.
    still = {"normalisation": "instance", "learning_rate": 1e-30}
    config = fit(tmp_path / "m", max_epochs=20, patience=patience, **still)
    assert (config["n_epochs"], config["best_epoch"]) == (1 + patience, 0)


def test_a_loss_that_is_no_number_stops_the_training(tmp_path):
    with pytest.raises(RuntimeError, match="m: validation_loss of epoch 0 is nan; lower"):
        fit(tmp_path / "m", learning_rate=1e30)
    assert not (tmp_path / "m" / "config.json").exists()


def test_the_running_mean_of_the_best_epoch_is_kept_and_its_loss_recorded(tmp_path):
    volumes, labels = made_up_scans()
    judged = []
    config = fit(
        tmp_path / "member-0",
        learning_rate=0.05,
        averaging=0.0,
        seed=4,
        max_epochs=5,
        after_epoch=lambda _, model: judged.append(
            {name: tensor.clone() for name, tensor in model.state_dict().items()}
        ),
    )
    history = pd.read_csv(tmp_path / "member-0" / "history.tsv", sep="\t")
    best = history["validation_loss"].idxmin()
    assert (config["n_epochs"], len(history)) == (5, 5)
    assert config["best_epoch"] == best == 2  # neither the first nor the last
    for name, tensor in weights(tmp_path / "member-0").items():
        assert torch.equal(tensor, judged[best][name])
    uniform = replace(NETWORK, class_prior="uniform")  # as the batches are
    proba = predict(load_model(tmp_path, uniform), volumes, STOP)
    # Mean over the classes of the mean cross-entropy of each class.
    loss = -np.log(proba[np.arange(len(STOP)), labels[STOP]])
    expected = np.mean([loss[labels[STOP] == k].mean() for k in range(3)])
    assert config["validation_loss"] == pytest.approx(expected, rel=1e-6)
    assert history["validation_loss"][best] == pytest.approx(expected, rel=1e-5)


def test_without_scans_that_stop_all_epochs_are_done_and_the_last_weights_kept(tmp_path):
    judged, nobody = [], STOP[:0]
    config = fit(
        tmp_path / "m",
        stop=nobody,
        early_stopping_on="none",
        max_epochs=6,
        patience=1,
        after_epoch=lambda _, model: judged.append(
            {name: tensor.clone() for name, tensor in model.state_dict().items()}
        ),
    )
    assert (config["n_epochs"], config["best_epoch"], config["validation_loss"]) == (6, 5, None)
    assert config["n_validation"] == 0
    history = pd.read_csv(tmp_path / "m" / "history.tsv", sep="\t")
    assert list(history) == ["epoch", "train_loss"]
    for name, tensor in weights(tmp_path / "m").items():
        assert torch.equal(tensor, judged[-1][name])
    with pytest.raises(ValueError, match="0 to stop by, expected at least 2 and 1"):
        fit(tmp_path / "other", stop=nobody)


@pytest.fixture
def learning_rates(tmp_path, monkeypatch):
    """Learning rate of every epoch of 7 from a first one, if scans to stop by have some losses."""

    def found(name, losses, first=0, epochs=None, **changes):
        rates, of_epoch = [], iter(losses[first:])
        monkeypatch.setattr("datnet_core.training.loop.validation_loss", lambda *_: next(of_epoch))
        hook = register_optimizer_step_post_hook(
            lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"])
        )
        try:
            fit(tmp_path / name, after_epoch=epochs, max_epochs=7, learning_rate=1e-4, **changes)
        except KeyboardInterrupt:
            rates = rates[:-N_BATCHES]  # the epoch that is lost
        finally:
            hook.remove()
        return [rate / 1e-4 for rate in rates[::N_BATCHES]]

    return found


@pytest.mark.parametrize(
    ("halve_after", "expected"),
    [
        (1, [1, 1, 1 / 2, 1 / 2, 1 / 4, 1 / 8, 1 / 16]),
        (2, [1, 1, 1, 1, 1, 1 / 2, 1 / 2]),
        (3, [1, 1, 1, 1, 1, 1, 1 / 2]),
        (None, [1] * 7),
    ],
)
def test_the_learning_rate_is_halved_after_as_many_epochs_without_a_lower_loss(
    learning_rates, halve_after, expected
):
    losses = [1, 1, 0.99999, 1, 1, 1, 1]  # epoch 2 is lower, if by little; 3 to 6 are not
    assert learning_rates("m", losses, patience=9, halve_after=halve_after) == expected


def test_halving_goes_on_after_an_interruption(learning_rates):
    given = {"losses": [1] * 7, "patience": 9, "halve_after": 2}
    before = learning_rates("n", **given, epochs=Epochs(interrupted_in=4))
    after = learning_rates("n", **given, first=4)
    assert before + after == [1, 1, 1, 1 / 2, 1 / 2, 1 / 4, 1 / 4]


def test_the_rate_is_halved_when_as_many_epochs_would_end_the_training(learning_rates):
    assert learning_rates("m", [1] * 7, patience=3, halve_after=3) == [1] * 4
    assert learning_rates("n", [1] * 7, patience=4, halve_after=3) == [1] * 4 + [1 / 2]
