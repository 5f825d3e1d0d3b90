"""Figures of the phantom page on small made-up data: drawn without a warning, and their words."""

import numpy as np
import pandas as pd
from helpers import texts

from datnet_phantom.spectrum import power_spectrum
from datnet_study.figures.brain import plot_montage
from datnet_study.figures.phantom import plot_auc_ladder, plot_beside_published, plot_power_spectra

AFFINE = np.array([[8.0, 0, 0, -78], [0, 8, 0, -112], [0, 0, 8, -50], [0, 0, 0, 1]])
SHAPE = (20, 24, 18)


def test_a_montage_has_a_row_for_each_scan_the_left_of_the_head_at_the_left(rng):
    volume = np.zeros(SHAPE)
    volume[1:4, 10:14, 5:9] = 1  # left: low x
    fig = plot_montage({"IPD": volume, "NC": volume}, AFFINE)
    words = texts(fig)
    for word in ("IPD", "NC", "z = 0 mm", "y = 8 mm", "x = -26 mm", "uptake ratio"):
        assert word in words
    axial = np.asarray(fig.axes[1].images[0].get_array())  # rows are y, columns x
    columns = np.flatnonzero(axial.any(axis=0))
    assert columns.max() < SHAPE[0] / 2
    assert fig.axes[1].images[0].origin == "lower"


def test_published_values_stand_beside_the_phantoms():
    rows = pd.DataFrame(
        {
            "diagnosis": ["NC", "IPD", "IPD"],
            "region": ["caudate", "putamen_anterior", "putamen_anterior"],
            "side": ["both", "worse", "better"],
            "source": "someone2001",
            "percent": [2.2, 50.0, 60.0],
            "percent_sd": [0.2, 15.0, np.nan],
            "phantom": [2.3, 48.0, 63.0],
            "phantom_sd": [0.2, 12.0, 12.0],
        }
    )
    words = texts(plot_beside_published(rows, "NC"))
    for word in ("putamen anterior, worse side  (someone2001)", "binding ratio", "percent of the"):
        assert word in words


def test_spectra_are_drawn_with_the_limit_of_each_grid(rng):
    spectra = {"a scan": power_spectrum(rng.standard_normal(SHAPE), 2.0)}
    words = texts(plot_power_spectra(spectra, (2.0, 8.0)))
    for word in ("a scan", "2 mm grid", "8 mm grid", "cycles per mm"):
        assert word in words


def test_a_ladder_has_a_rung_for_each_classifier_and_a_panel_for_each_diagnosis():
    rows = [("network", "IPD", 0.8), ("network", "NC", 0.9), ("oracle, blind test", "IPD", 0.95)]
    aucs = pd.DataFrame(rows, columns=["classifier", "diagnosis", "auc"])
    aucs = aucs.assign(auc_low=aucs["auc"] - 0.05, auc_high=aucs["auc"] + 0.04)
    words = texts(plot_auc_ladder(aucs, ["IPD", "NC"]))
    for word in ("network", "oracle, blind test", "IPD", "NC", "AUC"):
        assert word in words
