"""Figures of brains on small made-up volumes: drawn without a warning, and their words."""

import gc
import re

import nibabel as nib
import numpy as np
import pytest
from figure_examples import AFFINE, BRAINS, SHAPE, images, template
from helpers import texts

from datnet_study.figures import brain
from datnet_study.figures.brain import (
    plot_effect_maps,
    plot_montage,
    plot_saliency_maps,
    view_saliency_maps,
)


@pytest.fixture(autouse=True)
def no_garbage_collection(monkeypatch):
    """Nilearn collects garbage for every image, which is slow beside all other tests."""
    monkeypatch.setattr(gc, "collect", lambda *_: 0)


def colour_bars(fig):
    """Colour bars of a figure from top to bottom: its narrow axes."""
    narrow = [ax for ax in fig.axes if ax.get_position().width < 0.03]
    return sorted(narrow, key=lambda ax: -ax.get_position().y0)


def test_mean_maps_have_a_row_and_a_colour_bar_for_each_diagnosis(rng):
    fig = plot_saliency_maps(images(["IPD", "MSA"], rng), template(), (8, -17, -10))
    words = texts(fig)
    titles = {text.get_text(): text.get_position()[1] for text in fig.texts}
    assert list(titles) == ["IPD", "MSA"]
    bars = colour_bars(fig)
    assert [bar.get_ylim() for bar in bars] == [(0, 1)] * 2  # one scale
    for bar, middle in zip(bars, titles.values(), strict=True):  # each beside its title
        assert bar.get_position().y0 < middle < bar.get_position().y1
        assert f"{brain.DRAWN_FROM:g}" in [text.get_text() for text in bar.get_yticklabels()]
    assert all(f"{axis}={mm}" in words for axis, mm in zip("xyz", (8, -17, -10), strict=True))


def test_layer_maps_leave_room_for_their_titles_and_show_an_empty_map_too(rng):
    fig = BRAINS["plot_layer_maps"]((), rng)
    words = texts(fig)
    assert "11 x 10 x 9" in words and "1 x 1 x 1" in words
    fig.draw_without_rendering()  # at its own size: `texts` draws a small one
    left = min(ax.get_position().x0 for ax in fig.axes)
    ends = [text.get_window_extent().x1 / fig.bbox.width for text in fig.texts]
    assert max(ends) < left == brain.LONG_TITLES["width"]
    assert len(colour_bars(fig)) == 2


@pytest.mark.filterwarnings("ignore:The set_bad function")  # nilearn 0.13.1 on matplotlib 3.11
def test_the_viewer_holds_all_it_needs(rng):
    shown = view_saliency_maps(images(["IPD", "MSA"], rng), template()).data
    assert shown.count("<iframe") == 2
    assert shown.count("width: 100%; max-width: 660px") == 2  # narrower on a narrow screen
    assert "IPD" in shown and "MSA" in shown
    # Scripts and images are inside: nothing is fetched when the page is opened.
    addresses = re.findall(r"(?:src|href)=(?:&quot;|\"|')(https?:|//)", shown)
    assert addresses == []
    assert len(shown) < 4e6


def test_effect_maps_are_signed_and_may_be_empty(rng):
    maps = images(["IPD - MSA"], rng, "standard_normal")
    maps["MSA - PSP"] = nib.Nifti1Image(np.zeros(SHAPE, np.float32), AFFINE)
    top = np.abs(maps["IPD - MSA"].get_fdata()).max()
    fig = plot_effect_maps(maps, template(), "Cohen's d")
    words = texts(fig)
    for word in ("IPD - MSA", "MSA - PSP", "Cohen's d"):
        assert word in words
    first, second = colour_bars(fig)  # each on its own scale, as far down as up
    np.testing.assert_allclose(first.get_ylim(), (-top, top), rtol=0.05)  # up to the next tick
    assert second.get_ylim() == (-1, 1)


def test_a_montage_has_a_row_for_each_scan_the_left_of_the_head_at_the_left(rng):
    volume = np.zeros(SHAPE)
    volume[1:4, 10:14, 5:9] = 1  # left: low x
    fig = plot_montage({"IPD": volume, "NC": volume}, AFFINE)
    words = texts(fig)
    for word in ("IPD", "NC", "z = 0 mm", "y = 8 mm", "x = -26 mm", "uptake ratio"):
        assert word in words
    axial = np.asarray(fig.axes[1].images[0].get_array())  # rows are y, columns x
    columns = np.flatnonzero(axial.any(axis=0))
    assert columns.max() < SHAPE[0] / 2
    assert fig.axes[1].images[0].origin == "lower"
