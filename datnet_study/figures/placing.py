"""Where one scan lies among those that the networks learned from: a line for each diagnosis."""

import matplotlib.pyplot as plt
import numpy as np

from datnet_study.figures.style import colours, themed
from datnet_study.public_forms import of_participants

INCHES = (3.3, 0.42)  # of a panel, and of a line in it
QUARTERS = (0.25, 0.5, 0.75)


@of_participants
@themed
def plot_among(places, measures, titles):
    """A measure of one scan beside the distribution of each diagnosis.

    Parameters
    ----------
    places : dict of str to dict of str to sequence of float
        Measure and diagnosis to quantiles in even steps; whose are not known is left out.
    measures : dict of str to float
        Of the scan.
    titles : dict of str to str
        Measures to draw, and the words below each panel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    drawn = [name for name in titles if name in measures and places.get(name)]
    names = list(dict.fromkeys(group for name in drawn for group in places[name]))
    look = colours(names)
    fig, axes = plt.subplots(
        1, max(len(drawn), 1), squeeze=False, sharey=True, layout="none",
        figsize=(INCHES[0] * max(len(drawn), 1), INCHES[1] * (len(names) + 2)),
    )  # fmt: skip
    fig.subplots_adjust(left=0.06, right=0.99, bottom=0.3, top=0.97, wspace=0.08)
    for ax, name in zip(axes[0], drawn, strict=False):
        for row, group in enumerate(names):
            steps = places[name].get(group)
            if not steps:
                continue
            at = np.arange(1, len(steps) + 1) / (len(steps) + 1)
            low, middle, high = np.interp(QUARTERS, at, steps)
            ax.plot([steps[0], steps[-1]], [row, row], color=look[group], lw=1.5)
            ax.plot([low, high], [row, row], color=look[group], lw=7, solid_capstyle="butt")
            ax.plot(middle, row, "|", color="white", ms=9, mew=2)
        ax.axvline(measures[name], color="0.1", lw=1.5)
        ax.set(xlabel=titles[name], yticks=range(len(names)), yticklabels=names)
        ax.set_ylim(len(names) - 0.4, -0.6)
    if not drawn:
        axes[0, 0].axis("off")
    return fig
