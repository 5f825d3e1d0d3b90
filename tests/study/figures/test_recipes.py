"""Figures of recipes: what is drawn open, in which order, and beside which mark."""

import pandas as pd
import pytest
from figure_examples import CHARTS
from helpers import texts

from datnet_study.figures.recipes import plot_candidates


def test_recipes_worse_than_the_best_are_drawn_open(rng):
    fig = CHARTS["plot_auc_against_cost"]((), rng)
    faces = [points.get_facecolor()[0].tolist() for points in fig.axes[0].collections]
    assert faces[0] != [1, 1, 1, 1] and faces[1] == [1, 1, 1, 1]
    assert all(recipe in texts(fig) for recipe in ("study", "mm8"))


def test_candidates_stand_from_the_best_mean_to_the_worst_beside_a_mark_without_a_row():
    rows = pd.DataFrame(
        {
            "recipe": ["long", "long", "short", "short", "told"],
            "seed": [1, 2, 1, 2, 1],
            "AUC": [0.7, 0.8, 0.9, 0.8, 0.6],
        }
    )
    (ax,) = plot_candidates(rows, "AUC", "AUC", mark="told").axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["short", "long"]
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx([0.85, 0.75, 0.6])
    assert ax.collections[1].get_offsets()[:, 0].tolist() == [0.7, 0.8]


def test_costs_stand_from_the_fastest_to_the_slowest_with_their_numbers(rng):
    fig = CHARTS["plot_costs"]((), rng)
    (ax,) = fig.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["another", "one"]
    words = [text.get_text() for text in ax.texts]
    assert words == ["3 ms, 25% of the product", "200 ms, 9% of the product"]


def test_the_time_of_training_has_a_line_a_cohort_their_mean_and_a_ring_at_the_recipe(rng):
    fig = CHARTS["plot_auc_by_time"]((), rng)
    (ax,) = fig.axes
    first, second, mean, mark = ax.lines
    assert mean.get_ydata().tolist() == pytest.approx([0.75, 0.85])
    assert ax.collections[0].get_offsets().tolist() == [pytest.approx([2.0, 0.85])]
    assert mark.get_ydata()[0] == 0.86
