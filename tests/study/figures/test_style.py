"""What all figures share: the look, which is nobody else's, and that each is drawn here."""

import gc
import importlib
import json
import pkgutil
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from figure_examples import BRAINS, CHARTS, STUDIES
from helpers import assert_drawn, public_functions

from datnet_study import figures, titles
from datnet_study.figures import style

HELPERS = {
    "colours", "draw_contour", "draw_image", "feature_words", "five_numbers", "legend_below",
    "legend_beside", "method_looks", "p_text", "panels", "planes_of", "themed",
}  # fmt: skip
VIEWERS = {"view_saliency_maps", "view_scans"}  # HTML, no figure: `test_brain`, `test_viewers`
IMPORT_ALL = """
import importlib, json, pkgutil, sys
import matplotlib.pyplot as plt
before = dict(plt.rcParams)
import datnet_study.figures as figures
for module in pkgutil.iter_modules(figures.__path__):
    importlib.import_module(f"datnet_study.figures.{module.name}")
after = dict(plt.rcParams)
changed = sorted(key for key in after if repr(after[key]) != repr(before[key]))
json.dump([changed, sorted(name for name in sys.modules if "datnet_study.figures." in name)],
          sys.stdout)
"""


@pytest.fixture(autouse=True)
def no_garbage_collection(monkeypatch):
    """Nilearn collects garbage for every image, which is slow beside all other tests."""
    monkeypatch.setattr(gc, "collect", lambda *_: 0)


def test_every_public_function_of_every_figure_module_is_drawn_here_and_in_the_face():
    modules = [module.name for module in pkgutil.iter_modules(figures.__path__)]
    defined = set()
    for module in modules:
        defined |= public_functions(importlib.import_module(f"datnet_study.figures.{module}"))
    assert defined == CHARTS.keys() | BRAINS.keys() | VIEWERS | HELPERS | {"viewer_of"}
    assert set(figures.__all__) == CHARTS.keys() | BRAINS.keys() | VIEWERS | {
        "colours",
        "feature_words",
    }


@pytest.mark.parametrize("names", STUDIES, ids=" ".join)
@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_is_drawn_without_a_warning_and_left_to_the_page(chart, names, rng):
    assert_drawn(CHARTS[chart](names, rng))


@pytest.mark.parametrize("brain", BRAINS)
def test_brains_are_drawn_without_a_warning_and_left_to_the_page(brain, rng):
    assert_drawn(BRAINS[brain](("PD", "HC"), rng))


def test_importing_the_figures_changes_the_look_of_nothing_else():
    command = [sys.executable, "-c", IMPORT_ALL]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    changed, imported = json.loads(shown)
    assert "datnet_study.figures.brain" in imported
    assert set(changed) <= {"backend", "backend_fallback"}  # where to draw: nilearn settles it


def test_the_look_is_that_of_the_study_in_every_figure_and_only_there(rng):
    before = dict(plt.rcParams)
    width = style.THEME["xtick.major.width"]
    assert before["xtick.major.width"] != width
    fig = CHARTS["plot_auc_against_cost"](STUDIES[0], rng)
    assert dict(plt.rcParams) == before
    assert fig.dpi == style.THEME["figure.dpi"]
    assert_drawn(fig)  # what is made while drawing has the look too
    ticks = fig.axes[0].xaxis.get_major_ticks()
    assert len(ticks) > 1
    assert {tick.tick1line.get_markeredgewidth() for tick in ticks} == {width}


def test_the_look_goes_back_after_an_error():
    @style.themed
    def broken():
        raise KeyError("column")

    before = dict(plt.rcParams)
    with pytest.raises(KeyError, match="column"):
        broken()
    assert dict(plt.rcParams) == before


def test_panels_fill_rows_and_leave_no_empty_frame():
    with plt.rc_context():
        fig, axes = style.panels(5, most_columns=3, width=2, height=1)
    plt.close(fig)
    assert fig.get_size_inches().tolist() == [6, 2]
    assert [ax.axison for ax in fig.axes] == [True] * 5 + [False]
    assert list(axes) == fig.axes[:5]


def test_colours_differ_between_diagnoses_and_stay_with_the_papers_four():
    names = ("PD", "HC", "DLB", *STUDIES[0])
    shades = style.colours(names)
    assert len({tuple(shades[name]) for name in names}) == len(names)
    assert all(np.array_equal(shades[name], style.PALETTE[name]) for name in STUDIES[0])


def test_other_diagnoses_have_the_colours_that_are_free_the_clearest_first():
    shades = style.colours(("PD", "MSA", "Healthy"))
    taken = [shades[name] for name in ("PD", "MSA", "Healthy")]
    assert taken == [style.PALETTE[name] for name in ("IPD", "MSA", "PSP")]


def test_a_study_of_many_diagnoses_has_a_colour_for_each():
    names = [f"type{k}" for k in range(12)]
    assert len({tuple(style.colours(names)[name]) for name in names}) == len(names)


def test_a_classifier_looks_the_same_on_every_page_and_like_no_diagnosis_or_other():
    known = [getattr(titles, name) for name in dir(titles) if name.isupper()]
    looks = style.method_looks([*known, "all", "baseline"])
    with plt.rc_context(style.THEME):
        colours = [plt.matplotlib.colors.to_hex(colour) for colour, _ in looks.values()]
        diagnoses = {plt.matplotlib.colors.to_hex(shade) for shade in style.PALETTE.values()}
    assert len(set(colours)) == len(colours)
    assert len({marker for _, marker in looks.values()}) == len(colours)
    assert not diagnoses & set(colours[: len(known)])
    assert looks[titles.NETWORK] == style.method_looks([titles.NETWORK])[titles.NETWORK]
