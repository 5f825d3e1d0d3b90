"""The files of a model: weights, checkpoint and record, each written whole or not at all.

A model is a folder: `weights.safetensors` (the best epoch), `history.tsv` and `config.json`
(written last: where it stands, the model is finished); while training runs, there is only
`checkpoint.safetensors` with the last epoch, or one shortly before, and the best so far. Every
tensor file carries a hash of its content, so a damaged one is named.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from datnet_core.files import whole
from datnet_core.fingerprint import code_hash


def of_one_network(network):
    """Settings of a network that change what it learns, as a dict.

    Parameters
    ----------
    network : NetworkSettings

    Returns
    -------
    dict
        Without what counts only when finished networks are put together.
    """
    when_loaded = ("n_members", "both_sides", "class_prior")
    return {name: value for name, value in asdict(network).items() if name not in when_loaded}


def read_config(folder):
    """Record of a finished model.

    Parameters
    ----------
    folder : Path
        Folder of the model.

    Returns
    -------
    dict
        Content of `config.json`.

    Raises
    ------
    FileNotFoundError
        If the model is not finished.
    """
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(
            f"{folder} holds no finished model; the page `training` makes it: make study"
        )
    return json.loads((folder / "config.json").read_text())


def write_config(folder, config):
    """Write `config.json`: from here on the model counts as finished."""
    with whole(folder / "config.json") as part:
        part.write_text(json.dumps(config, indent=1))


def write_tensors(path, tensors, metadata):
    """Write a safetensors file with a hash of the tensors.

    Parameters
    ----------
    path : Path
    tensors : dict of str to Tensor
    metadata : dict of str to str
        Kept in the header of the file.
    """
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    record = metadata | {"sha256": _content_hash(tensors)}
    with whole(path) as part:  # one key, for safetensors shuffles several
        save_file(tensors, part, {"record": json.dumps(record)})


def read_tensors(path):
    """Tensors and metadata of a safetensors file.

    Parameters
    ----------
    path : Path
        Written by `write_tensors`.

    Returns
    -------
    tensors : dict of str to Tensor
    metadata : dict of str to str

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is cut short or its content does not have the hash that was written; the
        message names it.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; the page `training` makes it: make study")
    metadata = _metadata(path)
    tensors = load_file(path)
    if metadata.get("sha256") != _content_hash(tensors):
        raise ValueError(
            f"{path} is damaged (its content has another hash than was written); "
            "delete it and run again"
        )
    return tensors, metadata


def _metadata(path):
    """Metadata of a safetensors file; empty in files of an older version."""
    try:
        with safe_open(path, "pt") as file:
            return json.loads((file.metadata() or {}).get("record", "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}); delete it and run again") from error


def keep_if_of(path, inputs):
    """Delete a tensor file of other inputs or of an older version, which a change left behind.

    Parameters
    ----------
    path : Path
        May be missing.
    inputs : str
        Output of `fingerprint`, as in the file's metadata.

    Raises
    ------
    ValueError
        If the file is damaged.
    """
    if path.is_file() and _metadata(path).get("inputs") != inputs:
        path.unlink()
    elif path.is_file():
        read_tensors(path)


def write_checkpoint(path, inputs, model, averaged, best, optimizer, history, seconds):
    """Everything a restart needs, in one file: weights, means, Adam's moments, history.

    Parameters
    ----------
    path : Path
    inputs : str
        Output of `fingerprint`.
    model, averaged : torch.nn.Module
        The network, and the running mean of its weights.
    best : dict of str to Tensor
        That mean at the best epoch so far.
    optimizer : torch.optim.Optimizer
    history : list of dict
        One entry per epoch.
    seconds : float
        Time spent in training so far.
    """
    tensors = {f"model.{name}": t for name, t in model.state_dict().items()}
    tensors |= {f"averaged.{name}": t for name, t in averaged.state_dict().items()}
    tensors |= {f"best.{name}": t for name, t in best.items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{name}": t for name, t in state.items()}
    metadata = {"inputs": inputs, "history": json.dumps(history), "seconds": str(seconds)}
    write_tensors(path, tensors, metadata)


def resume(path, model, averaged, optimizer):
    """Load a checkpoint into model, running mean and optimiser.

    Parameters
    ----------
    path : Path
        Written by `write_checkpoint` for the same inputs; there may be none.
    model, averaged : torch.nn.Module
    optimizer : torch.optim.Optimizer

    Returns
    -------
    history : list of dict
        Epochs done so far; empty if there is nothing to go on from.
    seconds : float
        Time they took.
    best : dict of str to Tensor
        Running mean of the weights at the best of them.

    Raises
    ------
    ValueError
        If the checkpoint is damaged.
    """
    if not path.is_file():
        return [], 0.0, {}
    tensors, metadata = read_tensors(path)
    parts = {"model": {}, "averaged": {}, "best": {}, "adam": {}}
    for name, tensor in tensors.items():
        part, key = name.split(".", 1)
        parts[part][key] = tensor
    model.load_state_dict(parts["model"])
    averaged.load_state_dict(parts["averaged"])
    state = {}
    for name, tensor in parts["adam"].items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    # Fused Adam goes through memory in order: moments in another layout meet the wrong weights.
    for parameter, moments in optimizer.state.items():
        for name in moments.keys() - {"step"}:
            moments[name] = torch.empty_like(parameter).copy_(moments[name])
    return json.loads(metadata["history"]), float(metadata["seconds"]), parts["best"]


def fingerprint(volumes, labels, split, classes, network, training, start):
    """Hash of everything a model depends on, the code that trains it included.

    Parameters
    ----------
    volumes, labels, classes, network, training, start
        As in `loop.fit`.
    split : pair of int ndarray
        Rows learned from, and rows that stop the training; others have no influence.

    Returns
    -------
    str
    """
    digest = hashlib.sha256(torch.__version__.encode())
    digest.update(code_hash(Path(__file__).with_name("loop.py")).encode())
    for rows in split:
        digest.update(json.dumps([rows.tolist(), labels[rows].tolist(), classes]).encode())
        for row in rows:
            digest.update(np.ascontiguousarray(volumes[row]))
    for settings in (of_one_network(network), asdict(training)):
        digest.update(json.dumps(settings).encode())
    if start:
        digest.update((start / "weights.safetensors").read_bytes())
    return digest.hexdigest()


def _content_hash(tensors):
    """Hash of names, types, shapes and values, whatever the order in the file."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
