"""Figures of recipes set beside each other: what each reaches, and at what cost."""

import matplotlib.pyplot as plt

from datnet_study.figures.style import themed


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
