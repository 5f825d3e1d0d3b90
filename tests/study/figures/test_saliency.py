"""Charts of the pages on saliency on small made-up data: drawn without a warning; their words."""

import numpy as np
import pandas as pd
import pytest
from helpers import texts

from datnet_study.figures.saliency import (
    plot_completeness,
    plot_detectors,
    plot_over_threshold,
    plot_perturbation,
    plot_precision_recall,
    plot_randomisation,
    plot_region_sizes,
)


def test_gaps_are_drawn_on_a_logarithmic_axis_zeros_too():
    gaps = {"single precision": np.array([1e-7, 1e-6, 0]), "double precision": np.zeros(2)}
    fig = plot_completeness(gaps)
    assert "single precision" in texts(fig)
    assert fig.axes[0].get_xscale() == "log"
    heights = [sum(bar.get_height() for bar in bars) for bars in fig.axes[0].containers]
    assert heights == pytest.approx([1, 1])


def test_region_sizes_mark_the_choice_of_the_study():
    curves = pd.DataFrame({"rescaled": [0.9, 0.4, 0.1], "of_maximum": [1, 1, 0.9]}, [0.1, 0.5, 0.9])
    overlap = pd.DataFrame([[1, 0.2], [0.2, 1]], curves.columns, curves.columns)
    fig = plot_region_sizes(curves, ("rescaled", 0.7), overlap)
    words = texts(fig)
    for word in ("of maximum", "this study", "0.20", "Dice coefficient"):
        assert word in words
    np.testing.assert_allclose(fig.axes[0].lines[-1].get_xydata(), [[0.7, 0.25]])  # on the curve


def test_randomisation_has_a_line_and_a_yardstick_for_each_method():
    rows = [
        {"method": m, "layer": layer, "mean": r, "low": r - 0.1, "high": r + 0.1}
        for m in ("one", "two")
        for layer, r in {"head": 0.9, "stem": 0.1}.items()
    ]
    fig = plot_randomisation(pd.DataFrame(rows), {"one": 0.6, "two": 0.5})
    words = texts(fig)
    for word in ("one", "two", "head", "stem"):
        assert word in words
    dotted = [line.get_ydata()[0] for line in fig.axes[0].lines if line.get_linestyle() == ":"]
    assert dotted == [0.6, 0.5]


def test_perturbation_curves_span_all_voxels(rng):
    curves = {"occlusion": rng.random((2, 5, 11)), "random": rng.random((2, 5, 11))}
    fig = plot_perturbation({m: tuple(c) for m, c in curves.items()})
    assert "deletion (lower is better)" in texts(fig)
    for ax, which in zip(fig.axes, (0, 1), strict=True):
        for line, values in zip(ax.lines, curves.values(), strict=True):
            np.testing.assert_allclose(line.get_ydata(), values[which].mean(axis=0))
            assert (line.get_xdata()[0], line.get_xdata()[-1]) == (0, 1)


def test_precision_recall_has_a_panel_for_each_diagnosis_and_the_line_of_chance():
    curve = np.array([1.0, 0.5, 0]), np.array([0.2, 0.6, 1])
    fig = plot_precision_recall({"IPD": {"occlusion": curve}}, {"IPD": 0.2})
    assert "chance" in texts(fig)
    assert fig.axes[0].lines[-1].get_ydata()[0] == 0.2


def test_the_line_over_thresholds_marks_the_one_used():
    table = pd.DataFrame({"occlusion": [0.5, 0.4], "chance": [0.3, 0.1]}, index=[0.2, 0.5])
    fig = plot_over_threshold(table, 0.5)
    words = texts(fig)
    assert "occlusion" in words and "chance" in words
    assert fig.axes[0].lines[-1].get_xdata()[0] == 0.5


def test_what_knows_no_network_has_a_hollow_mark():
    rows = [(m, "IPD", 0.4, 0.3, 0.5) for m in ("occlusion", "uptake")]
    table = pd.DataFrame(rows, columns=["method", "diagnosis", "ap", "ap_low", "ap_high"])
    table.loc[len(table)] = ["occlusion", "IPD vs MSA", 0.6, np.nan, np.nan]
    fig = plot_detectors(table, {"IPD": 0.1, "IPD vs MSA": 0.2}, ["uptake"])
    filled, hollow, chance = fig.axes[0].lines
    assert filled.get_markerfacecolor() == filled.get_color()
    assert hollow.get_markerfacecolor() == "white"
    assert chance.get_xdata()[0] == 0.1
    assert [ax.get_title() for ax in fig.axes] == ["IPD", "IPD vs MSA"]
    assert "knows no network" in texts(fig)
