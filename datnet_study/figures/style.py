"""The look of every figure: theme, colours of diagnoses and methods, grids of panels, legends."""

import functools

import matplotlib.pyplot as plt
import seaborn as sns
from cycler import cycler

from datnet_study import titles

PALETTE = dict(zip(("IPD", "MSA", "PSP", "NC"), sns.color_palette("colorblind"), strict=False))
SEEN_BY_ALL = sns.color_palette("colorblind", 10)
METHODS = {  # colour and marker of each classifier, none of them that of a diagnosis
    titles.NETWORK: ("0.1", "o"),
    titles.RATIOS: (SEEN_BY_ALL[7], "s"),  # grey
    titles.UNEVEN: (SEEN_BY_ALL[4], "D"),  # pink
    titles.FINER: (SEEN_BY_ALL[9], "^"),  # light blue
    titles.AGED: ("#44AA99", "X"),  # teal
    titles.TOLD: (SEEN_BY_ALL[5], "v"),  # brown
    titles.ORACLE: (SEEN_BY_ALL[8], "P"),  # yellow
    titles.CEILING: (SEEN_BY_ALL[6], "d"),  # light pink
}
OTHERS = [  # the darker ones of Paul Tol's muted scheme, safe for the colour-blind
    ("#332288", "h"), ("#882255", "p"), ("#999933", "*"), ("#117733", "H"),
]  # fmt: skip
THEME = {
    **sns.axes_style("ticks"),
    **sns.plotting_context("notebook"),
    "axes.prop_cycle": cycler(color=sns.color_palette("deep")),
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
}


def themed(draw):
    """Decorator: draw a figure in the look of the study, and leave it to the page.

    The theme holds while `draw` runs and changes nothing for others. The figure is closed for
    pyplot, so that a page shows it once, as the value of its cell.
    """

    @functools.wraps(draw)
    def in_the_look_of_the_study(*args, **kwargs):
        with plt.rc_context(THEME):
            fig = draw(*args, **kwargs)
        plt.close(fig)
        return fig

    return in_the_look_of_the_study


def colours(names):
    """Colour of each diagnosis; others than the paper's four get those that are free, in order."""
    free = [colour for name, colour in PALETTE.items() if name not in names]
    spare = free + sns.color_palette("colorblind", 10)[len(PALETTE) :]
    others = [name for name in names if name not in PALETTE]
    if len(others) > len(spare):
        spare = sns.husl_palette(len(others))
    return PALETTE | dict(zip(others, spare, strict=False))


def method_looks(names):
    """Colour and marker of each classifier, or of each condition of one; others in turn.

    Others get colours that stand for no diagnosis and no classifier of the list.

    Examples
    --------
    >>> method_looks(["DAT-Net"])
    {'DAT-Net': ('0.1', 'o')}
    """
    others = [name for name in names if name not in METHODS]
    taken = {name: OTHERS[k % len(OTHERS)] for k, name in enumerate(others)}
    return {name: METHODS.get(name) or taken[name] for name in names}


def panels(n, most_columns, width, height, **options):
    """Figure with n panels in rows of at most `most_columns`, each `width` x `height` inches."""
    n_columns = min(most_columns, n)
    n_rows = -(-n // n_columns)
    size = (width * n_columns, height * n_rows)
    fig, axes = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False, **options)
    for ax in axes.flat[n:]:
        ax.axis("off")
    return fig, axes.flat[:n]


def legend_beside(ax):
    """Legend to the right of a panel, outside it."""
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))


def legend_below(fig, handles, names):
    """One legend for all panels, below them."""
    fig.legend(handles, names, loc="outside lower center", ncols=min(len(names), 3), frameon=False)
