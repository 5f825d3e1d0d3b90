"""Figures of the readings: rates beside their rows, one shaded interval a pair, planes in place."""

import numpy as np
import pytest
from figure_examples import CHARTS
from helpers import texts

from datnet_study.figures import ladder

HEADS = ("false positives,\n(a) permuted", "false positives,\n(b) retrained")


def test_every_pair_has_its_sources_and_both_rates(rng):
    fig = CHARTS["plot_ladder"](("IPD", "MSA", "PSP"), rng)
    words = texts(fig)
    for word in ("IPD against MSA", "MSA against PSP", "5.0%*", *HEADS, *ladder.KINDS):
        assert word in words
    shaded = [len(ax.patches) for ax in fig.axes]
    assert shaded == [0, 1, 1]  # the first pair has no interval of its first source
    assert all(ax.get_ylim()[0] > ax.get_ylim()[1] for ax in fig.axes)  # from top to bottom


def test_the_rates_stand_at_the_height_of_their_row(rng):
    fig = CHARTS["plot_ladder"](("PD", "HC"), rng)
    rates = [text for text in fig.axes[0].texts if text.get_text() == "5.0%*"]
    assert [text.get_position()[1] for text in rates] == [0, 1, 2]


def test_headings_do_not_touch_each_other_nor_the_first_row(rng):
    fig = CHARTS["plot_ladder"](("PD", "HC"), rng)
    fig.draw_without_rendering()
    box = {text.get_text(): text.get_window_extent() for text in fig.axes[0].texts}
    left, right = (box[head] for head in HEADS)
    assert left.x1 < right.x0 and left.y0 > box["5.0%*"].y1


def test_differences_have_the_looks_of_their_kind_and_none_of_a_diagnosis(rng):
    fig = CHARTS["plot_ladder_differences"](("IPD", "MSA", "PSP"), rng)
    assert [ax.get_title() for ax in fig.axes] == [
        "IPD against MSA", "IPD against PSP", "MSA against PSP",
    ]  # fmt: skip
    words = texts(fig)
    assert all(word in words for word in ("AUC minus AUC of putamen", *ladder.KINDS))
    for ax in fig.axes:
        points = [line for line in ax.lines if line.get_marker() != "None"]
        looks = [(line.get_color(), line.get_marker()) for line in points]
        assert looks == list(ladder.KINDS.values())
        assert [line.get_ydata()[0] for line in points] == [0, 1, 2]  # from top to bottom
        assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_kinds_differ_by_colour_and_by_marker():
    colours, markers = zip(*ladder.KINDS.values(), strict=True)
    assert len(set(colours)) == len(set(markers)) == len(ladder.KINDS)


def test_the_planes_go_through_the_striatum_and_say_where(rng):
    fig = CHARTS["plot_region_shift"](("IPD", "MSA"), rng)
    axial, coronal, boxes = fig.axes
    # On the grid of 8 mm, nearest to 2 and 6 mm: -50 + 6 * 8, and -112 + 15 * 8
    assert axial.get_xlabel() == "z = -2 mm"
    assert coronal.get_xlabel() == "y = 8 mm"
    assert [label.get_text() for label in boxes.get_xticklabels()] == [
        "region of both",
        "own region",
    ]
    assert {"L", "R"} <= {text.get_text() for text in axial.texts}


@pytest.mark.parametrize("axis", [0, 1])
def test_left_is_where_the_image_has_low_x(axis, rng):
    fig = CHARTS["plot_region_shift"](("IPD", "MSA"), rng)
    side = {text.get_text(): text.get_position()[0] for text in fig.axes[axis].texts}
    assert side["L"] < side["R"]
    assert np.isfinite(fig.axes[axis].get_xlim()).all()
