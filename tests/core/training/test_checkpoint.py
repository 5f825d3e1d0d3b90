"""Files of a model: read as written, whole or refused; deleting a damaged one repairs the model."""

import re
import shutil

import pytest
import torch
from safetensors.torch import save_file
from small_fits import NETWORK, Epochs, content, fit

from datnet_core.training.checkpoint import (
    _content_hash,
    keep_if_of,
    read_checkpoint,
    read_config,
    read_tensors,
    write_checkpoint,
    write_config,
    write_tensors,
)
from datnet_core.training.prediction import load_model


def tensors():
    torch.manual_seed(2)
    return {
        "weight": torch.rand(3, 4, 5).movedim(0, 2),  # not contiguous
        "steps": torch.tensor(7),
        "half": torch.rand(5).bfloat16(),
        "empty": torch.zeros(0, 2),
    }


def test_tensors_and_metadata_come_back_as_they_were(tmp_path):
    path = tmp_path / "t.safetensors"
    write_tensors(path, tensors(), {"note": "a word"})
    loaded, metadata = read_tensors(path)
    assert loaded.keys() == tensors().keys()
    for name, tensor in tensors().items():
        torch.testing.assert_close(loaded[name], tensor, rtol=0, atol=0)
    assert metadata["note"] == "a word"
    assert [p.name for p in tmp_path.iterdir()] == ["t.safetensors"]


def test_a_checkpoint_comes_back_with_its_nesting_and_its_memory_layout(tmp_path):
    path = tmp_path / "checkpoint.pt"
    assert read_checkpoint(path) is None
    state = {"inputs": "abc", "history": [{"loss": 0.1}], "best": tensors(), "adam": {0: {"n": 3}}}
    write_checkpoint(path, state)
    loaded = read_checkpoint(path)
    assert (loaded["inputs"], loaded["history"], loaded["adam"]) == tuple(
        state[name] for name in ("inputs", "history", "adam")
    )
    for name, tensor in tensors().items():
        torch.testing.assert_close(loaded["best"][name], tensor, rtol=0, atol=0)
        assert loaded["best"][name].stride() == tensor.stride()


@pytest.mark.parametrize(
    "change",
    [
        {"steps": torch.tensor(8)},
        {"steps": torch.tensor(7, dtype=torch.int32)},
        {"half": tensors()["half"].reshape(5, 1)},
        {"more": torch.zeros(1)},
    ],
    ids=["value", "type", "shape", "name"],
)
def test_the_hash_follows_names_types_shapes_and_values(change):
    before = _content_hash(tensors())
    assert _content_hash(dict(reversed(tensors().items()))) == before
    assert _content_hash(tensors() | change) != before


def test_a_record_that_is_not_there_is_an_unfinished_model(tmp_path):
    for read in (read_config, lambda folder: load_model(folder, NETWORK)):
        with pytest.raises(FileNotFoundError, match="no finished model.*make study"):
            read(tmp_path)
    write_config(tmp_path, {"classes": ["A"]})
    assert read_config(tmp_path) == {"classes": ["A"]}


def test_files_of_other_inputs_or_of_an_older_version_make_way(tmp_path):
    path = tmp_path / "t.safetensors"
    write_tensors(path, tensors(), {"inputs": "these"})
    keep_if_of(path, "these")
    assert path.is_file()
    keep_if_of(path, "others")
    assert not path.exists()
    save_file({"w": torch.ones(2)}, path, {"inputs": "these"})  # as 0.1.0 wrote it
    keep_if_of(path, "these")
    assert not path.exists()
    keep_if_of(path, "these")


def is_damaged(path):
    return pytest.raises(ValueError, match=f"{re.escape(str(path))} is damaged .*; delete it")


def test_every_flipped_byte_of_the_values_is_noticed(tmp_path):
    path = tmp_path / "t.safetensors"
    write_tensors(path, {"w": torch.arange(6.0)}, {})
    good = path.read_bytes()
    for k in range(len(good) - 6 * 4, len(good)):
        path.write_bytes(good[:k] + bytes([good[k] ^ 1]) + good[k + 1 :])
        with is_damaged(path):
            read_tensors(path)


def test_a_flipped_byte_of_a_checkpoint_is_noticed(tmp_path):
    path = tmp_path / "checkpoint.pt"
    write_checkpoint(path, {"w": torch.arange(6.0)})
    good = path.read_bytes()
    for k in range(0, len(good), 7):
        path.write_bytes(good[:k] + bytes([good[k] ^ 1]) + good[k + 1 :])
        with is_damaged(path):
            read_checkpoint(path)


@pytest.mark.parametrize("n_bytes", [0, 5, 300, -1])
def test_files_that_are_cut_are_named(finished, tmp_path, n_bytes):
    folder = tmp_path / "member-0"
    shutil.copytree(finished, folder)
    weights_path, checkpoint_path = folder / "weights.safetensors", folder / "checkpoint.pt"
    write_checkpoint(checkpoint_path, {"w": torch.arange(99.0)})
    for path in (weights_path, checkpoint_path):
        path.write_bytes(path.read_bytes()[:n_bytes])
    with is_damaged(weights_path):
        load_model(tmp_path, NETWORK)
    with is_damaged(weights_path):
        fit(folder)
    weights_path.unlink()
    with is_damaged(checkpoint_path):
        fit(folder)


@pytest.mark.parametrize("lost", ["checkpoint.pt", "weights.safetensors"])
@pytest.mark.parametrize("state", ["finished", "interrupted"])
def test_deleting_a_damaged_file_and_running_again_repairs_the_model(
    finished, tmp_path, state, lost
):
    folder = tmp_path / "undisturbed" / "member-0"
    if state == "interrupted":
        with pytest.raises(KeyboardInterrupt):
            fit(folder, after_epoch=Epochs(interrupted_in=2))
        shutil.copy(finished / "weights.safetensors", folder)  # as before the record is written
    else:
        shutil.copytree(finished, folder)
    (folder / lost).unlink(missing_ok=True)
    fit(folder)
    assert content(folder) == content(finished)
