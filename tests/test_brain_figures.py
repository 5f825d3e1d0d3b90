"""Figures of brains on small made-up volumes: drawn without a warning, and their words."""

import gc

import nibabel as nib
import numpy as np
import pytest
from conftest import assert_drawn, texts
from matplotlib.image import AxesImage

from datnet_core import brain_figures

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
    fig = brain_figures.mean_volumes(means, AFFINE, nib.Nifti1Image(template, shifted))
    words = texts(fig)
    assert all(name in words for name in names)
    images = [image for image in fig.findobj(AxesImage) if image.get_array().any()]
    tops = {image.get_clim()[1] for image in images}
    assert tops == {max(np.percentile(volume, 99.9) for volume in means.values())}


def test_a_wide_margin_makes_room_for_long_titles():
    for width in (0.1, 0.17):
        fig, axes = brain_figures.black_rows(["one", "two", "three"], width)
        assert [ax.get_position().x0 for ax in axes] == pytest.approx([width] * 3)
        heights = [ax.get_position().y0 for ax in axes]
        assert heights == sorted(heights, reverse=True)  # in the order of the names
        assert fig.get_facecolor()[:3] == (0, 0, 0)
        assert_drawn(brain_figures.finished(fig))
