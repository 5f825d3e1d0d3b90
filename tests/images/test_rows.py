"""Some scans of an array: the same as a copy of them, without one."""

import numpy as np
import pytest

from datnet_images import Rows, mean_volume, region_means


@pytest.fixture
def stored(rng, tmp_path):
    volumes = rng.random((7, 3, 4, 5), dtype=np.float32)
    np.save(tmp_path / "volumes.npy", volumes)
    return volumes, np.load(tmp_path / "volumes.npy", mmap_mode="r")


@pytest.mark.parametrize("rows", [[4, 0, 4], [], np.arange(7)])
def test_some_scans_are_those_of_a_copy(rows, stored):
    volumes, mapped = stored
    some, copy = Rows(mapped, rows), volumes[np.asarray(rows, int)]
    assert some.shape == copy.shape and len(some) == len(copy)
    assert all(np.array_equal(a, b) for a, b in zip(some, copy, strict=True))
    np.testing.assert_array_equal(some[:2], copy[:2])
    np.testing.assert_array_equal(some[[0]] if len(rows) else copy, copy[:1])


def test_a_scan_is_a_view_of_the_file_and_no_copy(stored):
    _, mapped = stored
    assert np.shares_memory(Rows(mapped, [5])[0], mapped[5])


def test_regions_of_some_scans(stored, rng):
    volumes, mapped = stored
    region = rng.random(volumes.shape[1:]) > 0.5
    found = region_means(Rows(mapped, [6, 1]), region)
    np.testing.assert_array_equal(found, region_means(volumes[[6, 1]], region))


def test_the_mean_is_that_of_all_at_once(stored):
    volumes, mapped = stored
    found = mean_volume(Rows(mapped, [6, 1, 3]))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, volumes[[6, 1, 3]].mean(axis=0, dtype=float))
