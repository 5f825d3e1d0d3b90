"""Differences between diagnoses: axes, P values, order."""

import numpy as np
import pandas as pd
import pytest
from figure_examples import CHARTS, made_up_tests
from helpers import texts

from datnet_core.metrics.groups import mann_whitney
from datnet_study.figures.groups import (
    feature_words,
    p_text,
    plot_feature_counts,
    plot_feature_effects,
    plot_group_boxes,
)


@pytest.mark.parametrize("title", ["binding ratio", "percent"])
def test_the_value_axis_has_the_title_asked_for(title, rng):
    names = ("PD", "HC")
    table = pd.DataFrame({"diagnosis": names * 20, "putamen": rng.normal(1, 0.3, 40)})
    tests = {"putamen": mann_whitney(table["putamen"], table["diagnosis"], [names])}
    fig = plot_group_boxes(table, {"putamen": "x"}, tests, names, y_title=title)
    assert fig.axes[0].get_ylabel() == title


def test_a_band_lies_behind_the_boxes_of_its_column_only(rng):
    names, table = ("PD", "HC"), pd.DataFrame({"diagnosis": ("PD", "HC") * 20})
    table[["putamen", "caudate"]] = rng.normal(1, 0.1, (40, 2))
    values = {"putamen": "x", "caudate": "y"}
    tests = {c: mann_whitney(table[c], table["diagnosis"], [names]) for c in values}
    fig = plot_group_boxes(table, values, tests, names, bands={"caudate": (3.0, 4.0)})
    first, second = (ax for ax in fig.axes if ax.get_title())
    assert first.get_ylim()[1] < 3 and second.get_ylim()[1] >= 4
    (band,) = (p for p in second.patches if p.get_zorder() == 0)
    assert (band.get_y(), band.get_height()) == (3.0, 1.0)


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


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("glcm_JointEntropy", "GLCM joint entropy"),
        ("glcm_Imc1", "GLCM imc 1"),
        ("glcm_MCC", "GLCM MCC"),
        ("firstorder_10Percentile", "first order 10 percentile"),
        ("shape_Maximum2DDiameterColumn", "shape maximum 2D diameter column"),
        ("glszm_SmallAreaLowGrayLevelEmphasis", "GLSZM small area low gray level emphasis"),
    ],
)
def test_features_have_names_in_words(name, words):
    assert feature_words(name) == words


def test_effects_have_a_panel_for_each_pair_in_order_and_a_name_for_each_row(rng):
    tests = made_up_tests(("PD", "HC"), ("putamen", "caudate"), rng)
    tests = pd.concat([tests.assign(pair=pair) for pair in ("PD vs MSA", "MSA vs HC")])
    fig = plot_feature_effects(tests, alpha=0.05)
    assert [ax.get_title() for ax in fig.axes[:2]] == ["PD vs MSA", "MSA vs HC"]
    names = [label.get_text() for label in fig.axes[0].get_yticklabels()]
    assert len(names) == 9 and names[-3:] == [f"shape name {k}" for k in range(3)]
    for ax in fig.axes[:2]:
        image = ax.images[0]
        assert image.get_clim() == (-1, 1)
        assert np.isnan(np.ma.filled(image.get_array(), np.nan)).sum() == 1  # cannot vary there
        assert len(ax.lines[0].get_xdata()) == (tests["p_bh"] < 0.05).sum() / 2


def test_counts_stand_in_a_frame_of_what_could_be(rng):
    counts = pd.DataFrame(
        {"region": ["a", "b"], "pair": "PD vs HC", "n_significant": [3, 7], "after_bh": [0, 5],
         "n_features": [9, 10]}
    )  # fmt: skip
    fig = plot_feature_counts(counts)
    heights = sorted(bar.get_height() for bar in fig.axes[0].patches)
    assert heights == [0, 3, 7, 9, 10]  # 0 is for the legend
    assert "features that vary" in texts(fig)


def test_in_public_boxes_have_no_dots_and_few_people_have_no_box(rng):
    table = pd.DataFrame({"diagnosis": ["IPD"] * 30 + ["MSA"] * 20 + ["PSP"] * 9})
    table["v"] = rng.random(len(table))
    tests = {"v": pd.DataFrame({"group_a": ["IPD", "IPD"], "group_b": ["MSA", "PSP"], "p": 0.1})}
    fig = plot_group_boxes(table, {"v": "V"}, tests, ("IPD", "MSA", "PSP"))
    make, said, _ = fig.public
    shown = make().axes[0]
    assert [text.get_text() for text in shown.get_xticklabels()] == ["IPD", "MSA"]
    dots = [sum(len(c.get_offsets()) for c in ax.collections) for ax in (fig.axes[0], shown)]
    assert dots == [59, 0] and "dots" in said
    ends = np.concatenate([line.get_ydata() for line in shown.lines[:10]])
    assert not np.isin(ends, table["v"]).any()  # no end of a line is a scan
