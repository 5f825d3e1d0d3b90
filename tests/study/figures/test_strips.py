"""Axial strips: planes at their places, left on the left, and marks where they belong."""

import numpy as np
import pytest
from figure_examples import AFFINE, FIELD, SHAPE
from helpers import texts
from matplotlib.image import AxesImage

from datnet_study.figures.strips import (
    plot_maps_beside,
    plot_region_strip,
    plot_uptake_strip,
)


def test_a_strip_has_its_planes_in_the_field_once_each_with_both_sides(rng):
    regions = {"fold 1, 9 ml": rng.random(SHAPE) > 0.5}
    fig = plot_region_strip(rng.random(SHAPE), regions, {"putamen": regions["fold 1, 9 ml"]},
                            AFFINE, FIELD)  # fmt: skip
    words = texts(fig).split(" | ")
    places = [word for word in words if word.startswith("z = ")]
    assert len(places) == len(set(places)) >= 3
    low, high = (AFFINE[2, 3] + k * AFFINE[2, 2] for k in (FIELD[2].start, FIELD[2].stop - 1))
    assert all(low <= float(place.split()[2]) <= high for place in places)
    assert words.count("L") == words.count("R") == 2 * len(places)
    assert {"fold 1, 9 ml", "putamen"} <= set(words)


def test_a_voxel_is_drawn_at_its_place_in_mm():
    volume = np.zeros(SHAPE)
    volume[5, 17] = 1  # to the left, in front
    fig = plot_uptake_strip({"IPD": volume}, AFFINE, FIELD)
    image = fig.findobj(AxesImage)[0]
    ((y, x),) = np.argwhere(image.get_array() > 0)
    left, right, back, front = image.get_extent()
    width = (right - left) / image.get_array().shape[1]
    assert left + (x + 0.5) * width == AFFINE[0, 3] + 5 * AFFINE[0, 0]
    assert back + (y + 0.5) * width == AFFINE[1, 3] + 17 * AFFINE[1, 1]
    assert image.origin == "lower" and right > left and front > back


def test_means_share_one_scale(rng):
    fig = plot_uptake_strip({"IPD": rng.random(SHAPE), "NC": 3 * rng.random(SHAPE)}, AFFINE, FIELD)
    limits = {image.get_clim() for ax in fig.axes for image in ax.images}
    assert len(limits) == 1 and limits.pop()[1] > 2


def test_turned_scans_have_the_names_of_their_sides(rng):
    fig = plot_uptake_strip({"IPD": rng.random(SHAPE)}, AFFINE, FIELD, ("lower", "higher"))
    words = texts(fig).split(" | ")
    assert words.count("lower") == words.count("higher") >= 3 and "L" not in words


def test_peak_and_centre_are_marked_in_every_plane(rng):
    values = rng.random(SHAPE)
    values[9, 11, 6] = 2
    fig = plot_maps_beside({"IPD": {"trained": values}}, {}, AFFINE, FIELD, (0, -2, 2))
    planes = [ax for ax in fig.axes if ax.images]
    assert len(planes) == 2
    for ax in planes:
        centre, peak = (np.ravel(line.get_xydata()) for line in ax.lines)
        assert centre == pytest.approx([0, -2])
        assert peak == pytest.approx([AFFINE[0, 3] + 9 * 8, AFFINE[1, 3] + 11 * 8])
