"""Train DAT-Net: pre-training, fine-tuning by fold, early stopping, resuming.

Paper section "Deep Neural Network and its Interpretation": Adam, categorical cross-entropy,
early stopping; open points A5, A7 and A13. What is judged and kept is a running mean of the weights
(Izmailov et al. 2018, arXiv:1803.05407), which smooths the swings between epochs. Number type,
device and number of devices are settings that Lightning Fabric carries out.
"""

import json
import time
from contextlib import nullcontext
from dataclasses import asdict

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel

from datnet_core.files import whole
from datnet_core.network import build, last_grid
from datnet_core.progress import progress
from datnet_core.training.checkpoint import (
    fingerprint,
    keep_if_of,
    of_one_network,
    read_config,
    read_tensors,
    resume,
    write_checkpoint,
    write_config,
    write_tensors,
)
from datnet_core.training.epochs import adam, running_mean, train_epoch, validation_loss
from datnet_core.training.provenance import environment

CHECKPOINT_SECONDS = 10  # an interruption costs at most this and one epoch


def fit(folder, volumes, labels, fit_rows, validation_rows, classes, network, training, start=None):
    """Train one model, or continue it where it stopped, or return at once when it is finished.

    Parameters
    ----------
    folder : Path
        Folder of the model; `model_files` says what it holds.
    volumes : ndarray of float32, shape (n_scans, X, Y, Z)
        Uptake ratios; of a memory map, only one batch at a time is in memory.
    labels : int ndarray of shape (n_scans,)
        Index of the diagnosis among `classes`; read at `fit_rows` and `validation_rows` only.
    fit_rows, validation_rows : int ndarray
        Rows to learn from, and rows whose loss stops the training.
    classes : tuple of str
        Diagnoses in the order of the logits.
    network : NetworkSettings
    training : TrainingSettings
    start : Path, optional
        Folder of the model whose weights to start from.

    Returns
    -------
    dict
        Content of `config.json`: settings, best epoch, validation loss, seconds, environment.

    Raises
    ------
    FileNotFoundError
        If the model to start from is not finished.
    ValueError
        If there are too few scans, the last map is a single voxel and the normalisation by
        instance, or weights or checkpoint are damaged; then the message names the file to delete.
    RuntimeError
        If the validation loss is not a number, or the accelerator is not there.
    """
    if len(fit_rows) < 2 or len(validation_rows) < 1:
        raise ValueError(
            f"model {_label(folder)}: {len(fit_rows)} scan(s) to learn from and "
            f"{len(validation_rows)} to stop by, expected at least 2 and 1; add participants"
        )
    grid = last_grid(network.resized_to or volumes.shape[1:], network.n_levels)
    if network.normalisation == "instance" and max(grid) == 1:
        seen = " x ".join(map(str, volumes.shape[1:]))
        raise ValueError(
            "network.normalisation 'instance' has nothing to average over: "
            f"{network.n_levels} levels leave one voxel of {seen}; lower network.n_levels, widen "
            "network.field_mm, or take 'batch'"
        )
    if start:
        read_config(start)  # refuses a model that is not finished
    folder.mkdir(parents=True, exist_ok=True)
    split = (fit_rows, validation_rows)
    inputs = fingerprint(volumes, labels, split, classes, network, training, start)
    config_path, checkpoint_path = folder / "config.json", folder / "checkpoint.safetensors"
    weights_path = folder / "weights.safetensors"
    keep_if_of(weights_path, inputs)
    keep_if_of(checkpoint_path, inputs)
    if not weights_path.is_file():  # it was of other inputs, or a damaged one was deleted
        config_path.unlink(missing_ok=True)
    if config_path.is_file():
        config = json.loads(config_path.read_text())
        if config["inputs"] == inputs:
            return config
        config_path.unlink()

    torch.manual_seed(training.seed)
    model = build(len(classes), network)
    if start:
        model.load_state_dict(read_tensors(start / "weights.safetensors")[0])
    fabric = Fabric(
        accelerator=training.accelerator,
        devices=training.devices,
        precision=training.precision,
        # Forked processes share the memory map; a notebook allows no other kind.
        strategy="ddp_fork" if training.devices > 1 else "auto",
    )
    data = (volumes, labels, fit_rows, validation_rows)
    history, seconds = fabric.launch(_train, folder, model, data, training, inputs)

    table = pd.DataFrame(history)
    with whole(folder / "history.tsv") as part:
        table.to_csv(part, sep="\t", index=False, float_format="%.6g")
    best = _best_epoch(history)
    config = {
        "inputs": inputs,
        "classes": list(classes),
        "network": of_one_network(network),
        "training": asdict(training),
        "start": _label(start) if start else None,
        "n_fit": len(fit_rows),
        "class_counts": np.bincount(labels[fit_rows], minlength=len(classes)).tolist(),
        "n_validation": len(validation_rows),
        "n_epochs": len(history),
        "best_epoch": best,
        "validation_loss": history[best]["validation_loss"],
        "n_parameters": sum(p.numel() for p in model.parameters()),
        "seconds": round(seconds, 2),
        "environment": environment(),
        "accelerator": type(fabric.accelerator).__name__,
    }
    write_config(folder, config)
    checkpoint_path.unlink(missing_ok=True)
    return config


def _label(folder):
    """Model and network of a folder, `fold-0/member-1`."""
    return "/".join(folder.parts[-2:])


def _train(fabric, folder, model, data, training, inputs):
    """All epochs that are left, in one process per device; history and seconds of all epochs."""
    if fabric.world_size > 1 and fabric.device.type == "cpu":
        torch.set_num_threads(1)  # an OpenMP pool does not survive a fork
    volumes, labels, rows, validation_rows = data
    checkpoint_path = folder / "checkpoint.safetensors"
    torch.backends.cudnn.deterministic = True
    network = model.to(memory_format=torch.channels_last_3d)
    optimizer = adam(network, training)
    never = training.max_epochs
    schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=training.halve_after or never)
    model, optimizer = fabric.setup(network, optimizer)
    averaged = AveragedModel(
        network, multi_avg_fn=running_mean(training.averaging), use_buffers=True
    )
    history, seconds, best = resume(checkpoint_path, network, averaged, optimizer)
    for done in history:
        schedule.step(done["validation_loss"])

    written = -np.inf
    bar = progress(range(training.max_epochs), f"training {_label(folder)}", unit="epoch")
    for epoch in bar:
        if epoch < len(history):
            continue
        if epoch - _best_epoch(history) > training.patience:
            break
        begin = time.perf_counter()
        rng = np.random.default_rng([training.seed, epoch])
        # Dropout: the same after a restart, another on each device.
        torch.manual_seed((training.seed * 100_003 + epoch) * 64 + fabric.global_rank)
        with _sound_convolutions(fabric, training):
            train_loss = train_epoch(
                fabric, model, averaged, optimizer, volumes, labels, rows, training, rng
            )
        judged = averaged.module
        loss = validation_loss(judged, volumes, labels, validation_rows, training.batch_size)
        loss = fabric.broadcast(loss)  # all devices stop at the same epoch
        if not np.isfinite(loss):
            raise RuntimeError(
                f"model {_label(folder)}: the validation loss of epoch {epoch} is {loss}; lower "
                "training.learning_rate, or set training.precision to 32-true"
            )
        history.append({"epoch": epoch, "train_loss": train_loss, "validation_loss": loss})
        schedule.step(loss)
        seconds += time.perf_counter() - begin
        if _best_epoch(history) == epoch:
            best = {name: tensor.clone() for name, tensor in judged.state_dict().items()}
        if fabric.is_global_zero and time.monotonic() - written >= CHECKPOINT_SECONDS:
            write_checkpoint(
                checkpoint_path, inputs, network, averaged, best, optimizer, history, seconds
            )
            written = time.monotonic()
        fabric.barrier()
        bar.set_postfix_str(f"validation loss {loss:.3f}", refresh=False)
    bar.close()
    if fabric.is_global_zero:
        write_tensors(folder / "weights.safetensors", best, {"inputs": inputs})
    return history, seconds


def _sound_convolutions(fabric, training):
    """Without oneDNN where the CPU computes in bfloat16.

    There (torch 2.13), its gradient of the weights takes in memory that was never written, if a map
    has two voxels along an axis: other numbers in every run, or none.
    """
    if fabric.device.type == "cpu" and training.precision == "bf16-mixed":
        return torch.backends.mkldnn.flags(enabled=False, allow_tf32=None)
    return nullcontext()


def _best_epoch(history):
    """Epoch of the lowest validation loss, 0 before the first."""
    if not history:
        return 0
    return int(np.argmin([row["validation_loss"] for row in history]))
