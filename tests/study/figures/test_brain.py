"""Figures of brains on small made-up volumes: drawn without a warning, and their words."""

import gc
import re

import nibabel as nib
import numpy as np
import pytest
from helpers import assert_drawn, texts
from matplotlib.image import AxesImage

from datnet_study.figures import brain
from datnet_study.figures.brain import (
    black_rows,
    plot_effect_maps,
    plot_mean_volumes,
    plot_saliency_maps,
    view_saliency_maps,
)

AFFINE = np.array([[8.0, 0, 0, -78], [0, 8, 0, -112], [0, 0, 8, -50], [0, 0, 0, 1]])
SHAPE = (20, 24, 18)


@pytest.fixture(autouse=True)
def no_garbage_collection(monkeypatch):
    """Nilearn collects garbage for every image, which is slow beside all other tests."""
    monkeypatch.setattr(gc, "collect", lambda *_: 0)


@pytest.mark.parametrize("names", [("IPD", "MSA", "PSP"), ("PD",)], ids=" ".join)
def test_mean_volumes_have_a_row_for_each_diagnosis_and_one_scale(names, rng):
    # The template may have another grid than the volumes.
    template = np.zeros((24, 28, 22), np.float32)
    template[4:20, 4:24, 4:18] = 1
    shifted = AFFINE + np.pad(np.full((3, 1), -8), ((0, 1), (3, 0)))
    means = {name: (k + 1) * rng.random(SHAPE) for k, name in enumerate(names)}
    fig = plot_mean_volumes(means, AFFINE, nib.Nifti1Image(template, shifted))
    words = texts(fig)
    assert all(name in words for name in names)
    images = [image for image in fig.findobj(AxesImage) if image.get_array().any()]
    tops = {image.get_clim()[1] for image in images}
    assert tops == {max(np.percentile(volume, 99.9) for volume in means.values())}


def test_a_wide_margin_makes_room_for_long_titles():
    for width in (0.1, 0.17):
        fig, axes = black_rows(["one", "two", "three"], width)
        assert [ax.get_position().x0 for ax in axes] == pytest.approx([width] * 3)
        heights = [ax.get_position().y0 for ax in axes]
        assert heights == sorted(heights, reverse=True)  # in the order of the names
        assert fig.get_facecolor()[:3] == (0, 0, 0)
        assert_drawn(brain.finished(fig))


@pytest.fixture
def template():
    box = np.zeros(SHAPE, np.float32)
    box[2:18, 2:22, 2:16] = 1
    return nib.Nifti1Image(box, AFFINE)


def images(names, rng):
    return {n: nib.Nifti1Image(rng.random(SHAPE).astype(np.float32), AFFINE) for n in names}


def test_mean_maps_have_a_row_and_a_colour_bar_for_each_diagnosis(rng, template):
    fig = plot_saliency_maps(images(["IPD", "MSA"], rng), template, (8, -17, -10))
    words = texts(fig)
    assert "IPD" in words and "MSA" in words


def test_layer_maps_show_an_empty_map_too(rng, template):
    maps = images(["11 x 10 x 9\n60% of pattern"], rng)
    maps["1 x 1 x 1\n0% of pattern"] = nib.Nifti1Image(np.zeros(SHAPE, np.float32), AFFINE)
    assert "1 x 1 x 1" in texts(brain.plot_layer_maps(maps, template))


@pytest.mark.filterwarnings("ignore:The set_bad function")  # nilearn 0.13.1 on matplotlib 3.11
def test_the_viewer_holds_all_it_needs(rng, template):
    shown = view_saliency_maps(images(["IPD", "MSA"], rng), template).data
    assert shown.count("<iframe") == 2
    assert "IPD" in shown and "MSA" in shown
    # Scripts and images are inside: nothing is fetched when the page is opened.
    addresses = re.findall(r"(?:src|href)=(?:&quot;|\"|')(https?:|//)", shown)
    assert addresses == []
    assert len(shown) < 4e6


def test_effect_maps_are_signed_and_may_be_empty(rng, template):
    maps = {
        "IPD - MSA": nib.Nifti1Image(rng.standard_normal(SHAPE).astype(np.float32), AFFINE),
        "MSA - PSP": nib.Nifti1Image(np.zeros(SHAPE, np.float32), AFFINE),
    }
    words = texts(plot_effect_maps(maps, template, "Cohen's d"))
    for word in ("IPD - MSA", "MSA - PSP", "Cohen's d"):
        assert word in words
