"""A single scan in axial planes."""

from figure_examples import AFFINE, SHAPE
from helpers import texts
from matplotlib.collections import Collection
from matplotlib.colors import same_color
from matplotlib.image import AxesImage

from datnet_study.figures.scan_strip import ON_HOT, plot_scan_strip


def test_a_scan_is_drawn_in_two_scales_and_under_a_map_in_one(rng):
    volume, anatomy = rng.random(SHAPE), {"putamen": rng.random(SHAPE) > 0.5}
    fig = plot_scan_strip(volume, anatomy, AFFINE, top=0.8, scale="uptake / cerebellum")
    images = fig.findobj(AxesImage)
    assert {image.get_cmap().name for image in images} == {"gray_r", "hot"}
    assert {image.get_clim() for image in images} == {(0, 0.8)}
    assert "putamen" in texts(fig) and "L" in texts(fig)
    labels = [ax.get_ylabel() for ax in fig.axes if ax.get_ylabel()]
    assert labels == ["uptake / cerebellum"] * 2
    under = plot_scan_strip(
        volume, anatomy, AFFINE, top=0.8, scale="counts", saliency=(volume, AFFINE)
    )
    names = [image.get_cmap().name for image in under.findobj(AxesImage)]
    assert set(names) == {"gray_r", "Reds"} and names.count("gray_r") == names.count("Reds")


def test_outlines_on_hot_colours_have_a_colour_that_is_not_one_of_them(rng):
    anatomy = {name: rng.random(SHAPE) > 0.5 for name in ("putamen", "caudate")}
    fig = plot_scan_strip(rng.random(SHAPE), anatomy, AFFINE, top=0.8, scale="counts")
    drawn = {"hot": set(), "gray_r": set()}
    for ax in fig.axes:
        for image in ax.images:
            lines = [c for c in ax.findobj(Collection) if len(c.get_edgecolor())]
            colours = {tuple(c.get_edgecolor()[0]) for c in lines}
            drawn[image.get_cmap().name] |= colours
    (hot,) = drawn["hot"]
    assert same_color(hot, ON_HOT) and len(drawn["gray_r"]) == 2
