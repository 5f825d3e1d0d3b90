"""Differences between diagnoses: boxes, effect sizes, counts of features."""

import re

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

from datnet_study.figures.style import colours, panels, themed
from datnet_study.masking import TO_AVERAGE, enough_people
from datnet_study.public_forms import of_groups, replaced

WRITTEN_P = 0.0001  # the smallest P that is written out
TUKEY, ENDS = 1.5, (0, 100)  # how far the lines of a box reach: times its height, or to the ends
FIVE = [0.1, 0.25, 0.5, 0.75, 0.9]  # shares of the scans below the five numbers of a public box
DECIMALS = 2  # of these numbers, so that none is that of a scan
CLASS_WORDS = {"firstorder": "first order", "shape": "shape"}  # others are abbreviations


@themed
def _boxes_alone(table, values, tests, class_names, y_title="binding ratio", bands=None):
    """Boxes without a dot for each scan, whose ends are no scan; no box of few people."""
    shown = five_numbers(enough_people(table), ["diagnosis"], list(values))
    return _boxes(shown, values, tests, class_names, y_title=y_title, bands=bands, dots=False)


@replaced(
    _boxes_alone,
    "The dots, one a scan, are left out; lines reach from the 10% to the 90% point, not to a scan; "
    f"groups of fewer than {TO_AVERAGE} people have no box.",
)
@themed
def plot_group_boxes(table, values, tests, class_names, y_title="binding ratio", bands=None):
    """Box plots by diagnosis with pairwise Mann-Whitney P values (Fig. 6).

    Parameters
    ----------
    table : DataFrame
        One row per scan: `diagnosis` and one column per value.
    values : dict of str to str
        Column to axis title.
    tests : dict of str to DataFrame
        Column to `groups.mann_whitney`.
    class_names : tuple of str
        Diagnoses from left to right.
    y_title : str
        Title of the value axes.
    bands : dict of str to (float, float), optional
        Column to what is usual there, such as in controls: a grey band behind the boxes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    return _boxes(table, values, tests, class_names, y_title=y_title, bands=bands, dots=True)


def _boxes(table, values, tests, class_names, *, y_title, bands, dots):
    """The figure of `plot_group_boxes`, with a dot for each scan or without."""
    fig, axes = panels(len(values), most_columns=3, width=3.2, height=3.8)
    order = [name for name in class_names if name in set(table["diagnosis"])]
    for ax, (column, title) in zip(axes, values.items(), strict=True):
        sns.boxplot(
            table, x="diagnosis", y=column, hue="diagnosis", order=order, width=0.6,
            palette=colours(class_names), fliersize=0, ax=ax, legend=False,
            whis=TUKEY if dots else ENDS,
        )  # fmt: skip
        if dots:
            sns.stripplot(table, x="diagnosis", y=column, order=order, color="0.2", size=2, ax=ax)
        low, high = (table[column].min(), table[column].max()) if dots else ax.get_ylim()
        step = 0.09 * (high - low)
        there = tests[column]["group_a"].isin(order) & tests[column]["group_b"].isin(order)
        for k, test in enumerate(tests[column][there].itertuples()):
            left, right = order.index(test.group_a), order.index(test.group_b)
            y = high + (k + 0.7) * step
            ax.plot(
                [left, left, right, right], [y - 0.2 * step, y, y, y - 0.2 * step], "0.1", lw=0.8
            )
            ax.text((left + right) / 2, y, p_text(test.p), ha="center", va="bottom", fontsize=8)
        if bands and column in bands:
            ax.axhspan(*bands[column], color="0.88", zorder=0)
        ax.set(title=title, xlabel="", ylabel=y_title)
    return fig


def five_numbers(table, by, columns):
    """Five rows for each group, whose box has the same middle and is of no single scan.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"of": ["IPD"] * 11, "x": np.arange(11) + 0.123})
    >>> five_numbers(table, ["of"], ["x"])["x"].tolist()
    [1.12, 2.62, 5.12, 7.62, 9.12]
    """
    return table.groupby(by, sort=False)[columns].quantile(FIVE).round(DECIMALS).reset_index()


def p_text(p):
    """A P value as text: two significant digits down to 0.0001."""
    return f"P < {WRITTEN_P}" if p < WRITTEN_P else f"P = {p:.2g}"


@of_groups
@themed
def plot_feature_counts(counts):
    """Significant features by region and pair of diagnoses, in those that can vary (Fig. 7D).

    Parameters
    ----------
    counts : DataFrame
        Columns `region`, `pair`, `n_significant`, `after_bh`, and `n_features`, which vary.

    Returns
    -------
    matplotlib.figure.Figure
    """
    regions, pairs = (list(dict.fromkeys(counts[name])) for name in ("region", "pair"))
    fig, ax = plt.subplots(figsize=(7, 3.6))
    width = 0.8 / len(regions)
    shades = sns.color_palette("Blues_d", len(regions))
    for k, region in enumerate(regions):
        of = counts[counts["region"] == region]
        x = [pairs.index(pair) + (k - (len(regions) - 1) / 2) * width for pair in of["pair"]]
        ax.bar(x, of["n_features"], 0.92 * width, fill=False, ec="0.75", ls=":")
        bars = ax.bar(x, of["n_significant"], 0.92 * width, color=shades[k], label=region)
        ax.bar_label(bars, fontsize=8)
        ax.hlines(of["after_bh"], *(np.array(x) + s * 0.46 * width for s in (-1, 1)), color="C1")
    ax.hlines([], [], [], color="C1", label="after Benjamini-Hochberg")
    ax.bar([0], [0], fill=False, ec="0.75", ls=":", label="features that vary")
    ax.set_xticks(range(len(pairs)), pairs)
    ax.set(ylabel="significant features", ylim=(0, 1.08 * counts["n_features"].max()))
    fig.legend(frameon=False, ncols=3, loc="outside lower center", fontsize="small")
    return fig


@of_groups
@themed
def plot_feature_effects(tests, alpha):
    """Effect size of every feature, a panel for each pair of diagnoses (Fig. 7A-C).

    Parameters
    ----------
    tests : DataFrame
        Columns `feature`, `region`, `pair`, `rank_biserial`, `p_bh`; a feature that cannot vary in
        a region has no row there.
    alpha : float
        A dot marks `p_bh` below it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    regions, pairs = (list(dict.fromkeys(tests[name])) for name in ("region", "pair"))
    features = list(dict.fromkeys(tests["feature"]))
    features.sort(key=lambda name: name.split("_")[0] == "shape")  # few regions have these
    fig, axes = plt.subplots(
        1, len(pairs), figsize=(3 + 1.7 * len(pairs), 1.6 + 0.125 * len(features)), sharey=True,
        squeeze=False,
    )  # fmt: skip
    for ax, pair in zip(axes[0], pairs, strict=True):
        of = tests[tests["pair"] == pair]
        wide = of.pivot(index="feature", columns="region", values=["rank_biserial", "p_bh"])
        wide = wide.reindex(features)
        shown = ax.imshow(
            wide["rank_biserial"][regions], cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto",
            interpolation="nearest",
        )  # fmt: skip
        y, x = np.nonzero(wide["p_bh"][regions].to_numpy() < alpha)
        ax.plot(x, y, ".", color="0.1", ms=3)
        ax.set(title=pair, facecolor="0.85")
        ax.set_xticks(range(len(regions)), regions, rotation=45, ha="right")
    axes[0, 0].set_yticks(range(len(features)), map(feature_words, features), fontsize=6.5)
    for ax in axes[0, 1:]:
        ax.tick_params(axis="y", length=0)
    bar = fig.colorbar(
        shown, ax=axes, location="top", shrink=0.6, aspect=40, pad=0.01, ticks=[-1, -0.5, 0, 0.5, 1]
    )
    bar.set_label("rank-biserial effect size; red: larger in the diagnosis named first")
    return fig


def feature_words(name):
    """Name of a feature as words.

    Examples
    --------
    >>> feature_words("glcm_JointEntropy"), feature_words("firstorder_90Percentile")
    ('GLCM joint entropy', 'first order 90 percentile')
    """
    kind, feature = name.split("_", 1)
    words = re.findall(r"\d+D?|[A-Z]+(?![a-z])|[A-Z]?[a-z]+", feature)
    lower = [word if word.isupper() and len(word) > 1 else word.lower() for word in words]
    return " ".join([CLASS_WORDS.get(kind, kind.upper()), *lower])
