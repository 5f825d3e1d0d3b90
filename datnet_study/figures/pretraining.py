"""Chart of the page `simulated`: what a network knows by the number of its scans."""

from datnet_study.figures.style import panels, themed
from datnet_study.public_forms import of_groups

STYLES = {
    "simulated": {"color": "C0", "marker": "o", "label": "started from simulated people"},
    "scratch": {"color": "0.5", "marker": "s", "label": "from scratch, best length"},
}


@of_groups
@themed
def plot_pretraining(judged, titles):
    """AUC by the number of scans learned from, one panel for each shift.

    Parameters
    ----------
    judged : DataFrame
        `shift`, `n`, `seed`, `start` (`simulated` or `scratch`) and `auc`; one row for each
        network.
    titles : dict of str to str
        Title of the panel of each shift.

    Returns
    -------
    matplotlib.figure.Figure
        A mark for each network, a line through the means.
    """
    fig, axes = panels(len(titles), 3, 4, 3.4, sharey=True)
    sizes = sorted(judged["n"].unique())
    for ax, (shift, title) in zip(axes, titles.items(), strict=True):
        for start, style in STYLES.items():
            part = judged[(judged["shift"] == shift) & (judged["start"] == start)]
            ax.plot(part["n"], part["auc"], ls="", ms=5, alpha=0.6, **(style | {"label": None}))
            means = part.groupby("n")["auc"].mean()
            ax.plot(means.index, means, lw=2, **(style | {"marker": ""}))
        ax.set_xscale("log")
        ax.set_xticks(sizes, map(str, sizes))
        ax.minorticks_off()
        ax.set(title=title, xlabel="scans learned from")
        ax.grid(axis="y", color="0.9")
    axes[0].set_ylabel("mean AUC of the patient groups")
    axes[-1].legend(frameon=False, fontsize="small", loc="lower right")
    return fig
