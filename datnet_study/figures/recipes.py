"""Figures of recipes set beside each other: what each reaches, and at what cost."""

import matplotlib.pyplot as plt

from datnet_study.figures.style import themed
from datnet_study.public_forms import of_groups


@of_groups
@themed
def plot_auc_against_cost(found, alpha=0.05):
    """Mean AUC of each recipe, from the cheapest training step at the top to the dearest.

    Parameters
    ----------
    found : DataFrame, one row per recipe
        `auc`, `low`, `high`, `p` (against the best) and `gflop`.
    alpha : float
        Recipes with `p` below it are drawn open.

    Returns
    -------
    matplotlib.figure.Figure
    """
    found = found.sort_values("gflop")
    fig, ax = plt.subplots(figsize=(7.5, 0.38 * len(found) + 1.1))
    for y, (_, row) in enumerate(found.iterrows()):
        colour = "C0" if row["p"] >= alpha else "white"
        ax.plot([row["low"], row["high"]], [y, y], color="0.6", lw=1.5, zorder=1)
        ax.scatter(row["auc"], y, s=50, color=colour, edgecolor="C0", zorder=2)
    labels = [f"{name.replace('_', ' ')}, {row['gflop']:.2g}" for name, row in found.iterrows()]
    ax.set_yticks(range(len(found)), labels)
    ax.invert_yaxis()
    ax.set(xlabel="mean AUC of the patient groups", ylabel="recipe, GFLOP of a step")
    return fig


@of_groups
@themed
def plot_candidates(rows, value, title, mark):
    """A number of each candidate, a dot for each cohort and a line at their mean, best first.

    Parameters
    ----------
    rows : DataFrame
        `recipe`, `seed` of the cohort, and the column `value`.
    value, title : str
        Column, and what the axis says.
    mark : str
        Recipe that the others are set beside: a dotted line at its mean, and no row.

    Returns
    -------
    matplotlib.figure.Figure
    """
    means = rows.groupby("recipe")[value].mean().sort_values(ascending=False)
    names = [name for name in means.index if name != mark]
    fig, ax = plt.subplots(figsize=(7.5, 0.3 * len(names) + 1.1))
    for y, name in enumerate(names):
        found = rows.loc[rows["recipe"] == name, value]
        ax.scatter(found, [y] * len(found), s=22, color="C0", alpha=0.6, linewidth=0)
        ax.plot([means[name]] * 2, [y - 0.3, y + 0.3], color="C0", lw=2)
    ax.axvline(means[mark], color="0.5", ls=":")
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set(xlabel=f"{title}; dotted: {mark}", ylabel="")
    return fig


@of_groups
@themed
def plot_costs(steps):
    """Time of a training step of each recipe, with the rate at which it computes.

    Parameters
    ----------
    steps : DataFrame, one row per recipe
        `title`, `ms` for one scan, and `rate` in percent of a matrix product.

    Returns
    -------
    matplotlib.figure.Figure
    """
    steps = steps.sort_values("ms")
    fig, ax = plt.subplots(figsize=(7.5, 0.4 * len(steps) + 1.1))
    ax.scatter(steps["ms"], range(len(steps)), s=50, color="C0")
    for y, row in enumerate(steps.itertuples()):
        time = f"{row.ms:,.0f}" if row.ms >= 100 else f"{row.ms:.2g}"
        words = f"{time} ms, {row.rate:.0f}% of the product"
        ax.annotate(words, (row.ms, y), (9, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(steps)), steps["title"])
    ax.invert_yaxis()
    ax.set_xscale("log")
    ax.margins(y=0.25)
    low, high = ax.get_xlim()
    ax.set(xlabel="ms a scan", ylabel="", xlim=(low, high * high / low))  # room for words
    return fig


@of_groups
@themed
def plot_auc_by_time(rows, chosen, marks):
    """Mean AUC by the time that training takes: a line for each cohort, and their mean.

    Parameters
    ----------
    rows : DataFrame
        `steps`, `seed`, `minutes` and `mean`, the AUC.
    chosen : int
        Steps of the recipe in use: an open ring on the mean.
    marks : dict of str to float
        AUC of what does not train: a dotted line each.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(6.5, 3.6))
    for _, cohort in rows.groupby("seed"):
        ax.plot(cohort["minutes"], cohort["mean"], color="C0", lw=1, alpha=0.35)
    mean = rows.groupby("steps")[["minutes", "mean"]].mean()
    ax.plot(mean["minutes"], mean["mean"], color="C0", lw=2, marker="o", label="mean of cohorts")
    ax.scatter(*mean.loc[chosen], s=150, facecolor="none", edgecolor="0.2", zorder=3)
    for shade, (name, auc) in zip(("0.3", "0.6"), marks.items(), strict=False):
        ax.axhline(auc, color=shade, ls=":", label=name)
    for n, row in mean.iterrows():
        ax.annotate(f"{n:,}", row, (0, -14), textcoords="offset points", ha="center")
    ax.set_xscale("log")
    ax.set(xlabel="minutes of training", ylabel="mean AUC of IPD, MSA and PSP")
    ax.legend(frameon=False, fontsize="small")
    return fig
