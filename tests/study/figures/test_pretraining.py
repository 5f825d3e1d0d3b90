"""Chart of the page `simulated`: a panel for each shift, a mark for each network."""

import numpy as np
from figure_examples import CHARTS
from helpers import texts


def test_each_shift_has_a_panel_with_the_marks_of_both_starts_and_their_means(rng):
    fig = CHARTS["plot_pretraining"]((), rng)
    words = texts(fig)
    for word in ("another atlas", "another tracer", "started from simulated people", "300"):
        assert word in words
    marks, means, scratch, _ = fig.axes[0].lines
    assert marks.get_xdata().tolist() == [20, 20, 80, 80, 300, 300]
    np.testing.assert_allclose(means.get_ydata(), np.reshape(marks.get_ydata(), (3, 2)).mean(1))
    assert len(scratch.get_xdata()) == 6
