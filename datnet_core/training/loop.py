"""Train DAT-Net: pre-training, fine-tuning by fold, early stopping, resuming.

Paper section "Deep Neural Network and its Interpretation": Adam, categorical cross-entropy,
early stopping; open points A5, A7 and A13. What is judged and kept is a running mean of the weights
(Izmailov et al. 2018, arXiv:1803.05407), which smooths the swings between epochs. Number type,
device and number of devices are settings that Lightning Fabric carries out.
"""

import time
from dataclasses import asdict

import numpy as np
import pandas as pd
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel

from datnet_core.files import whole
from datnet_core.network import build
from datnet_core.progress import progress
from datnet_core.training.batches import check_scans, n_epochs
from datnet_core.training.checkpoint import (
    fingerprint,
    keep_if_of,
    of_one_network,
    read_checkpoint,
    read_config,
    write_checkpoint,
    write_config,
    write_tensors,
)
from datnet_core.training.devices import fabric_of, sound_convolutions
from datnet_core.training.epochs import adam, running_mean, train_epoch, validation_loss
from datnet_core.training.provenance import environment
from datnet_core.training.start import take_weights
from datnet_core.training.streams import Draws, stream_seed


def fit(
    folder,
    scans,
    classes,
    *,
    network,
    training,
    start=None,
    after_epoch=None,
    checkpoint_seconds=10,
):
    """Train one model, or continue it where it stopped, or return at once when it is finished.

    Parameters
    ----------
    folder : Path
        Folder of the model; `checkpoint` says what it holds.
    scans : Scans
        Volumes and labels, rows to learn from and rows whose loss ends the training.
    classes : sequence of str
        Diagnoses in the order of the logits.
    network, training : NetworkSettings, TrainingSettings
    start : Path, optional
        Folder of the model whose weights to start from; `start.take_weights` says which.
    after_epoch : callable, optional
        Gets the epoch's row of the history and the network that was judged, before the checkpoint
        is written. An error in it ends the training, which goes on from there when called again.
    checkpoint_seconds : float
        Shortest time between two checkpoints: an interruption costs at most this and one epoch.

    Returns
    -------
    dict
        Content of `config.json`: settings, best epoch, validation loss, seconds, environment.

    Raises
    ------
    ValueError
        If there are too few scans, the last map is a single voxel and the normalisation by
        instance, the model to start from has another layout, or weights or checkpoint are damaged;
        then the message names the file to delete.
    FileNotFoundError, RuntimeError
        If the model to start from is not finished; if the validation loss is not a number, or the
        accelerator is not there.
    """
    check_scans(scans, network, training, _label(folder))
    if start:
        read_config(start)  # refuses a model that is not finished
    folder.mkdir(parents=True, exist_ok=True)
    inputs = fingerprint(scans, classes, network=network, training=training, start=start)
    if finished := _finished(folder, inputs):
        return finished
    checkpoint = read_checkpoint(folder / "checkpoint.pt")
    if checkpoint and checkpoint["inputs"] != inputs:
        checkpoint = None

    torch.manual_seed(stream_seed(Draws.WEIGHTS, training.seed))
    model = build(len(classes), network)
    if start:
        take_weights(model, start, classes, network)
    fabric = fabric_of(training)
    history, seconds = fabric.launch(
        _train,
        folder=folder,
        model=model,
        scans=scans,
        training=training,
        inputs=inputs,
        checkpoint=checkpoint,
        after_epoch=_nothing if after_epoch is None else after_epoch,
        checkpoint_seconds=checkpoint_seconds,
    )

    with whole(folder / "history.tsv") as part:
        pd.DataFrame(history).to_csv(part, sep="\t", index=False, float_format="%.6g")
    best = _best_epoch(history)
    config = {
        "inputs": inputs,
        "classes": list(classes),
        "network": of_one_network(network),
        "training": asdict(training),
        "start": _label(start) if start else None,
        "n_fit": len(scans.learn),
        "class_counts": np.bincount(scans.labels[scans.learn], minlength=len(classes)).tolist(),
        "n_validation": len(scans.stop),
        "n_epochs": len(history),
        "best_epoch": best,
        "validation_loss": history[best].get("validation_loss"),
        "n_parameters": sum(p.numel() for p in model.parameters()),
        "seconds": round(seconds, 2),
        "environment": environment(),
        "accelerator": type(fabric.accelerator).__name__,
    }
    write_config(folder, config)
    (folder / "checkpoint.pt").unlink(missing_ok=True)
    return config


def _finished(folder, inputs):
    """Record of a finished model of the same inputs; what is left of other inputs is deleted."""
    weights_path, config_path = folder / "weights.safetensors", folder / "config.json"
    keep_if_of(weights_path, inputs)
    if all(path.is_file() for path in (weights_path, config_path, folder / "history.tsv")):
        config = read_config(folder)
        if config["inputs"] == inputs:
            return config
    config_path.unlink(missing_ok=True)
    return None


def _label(folder):
    """Model and network of a folder, `fold-0/member-1`."""
    return "/".join(folder.parts[-2:])


def _train(
    fabric, *, folder, model, scans, training, inputs, checkpoint, after_epoch, checkpoint_seconds
):
    """All epochs that are left, in one process per device; history and seconds of all epochs."""
    if fabric.world_size > 1 and fabric.device.type == "cpu":
        torch.set_num_threads(1)  # an OpenMP pool does not survive a fork
    torch.backends.cudnn.deterministic = True
    network = model.to(memory_format=torch.channels_last_3d)
    optimizer = adam(network, training)
    longest = n_epochs(len(scans.learn), training)
    plateau = (training.halve_after or longest) - 1  # PyTorch halves after one epoch more
    schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=plateau, threshold=0)
    model, optimizer = fabric.setup(network, optimizer)
    averaged = AveragedModel(
        network, multi_avg_fn=running_mean(training.averaging), use_buffers=True
    )
    parts = {"network": network, "averaged": averaged}
    parts |= {"optimizer": optimizer, "schedule": schedule}
    history, seconds, best = _resumed(parts, checkpoint)

    written = -np.inf
    bar = progress(range(longest), f"training {_label(folder)}", unit="epoch")
    for epoch in bar:
        if epoch < len(history):
            continue
        if epoch - _best_epoch(history) > training.patience:
            break
        begin = time.perf_counter()
        torch.manual_seed(stream_seed(Draws.DROPOUT, training.seed, epoch, fabric.global_rank))
        with sound_convolutions(fabric, training):
            train_loss = train_epoch(
                fabric,
                model,
                scans,
                averaged=averaged,
                optimizer=optimizer,
                training=training,
                rng=np.random.default_rng(stream_seed(Draws.EPOCH, training.seed, epoch)),
            )
        judged, row = averaged.module, {"epoch": epoch, "train_loss": train_loss}
        if len(scans.stop):
            loss = validation_loss(judged, scans, training.batch_size)
            row["validation_loss"] = fabric.broadcast(loss)
        name, loss = list(row.items())[-1]
        if not np.isfinite(loss):  # the same on all devices, which stop at the same epoch
            raise RuntimeError(
                f"model {_label(folder)}: {name} of epoch {epoch} is {loss}; lower "
                "training.learning_rate, or set training.precision to 32-true"
            )
        history.append(row)
        schedule.step(loss)
        seconds += time.perf_counter() - begin
        if _best_epoch(history) == epoch:
            best = {name: tensor.clone() for name, tensor in judged.state_dict().items()}
        after_epoch(history[-1], judged)
        if fabric.is_global_zero and time.monotonic() - written >= checkpoint_seconds:
            state = {name: part.state_dict() for name, part in parts.items()}
            state |= {"inputs": inputs, "history": history, "seconds": seconds, "best": best}
            write_checkpoint(folder / "checkpoint.pt", state)
            written = time.monotonic()
        fabric.barrier()
        bar.set_postfix_str(f"{name} {loss:.3f}", refresh=False)
    bar.close()
    if fabric.is_global_zero:
        write_tensors(folder / "weights.safetensors", best, {"inputs": inputs})
    return history, seconds


def _nothing(_row, _network):
    """What happens after an epoch if the caller asks for nothing."""


def _resumed(parts, checkpoint):
    """Put a checkpoint into the parts of a training; its history, seconds and best weights."""
    if not checkpoint:
        return [], 0.0, {}
    for name, part in parts.items():
        part.load_state_dict(checkpoint[name])
    return checkpoint["history"], checkpoint["seconds"], checkpoint["best"]


def _best_epoch(history):
    """Epoch whose weights are kept: of the lowest validation loss, or the last; 0 before any."""
    losses = [row["validation_loss"] for row in history if "validation_loss" in row]
    return int(np.argmin(losses)) if losses else max(len(history) - 1, 0)
