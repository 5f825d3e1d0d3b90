"""The weights from simulated people: the script that makes them, and those that come along."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from datnet_core.network import build
from datnet_core.settings import NetworkSettings
from datnet_core.training.checkpoint import read_tensors
from datnet_core.training.start import take_weights
from datnet_phantom.numbers import numbers_hash
from datnet_study.simulated import check_start, weight_files

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script():
    path = ROOT / "data_manifest/pretrain_simulated.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def shipped(study):
    network = NetworkSettings()
    training = replace(study.training, pretrain_on="simulated")
    return study.model_copy(update={"network": network, "training": training})


def test_the_script_writes_weights_that_a_study_can_start_from(script, shipped, tmp_path):
    made = {"N_HOSPITALS": 1, "PER_DIAGNOSIS": 1}
    made["NETWORK"] = replace(script.NETWORK, n_filters=2)
    made["TRAINING"] = replace(script.TRAINING, max_epochs=1, batch_size=2)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in made.items():
            patch.setattr(script, name, value)
        script.main(tmp_path, tmp_path / "simulated")
    small = shipped.model_copy(update={"network": made["NETWORK"]})
    small._place = replace(shipped._place, root=tmp_path)
    (tmp_path / "data_manifest").symlink_to(tmp_path)
    check_start(small)
    card = (tmp_path / "simulated/card.md").read_text()
    _, facts = read_tensors(tmp_path / "simulated/weights.safetensors")
    for words in ("learned from 4 scans", "No scan of a person", "`zoom` from 0.01 to 0.04"):
        assert words in card
    assert facts["sha256"] in card


def test_the_weights_that_come_along_are_of_the_default_network(shipped):
    check_start(shipped)
    folder = weight_files(shipped)[0].parent
    model = build(4, shipped.network)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    take_weights(model, folder, ("IPD", "MSA", "PSP", "NC"), shipped.network)
    after = model.state_dict()
    learned = [name for name in before if name.endswith("weight")]
    assert not any(torch.equal(before[name], after[name]) for name in learned)


def test_the_card_is_that_of_the_weights_and_of_the_phantoms_numbers(shipped):
    weights, config = weight_files(shipped)
    card = weights.with_name("card.md").read_text()
    assert read_tensors(weights)[1]["sha256"] in card
    assert json.loads(config.read_text())["numbers"] in card
    assert numbers_hash(shipped.calibration_path) in card
    assert weights.stat().st_size < 4e6
