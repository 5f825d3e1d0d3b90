"""Who is in the study: participants counted once, scans each."""

from figure_examples import made_up_scans
from helpers import texts

from datnet_study.figures.cohort import plot_flow


def test_the_flow_counts_participants_once_and_scans_each():
    # Per cohort and diagnosis 3 scans of 2 participants; 3 cohorts, 2 diagnoses.
    words = texts(plot_flow(made_up_scans(("PD", "HC")), ("PD", "HC")))
    assert "12 participants, 18 scans" in words
    assert words.count("4 participants, 6 scans\nPD 2\nHC 2") == 3
    for title in ("pre-training", "training", "blind test"):
        assert f"{title}\n(clinically" in words


def test_the_flow_shows_a_study_without_pretraining():
    scans = made_up_scans(("PD", "HC"))
    fig = plot_flow(scans[scans["cohort"] != "pretraining"], ("PD", "HC"))
    assert "0 participants, 0 scans" in texts(fig)


def test_the_flow_names_a_certainty_as_the_study_does():
    scans = made_up_scans(("PD", "HC"))
    words = texts(plot_flow(scans, ("PD", "HC"), {"confirmed": "drawn"}))
    assert "blind test\n(drawn)" in words and "training\n(clinically definite)" in words
