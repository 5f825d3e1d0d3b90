"""Differences between diagnoses: axes, P values, order."""

import pandas as pd
import pytest
from figure_examples import CHARTS, made_up_tests
from helpers import texts

from datnet_core.metrics.groups import mann_whitney
from datnet_study.figures.groups import p_text, plot_group_boxes, plot_p_value_maps


@pytest.mark.parametrize("title", ["binding ratio", "percent"])
def test_the_value_axis_has_the_title_asked_for(title, rng):
    names = ("PD", "HC")
    table = pd.DataFrame({"diagnosis": names * 20, "putamen": rng.normal(1, 0.3, 40)})
    tests = {"putamen": mann_whitney(table["putamen"], table["diagnosis"], [names])}
    fig = plot_group_boxes(table, {"putamen": "x"}, tests, names, y_title=title)
    assert fig.axes[0].get_ylabel() == title


def test_boxes_carry_one_p_value_per_pair(rng):
    fig = CHARTS["plot_group_boxes"](("IPD", "MSA", "PSP"), rng)
    shown = [ax for ax in fig.axes if ax.get_title()]
    assert len(shown) == 4
    for ax in shown:
        assert sum(t.get_text().startswith("P ") for t in ax.texts) == 3
        assert [t.get_text() for t in ax.get_xticklabels()] == ["IPD", "MSA", "PSP"]


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.5, "P = 0.5"), (0.0123, "P = 0.012"), (1e-4, "P = 0.0001"), (9e-5, "P < 0.0001")],
)
def test_p_values_read_well(p, text):
    assert p_text(p) == text


def test_a_heat_map_has_the_pairs_in_the_order_of_the_tests(rng):
    tests = made_up_tests(("PD", "HC"), ("putamen", "caudate"), rng)
    tests = pd.concat([tests.assign(pair=pair) for pair in ("PD vs MSA", "MSA vs HC")])
    ax = plot_p_value_maps(tests).axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["PD vs MSA", "MSA vs HC"]


def test_a_heat_map_ends_where_its_colour_scale_does_and_names_the_classes(rng):
    fig = plot_p_value_maps(made_up_tests(("PD", "HC"), ("putamen", "caudate"), rng))
    for ax in fig.axes[:2]:
        mesh = ax.collections[0]
        assert mesh.get_clim() == (0, 6)
        assert mesh.get_array().max() == 6  # the P value of 0 is at the end, not beyond
    assert all(word in texts(fig) for word in ("glcm", "firstorder", "shape", "putamen"))
