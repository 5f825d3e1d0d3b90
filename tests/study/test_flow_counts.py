"""The counts of a STARD diagram, and what of them is hidden in public."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from figure_examples import counts_of_flow

from datnet_study.figures.cohort import plot_flow
from datnet_study.flow_counts import flow_counts
from datnet_study.masking import MARK, hidden_cells

NAMES = ("IPD", "MSA")


@pytest.fixture
def flow(rng):
    return counts_of_flow(NAMES, rng)


def test_people_are_counted_once_and_scans_each(flow):
    # per cohort and diagnosis 3 scans of 2 people; the first scan of one of them is left out
    assert (flow.people, flow.scans, flow.left_out) == (12, 18, 1)
    assert flow.reasons == {"noise": 1}
    assert flow.sizes == {"pretraining": 4, "training": 4, "blind_test": 4}
    assert flow.cohorts.to_numpy().tolist() == [[2, 2]] * 3
    assert flow.judged.to_numpy().sum() == 4 == sum(flow.said.values())
    assert flow.judged.sum(axis=1).tolist() == [2, 2]  # rows are the labels


def test_reasons_are_the_worst_measure_a_person_or_a_file_that_cannot_be_read():
    scans = pd.DataFrame({"participant_id": list("abcd"), "session_id": "1"})
    quality = scans.assign(
        used=[True, False, False, False],
        by_hand=[np.nan, np.nan, "fail", np.nan],
        worst=["noise", "moves_mm", "noise", np.nan],
    )
    used = scans[:1].assign(cohort="training", diagnosis="IPD")
    found = flow_counts(quality, used, pd.DataFrame(), NAMES)
    assert found.reasons == {"moves mm": 1, "by hand": 1, "not readable": 1}
    assert found.judged.empty and found.said == {}
    assert found.masked().judged.empty and found.masked().reasons["by hand"] == MARK


def big(flow, **counts):
    """A flow of many people."""
    judged = pd.DataFrame([[40, 9], [8, 30]], index=NAMES, columns=NAMES)
    cohorts = pd.DataFrame([[49, 38], [60, 50]], index=["blind_test", "training"], columns=NAMES)
    given = {"people": 197, "scans": 220, "left_out": 12, "reasons": {"noise": 12}}
    given |= {"sizes": {"pretraining": 0, "training": 110, "blind_test": 87}}
    given |= {"judged": judged, "cohorts": cohorts, "said": {"IPD": 48, "MSA": 39}}
    return replace(flow, **(given | counts))


def test_many_people_are_shown_as_they_are(flow):
    given = big(flow)
    made = given.masked()
    for name in ("people", "scans", "left_out", "reasons", "sizes", "said"):
        assert getattr(made, name) == getattr(given, name), name
    assert made.judged.equals(given.judged.astype(object))


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ({"left_out": 3, "reasons": {"noise": 3}}, {"people", "scans", "left_out"}),
        ({"people": 199}, {"people"}),  # two people have no scan that is used
        ({"scans": 200}, {"scans"}),  # three people have a second scan
    ],
)
def test_few_people_are_hidden_with_what_would_give_them_away(flow, counts, hidden):
    made = big(flow, **counts).masked()
    shown = {name: getattr(made, name) for name in ("people", "scans", "left_out")}
    assert {name for name, value in shown.items() if value == MARK} == hidden


def test_the_cross_tables_hide_the_cells_that_other_pages_hide(flow):
    judged = pd.DataFrame([[40, 3], [8, 30]], index=NAMES, columns=NAMES)
    made = big(flow, judged=judged, reasons={"noise": 9, "zoom": 3}).masked()
    assert (made.judged.eq(MARK).to_numpy() == hidden_cells(judged.to_numpy())).all()
    assert set(made.reasons.values()) == {MARK}  # their sum is known
    people = [(f"{c}{d}{k}", c, d) for c, d, n in
              [("training", "IPD", 40), ("training", "MSA", 12), ("blind_test", "IPD", 9),
               ("blind_test", "MSA", 3)] for k in range(n)]  # fmt: skip
    scans = pd.DataFrame(people, columns=["participant_id", "cohort", "diagnosis"])
    cohorts = pd.crosstab(scans["cohort"], scans["diagnosis"])
    marks = big(flow, cohorts=cohorts).masked().cohorts.eq(MARK).to_numpy().sum()
    make, *_ = plot_flow(scans, NAMES).public
    texts = "\n".join(text.get_text() for text in make().axes[0].texts)
    assert texts.count(f" {MARK}") == marks


def test_people_of_other_sites_are_a_cohort_where_there_are_any(flow):
    assert "external" not in flow.sizes
    rows = pd.DataFrame({"participant_id": ["a", "b"], "session_id": "1"})
    quality = rows.assign(used=True, by_hand=None, worst="noise")
    scans = rows.assign(cohort=["training", "external"], diagnosis="IPD")
    found = flow_counts(quality, scans, pd.DataFrame(), NAMES)
    assert found.sizes == {"pretraining": 0, "training": 1, "blind_test": 0, "external": 1}
