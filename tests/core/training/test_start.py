"""Which weights a network takes over from another one."""

import json
import shutil

import pytest
import torch
from small_fits import NAMES, NETWORK, fit

from datnet_core.network import build
from datnet_core.training.checkpoint import read_tensors
from datnet_core.training.start import other_layout, take_weights


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first") / "m"
    fit(folder, max_epochs=1)
    return folder


def started(folder, classes, network=NETWORK):
    torch.manual_seed(3)
    model = build(len(classes), network)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    take_weights(model, folder, classes, network)
    return before, model.state_dict()


HEAD = ["head.2.weight", "head.2.bias"]


def test_of_the_same_classes_every_layer_is_taken(first):
    tensors, _ = read_tensors(first / "weights.safetensors")
    _, after = started(first, NAMES)
    assert all(torch.equal(after[name], tensor) for name, tensor in tensors.items())


def test_of_the_same_classes_in_another_order_each_keeps_its_logit(first):
    tensors, _ = read_tensors(first / "weights.safetensors")
    _, after = started(first, ("C", "A", "B"))
    for name in HEAD:
        assert torch.equal(after[name], tensors[name][[2, 0, 1]])


@pytest.mark.parametrize("classes", [("A", "B"), ("A", "B", "D"), ("A", "B", "C", "D")])
def test_of_other_classes_the_last_layer_starts_anew(first, classes):
    tensors, _ = read_tensors(first / "weights.safetensors")
    before, after = started(first, classes)
    assert all(torch.equal(after[name], before[name]) for name in HEAD)
    others = set(tensors) - set(HEAD)
    assert all(torch.equal(after[name], tensors[name]) for name in others)


def test_another_layout_is_refused_with_what_was_expected(first, tmp_path):
    with pytest.raises(ValueError, match=r"network\.n_filters is 3, expected 2$"):
        fit(tmp_path / "m", start=first, n_filters=3)


def test_dropout_may_differ_and_nothing_else_that_a_network_learns_with(first):
    config = json.loads((first / "config.json").read_text())
    assert other_layout(config, NETWORK) == {}
    changes = {
        "dropout": 0.1, "field_mm": None, "n_levels": 3, "normalisation": "instance",
        "standardised": True, "resized_to": (9, 9, 9),
    }  # fmt: skip
    differ = {
        name
        for name, value in changes.items()
        if other_layout(config, type(NETWORK)(**vars(NETWORK) | {name: value}))
    }
    assert differ == set(changes) - {"dropout"}


def test_a_fit_depends_on_the_classes_of_its_start(first, tmp_path):
    one = fit(tmp_path / "m", max_epochs=1, start=first)
    renamed = shutil.copytree(first, tmp_path / "renamed")
    config = json.loads((first / "config.json").read_text())
    (renamed / "config.json").write_text(json.dumps(config | {"classes": ["C", "B", "A"]}))
    other = fit(tmp_path / "m", max_epochs=1, start=renamed)
    assert one["inputs"] != other["inputs"]
