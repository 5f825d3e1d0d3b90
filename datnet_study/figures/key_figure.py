"""The key figure of a study: classifiers from the lowest AUC to the highest."""

import matplotlib.pyplot as plt
import seaborn as sns

from datnet_study.figures.style import themed
from datnet_study.public_forms import of_groups
from datnet_study.titles import CEILING, MEASURED, ORACLE

LIMIT = "black"  # what no reader of a scan can reach
INSIDER = "#882255"  # wine: sees the image, and knows or has seen how the phantom is made
LOOKS = {ORACLE: LIMIT, MEASURED: INSIDER, CEILING: INSIDER}
ROWS = {  # what a row is called where the name of the classifier does not say it
    ORACLE: "true binding, no scanner (limit)",
    MEASURED: "Bayes' rule on region means of the image",
}
BESIDE = ("axes fraction", "data")  # coordinates of a text right of a row
SHIFT = 0.16  # of a row, between its two cohorts


@of_groups
@themed
def plot_key_figure(ladder, network, title):
    """AUC of each classifier with its interval, a row each, cross-validation over blind test.

    Parameters
    ----------
    ladder : DataFrame
        Output of `key_figure.auc_ladder`.
    network : str
        The method in blue. Others are grey, those that know how a phantom is made are wine, and the
        limit that no scan shows is black.
    title : str
        What the axis says.

    Returns
    -------
    matplotlib.figure.Figure
    """
    methods, cohorts = (list(dict.fromkeys(ladder[name])) for name in ("method", "cohort"))
    blue = sns.color_palette("colorblind")[0]
    shade = dict.fromkeys(methods, "0.45") | LOOKS | {network: blue}
    fig, ax = plt.subplots(figsize=(8, 0.52 * len(methods) + 1.5))
    shifts = [0.0] if len(cohorts) == 1 else [SHIFT, -SHIFT]
    for shift, cohort in zip(shifts, cohorts, strict=True):
        filled = cohort == cohorts[0]
        for row in ladder[ladder["cohort"] == cohort].itertuples():
            y, colour = methods.index(row.method) + shift, shade[row.method]
            face = colour if filled else "white"
            ax.plot([row.low, row.high], [y, y], color=colour, lw=2 if filled else 1)
            ax.plot(row.auc, y, "o", color=colour, mfc=face)
            text = f"{row.auc:.2f}"
            ax.annotate(text, (1.01, y), xycoords=BESIDE, va="center", fontsize=9, color=colour)
        ax.plot([], [], "o-", color="0.45", mfc="0.45" if filled else "white", label=cohort)
    ax.axvline(0.5, color="0.3", ls=":", label="chance")
    ax.set(xlabel=title, ylim=(-0.6, len(methods) - 0.4), xlim=(None, 1))
    ax.set_yticks(range(len(methods)), [ROWS.get(name, name) for name in methods])
    for label, name in zip(ax.get_yticklabels(), methods, strict=True):
        label.set(color=shade[name], weight="bold" if name == network else "normal")
    sns.despine(fig)
    fig.legend(loc="outside lower center", ncols=3, frameon=False, fontsize="small")
    return fig
