"""Small trainings for tests: made-up scans, one small network, and its files to compare."""

import json
import multiprocessing
from contextlib import contextmanager
from dataclasses import asdict, replace

import numpy as np
import torch

from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_core.training import loop
from datnet_core.training.batches import Scans

NAMES = ("A", "B", "C")
SHAPE = (13, 14, 11)
NETWORK = NetworkSettings(n_filters=2, n_levels=2, n_members=1, both_sides=False)
SETTINGS = TrainingSettings(
    max_epochs=4, batch_size=4, patience=4, learning_rate=1e-2, averaging=0.5,
    early_stopping_on="inner", shift_voxels=0, contrast_sd=0.0, noise_sd=0.0,
)  # fmt: skip
LEARN, STOP, OTHER = np.arange(17), np.arange(17, 24), np.arange(24, 30)
N_BATCHES = 4  # 17 scans to learn from in batches of 4: 17 // 4


def made_up_scans():
    """30 small volumes; a box of class k is brighter by 1, the row's number picks the class."""
    rng = np.random.default_rng(4)
    labels = np.array([0] * 9 + [1] * 5 + [2] * 3 + [0, 1, 2, 0, 1, 2, 0] + [0, 1, 2, 0, 1, 2])
    volumes = rng.normal(1, 0.2, (30, *SHAPE)).astype(np.float32)
    for volume, label in zip(volumes, labels, strict=True):
        volume[2 + 3 * label : 5 + 3 * label, 4:9, 3:8] += 1
    return volumes, labels


class Watched:
    """Volumes that tell a function which rows each batch reads."""

    def __init__(self, on_batch):
        self.volumes, _ = made_up_scans()
        self.shape, self.on_batch = self.volumes.shape, on_batch

    def __getitem__(self, rows):
        if isinstance(rows, np.ndarray):
            self.on_batch(rows)
        return self.volumes[rows]


def fit(folder, volumes=None, labels=None, learn=LEARN, stop=STOP, classes=NAMES, **changes):
    """`loop.fit` on the made-up scans, a checkpoint each epoch; settings by name of either kind."""
    options = {"checkpoint_seconds": 0}
    for name in ("start", "after_epoch", "checkpoint_seconds"):
        if name in changes:
            options[name] = changes.pop(name)
    for name, settings in (("network", NETWORK), ("training", SETTINGS)):
        own = {key: changes.pop(key) for key in asdict(settings) if key in changes}
        options[name] = replace(settings, **own)
    assert not changes
    given_volumes, given_labels = made_up_scans()
    scans = Scans(
        given_volumes if volumes is None else volumes,
        given_labels if labels is None else labels,
        learn,
        stop,
    )
    return loop.fit(folder, scans, classes, **options)


def content(folder):
    """Bytes of the weights, the history, and the record without its seconds."""
    config = json.loads((folder / "config.json").read_text())
    config.pop("seconds")
    files = [(folder / name).read_bytes() for name in ("weights.safetensors", "history.tsv")]
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["config.json", "history.tsv", "weights.safetensors"]
    return *files, config


class Epochs(list):
    """Numbers of the epochs that `fit` trains; interrupts it in the one of a given number."""

    def __init__(self, interrupted_in=None):
        super().__init__()
        self.interrupted_in = interrupted_in

    def __call__(self, row, _model):
        if row["epoch"] == self.interrupted_in:
            raise KeyboardInterrupt
        self.append(row["epoch"])


def exit_code(function, *arguments, seconds=300):
    """Run a function in a process of its own, on one thread."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["datnet_core.training.loop"])  # torch is loaded only once
    child = context.Process(target=_on_one_thread, args=(function, *arguments))
    child.start()
    child.join(seconds)
    return child.exitcode


def _on_one_thread(function, *arguments):
    with single_thread():
        function(*arguments)


@contextmanager
def single_thread():
    """On volumes this small threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
