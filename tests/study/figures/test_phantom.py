"""Charts of the page `phantom`: their words and the limit of each grid."""

import pandas as pd
from figure_examples import CHARTS
from helpers import texts

from datnet_study.figures import plot_beside_published


def test_published_values_stand_beside_the_phantoms(rng):
    words = texts(CHARTS["plot_beside_published"](("IPD", "NC"), rng))
    for word in ("putamen anterior, worse side  (someone2001)", "binding ratio", "percent of the"):
        assert word in words


def test_without_a_published_value_the_figure_says_so():
    nothing = pd.DataFrame(columns=["diagnosis"])
    assert "no group of this phantom" in texts(plot_beside_published(nothing, "NC"))


def test_spectra_are_drawn_with_the_limit_of_each_grid(rng):
    fig = CHARTS["plot_power_spectra"]((), rng)
    words = texts(fig)
    for word in ("a scan", "2 mm grid", "8 mm grid", "cycles per mm"):
        assert word in words
    # Two voxels for each period: 1 / (2 * 2 mm) and 1 / (2 * 8 mm).
    assert [line.get_xdata()[0] for line in fig.axes[0].lines[1:]] == [0.25, 0.0625]
