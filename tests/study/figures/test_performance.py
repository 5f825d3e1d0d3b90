"""Figures of performance on small made-up tables: drawn without a warning, and their words."""

import numpy as np
import pandas as pd
import pytest
from figure_examples import CHARTS, STUDIES, intervals, made_up_predictions
from helpers import assert_drawn

from datnet_study.figures import performance
from datnet_study.figures.style import method_looks
from datnet_study.performance import diagnostic_table


def test_a_diagnosis_without_scans_has_no_curve_and_no_points(rng):
    predictions = made_up_predictions(STUDIES[0], rng)
    predictions = predictions[predictions["diagnosis"] != "NC"]
    tables = {"all": diagnostic_table(predictions, STUDIES[0])}
    fig = performance.plot_rates(tables, STUDIES[0])
    assert [ax.get_title() for ax in fig.axes] == ["IPD", "MSA", "PSP"]


def test_every_condition_is_in_the_legend_of_the_rates(rng):
    # The second condition has no scan of the first diagnosis.
    predictions = made_up_predictions(STUDIES[0], rng)
    part = predictions[predictions["diagnosis"] != "IPD"]
    conditions = {"everyone": predictions, "no IPD": part}
    tables = {t: diagnostic_table(p, STUDIES[0]) for t, p in conditions.items()}
    fig = performance.plot_rates(dict(reversed(tables.items())), STUDIES[0])
    shown = [text.get_text() for text in fig.legends[0].get_texts()]
    assert sorted(shown) == ["everyone", "no IPD"]


@pytest.mark.parametrize("n_right", [0, 1, 10])
def test_rates_of_zero_and_one_have_points(n_right):
    # All right, all wrong, or one right: intervals end at 0 and 1, and PPV may be undefined.
    truth = np.array(["PD"] * 10 + ["HC"] * 10)
    p = np.r_[np.arange(10) < n_right, np.zeros(10)] * 0.8 + 0.1
    table = pd.DataFrame({"diagnosis": truth, "p_PD": p, "p_HC": 1 - p})
    fig = performance.plot_rates({"all": diagnostic_table(table, ("PD", "HC"))}, ("PD", "HC"))
    points = fig.axes[0].containers[0].lines[0].get_xydata()
    assert points[0].tolist() == [n_right / 10, 0]
    assert_drawn(fig)


def test_learning_curves_mark_the_best_epoch_of_each_network_in_the_panel_of_its_model():
    history = pd.DataFrame(
        {"epoch": [0, 1, 2], "train_loss": [3.0, 2, 1], "validation_loss": [3.0, 1, 2]}
    )
    later = history.assign(validation_loss=[3.0, 2, 1])
    curves = {("fold-0", 0): history, ("fold-0", 1): later, ("fold-1", 0): later}
    fig = performance.plot_learning_curves(curves)
    first, second = (ax for ax in fig.axes if ax.get_title())
    assert [line.get_xydata().tolist() for line in first.lines[2::3]] == [[[1, 1]], [[2, 1]]]
    assert [line.get_xydata().tolist() for line in second.lines[2::3]] == [[[2, 1]]]
    assert first.get_legend_handles_labels()[1] == ["training", "validation"]


def test_importances_show_mean_and_range_over_the_fits(rng):
    fig = CHARTS["plot_importances"]((), rng)
    points, _, (bars,) = fig.axes[0].containers[0]
    assert points.get_xdata().tolist() == pytest.approx([0.7, 0.5, 0.1])
    assert bars.get_segments()[0][:, 0].tolist() == pytest.approx([0.6, 0.8])
    assert [t.get_text() for t in fig.axes[0].get_yticklabels()] == ["p_MSA", "age", "sex"]
    assert [ax.get_xlabel() for ax in fig.axes] == ["gain (share)", "loss"]


def shown_intervals(fig):
    """Value and ends of the line of each method, panel by panel."""
    methods = [label.get_text() for label in fig.axes[0].get_yticklabels()]
    panels = []
    for ax in fig.axes:
        points, _, (bars,) = ax.containers[0]
        drawn = [point for point in points.get_xydata() if not np.isnan(point[0])]
        lines = [segment[:, 0] for segment in bars.get_segments() if len(segment)]
        rows = zip(drawn, lines, strict=True)
        panels.append({methods[int(y)]: (x, *ends) for (x, y), ends in rows})
    return panels


def test_every_method_has_its_interval_in_the_panel_of_its_diagnosis():
    table = pd.DataFrame(
        [("one", "IPD", 0.3, 0.2, 0.6), ("two", "IPD", 0.5, 0.45, 0.7), ("one", "PD", 0.4, 0.1, 1)],
        columns=["method", "diagnosis", "ap", "ap_low", "ap_high"],
    )
    chance = {"IPD": 0.2, "PD": 0.1}
    fig = performance.plot_interval_panels(table, "ap", "average precision", chance)
    assert_drawn(fig)
    first, second = shown_intervals(fig)
    assert [ax.get_title() for ax in fig.axes] == ["IPD", "PD"]
    assert {ax.get_xlabel() for ax in fig.axes} == {"average precision"}
    assert list(first) == ["one", "two"]
    np.testing.assert_allclose(list(first.values()), [(0.3, 0.2, 0.6), (0.5, 0.45, 0.7)])
    np.testing.assert_allclose(second["one"], (0.4, 0.1, 1))
    assert list(second) == ["one"]  # there is no number of the other
    assert fig.axes[0].yaxis_inverted()  # the first method is the highest
    assert [ax.lines[-1].get_xdata()[0] for ax in fig.axes] == [0.2, 0.1]  # chance


def test_a_number_without_an_interval_is_a_point_and_the_axis_starts_where_asked():
    table = intervals(("IPD", "PD"))
    fig = performance.plot_interval_panels(table, "ap", "precision", x_min=0)
    value, low, high = shown_intervals(fig)[1]["uptake"]
    assert value == low == high == table["ap"].iloc[-1]
    assert fig.axes[0].get_xlim()[0] == 0
    assert performance.plot_interval_panels(table, "ap", "").axes[0].get_xlim()[0] > 0


def test_methods_keep_their_colour_in_every_panel_where_it_stands_for_them():
    table = intervals(("IPD", "PD"), ("DAT-Net", "binding ratios"))
    fig = performance.plot_interval_panels(table, "ap", "precision", by_method=True)
    looks = method_looks(["DAT-Net", "binding ratios"]).values()
    for ax in fig.axes:
        points = [container.lines[0] for container in ax.containers]
        assert [(p.get_color(), p.get_marker()) for p in points] == list(looks)
    assert_drawn(fig)
