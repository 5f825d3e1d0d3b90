"""Prediction: by the right model, in the order asked for, the mean logit of its networks."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from datnet_core.network import build
from datnet_core.settings import NetworkSettings
from datnet_core.training.batches import batch
from datnet_core.training.checkpoint import write_config, write_tensors
from datnet_core.training.prediction import load_model, predict, predict_folds

SHAPE = (13, 14, 11)
NETWORK = NetworkSettings(n_filters=2, n_levels=2, n_members=1)


def made_up_volumes():
    return np.random.default_rng(4).normal(1, 0.2, (30, *SHAPE)).astype(np.float32)


def write_network(folder, seed, balanced=True):
    """A finished network of three classes with random weights."""
    torch.manual_seed(seed)
    folder.mkdir(parents=True)
    weights = build(3, NETWORK).state_dict()
    write_tensors(folder / "weights.safetensors", weights, {})
    config = {"classes": ["A", "B", "C"], "training": {"balanced_classes": balanced}}
    write_config(folder, config | {"class_counts": [11, 5, 2]})


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write_network(folder / "member-0", 7)
    return load_model(folder, NETWORK)


def test_probabilities_sum_to_one(model):
    proba = predict(model, made_up_volumes(), np.arange(30), batch_size=7)
    assert proba.shape == (30, 3)
    assert proba.dtype == np.float64
    np.testing.assert_allclose(proba.sum(1), 1, atol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 4, 100])
@pytest.mark.parametrize("rows", [[5, 3, 28, 0], [7, 7, 2, 7, 29, 2], [4]])
def test_rows_keep_their_order_and_equal_prediction_one_by_one(model, rows, batch_size):
    volumes = made_up_volumes()
    rows = np.array(rows)
    alone = []
    with torch.no_grad():
        for row in rows:
            logits = model(torch.from_numpy(volumes[row])[None, None])[0].double()
            alone.append((logits.exp() / logits.exp().sum()).numpy())
    proba = predict(model, volumes, rows, batch_size)
    np.testing.assert_allclose(proba, alone, rtol=1e-5)


def test_no_rows_give_no_probabilities(model):
    proba = predict(model, made_up_volumes(), np.array([], dtype=int))
    assert proba.shape == (0, 3)


def test_a_batch_holds_the_volume_in_nibabel_order():
    volumes = made_up_volumes()
    x = batch(volumes, np.array([6, 2]))
    assert x.shape == (2, 1, *SHAPE)
    np.testing.assert_array_equal(x[:, 0], volumes[[6, 2]])


def test_a_model_is_the_mean_logit_of_its_networks(tmp_path):
    volumes = made_up_volumes()
    for j in range(2):
        write_network(tmp_path / f"member-{j}", j)
    both = replace(NETWORK, n_members=2)
    with torch.no_grad():
        x = batch(volumes, np.arange(5))
        first = load_model(tmp_path, NETWORK)(x)
        (tmp_path / "swapped").mkdir()
        (tmp_path / "swapped" / "member-0").symlink_to(tmp_path / "member-1")
        second = load_model(tmp_path / "swapped", NETWORK)(x)
        torch.testing.assert_close(load_model(tmp_path, both)(x), (first + second) / 2)
        torch.testing.assert_close(load_model(tmp_path, both, only=1)(x), second)
    assert not torch.allclose(first, second)
    with pytest.raises(FileNotFoundError, match="member-2 holds no finished model"):
        load_model(tmp_path, replace(NETWORK, n_members=3))


def test_a_model_judges_both_sides_if_asked(tmp_path):
    write_network(tmp_path / "member-0", 5)
    volumes, rows = made_up_volumes(), np.arange(6)
    one_side = replace(NETWORK, both_sides=False)
    models = [load_model(tmp_path, network) for network in (NETWORK, one_side)]
    as_is, mirrored = (
        [predict(model, seen, rows) for model in models] for seen in (volumes, volumes[:, ::-1])
    )
    np.testing.assert_allclose(as_is[0], mirrored[0], atol=1e-6)
    assert abs(as_is[1] - mirrored[1]).max() > 1e-4
    assert abs(as_is[0] - as_is[1]).max() > 1e-4


def test_a_prior_is_added_where_classes_were_balanced_and_taken_away_where_they_were_not(tmp_path):
    # By hand: Bayes' rule with the counts 11, 5, 2, and one more of each, of 21.
    share = np.array([12, 6, 3]) / 21
    uniform = replace(NETWORK, class_prior="uniform")
    rows, proba = np.arange(5), {}
    for balanced in (True, False):
        write_network(tmp_path / f"{balanced}" / "member-0", 3, balanced)
        for network in (NETWORK, uniform):
            model = load_model(tmp_path / f"{balanced}", network)
            proba[balanced, network.class_prior] = predict(model, made_up_volumes(), rows)
    as_learned = proba[True, "uniform"]
    np.testing.assert_array_equal(proba[False, "cohort"], as_learned)
    for key, weighed in (
        ((True, "cohort"), as_learned * share),
        ((False, "uniform"), as_learned / share),
    ):
        expected = weighed / weighed.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(proba[key], expected, atol=1e-6)


def test_each_scan_is_predicted_by_the_model_of_its_fold(tmp_path):
    volumes = made_up_volumes()
    for k in range(2):
        write_network(tmp_path / f"fold-{k}" / "member-0", k)
    fold = np.full(30, np.nan)  # as a table with scans of other cohorts has it
    fold[[3, 20, 7]], fold[[12, 5]] = 0, 1
    proba = predict_folds(tmp_path, NETWORK, volumes, fold=fold)
    models = [load_model(tmp_path / f"fold-{k}", NETWORK) for k in range(2)]
    expected = [
        predict(models[int(fold[row])], volumes, np.array([row]))[0] for row in (3, 5, 7, 12, 20)
    ]
    np.testing.assert_allclose(proba, expected, atol=1e-6)
    assert not np.allclose(*(predict(m, volumes, np.array([3])) for m in models))
