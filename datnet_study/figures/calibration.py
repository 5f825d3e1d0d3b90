"""Figures of what probabilities are worth: reliability, decision curves, referral.

Not in the paper. Each diagnosis has a panel, each classifier its colour.
"""

import matplotlib.pyplot as plt
import numpy as np

from datnet_study.figures.style import legend_below, method_looks, panels, themed
from datnet_study.masking import FEWEST
from datnet_study.public_forms import replaced

SHADE = 0.15  # opacity of an interval
POINTS = 11  # of a curve that is public: ten steps
ROOM = 0.03  # of an axis, so that points at 0 and 1 are whole


@themed
def _reliability_of_many(curves):
    """Without points of few scans."""
    return plot_reliability.__wrapped__(
        {key: curve[curve["scans"] >= FEWEST] for key, curve in curves.items()}
    )


@replaced(_reliability_of_many, f"Points of fewer than {FEWEST} scans are left out.")
@themed
def plot_reliability(curves):
    """How often a diagnosis is right against the probability that it was given.

    Parameters
    ----------
    curves : dict of (str, str) to DataFrame
        By classifier and diagnosis: `calibration.reliability`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes, looks, names = _panels_of(curves, height=3.2, sharey=True)
    handles = {}
    for (method, name), curve in curves.items():
        colour, marker = looks[method]
        bars = [curve["share"] - curve["low"], curve["high"] - curve["share"]]
        style = {"fmt": f"{marker}-", "color": colour, "ms": 4, "lw": 1, "elinewidth": 0.8}
        handles[method] = axes[names.index(name)].errorbar(
            curve["p"], curve["share"], yerr=bars, **style
        )
    for ax in axes:
        ax.plot([0, 1], [0, 1], ":", color="0.6")
        room = (-ROOM, 1 + ROOM)
        ax.set(xlabel="probability given", xlim=room, ylim=room, aspect="equal")
    axes[0].set_ylabel("share with the diagnosis")
    legend_below(fig, list(handles.values()), list(handles))
    return fig


@themed
def _net_benefit_thinned(curves):
    """At each 0.05 only, so that no step is that of a single scan."""
    return plot_net_benefit.__wrapped__({key: _thinned(curve) for key, curve in curves.items()})


@replaced(_net_benefit_thinned, f"Curves have {POINTS} points and no step of a single scan.")
@themed
def plot_net_benefit(curves):
    """Net benefit over the threshold of acting, beside acting on everybody and on nobody.

    Parameters
    ----------
    curves : dict of (str, str) to DataFrame
        By classifier and diagnosis: `calibration.net_benefit`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes, looks, names = _panels_of(curves, height=3, sharey=False)
    handles = {}
    for (method, name), curve in curves.items():
        ax, colour = axes[names.index(name)], looks[method][0]
        (all_of_them,) = ax.plot(curve.index, curve["for_all"], "--", color="0.6", lw=1)
        nobody = ax.axhline(0, color="0.6", ls=":", lw=1)
        (handles[method],) = ax.plot(curve.index, curve["by_classifier"], color=colour, lw=1.5)
        best = max(curve["for_all"].iloc[0], curve["by_classifier"].max())
        ax.set(xlabel="threshold", ylim=(-0.25 * best, 1.1 * best))
    axes[0].set_ylabel("net benefit per scan")
    handles |= {"act on everybody": all_of_them, "act on nobody": nobody}
    legend_below(fig, list(handles.values()), list(handles))
    return fig


@themed
def _referral_thinned(curves):
    """In steps of several scans."""
    return plot_referral.__wrapped__({key: _thinned(curve) for key, curve in curves.items()})


@replaced(_referral_thinned, f"Curves have {POINTS} points and no step of a single scan.")
@themed
def plot_referral(curves):
    """Accuracy of the scans that are kept, by the share of the least sure that is referred.

    Parameters
    ----------
    curves : dict of str to DataFrame
        By classifier: `calibration.referral`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    looks = method_looks(curves)
    fig, ax = plt.subplots(figsize=(5.6, 3.8))
    for number, (method, curve) in enumerate(curves.items()):
        colour = looks[method][0]
        if number == 0:  # one band: two would hide each other
            ax.fill_between(
                curve["referred"], curve["low"], curve["high"], color=colour, alpha=SHADE, lw=0
            )
        ax.plot(curve["referred"], curve["accuracy"], color=colour, lw=1.5, label=method)
    ax.set(xlim=(0, 1), ylim=(0, 1 + ROOM))
    ax.set(xlabel="share referred, least sure first", ylabel="accuracy of the rest")
    legend_below(fig, *ax.get_legend_handles_labels())
    return fig


def _thinned(curve):
    """About `POINTS` rows of a curve."""
    return curve.iloc[np.unique(np.linspace(0, len(curve) - 1, POINTS).round().astype(int))]


def _panels_of(curves, **options):
    """Figure with a panel for each diagnosis, the looks of the methods, names of the panels."""
    names = list(dict.fromkeys(name for _, name in curves))
    looks = method_looks(list(dict.fromkeys(method for method, _ in curves)))
    fig, axes = panels(len(names), most_columns=4, width=2.9, **options)
    for ax, name in zip(axes, names, strict=True):
        ax.set_title(name)
    return fig, axes, looks, names
