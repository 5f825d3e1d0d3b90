"""Figures of performance on small made-up tables: drawn without a warning, and their words."""

import numpy as np
import pandas as pd
import pytest
from helpers import assert_drawn, public_functions, texts

from datnet_core.metrics.tables import confusion, diagnostic_table
from datnet_study.figures import performance

STUDIES = [("IPD", "MSA", "PSP", "NC"), ("PD", "HC")]


def made_up_predictions(names, rng, n=40):
    table = pd.DataFrame({"diagnosis": np.array(names)[np.arange(n) % len(names)]})
    proba = rng.dirichlet(np.ones(len(names)), n)
    proba += 0.8 * (table["diagnosis"].to_numpy()[:, None] == np.array(names))
    table[[f"p_{name}" for name in names]] = proba / proba.sum(1, keepdims=True)
    return table


def draw_learning_curves(names, rng):
    epochs = {"epoch": range(5), "train_loss": rng.random(5), "validation_loss": rng.random(5)}
    return performance.plot_learning_curves(
        dict.fromkeys([(f"fold-{k}", j) for k in range(6) for j in range(2)], pd.DataFrame(epochs))
    )


def draw_roc_curves(names, rng):
    panels = {title: made_up_predictions(names, rng) for title in ("DAT-Net", "binding ratios")}
    return performance.plot_roc_curves(panels, names)


def draw_rate_bars(names, rng):
    tables = {
        title: diagnostic_table(made_up_predictions(names, rng), names)
        for title in ("all", "baseline", "follow-up")
    }
    return performance.plot_rates(tables, names)


def draw_confusion(names, rng):
    return performance.plot_confusion(confusion(made_up_predictions(names, rng), names))


def draw_auc_against_cost(names, rng):
    found = pd.DataFrame(
        {"auc": [0.8, 0.7], "low": [0.7, 0.6], "high": [0.9, 0.8], "p": [1, 0.01], "gflop": [1, 9]},
        index=["study", "mm8"],
    )
    return performance.plot_auc_against_cost(found)


DRAW = {name[5:]: draw for name, draw in globals().items() if name.startswith("draw_")}


def test_every_public_function_is_tested():
    assert set(DRAW) == public_functions(performance)


@pytest.mark.parametrize("names", STUDIES, ids=" ".join)
@pytest.mark.parametrize("figure", DRAW)
def test_a_figure_is_drawn_without_a_warning_and_left_to_the_page(figure, names, rng):
    assert_drawn(DRAW[figure](names, rng))


def test_roc_curves_end_at_the_corners_and_name_the_number_of_scans(rng):
    fig = draw_roc_curves(("PD", "HC"), rng)
    for ax in fig.axes:
        for line in ax.lines:
            assert line.get_xydata()[0].tolist() == [0, 0]
            assert line.get_xydata()[-1].tolist() == [1, 1]
    assert "PD (n = 20)" in texts(fig)


def test_a_diagnosis_without_scans_has_no_curve_and_no_bars(rng):
    predictions = made_up_predictions(STUDIES[0], rng)
    predictions = predictions[predictions["diagnosis"] != "NC"]
    assert "NC" not in texts(performance.plot_roc_curves({"all": predictions}, STUDIES[0]))
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
def test_rates_of_zero_and_one_have_bars(n_right):
    # All right, all wrong, or one right: intervals end at 0 and 1, and PPV may be undefined.
    truth = np.array(["PD"] * 10 + ["HC"] * 10)
    p = np.r_[np.arange(10) < n_right, np.zeros(10)] * 0.8 + 0.1
    table = pd.DataFrame({"diagnosis": truth, "p_PD": p, "p_HC": 1 - p})
    fig = performance.plot_rates({"all": diagnostic_table(table, ("PD", "HC"))}, ("PD", "HC"))
    heights = [bar.get_height() for bar in fig.axes[0].containers[0]]
    assert heights[0] == n_right / 10
    assert_drawn(fig)


def test_the_confusion_matrix_shows_counts_and_no_empty_row(rng):
    table = pd.DataFrame([[3, 1, 0], [0, 5, 2], [0, 0, 0]], index=list("ABC"), columns=list("ABC"))
    fig = performance.plot_confusion(table)
    assert [t.get_text() for t in fig.axes[0].texts] == ["3", "1", "0", "0", "5", "2"]
    assert [t.get_text() for t in fig.axes[0].get_yticklabels()] == ["A", "B"]


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


def test_recipes_worse_than_the_best_are_drawn_open(rng):
    fig = draw_auc_against_cost((), rng)
    faces = [points.get_facecolor()[0].tolist() for points in fig.axes[0].collections]
    assert faces[0] != [1, 1, 1, 1] and faces[1] == [1, 1, 1, 1]
    assert all(recipe in texts(fig) for recipe in ("study", "mm8"))
