"""Train DAT-Net: pre-training, fine-tuning by fold, early stopping, resuming, prediction.

Paper section "Deep Neural Network and its Interpretation": Adam, categorical cross-entropy,
early stopping; open points A5 and A7. Each model is a folder: `weights.safetensors` (the best
epoch), `config.json` (written last: where it stands, the model is finished) and
`history.tsv`; while training runs, `checkpoint.safetensors` holds the last epoch.
"""

import hashlib
import json
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch.nn.functional import cross_entropy

from datnet_core.network import DATNet
from datnet_core.progress import progress


def fit(folder, volumes, labels, fit_rows, validation_rows, classes, network, training, start=None):
    """Train one model, or continue it where it stopped, or return at once when it is finished.

    Parameters
    ----------
    folder : Path
        Folder of the model.
    volumes : ndarray of float32, shape (n_scans, X, Y, Z)
        Uptake ratios; a memory map will do.
    labels : int ndarray of shape (n_scans,)
        Index of the diagnosis among `classes`; read at `fit_rows` and `validation_rows` only.
    fit_rows, validation_rows : int ndarray
        Rows to learn from, and rows whose loss stops the training.
    classes : tuple of str
        Diagnoses in the order of the logits.
    network, training : Network, Training
        Sections of the study file.
    start : Path, optional
        Folder of the model whose weights to start from.

    Returns
    -------
    dict
        Content of `config.json`: settings, best epoch, validation loss, seconds.

    Raises
    ------
    FileNotFoundError
        If the model to start from is not finished.
    ValueError
        If there are too few scans, or a checkpoint is damaged; then the message names the
        file to delete.
    """
    if len(fit_rows) < 2 or len(validation_rows) < 1:
        raise ValueError(
            f"model {folder.name}: {len(fit_rows)} scan(s) to learn from and "
            f"{len(validation_rows)} to stop by, expected at least 2 and 1; add participants"
        )
    if start:
        read_config(start)
    folder.mkdir(parents=True, exist_ok=True)
    split = (fit_rows, validation_rows)
    inputs = _fingerprint(volumes, labels, split, classes, network, training, start)
    config_path, checkpoint_path = folder / "config.json", folder / "checkpoint.safetensors"
    if not (folder / "weights.safetensors").is_file():  # a damaged one was deleted
        config_path.unlink(missing_ok=True)
        checkpoint_path.unlink(missing_ok=True)
    if config_path.is_file():
        config = json.loads(config_path.read_text())
        if config["inputs"] == inputs:
            return config
        config_path.unlink()

    torch.manual_seed(training.seed)
    model = build(len(classes), network)
    if start:
        model.load_state_dict(read_tensors(start / "weights.safetensors"))
    model = model.to(memory_format=torch.channels_last_3d)
    optimizer = torch.optim.Adam(model.parameters(), lr=training.learning_rate)
    history, seconds = _resume(checkpoint_path, inputs, model, optimizer)

    bar = progress(range(training.max_epochs), f"training {folder.name}", unit="epoch")
    for epoch in bar:
        if epoch < len(history):
            continue
        if epoch - _best_epoch(history) > training.patience:
            break
        begin = time.perf_counter()
        rng = np.random.default_rng([training.seed, epoch])
        torch.manual_seed(training.seed * 100_003 + epoch)  # dropout; same after a restart
        train_loss = _train_epoch(model, optimizer, volumes, labels, fit_rows, training, rng)
        loss = _validation_loss(model, volumes, labels, validation_rows, training.batch_size)
        history.append({"epoch": epoch, "train_loss": train_loss, "validation_loss": loss})
        seconds += time.perf_counter() - begin
        if _best_epoch(history) == epoch:
            write_tensors(folder / "weights.safetensors", model.state_dict(), {})
        _checkpoint(checkpoint_path, inputs, model, optimizer, history, seconds)
        bar.set_postfix_str(f"validation loss {loss:.3f}", refresh=False)
    bar.close()

    table = pd.DataFrame(history)
    table.to_csv(folder / "history.tsv", sep="\t", index=False, float_format="%.6g")
    best = _best_epoch(history)
    config = {
        "inputs": inputs,
        "classes": list(classes),
        "network": network.model_dump(),
        "training": training.model_dump(),
        "start": start.name if start else None,
        "n_fit": len(fit_rows),
        "n_validation": len(validation_rows),
        "n_epochs": len(history),
        "best_epoch": best,
        "validation_loss": history[best]["validation_loss"],
        "n_parameters": sum(p.numel() for p in model.parameters()),
        "seconds": round(seconds, 2),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    _write_text(config_path, json.dumps(config, indent=1))
    checkpoint_path.unlink(missing_ok=True)
    return config


VARIANTS = {
    "study": {},
    "test_fold": {"early_stopping_on": "test_fold"},  # the published shortcut (A7)
    "no_pretraining": {"pretrain": False},
}


def variant_settings(training, variant):
    """Settings of a study's models, or of models that differ in one point of the protocol.

    Parameters
    ----------
    training : Training
        Section of the study file.
    variant : str
        A name of `VARIANTS`.

    Returns
    -------
    Training

    Raises
    ------
    ValueError
        If there is no such variant.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant {variant!r} is not one of {', '.join(VARIANTS)}")
    return training.model_copy(update=VARIANTS[variant])


def predict_folds(folder, network, volumes, fold):
    """Probabilities of scans, each from the model of its fold, which never saw it.

    Parameters
    ----------
    folder : Path
        Holds the models `fold-<k>`.
    network : Network
        Section of the study file.
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios.
    fold : int ndarray of shape (n_scans,)
        Fold of each scan; negative where the scan is in none.

    Returns
    -------
    ndarray of float64, shape (n_in_a_fold, n_classes)
        Rows in the order of the scans that are in a fold.
    """
    rows = np.flatnonzero(fold >= 0)
    proba = {}
    for k in np.unique(fold[rows]).astype(int):
        held_out = np.flatnonzero(fold == k)
        model = load_model(folder / f"fold-{k}", network)
        proba |= dict(zip(held_out.tolist(), predict(model, volumes, held_out), strict=True))
    return np.stack([proba[row] for row in rows.tolist()])


def build(n_classes, network):
    """DAT-Net with the settings of a study file's `network` section."""
    return DATNet(
        n_classes, network.n_filters, network.n_levels, network.normalisation, network.dropout
    )


def load_model(folder, network):
    """A finished model in evaluation mode.

    Parameters
    ----------
    folder : Path
        Folder written by `fit`.
    network : Network
        Section of the study file.

    Returns
    -------
    DATNet

    Raises
    ------
    FileNotFoundError
        If the model is not finished.
    ValueError
        If its weights are damaged.
    """
    model = build(len(read_config(folder)["classes"]), network)
    model.load_state_dict(read_tensors(folder / "weights.safetensors"))
    return model.eval().to(memory_format=torch.channels_last_3d)


def read_config(folder):
    """Content of a finished model's `config.json`; FileNotFoundError if it is not finished."""
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(
            f"{folder} holds no finished model; the page `training` makes it: make study"
        )
    return json.loads((folder / "config.json").read_text())


@torch.inference_mode()
def predict(model, volumes, rows, batch_size=16):
    """Softmax probabilities of scans.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode.
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios.
    rows : int ndarray of shape (n,)
        Scans to predict.
    batch_size : int
        Scans at once.

    Returns
    -------
    ndarray of float64, shape (n, n_classes)
    """
    proba = [
        torch.softmax(model(_batch(volumes, chunk)).double(), 1).numpy()
        for chunk in np.array_split(rows, max(1, -(-len(rows) // batch_size)))
    ]
    return np.concatenate(proba)


def read_tensors(path):
    """Tensors of a safetensors file; ValueError naming the file if it is damaged."""
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is damaged ({error}); delete it and run again") from error


def write_tensors(path, tensors, metadata):
    """Write a safetensors file by way of a temporary file."""
    part = path.with_suffix(".part")
    save_file({name: t.contiguous() for name, t in tensors.items()}, part, metadata)
    os.replace(part, path)


def _batch(volumes, rows):
    """Rows of the array as network input."""
    x = torch.from_numpy(np.ascontiguousarray(volumes[np.sort(rows)])[np.argsort(np.argsort(rows))])
    return x.unsqueeze(1).contiguous(memory_format=torch.channels_last_3d)  # (N, 1, X, Y, Z)


def _train_epoch(model, optimizer, volumes, labels, rows, training, rng):
    """One pass over as many scans as there are rows; mean loss."""
    model.train()
    order = (
        _balanced(labels[rows], rng) if training.balanced_classes else rng.permutation(len(rows))
    )
    n_batches = max(1, len(rows) // training.batch_size)  # a batch of one has no variance
    total = 0.0
    for chunk in np.array_split(rows[order], n_batches):
        x = _batch(volumes, chunk)
        if training.flips:
            mirrored = torch.from_numpy(rng.random(len(chunk)) < 0.5)
            x[mirrored] = x[mirrored].flip(2)  # left and right are the first spatial axis
        loss = cross_entropy(model(x), torch.from_numpy(labels[chunk]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(chunk)
    return total / len(rows)


def _balanced(labels, rng):
    """Positions of as many scans as given, every class equally often up to one scan."""
    classes = np.unique(labels)
    shares = np.full(len(classes), len(labels) // len(classes))
    shares[rng.permutation(len(classes))[: len(labels) % len(classes)]] += 1
    picks = []
    for name, share in zip(classes, shares, strict=True):
        members = np.flatnonzero(labels == name)
        repeats = [rng.permutation(members) for _ in range(-(-share // len(members)))]
        picks.append(np.concatenate(repeats)[:share])
    return rng.permutation(np.concatenate(picks))


@torch.inference_mode()
def _validation_loss(model, volumes, labels, rows, batch_size):
    """Mean cross-entropy in evaluation mode, each class weighing the same."""
    model.eval()
    proba = predict(model, volumes, rows, batch_size)
    loss = -np.log(np.maximum(proba[np.arange(len(rows)), labels[rows]], 1e-12))
    return float(np.mean([loss[labels[rows] == k].mean() for k in np.unique(labels[rows])]))


def _best_epoch(history):
    """Epoch of the lowest validation loss, 0 before the first."""
    if not history:
        return 0
    return int(np.argmin([row["validation_loss"] for row in history]))


def _checkpoint(path, inputs, model, optimizer, history, seconds):
    """Everything a restart needs, in one file: weights, Adam's moments, history."""
    tensors = {f"model.{name}": t for name, t in model.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{name}": t for name, t in state.items()}
    metadata = {"inputs": inputs, "history": json.dumps(history), "seconds": str(seconds)}
    write_tensors(path, tensors, metadata)


def _resume(path, inputs, model, optimizer):
    """Load a checkpoint of the same inputs; the epochs done so far and their seconds."""
    if not path.is_file():
        return [], 0.0
    tensors = read_tensors(path)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    if metadata["inputs"] != inputs:
        return [], 0.0
    model.load_state_dict({name[6:]: t for name, t in tensors.items() if name.startswith("model.")})
    state = {}
    for name, t in tensors.items():
        if name.startswith("adam."):
            _, index, key = name.split(".", 2)
            state.setdefault(int(index), {})[key] = t
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    return json.loads(metadata["history"]), float(metadata["seconds"])


def _fingerprint(volumes, labels, split, classes, network, training, start):
    """Hash of everything a model depends on, the code that trains it included."""
    digest = hashlib.sha256()
    for module in ("network.py", "training.py"):
        digest.update((Path(__file__).parent / module).read_bytes())
    for rows in split:
        digest.update(json.dumps([rows.tolist(), labels[rows].tolist(), classes]).encode())
        for row in rows:
            digest.update(np.ascontiguousarray(volumes[row]))
    digest.update((network.model_dump_json() + training.model_dump_json()).encode())
    if start:
        digest.update((start / "weights.safetensors").read_bytes())
    return digest.hexdigest()


def _write_text(path, text):
    """Write text by way of a temporary file."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text)
    os.replace(part, path)
