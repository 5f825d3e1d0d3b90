"""A single scan in axial planes."""

from figure_examples import AFFINE, SHAPE
from helpers import texts
from matplotlib.image import AxesImage

from datnet_study.figures.scan_strip import plot_scan_strip


def test_a_scan_is_drawn_in_two_scales_and_under_a_map_in_one(rng):
    volume, anatomy = rng.random(SHAPE), {"putamen": rng.random(SHAPE) > 0.5}
    fig = plot_scan_strip(volume, anatomy, AFFINE, top=0.8)
    images = fig.findobj(AxesImage)
    assert {image.get_cmap().name for image in images} == {"gray_r", "hot"}
    assert {image.get_clim() for image in images} == {(0, 0.8)}
    assert "putamen" in texts(fig) and "L" in texts(fig)
    under = plot_scan_strip(volume, anatomy, AFFINE, top=0.8, saliency=(volume, AFFINE))
    names = [image.get_cmap().name for image in under.findobj(AxesImage)]
    assert set(names) == {"gray_r", "Reds"} and names.count("gray_r") == names.count("Reds")
