"""The random numbers of training: which use draws from which stream.

No two uses share a draw, whatever their seeds: NumPy's `SeedSequence` tells a stream apart from all
others by the seed and a key, which is the use and the numbers that belong to it.
"""

from enum import IntEnum

import numpy as np


class Draws(IntEnum):
    """What random numbers are for; a new use takes a new number, never one of these."""

    NETWORK = 0  # seed of one network of a study, by its number in the model
    INNER_SPLIT = 1  # by number and name of the model
    WEIGHTS = 2  # before the first epoch
    EPOCH = 3  # order and changes of its scans, by its number
    DROPOUT = 4  # and noise in voxels, by number of the epoch and of the device
    SUBSET = 5  # of the participants of a learning curve, by number of the draw
    CEILING = 6  # seed of a network that learns from simulated scans, by their number


def stream_seed(draws, seed, *numbers):
    """Seed of one stream, 0 to 2^64 - 1; `seed` and `numbers` are 0 or more.

    Examples
    --------
    >>> stream_seed(Draws.EPOCH, 0, 3) == stream_seed(Draws.DROPOUT, 0, 3)
    False
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(draws, *numbers))
    return int(sequence.generate_state(1, np.uint64)[0])
