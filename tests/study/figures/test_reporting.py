"""Items by status, and the flow of participants, here and in public."""

import pytest
from figure_examples import CHARTS, counts_of_flow
from helpers import texts

from datnet_study.figures.reporting import plot_test_flow

NAMES = ("PD", "HC")


def test_items_are_bars_with_their_numbers_and_a_status_that_nothing_has_is_left_out(rng):
    words = texts(CHARTS["plot_items"](NAMES, rng)).split(" | ")
    assert {"20", "9", "8", "5", "reported", "not applicable"} <= set(words)
    assert "unverified" not in words and "0" not in words[words.index("5") :][:3]


def test_the_flow_goes_from_the_table_to_index_test_and_reference(rng):
    words = texts(CHARTS["plot_test_flow"](NAMES, rng))
    assert "12 participants, 18 scans" in words
    assert "left out: 1 scans\n1 noise" in words
    assert words.count("4 participants\nPD 2\nHC 2") == 3
    assert words.count("by reference:") == 2


@pytest.mark.parametrize("part", ["12 participants", "1 noise", "PD 2"])
def test_in_public_small_counts_are_marks(rng, part):
    make, said, averages = plot_test_flow(counts_of_flow(NAMES, rng)).public
    shown = "\n".join(text.get_text() for text in make().axes[0].texts)
    assert part not in shown and "•" in shown and "•" in said and not averages


def test_a_study_without_a_blind_test_ends_with_its_cohorts(rng):
    from dataclasses import replace

    import pandas as pd

    flow = replace(counts_of_flow(NAMES, rng), judged=pd.DataFrame(), said={})
    words = texts(plot_test_flow(flow))
    assert "blind test" in words and "index test" not in words


def test_people_of_other_sites_have_a_box_where_there_are_any(rng):
    from dataclasses import replace

    flow = counts_of_flow(NAMES, rng)
    assert "other sites" not in texts(plot_test_flow(flow))
    words = texts(plot_test_flow(replace(flow, sizes=flow.sizes | {"external": 7})))
    assert "other sites, test only\n7 participants" in words
