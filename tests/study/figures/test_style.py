"""Figures on small made-up tables: drawn without a warning, closed, and their words."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from helpers import assert_drawn, public_functions, texts

from datnet_core.metrics.groups import mann_whitney
from datnet_study.figures import cohort, groups, performance, style

STUDIES = [("IPD", "MSA", "PSP", "NC"), ("PD", "HC")]
NOT_FIGURES = {"colours", "p_text", "finished"}


def made_up_scans(names, rng):
    """Three scans per cohort and diagnosis; the first participant of each has a second one."""
    rows = [
        {"participant_id": f"{cohort}-{name}-{max(k, 1)}", "cohort": cohort, "diagnosis": name}
        for cohort in ("pretraining", "training", "blind_test")
        for name in names
        for k in range(3)
    ]
    return pd.DataFrame(rows)


def made_up_ratios(names, rng, n=40):
    table = pd.DataFrame({"diagnosis": np.array(names)[np.arange(n) % len(names)]})
    for column in ("putamen", "caudate", "dl", "dl_putamen"):
        table[column] = rng.normal(1, 0.3, n)
    table.loc[3, "dl_putamen"] = np.nan  # a scan whose region is empty
    return table


def made_up_tests(names, regions, rng):
    rows = [
        {"feature": f"{kind}_{k}", "region": region, "pair": f"{a} vs {b}", "p": rng.random() ** 8}
        for kind in ("glcm", "firstorder", "shape")
        for k in range(3)
        for region in regions
        for a, b in combinations(names, 2)
    ]
    rows[0]["p"], rows[1]["p"] = 0.0, np.nan
    return pd.DataFrame(rows)


def draw_flow(names, rng):
    return cohort.plot_flow(made_up_scans(names, rng), names)


def draw_group_boxes(names, rng):
    table = made_up_ratios(names, rng)
    values = {"putamen": "putamen", "caudate": "caudate", "dl": "DL", "dl_putamen": "DL putamen"}
    pairs = list(combinations(names, 2))
    tests = {
        c: mann_whitney(table[c].dropna(), table["diagnosis"][table[c].notna()], pairs)
        for c in values
    }
    return groups.plot_group_boxes(table, values, tests, names)


def draw_feature_counts(names, rng):
    rows = [
        {"region": region, "pair": f"{a} vs {b}", "n_significant": int(rng.integers(0, 108))}
        for region in ("putamen", "caudate", "DL region")
        for a, b in combinations(names, 2)
    ]
    return groups.plot_feature_counts(pd.DataFrame(rows), 107)


def draw_p_value_maps(names, rng):
    return groups.plot_p_value_maps(made_up_tests(names, ("putamen", "caudate", "DL region"), rng))


def draw_importance_bars(names, rng):
    return performance.plot_importances(pd.Series({"p_MSA": 0.6, "age": 0.4, "sex": 0.0}))


DRAW = {name[5:]: draw for name, draw in globals().items() if name.startswith("draw_")}


def test_the_value_axis_has_the_title_asked_for(rng):
    names = STUDIES[1]
    table = made_up_ratios(names, rng)
    tests = {"putamen": mann_whitney(table["putamen"], table["diagnosis"], [names])}
    for title in ("binding ratio", "percent"):
        fig = groups.plot_group_boxes(table, {"putamen": "x"}, tests, names, y_title=title)
        assert fig.axes[0].get_ylabel() == title


def test_every_public_function_is_tested():
    assert set(DRAW) | NOT_FIGURES == public_functions(style)


@pytest.mark.parametrize("names", STUDIES, ids=" ".join)
@pytest.mark.parametrize("figure", DRAW)
def test_a_figure_is_drawn_without_a_warning_and_left_to_the_page(figure, names, rng):
    assert_drawn(DRAW[figure](names, rng))


def test_the_flow_counts_participants_once_and_scans_each(rng):
    # Per cohort and diagnosis 3 scans of 2 participants; 3 cohorts, 2 diagnoses.
    words = texts(draw_flow(("PD", "HC"), rng))
    assert "12 participants, 18 scans" in words
    assert words.count("4 participants, 6 scans\nPD 2\nHC 2") == 3
    for title in ("pre-training", "training", "blind test"):
        assert f"{title}\n(clinically" in words


def test_the_flow_shows_a_study_without_pretraining(rng):
    scans = made_up_scans(("PD", "HC"), rng)
    fig = cohort.plot_flow(scans[scans["cohort"] != "pretraining"], ("PD", "HC"))
    assert "0 participants, 0 scans" in texts(fig)


def test_boxes_carry_one_p_value_per_pair(rng):
    fig = draw_group_boxes(("IPD", "MSA", "PSP"), rng)
    shown = [ax for ax in fig.axes if ax.get_title()]
    assert len(shown) == 4
    for ax in shown:
        assert sum(t.get_text().startswith("P ") for t in ax.texts) == 3
        assert [t.get_text() for t in ax.get_xticklabels()] == ["IPD", "MSA", "PSP"]


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.5, "P = 0.5"), (0.0123, "P = 0.012"), (1e-4, "P = 0.0001"), (9e-5, "P < 0.0001")],
)
def test_p_values_read_well(p, text):
    assert groups.p_text(p) == text


def test_colours_differ_between_diagnoses_and_stay_with_the_papers_four():
    names = ("PD", "HC", "DLB", *STUDIES[0])
    shades = style.colours(names)
    assert len({tuple(shades[name]) for name in names}) == len(names)
    assert all(shades[name] == style.PALETTE[name] for name in STUDIES[0])


def test_importances_are_written_beside_their_bars(rng):
    words = texts(draw_importance_bars((), rng))
    for part in ("p_MSA", "0.60", "0.40", "0.00"):
        assert part in words
