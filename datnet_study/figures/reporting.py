"""What a study reports of each guideline, and the flow of its participants through the tests."""

import matplotlib.pyplot as plt
import numpy as np

from datnet_study.figures.cohort import COHORT_TITLES
from datnet_study.figures.style import legend_below, themed
from datnet_study.masking import FEWEST, MARK
from datnet_study.public_forms import of_groups, replaced

SHADES = {
    "reported": "#0072b2", "partly": "#7fb8d9", "missing": "#d55e00", "not_applicable": "0.85",
    "unverified": "0.6",
}  # fmt: skip
BOX = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": "0.3"}
ARROW = {"arrowstyle": "->", "color": "0.3", "shrinkA": 0, "shrinkB": 2}


@of_groups
@themed
def plot_items(counted):
    """Items of each guideline by status, a bar each.

    Parameters
    ----------
    counted : DataFrame of int
        Output of `checklists_view.items_counted`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(8, 0.6 * len(counted) + 1.2))
    names, left, bars = list(counted.index), np.zeros(len(counted)), {}
    for status in counted.columns[counted.any()]:
        sizes = counted[status].to_numpy()
        words = status.replace("_", " ")
        bars[words] = ax.barh(names, sizes, left=left, color=SHADES[status], edgecolor="white")
        dark = status in ("reported", "missing")
        labels = [str(n) if n else "" for n in sizes]
        ax.bar_label(bars[words], labels, label_type="center", color="white" if dark else "0.1")
        left = left + sizes
    ax.set(xlabel="items")
    ax.invert_yaxis()
    legend_below(fig, list(bars.values()), list(bars))
    return fig


@themed
def _flow_masked(flow):
    """Counts below 5, and those that would give them away, as a mark."""
    return _flow(flow, masked=True)


@replaced(
    _flow_masked,
    f"{MARK} stands for a count below {FEWEST}, or for one that would give such a count away.",
)
@themed
def plot_test_flow(flow):
    """Flow of participants (STARD): who is left out, the cohorts, index test and reference.

    Parameters
    ----------
    flow : flow_counts.FlowCounts

    Returns
    -------
    matplotlib.figure.Figure
    """
    return _flow(flow, masked=False)


def _flow(flow, masked):
    """The figure of `plot_test_flow`."""
    shown = flow.masked() if masked else flow
    several = len(flow.judged)
    fig, ax = plt.subplots(figsize=(max(9, 2.1 * several), 8.5 if several else 5))
    ax.set(xlim=(0, 3), ylim=(0 if several else 2.2, 5.2))
    ax.axis("off")
    _box(ax, 1.2, 4.9, f"in the table of scans\n{shown.people} participants, {shown.scans} scans")
    out = [f"{n} {reason}" for reason, n in shown.reasons.items()]
    left_out = "\n".join([f"left out: {shown.left_out} scans", *out])
    _box(ax, 2.45, 4.15, left_out, ha="center")
    ax.annotate("", (2.1, 4.15), (1.2, 4.15), arrowprops=ARROW)
    _arrow(ax, (1.2, 4.65), (1.2, 3.55))
    for k, cohort in enumerate(COHORT_TITLES):
        by = shown.cohorts.loc[cohort] if cohort in shown.cohorts.index else {}
        lines = [f"{name} {n}" for name, n in by.items()]
        x = 0.5 + k
        title = f"{COHORT_TITLES[cohort]}\n{shown.sizes[cohort]} participants"
        _box(ax, x, 3.0, "\n".join([title, *lines]))
        _arrow(ax, (1.2, 3.75), (x, 3.55))
    if not several:
        return fig
    ax.text(0.02, 1.95, "index test\nsays", va="center", color="0.3", fontsize=10)
    ax.text(0.02, 0.6, "reference\nstandard", va="center", color="0.3", fontsize=10)
    for k, name in enumerate(shown.judged.index):
        x = 0.55 + 2.3 * (k + 0.5) / several
        _box(ax, x, 1.95, f"{name}\n{shown.said[name]} participants")
        _arrow(ax, (2.5, 2.45), (x, 2.2))
        by = [f"{label} {n}" for label, n in shown.judged.loc[name].items()]
        _box(ax, x, 0.6, "\n".join(by))
        _arrow(ax, (x, 1.7), (x, 1.05))
    return fig


def _box(ax, x, y, text, ha="center"):
    """A box of text around a point."""
    ax.text(x, y, text, ha=ha, va="center", bbox=BOX, fontsize=10)


def _arrow(ax, start, end):
    """An arrow from one box to the next."""
    ax.annotate("", end, start, arrowprops=ARROW)
