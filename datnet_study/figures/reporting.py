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
    """The figure of `plot_test_flow`; a box is drawn after those that it leads to."""
    shown = flow.masked() if masked else flow
    several, there = len(shown.judged), set(flow.judged.index[flow.judged.any(axis=1)])
    n = len(shown.sizes)
    fig, ax = plt.subplots(figsize=(max(3 * n, 2.1 * several), 7 if several else 4))
    ax.set(xlim=(0, n), ylim=(0 if several else 2.3, 4.8))
    ax.axis("off")
    root, blind = (n / 2, 4.4), (2.5, 3.05)
    for k, name in enumerate(shown.judged):
        x = 0.35 + (n - 0.4) * (k + 0.5) / several
        by = [f"{label} {n}" for label, n in shown.judged[name].items() if label in there]
        _box(ax, "\n".join(["by reference:", *by]), (x, 0.5), (x, 1.6))
        _box(ax, f"index test: {name}\n{shown.said[name]} participants", (x, 1.6), blind)
    for k, cohort in enumerate(shown.sizes):
        by = shown.cohorts.loc[cohort] if cohort in shown.cohorts.index else {}
        lines = [f"{name} {by[name]}" for name in shown.names if by.get(name, 0) != 0]
        head = f"{COHORT_TITLES[cohort]}\n{shown.sizes[cohort]} participants"
        _box(ax, "\n".join([head, *lines]), (0.5 + k, blind[1]), root)
    why = [f"{n} {reason}" for reason, n in shown.reasons.items()]
    _box(ax, "\n".join([f"left out: {shown.left_out} scans", *why]), (n - 0.4, root[1]), root)
    _box(ax, f"in the table of scans\n{shown.people} participants, {shown.scans} scans", root)
    return fig


def _box(ax, text, centre, start=None):
    """A box of text, with an arrow that comes from another place."""
    arrow = None if start is None else {"arrowstyle": "<-", "color": "0.3"}
    ax.annotate(
        text, start or centre, centre, ha="center", va="center", fontsize=10, bbox=BOX,
        arrowprops=arrow,
    )  # fmt: skip
