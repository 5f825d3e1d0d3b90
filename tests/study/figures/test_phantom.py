"""Figures of the phantom page on small made-up data: drawn without a warning, and their words."""

import numpy as np
import pandas as pd
from figure_examples import SHAPE
from helpers import texts

from datnet_phantom.spectrum import power_spectrum
from datnet_study.figures.phantom import plot_beside_published, plot_power_spectra


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
