"""Who is in the study: participants counted once, scans each."""

import pandas as pd
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


def test_in_public_small_groups_are_marks_and_the_words_of_the_table_are_left_out():
    sizes = {("training", "IPD"): 40, ("training", "MSA"): 12, ("blind_test", "IPD"): 9,
             ("blind_test", "MSA"): 3}  # fmt: skip
    rows = [(f"{c}{d}{k}", c, d) for (c, d), n in sizes.items() for k in range(n)]
    scans = pd.DataFrame(rows, columns=["participant_id", "cohort", "diagnosis"])
    fig = plot_flow(scans, ("IPD", "MSA"), {"confirmed": "North ward"})
    make, *_ = fig.public
    shown = "\n".join(text.get_text() for text in make().axes[0].texts)
    assert "MSA •" in shown and "IPD •" in shown and "MSA 3" not in shown
    assert "North ward" not in shown
    again = pd.concat([scans, scans.head(2)])  # two people have a second scan
    make, *_ = plot_flow(again, ("IPD", "MSA")).public
    assert "64 participants, • scans" in "\n".join(t.get_text() for t in make().axes[0].texts)
