"""Figures of probabilities: a panel for each diagnosis, and every curve in its place."""

import numpy as np
import pandas as pd
from figure_examples import CHARTS, STUDIES
from helpers import assert_drawn, texts

from datnet_study.figures import calibration


def test_reliability_lies_where_its_table_says(rng):
    curve = pd.DataFrame({"p": [0.2, 0.8], "share": [0.0, 1.0], "low": [0, 0.6], "high": [0.4, 1]})
    fig = calibration.plot_reliability({("DAT-Net", "PD"): curve})
    points, _, (bars,) = fig.axes[0].containers[0]
    assert points.get_xydata().tolist() == [[0.2, 0], [0.8, 1]]
    assert bars.get_segments()[0][:, 1].tolist() == [0, 0.4]
    assert fig.axes[0].get_title() == "PD"


def test_decision_curves_stand_beside_everybody_and_nobody(rng):
    fig = CHARTS["plot_net_benefit"](STUDIES[0], rng)
    assert [ax.get_title() for ax in fig.axes] == list(STUDIES[0])
    said = [text.get_text() for text in fig.legends[0].get_texts()]
    assert said[-2:] == ["act on everybody", "act on nobody"]


def test_referral_has_a_band_for_the_first_classifier_alone(rng):
    fig = CHARTS["plot_referral"](STUDIES[0], rng)
    assert len(fig.axes[0].collections) == 1
    assert "share referred, least sure first" in texts(fig)
    perfect = pd.DataFrame({"referred": [0, 0.5], "accuracy": 1.0, "low": np.nan, "high": np.nan})
    assert_drawn(calibration.plot_referral({"DAT-Net": perfect}))
