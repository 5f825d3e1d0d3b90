"""Figure of what classifiers reach by the number of participants that they learn from."""

from matplotlib.ticker import NullLocator

from datnet_study.figures.style import panels, themed
from datnet_study.public_forms import of_groups

SHADE = 0.15  # opacity of the range over draws


@of_groups
@themed
def plot_auc_by_size(curves, marks):
    """AUC against the number of participants learned from, one panel for each diagnosis or pair.

    Parameters
    ----------
    curves : DataFrame
        `classifier`, `participants`, `of` (a panel each), and `mean`, `low`, `high` over draws;
        classifiers in the order of the legend.
    marks : dict of str to dict of str to float
        By classifier that did not learn, its AUC by panel: a dotted line.

    Returns
    -------
    matplotlib.figure.Figure
    """
    of, sizes = list(dict.fromkeys(curves["of"])), sorted(set(curves["participants"]))
    fig, axes = panels(len(of), most_columns=4, width=2.6, height=3.4, sharey=True)
    for ax, panel in zip(axes, of, strict=True):
        for k, (name, curve) in enumerate(
            curves[curves["of"] == panel].groupby("classifier", sort=False)
        ):
            x, style = curve["participants"], {"color": f"C{k}", "marker": "osD^v"[k % 5]}
            ax.fill_between(x, curve["low"], curve["high"], color=f"C{k}", alpha=SHADE, lw=0)
            ax.plot(x, curve["mean"], label=name, ms=4, lw=1.5, **style)
        for shade, (name, auc) in zip(("0.2", "0.55"), marks.items(), strict=False):
            ax.axhline(auc[panel], color=shade, ls=":", label=name)
        ax.set_xscale("log")
        ax.set_xticks(sizes, [str(n) for n in sizes])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set(title=panel, xlabel="participants learned from")
        ax.grid(axis="y", color="0.92")
    axes[0].set_ylabel("AUC")
    entries = axes[0].get_legend_handles_labels()
    fig.legend(*entries, loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    return fig
