"""The files of a model: weights, checkpoint and record, each written whole or not at all.

A model is a folder: `weights.safetensors` (the best epoch), `history.tsv` and `config.json`
(written last: where it stands, the model is finished); while training runs, there is only
`checkpoint.pt` with the last epoch, or one shortly before, and the best so far. Files of tensors
carry a hash of their content, so a damaged one is named.
"""

import hashlib
import io
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from datnet_core.files import whole
from datnet_core.fingerprint import code_hash

OTHER_HASH = "its content has another hash than was written"


def of_one_network(network):
    """Settings of a network that change what it learns, as a dict.

    What counts only when finished networks are put together is left out.
    """
    when_loaded = ("n_members", "both_sides", "class_prior")
    return {name: value for name, value in asdict(network).items() if name not in when_loaded}


def read_config(folder):
    """Content of `config.json` in the folder of a model, a dict.

    Raises
    ------
    FileNotFoundError
        If the model is not finished.
    """
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(
            f"{folder} holds no finished model, expected config.json; train it first (of a study: "
            "make study)"
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
        raise FileNotFoundError(
            f"{path} is missing; train the model first (of a study: make study)"
        )
    metadata = _metadata(path)
    tensors = load_file(path)
    if metadata.get("sha256") != _content_hash(tensors):
        raise _damaged(path, OTHER_HASH)
    return tensors, metadata


def _metadata(path):
    """Metadata of a safetensors file; empty in files of an older version."""
    try:
        with safe_open(path, "pt") as file:
            return json.loads((file.metadata() or {}).get("record", "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(path, error) from error


def _damaged(path, reason):
    """Error that names a damaged file."""
    return ValueError(f"{path} is damaged ({reason}); delete it and run again")


def keep_if_of(path, inputs):
    """Delete a safetensors file of other inputs or of an older version, left behind by a change.

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


def write_checkpoint(path, state):
    """Write everything that a restart needs: a hash, then what `torch.save` makes of it.

    Parameters
    ----------
    path : Path
    state : dict
        Tensors, numbers, texts, lists and dicts of them, among them `inputs`.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getbuffer()
    with whole(path) as part, part.open("wb") as file:
        file.write(hashlib.sha256(content).digest())
        file.write(content)


def read_checkpoint(path):
    """State of a training that was interrupted.

    Parameters
    ----------
    path : Path
        Written by `write_checkpoint`; may be missing.

    Returns
    -------
    dict or None
        With tensors on the CPU, in the memory layout that they had; None if there is no file.

    Raises
    ------
    ValueError
        If the file is damaged; the message names it.
    """
    if not path.is_file():
        return None
    content = path.read_bytes()
    n_hash = hashlib.sha256().digest_size
    if hashlib.sha256(content[n_hash:]).digest() != content[:n_hash]:
        raise _damaged(path, OTHER_HASH)
    return torch.load(io.BytesIO(content[n_hash:]), map_location="cpu", weights_only=True)


def fingerprint(scans, classes, *, network, training, start=None):
    """Hash of everything a model depends on, the code that trains it included.

    Parameters
    ----------
    scans : Scans
    classes : sequence of str
    network : NetworkSettings
    training : TrainingSettings
    start : Path, optional
        As in `loop.fit`.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256(torch.__version__.encode())
    digest.update(code_hash(Path(__file__).with_name("loop.py")).encode())
    for rows in (scans.learn, scans.stop):
        facts = [rows.tolist(), scans.labels[rows].tolist(), list(classes)]
        digest.update(json.dumps(facts).encode())
        for row in rows:
            digest.update(np.ascontiguousarray(scans.volumes[row]))
    for settings in (of_one_network(network), asdict(training)):
        digest.update(json.dumps(settings).encode())
    if start:
        digest.update((start / "weights.safetensors").read_bytes())
        digest.update(json.dumps(read_config(start)["classes"]).encode())  # what its logits mean
    return digest.hexdigest()


def _content_hash(tensors):
    """Hash of names, types, shapes and values, whatever the order in the file."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
