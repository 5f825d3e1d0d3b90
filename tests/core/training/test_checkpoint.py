"""Files of a model: read as written, whole or refused. Interruptions are in test_training."""

import re

import pytest
import torch
from safetensors.torch import save_file

from datnet_core.training.checkpoint import (
    _content_hash,
    keep_if_of,
    read_config,
    read_tensors,
    write_config,
    write_tensors,
)


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
    write_tensors(path, tensors(), {"note": "mine"})
    found, metadata = read_tensors(path)
    assert found.keys() == tensors().keys()
    for name, tensor in tensors().items():
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)
    assert metadata["note"] == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["t.safetensors"]


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


def test_every_flipped_byte_is_noticed(tmp_path):
    path = tmp_path / "t.safetensors"
    write_tensors(path, {"w": torch.arange(6.0)}, {})
    good = path.read_bytes()
    n_values = 6 * 4
    for k in range(len(good) - n_values, len(good)):
        path.write_bytes(good[:k] + bytes([good[k] ^ 1]) + good[k + 1 :])
        with pytest.raises(ValueError, match=f"{re.escape(str(path))} is damaged .* delete it"):
            read_tensors(path)


def test_a_record_that_is_not_there_is_an_unfinished_model(tmp_path):
    with pytest.raises(FileNotFoundError, match="no finished model.*make study"):
        read_config(tmp_path)
    write_config(tmp_path, {"classes": ["A"]})
    assert read_config(tmp_path) == {"classes": ["A"]}


def test_files_of_other_inputs_or_of_an_older_version_make_way(tmp_path):
    path = tmp_path / "t.safetensors"
    write_tensors(path, tensors(), {"inputs": "mine"})
    keep_if_of(path, "mine")
    assert path.is_file()
    keep_if_of(path, "others")
    assert not path.exists()
    save_file({"w": torch.ones(2)}, path, {"inputs": "mine"})  # as 0.1.0 wrote it
    keep_if_of(path, "mine")
    assert not path.exists()
    keep_if_of(path, "mine")
