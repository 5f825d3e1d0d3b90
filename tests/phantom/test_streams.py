"""Random streams of the phantom: no two uses share a draw, and all draws come from them."""

import itertools

import numpy as np
import pytest

from datnet_phantom import dataset as dataset_module
from datnet_phantom import measure
from datnet_phantom.cohort import Cohort
from datnet_phantom.dataset import write_cohort
from datnet_phantom.density import draw_binding
from datnet_phantom.measure import measurement
from datnet_phantom.streams import Stream, generator


def test_no_two_streams_have_a_draw_in_common():
    places = list(itertools.product(Stream, range(4), range(40), range(2)))
    draws = [generator(*place).bit_generator.random_raw(8).tolist() for place in places]
    assert len({word for words in draws for word in words}) == 8 * len(places)


def test_a_stream_repeats_itself():
    place = (Stream.SCANS, 7, 3, 1)
    np.testing.assert_array_equal(generator(*place).random(5), generator(*place).random(5))


def test_the_streams_of_cohorts_are_those_of_their_published_results():
    """Participants were drawn from [seed, number]; NumPy fills this up with zeros."""
    first = np.random.default_rng([2022, 5]).random(3)
    np.testing.assert_array_equal(generator(Stream.PEOPLE, 2022, 5).random(3), first)
    first = np.random.default_rng([2022, 5, 1, 1]).random(3)
    np.testing.assert_array_equal(generator(Stream.SCANS, 2022, 5, 1).random(3), first)


@pytest.fixture
def seeds_of(monkeypatch, atlas):
    """Function that gives the first draws of all generators that a call makes."""
    make = np.random.default_rng
    image = np.random.default_rng(0).uniform(1, 2, atlas.labels.shape).astype(np.float32)
    monkeypatch.setattr(dataset_module, "render", lambda *_: image)
    monkeypatch.setattr(measure, "chance", lambda *_: None)
    monkeypatch.setattr(measure, "rendered_alike", lambda bindings, *_: [image] * len(bindings))

    def first_draws(function, *arguments, **options):
        draws = []

        def recorded(seed):
            draws.append(make(seed).random())
            return make(seed)

        with monkeypatch.context() as patch:
            patch.setattr(np.random, "default_rng", recorded)
            function(*arguments, **options)
        return draws

    return first_draws


@pytest.mark.parametrize("seed", [0, 3])
def test_a_cohort_shares_no_draw_with_the_oracle_or_a_summary(
    seeds_of, tmp_path, atlas, calibration, seed
):
    cohort = Cohort({"confirmed": {"NC": 2, "IPD": 9}}, seed=seed, follow_ups=2)
    of_cohort = seeds_of(write_cohort, tmp_path, cohort, calibration, atlas, "NC", "occipital")
    of_oracle = seeds_of(measurement, atlas, calibration, "NC", "occipital", n_scans=24, seed=seed)
    of_summary = seeds_of(draw_binding, "IPD", calibration, "NC", 5, seed)
    # 1 for the follow-ups, 11 people, 13 scans and twice the anatomy of a first scan; two of the
    # true differences of each diagnosis. Of the oracle: 1, 24 people, 12 + 24 draws of chance.
    assert (len(of_cohort), len(of_oracle), len(of_summary)) == (1 + 11 + 13 + 2 + 2, 61, 1)
    assert not set(of_cohort) & set(of_oracle)
    assert not set(of_oracle) & set(of_summary)
    shared = set(of_cohort) & set(of_summary)
    assert shared == (set(of_summary) if seed == 0 else set())  # the maps are of seed 0
