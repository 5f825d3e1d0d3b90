"""Differences between diagnoses: boxes, P values, counts of features."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from datnet_study.figures.style import colours, panels, themed

SMALLEST_P = 1e-6  # the colour scale of P values ends here

WRITTEN_P = 0.0001  # the smallest that is written out


@themed
def plot_group_boxes(table, values, tests, class_names, y_title="binding ratio"):
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

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = panels(len(values), most_columns=3, width=3.2, height=3.8)
    order = [name for name in class_names if name in set(table["diagnosis"])]
    for ax, (column, title) in zip(axes, values.items(), strict=True):
        sns.boxplot(
            table, x="diagnosis", y=column, hue="diagnosis", order=order, width=0.6,
            palette=colours(class_names), fliersize=0, ax=ax, legend=False,
        )  # fmt: skip
        sns.stripplot(table, x="diagnosis", y=column, order=order, color="0.2", size=2, ax=ax)
        low, high = table[column].min(), table[column].max()
        step = 0.09 * (high - low)
        for k, test in enumerate(tests[column].itertuples()):
            left, right = order.index(test.group_a), order.index(test.group_b)
            y = high + (k + 0.7) * step
            ax.plot(
                [left, left, right, right], [y - 0.2 * step, y, y, y - 0.2 * step], "0.1", lw=0.8
            )
            ax.text((left + right) / 2, y, p_text(test.p), ha="center", va="bottom", fontsize=8)
        ax.set(title=title, xlabel="", ylabel=y_title)
    return fig


def p_text(p):
    """A P value as text: two significant digits down to 0.0001."""
    return f"P < {WRITTEN_P}" if p < WRITTEN_P else f"P = {p:.2g}"


@themed
def plot_feature_counts(counts, n_features):
    """Share of significant features by region and pair of diagnoses (Fig. 7D).

    Parameters
    ----------
    counts : DataFrame
        Columns `region`, `pair`, `n_significant`.
    n_features : int
        Features tested.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(7, 3.6))
    sns.barplot(counts, x="pair", y="n_significant", hue="region", palette="Blues_d", ax=ax)
    for bars in ax.containers:
        ax.bar_label(bars, fontsize=8)
    ax.axhline(n_features, ls=":", color="0.5")
    ax.set(xlabel="", ylabel=f"significant features of {n_features}", ylim=(0, 1.12 * n_features))
    ax.legend(title="", frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.12))
    return fig


@themed
def plot_p_value_maps(tests):
    """Heat map of P values: features in rows, region and pair in columns (Fig. 7A-C).

    Parameters
    ----------
    tests : DataFrame
        Columns `feature`, `region`, `pair`, `p`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    regions = list(dict.fromkeys(tests["region"]))
    fig, axes = panels(len(regions), most_columns=len(regions), width=3, height=9, sharey=True)
    for ax, region in zip(axes, regions, strict=True):
        wide = tests[tests["region"] == region].pivot(index="feature", columns="pair", values="p")
        wide = wide[list(dict.fromkeys(tests["pair"]))]  # pivot sorts them
        exponent = -np.log10(wide.clip(lower=SMALLEST_P))
        sns.heatmap(
            exponent, cmap="mako_r", vmin=0, vmax=-np.log10(SMALLEST_P), ax=ax, yticklabels=False,
            cbar=ax is axes[-1], cbar_kws={"label": "-log10 P (1.3 is P = 0.05)"},
        )  # fmt: skip
        classes = pd.Series([name.split("_")[0] for name in wide.index])
        starts = classes.drop_duplicates().index
        ax.hlines(starts, *ax.get_xlim(), color="white", lw=1)
        ax.set(title=region, xlabel="", ylabel="")
        ax.tick_params(axis="x", rotation=45)
    middles = [classes.index[classes == name].to_numpy().mean() + 0.5 for name in classes.unique()]
    axes[0].set_yticks(middles, classes.unique())
    return fig
