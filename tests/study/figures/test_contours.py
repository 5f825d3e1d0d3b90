"""Contours on scans: titles, left and right, and planes at their places."""

import numpy as np
from figure_examples import AFFINE, SHAPE
from helpers import texts
from matplotlib.image import AxesImage

from datnet_study.figures.contours import PLANES_MM, plot_contours


def test_every_scan_has_its_title_three_planes_and_both_sides(rng):
    scans = {f"sub-{k}: look": rng.random(SHAPE) for k in range(3)}
    masks = {"brain": rng.random(SHAPE) > 0.5, "nowhere": np.zeros(SHAPE, bool)}
    fig = plot_contours(scans, masks, AFFINE)
    words = texts(fig).split(" | ")
    assert all(words.count(title) == 1 for title in scans)
    assert [words.count(word) for word in ("L", "R", "back", "front")] == [6, 6, 3, 3]
    assert {"brain", "nowhere"} <= set(words)


def test_planes_are_cut_where_they_say_with_the_left_of_the_head_on_the_left():
    scan = np.zeros(SHAPE)
    k = int(round((PLANES_MM["z"] - AFFINE[2, 3]) / AFFINE[2, 2]))
    scan[3, 20, k] = 7  # far to the left, in the plane from below
    fig = plot_contours({"sub-1": scan}, {}, AFFINE)
    below, front, side = fig.findobj(AxesImage)
    assert np.argwhere(below.get_array() > 0).tolist() == [[20, 3]]  # (y, x)
    assert not front.get_array().any() and not side.get_array().any()
    assert below.origin == "lower"
