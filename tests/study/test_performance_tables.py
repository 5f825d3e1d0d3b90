"""What stands in the tables of several classifiers."""

import numpy as np
import pandas as pd

from datnet_study.performance_tables import (
    accuracies,
    decision_differences,
    gains_table,
    sensitivities,
    side_by_side,
)


def cells(styled):
    """Headings and rows of a shown table."""
    return list(styled.data.columns), styled.data.to_numpy().tolist()


def test_classifiers_and_diagnoses_keep_their_order_and_a_gap_is_a_dash():
    rows = pd.DataFrame({"method": ["z", "z", "a"], "of": [("PSP", "MSA"), "IPD", "IPD"]})
    headings, shown = cells(side_by_side(rows, ["1", "2", "3"], "minus"))
    assert headings == ["minus", "PSP against MSA", "IPD"]
    assert shown == [["z", "1", "2"], ["a", "–", "3"]]


def test_sensitivities_stand_below_their_specificity_and_the_number_of_the_paper():
    found = pd.DataFrame([("net", "IPD", 0.9318, 0.8767, 0.5, 0.4, 0.6)])
    found.columns = ["method", "of", "specificity", "paper", "value", "low", "high"]
    headings, shown = cells(sensitivities(found))
    assert headings == ["classifier", "IPD, at 0.932 (paper: 0.877)"]
    assert shown == [["net", "0.500 (0.400 to 0.600)"]]


def test_gains_show_sign_interval_and_corrected_p():
    found = pd.DataFrame([("mark", "IPD", -0.1, -0.2, 0.01, 0.07, 0.21, np.nan, 0.15)])
    found.columns = ["method", "of", "difference", "low", "high", "p", "holm", "bh", "detectable"]
    headings, shown = cells(gains_table(found))
    assert shown == [["mark", "IPD", "-0.100 (-0.200 to +0.010)", "0.07", "0.21", "–", "0.150"]]
    assert headings[-1] == "would be shown from"


def test_decisions_and_their_differences_in_words():
    parts = ("", "_low", "_high")
    values = {f"{name}{part}": 0.5 for name in ("accuracy", "mean_sensitivity") for part in parts}
    table = pd.DataFrame([values | {"scans": 7}], index=["net"])
    half = "0.500 (0.500 to 0.500)"
    assert cells(accuracies(table, "who"))[1] == [["net", "7", half, half]]
    of = {"accuracy": (0.1, 0, 0.2), "mean_sensitivity": (0, 0, 0), "only_a": 3, "only_b": 1}
    found = {
        name: of | {"mcnemar": p, "chi_square": 0.5} for name, p in {"x": 0.02, "y": 0.6}.items()
    }
    headings, shown = cells(decision_differences(found))
    assert shown[0][3:] == ["3 : 1", "0.02", "0.04", "0.5"]  # Holm: twice the smaller
    assert headings[4:6] == ["P (McNemar, exact)", "P (Holm)"]
