"""Random streams of training: no two uses share a draw."""

import itertools

import numpy as np
import pytest
import torch

from datnet_core.training.streams import Draws, stream_seed


def test_every_use_seed_and_number_has_a_stream_of_its_own():
    numbers = [(), *itertools.product(range(20)), *itertools.product(range(20), range(4))]
    keys = [(draws, seed, *each) for draws in Draws for seed in range(5) for each in numbers]
    assert len({stream_seed(*key) for key in keys}) == len(keys) == len(Draws) * 5 * (1 + 20 + 80)


def test_zeros_at_the_end_and_large_seeds_count():
    keys = [(0, 0), (0, 0, 0), (0, 0, 0, 0), (0, 2**32), (0, 2**32, 0), (0, 0, 0, 1), (0, 1, 0)]
    assert len({stream_seed(*key) for key in keys}) == len(keys)


def test_networks_of_studies_with_neighbouring_seeds_share_nothing():
    seeds = [stream_seed(Draws.NETWORK, seed, member) for seed in range(50) for member in range(8)]
    assert len(set(seeds)) == 400


def test_both_libraries_take_the_seed():
    seed = max(stream_seed(Draws.DROPOUT, 7, epoch, 0) for epoch in range(50))
    assert seed > 2**63  # as half of them are
    assert np.random.default_rng(seed).random() == np.random.default_rng(seed).random()
    assert torch.manual_seed(seed).initial_seed() % 2**64 == seed


@pytest.mark.parametrize("key", [(0, -1), (0, 0, -1)])
def test_a_negative_number_is_an_error(key):
    with pytest.raises(ValueError, match="non-negative"):
        stream_seed(*key)
