"""One scan among others: a panel for each measure, a line for each diagnosis that is known."""

from helpers import texts

from datnet_study.figures.placing import plot_among

PLACES = {"putamen": {"IPD": (0.2, 0.4, 0.6), "NC": (1.0, 1.2, 1.4)}, "caudate": {"IPD": (0.5,)}}


def test_a_panel_for_each_measure_and_a_line_at_the_scan():
    titles = {"putamen": "putamen, ratio", "caudate": "caudate, ratio", "midbrain": "none"}
    fig = plot_among(PLACES, {"putamen": 0.9, "caudate": 0.5}, titles)
    words = texts(fig)
    assert "putamen, ratio" in words and "caudate, ratio" in words and "none" not in words
    assert "IPD" in words and "NC" in words
    at = [line.get_xdata()[0] for line in fig.axes[0].lines if line.get_color() == "0.1"]
    assert at == [0.9]


def test_without_places_there_is_nothing_to_draw():
    assert not plot_among({}, {"putamen": 1.0}, {"putamen": "putamen"}).axes[0].axison
