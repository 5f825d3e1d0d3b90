"""Displays with two forms: what a notebook keeps of each for everybody."""

import importlib
import inspect

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import HTML, Markdown
from matplotlib.figure import Figure

from datnet_study import figures, show
from datnet_study.masking import MARK
from datnet_study.public_forms import (
    KINDS,
    MIME,
    of_averages,
    of_groups,
    of_participants,
    offer_public_forms,
    public_html,
    replaced,
)


@pytest.fixture(scope="module")
def shell():
    made = InteractiveShell()
    offer_public_forms(made)
    return made


def form(shell, shown):
    """The public form of a display, or None."""
    data, _ = shell.display_formatter.format(shown)
    assert set(data) - {MIME}  # its own form is always there
    return data.get(MIME)


def drawn(title):
    fig = Figure()
    fig.suptitle(title)
    return fig


def test_a_display_that_says_nothing_has_no_public_form(shell):
    for shown in (drawn("a"), HTML("<p>a</p>"), pd.DataFrame({"a": [1]}), 7):
        assert form(shell, shown) is None
    assert form(shell, show.table(pd.DataFrame({"a": [1]}))) is None


def test_a_figure_of_groups_is_public_with_the_words_in_it(shell):
    found = form(shell, of_groups(drawn)("AUC of 62"))
    assert found["type"] == "image/png" and found["words"] == ["AUC of 62"]
    assert found["data"] == ""  # its own image is there already
    assert (found["said"], found["averages"]) == ("", False)
    assert form(shell, of_averages(drawn)("mean"))["averages"]


def test_words_at_the_ticks_are_known_although_nothing_was_drawn(shell):
    def ticked():
        fig = Figure()
        fig.subplots().set_yticks([0, 1], ["sub-0001", "sub-0002"])
        return fig

    assert {"sub-0001", "sub-0002"} <= set(form(shell, of_groups(ticked)())["words"])


def test_a_figure_of_participants_is_not_public(shell):
    assert form(shell, of_participants(drawn)("sub-0001")) is None


def test_a_figure_is_drawn_again_from_the_same_arguments(shell):
    draw = replaced(lambda title: drawn(f"{title} in bins"), "Bins stand for scans.")(drawn)
    found = form(shell, draw("ROC"))
    assert (
        found["data"]
        and found["words"] == ["ROC in bins"]
        and found["said"] == "Bins stand for scans."
    )
    assert form(shell, replaced(lambda _: None, "Never.")(drawn)("ROC")) is None


def test_of_a_mark_that_is_not_there_nothing_is_said(shell):
    draw = replaced(drawn, f"{MARK} is a small count.")(drawn)
    assert form(shell, draw("40"))["said"] == ""
    assert form(shell, draw(f"{MARK} of 40"))["said"] == f"{MARK} is a small count."


def test_sentences_lose_small_counts_and_say_so(shell):
    found = form(shell, Markdown("2 of 40 scans fail."))
    assert found["data"] == "fewer than 5 of 40 scans fail." and "in words" in found["said"]
    assert form(shell, Markdown("AUC 0.93."))["said"] == ""


def test_markup_and_tables_of_groups_are_public(shell):
    assert form(shell, show.markup("<p>3 scans</p>"))["data"] == "<p>3 scans</p>"
    assert form(shell, show.markup("<p>3 scans</p>", sentences=True))["data"] == (
        "<p>fewer than 5 scans</p>"
    )
    table = show.table(pd.DataFrame({"scans": [3, 40, 50]}), of_groups=True)
    assert form(shell, table)["data"].count(MARK) == 2


def test_of_what_was_said_only_the_mark_that_is_not_there_is_left_out(shell):
    said = f"Words are left out. {MARK} stands for a small count."
    for text, left in {"none": "Words are left out.", f"{MARK} of 9": said}.items():
        assert form(shell, public_html(HTML("own"), text, said))["said"] == left


def test_a_page_without_a_notebook_offers_nothing():
    offer_public_forms(None)


def test_every_figure_says_what_it_shows():
    views = {"view_saliency_maps", "view_scans"}  # HTML
    silent = {*views, "colours", "feature_words"}  # and no figures
    for name in set(figures.__all__) - silent:
        assert getattr(getattr(figures, name), KINDS), name


def test_only_these_figures_are_public_as_they_are_although_they_take_scans():
    """A figure that takes a table of scans or volumes is declared with care, so it is listed."""
    takes = {"predictions", "scans", "volumes", "table", "ratios"}
    careful = {
        name
        for name in figures.__all__
        if getattr(getattr(figures, name), KINDS, "") == "groups"
        and takes & set(inspect.signature(getattr(figures, name)).parameters)
    }
    assert careful == {"plot_interval_panels", "plot_over_threshold", "plot_detectors"}
    assert importlib.import_module("datnet_study.figures.contours").plot_contours.datnet_shows == (
        "participants"
    )
