"""The figure of a learning curve: a line for each classifier, and a mark for who did not learn."""

import numpy as np
import pandas as pd
from figure_examples import CHARTS, STUDIES
from helpers import assert_drawn, texts

from datnet_study.figures.learning_curve import plot_auc_by_size


def test_each_panel_has_a_line_for_each_classifier_over_all_sizes(rng):
    fig = CHARTS["plot_auc_by_size"](STUDIES[0], rng)
    panels = [ax for ax in fig.axes if ax.get_title()]
    assert [ax.get_title() for ax in panels] == [*STUDIES[0], "mean"]
    for ax in panels:
        *curves, mark = ax.lines
        assert [line.get_xdata().tolist() for line in curves] == [[25, 50, 148]] * 2
        np.testing.assert_allclose(curves[0].get_ydata(), [0.6, 0.7, 0.8])
        assert set(mark.get_ydata()) == {0.95}
    assert_drawn(fig)


def test_the_legend_names_everybody_and_the_axis_the_sizes_that_were_tried(rng):
    fig = CHARTS["plot_auc_by_size"](STUDIES[1], rng)
    for name in ("DAT-Net, from scratch", "binding ratios", "oracle, true binding"):
        assert name in texts(fig)
    labels = [label.get_text() for label in fig.axes[0].get_xticklabels()]
    assert labels == ["25", "50", "148"]


def test_without_a_phantom_there_are_no_marks(rng):
    rows = [("network", n, "mean", 0.7, 0.6, 0.8) for n in (25, 50)]
    columns = ["classifier", "participants", "of", "mean", "low", "high"]
    fig = plot_auc_by_size(pd.DataFrame(rows, columns=columns), {})
    assert len(fig.axes[0].lines) == 1
