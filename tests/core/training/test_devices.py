"""Devices, number type and memory: what training and prediction run on is a setting."""

import resource
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from small_fits import LEARN, NETWORK, OTHER, content, exit_code, fit, made_up_scans

from datnet_core.saliency import saliency_maps
from datnet_core.training.checkpoint import read_config, read_tensors
from datnet_core.training.prediction import load_model, predict

HERE = torch.accelerator.is_available()
# The same sums on the CPU, which checks the test, and on a GPU where there is one.
DEVICES = ["cpu", pytest.param("gpu", marks=pytest.mark.skipif(not HERE, reason="needs a GPU"))]


@pytest.fixture
def accelerator(monkeypatch):
    """PyTorch says that there is an accelerator; it computes nothing."""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("meta"))


@pytest.mark.parametrize(("setting", "device"), [("auto", "meta"), ("gpu", "meta"), ("cpu", "cpu")])
def test_a_model_is_loaded_where_the_setting_says(finished, accelerator, setting, device):
    model = load_model(finished.parent, NETWORK, setting)
    assert {parameter.device.type for parameter in model.parameters()} == {device}


@pytest.mark.skipif(HERE, reason="there is an accelerator")
def test_an_accelerator_that_is_not_there_is_named_with_what_to_do(finished, tmp_path):
    message = "training.accelerator is 'gpu', .*; set it to 'auto' or 'cpu'"
    with pytest.raises(RuntimeError, match=message):
        load_model(finished.parent, NETWORK, "gpu")
    with pytest.raises(RuntimeError, match=message):
        fit(tmp_path / "m", accelerator="gpu")
    assert not any((tmp_path / "m").iterdir())
    model = load_model(finished.parent, NETWORK, "auto")
    assert next(model.parameters()).device.type == "cpu"


def test_half_precision_gives_the_same_bytes_whatever_is_in_memory(tmp_path):
    for k in range(6):
        rubbish = [torch.full((n,), torch.nan) for n in (64, 256, 1000, 5000, 20_000, 100_000)]
        del rubbish  # the next arrays may lie where it was
        fit(tmp_path / f"{k}" / "m", precision="bf16-mixed", max_epochs=1)
    first = content(tmp_path / "0" / "m")
    assert all(content(tmp_path / f"{k}" / "m") == first for k in range(1, 6))


SHARED = {  # what makes one device with whole batches and two with halves do the same sums
    "accelerator": "cpu", "normalisation": "instance", "dropout": 0.0, "flips": False,
    "balanced_classes": False, "max_epochs": 3, "learn": LEARN[:16],
}  # fmt: skip
NETWORK_OF_SHARED = replace(NETWORK, normalisation="instance", dropout=0.0)


def test_two_devices_share_each_batch_and_learn_what_one_device_learns(tmp_path):
    folders = [tmp_path / "two", tmp_path / "one"]
    assert exit_code(partial(fit, folders[0], devices=2, **SHARED)) == 0  # which forks two
    fit(folders[1], **SHARED)
    two, one = (read_tensors(folder / "weights.safetensors")[0] for folder in folders)
    for name, weights in one.items():
        torch.testing.assert_close(two[name], weights, atol=1e-4, rtol=1e-3)
    losses = [read_config(folder)["validation_loss"] for folder in folders]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize("accelerator", DEVICES)
def test_another_device_learns_and_judges_and_maps_as_the_cpu_does(tmp_path, accelerator):
    fit(tmp_path / "cpu/member-0", **SHARED)
    fit(tmp_path / "other/member-0", **SHARED | {"accelerator": accelerator})
    volumes, _ = made_up_scans()
    models = [
        load_model(tmp_path / "cpu", NETWORK_OF_SHARED, "cpu"),
        load_model(tmp_path / "other", NETWORK_OF_SHARED, accelerator),
    ]
    proba = [predict(model, volumes, OTHER) for model in models]
    np.testing.assert_allclose(proba[1], proba[0], atol=1e-3)
    zeros = np.zeros(len(OTHER), int)
    maps = [saliency_maps(model, volumes[OTHER], zeros)[0] for model in models]
    assert np.corrcoef(maps[0].ravel(), maps[1].ravel())[0, 1] > 0.999


@pytest.mark.parametrize("accelerator", DEVICES)
def test_half_precision_learns_on_another_device(tmp_path, accelerator):
    fit(tmp_path / "half/m", **SHARED | {"accelerator": accelerator, "precision": "bf16-mixed"})
    fit(tmp_path / "full/m", **SHARED)
    losses = [read_config(tmp_path / f"{name}/m")["validation_loss"] for name in ("half", "full")]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


LARGE = (800, 48, 50, 52)  # 0.4 GB of float32
ALLOWED = 200 * 2**20  # what the process may allocate on top of what Python and torch have


def allocated():
    """Bytes of private memory that the limit counts."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmData")).split()[1])


def fit_with_little_memory(folder, path):
    """Run in a process of its own: it cannot hold the volumes, which lie on disk."""
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
    assert exit_code(partial(fit_with_little_memory, tmp_path, path)) == 0
    assert read_config(tmp_path / "m")["n_fit"] == LARGE[0] - 64
