"""Plain functions shared by the tests: oracles, strategies, and what every figure has to pass."""

import inspect
import io

import matplotlib.pyplot as plt
import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from datnet_phantom.cohort import Cohort
from datnet_study.columns import ScanTable

TINY = Cohort(
    seed=3,
    participants={
        "possible": {"IPD": 2, "MSA": 3},
        "definite": {"NC": 2, "IPD": 2, "MSA": 2},
        "confirmed": {"IPD": 2, "MSA": 1},
    },
    follow_ups=2,
    mislabelled={"possible": 0.25, "definite": 0.02},
)


def changed(calibration, *sections, **numbers):
    """Calibration with other numbers in one of its sections, or at its top."""
    content = calibration.model_dump()
    node = content
    for name in sections:
        node = node[name]
    assert set(numbers) <= set(node)
    node |= numbers
    return type(calibration)(**content)


def scan_table(root, **words):
    """The table `scans.tsv` of a data set, or of other words."""
    return ScanTable(**{"path": root / "scans.tsv", "folder": root} | words)


def public_functions(module):
    """Names of the functions that a module defines for others."""
    return {
        name
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


@st.composite
def scored_labels(draw, n_scores=1):
    """Labels with both classes and scores from few values, so that ties are common."""
    n = draw(st.integers(4, 30))
    labels = draw(st.permutations([True, True, False, False, *(k % 3 == 0 for k in range(n - 4))]))
    column = st.lists(st.integers(-4, 4), min_size=n, max_size=n)
    scores = [np.array(draw(column)) / 4 for _ in range(n_scores)]
    return np.array(labels), *scores


def pair_kernel(y_true, y_score):
    """Slow oracle: 1, 1/2 or 0 for every pair of a positive and a negative."""
    positives = [s for y, s in zip(y_true, y_score, strict=True) if y]
    negatives = [s for y, s in zip(y_true, y_score, strict=True) if not y]
    return np.array([[(a > b) + 0.5 * (a == b) for b in negatives] for a in positives])


def assert_drawn(fig):
    """It is a figure, pyplot no longer holds it, and it is drawn without a warning."""
    assert isinstance(fig, Figure)
    assert plt.get_fignums() == []
    fig.savefig(io.BytesIO(), format="png", dpi=30)  # warnings of the layout come here


def texts(fig):
    """All words of a figure, once it is drawn."""
    assert_drawn(fig)
    return " | ".join(text.get_text() for text in fig.findobj(plt.Text))
