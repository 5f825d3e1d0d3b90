"""ROC curves and confusion matrices on small tables, for whoever may see them and in public."""

import numpy as np
import pandas as pd
from figure_examples import CHARTS, STUDIES, made_up_predictions
from helpers import texts

from datnet_study.figures import roc
from datnet_study.masking import MARK
from datnet_study.performance import diagnostic_table


def test_roc_curves_end_at_the_corners_and_name_the_number_of_scans(rng):
    fig = CHARTS["plot_roc_curves"](("PD", "HC"), rng)
    for ax in fig.axes:
        for line in ax.lines:
            assert line.get_xydata()[0].tolist() == [0, 0]
            assert line.get_xydata()[-1].tolist() == [1, 1]
    assert "PD (n = 20)" in texts(fig)


def test_a_roc_panel_has_all_methods_with_their_areas(rng):
    names = STUDIES[0]
    tables = {title: made_up_predictions(names, rng) for title in ("DAT-Net", "binding ratios")}
    fig = roc.plot_roc_curves(tables, names)
    areas = [f"{diagnostic_table(table, names)['auc'].iloc[0]:.2f}" for table in tables.values()]
    assert [text.get_text() for text in fig.axes[0].get_legend().get_texts()] == areas
    assert [text.get_text() for text in fig.legends[0].get_texts()] == list(tables)


def test_a_diagnosis_without_scans_has_no_curve(rng):
    predictions = made_up_predictions(STUDIES[0], rng)
    predictions = predictions[predictions["diagnosis"] != "NC"]
    assert "NC" not in texts(roc.plot_roc_curves({"all": predictions}, STUDIES[0]))


def test_the_confusion_matrix_shows_counts_and_no_empty_row(rng):
    table = pd.DataFrame([[3, 1, 0], [0, 5, 2], [0, 0, 0]], index=list("ABC"), columns=list("ABC"))
    fig = roc.plot_confusion(table)
    assert [t.get_text() for t in fig.axes[0].texts] == ["3", "1", "0", "0", "5", "2"]
    assert [t.get_text() for t in fig.axes[0].get_yticklabels()] == ["A", "B"]


def public(fig):
    """The public form of a figure, drawn."""
    make, *_ = fig.public
    return make()


def test_in_public_no_curve_bends_at_a_single_scan_and_areas_stay(rng):
    predictions = {"DAT-Net": made_up_predictions(("PD", "HC"), rng)}
    fig = roc.plot_roc_curves(predictions, ("PD", "HC"))
    shown = public(fig)
    for ax, own in zip(shown.axes, fig.axes, strict=True):
        x, y = ax.lines[0].get_data()
        assert len(x) == roc.BINS + 2
        assert (np.diff(x) > 0).all() and (np.diff(y) >= 0).all()
        assert len(own.lines[0].get_xdata()) != len(x)
        legends = [a.get_legend().get_texts()[0].get_text() for a in (ax, own)]
        assert legends[0] == legends[1]


def test_in_public_a_diagnosis_of_few_people_has_no_panel(rng):
    table = made_up_predictions(STUDIES[0], rng)
    few = table[table["diagnosis"] == "PSP"].index[9:]
    fig = public(roc.plot_roc_curves({"all": table.drop(few)}, STUDIES[0]))
    assert [ax.get_title().split()[0] for ax in fig.axes] == ["IPD", "MSA", "NC"]
    assert public(roc.plot_roc_curves({"all": table.iloc[:9]}, STUDIES[0])) is None


def test_in_public_small_cells_and_those_that_tell_them_are_marks():
    names = ["IPD", "MSA", "PSP"]
    table = pd.DataFrame([[40, 13, 1], [12, 30, 9], [6, 15, 22]], names, names)
    fig = public(roc.plot_confusion(table))
    written = [text.get_text() for text in fig.axes[0].texts]
    # 1 is small; of its rectangles, the one with 13 + 22 + 15 hides the fewest
    assert written == ["40", MARK, MARK, "12", "30", "9", "6", MARK, MARK]
    colours = fig.axes[0].collections[0].get_array().ravel()
    assert [colours[k] == 0 for k in (1, 2, 7, 8)] == [True] * 4
