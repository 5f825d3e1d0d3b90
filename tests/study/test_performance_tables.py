"""What stands in the tables of several classifiers."""

import numpy as np
import pandas as pd

from datnet_study.performance_tables import (
    accuracies,
    decision_differences,
    gains_table,
    performance_of_parts,
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


def parts(people):
    """A table of parts, every second of which has numbers."""
    found = pd.DataFrame({"by": ["sex", "sex", "age", "age"], "part": list("FMyo")})
    found = found.assign(people=people, accuracy=[0.5, np.nan] * 2, auc=[0.75, np.nan] * 2)
    for name in ("accuracy", "auc"):
        found[f"{name}_low"], found[f"{name}_high"] = found[name] - 0.1, found[name] + 0.1
    return found


def test_parts_have_numbers_or_are_too_few():
    shown = performance_of_parts(parts([40, 12, 30, 22]), ("PD", "HC")).data
    assert shown["accuracy"].tolist() == ["0.500 (0.400 to 0.600)", "too few"] * 2
    assert shown["AUC, PD against HC"][0] == "0.750 (0.650 to 0.850)"
    assert "AUC" not in " ".join(performance_of_parts(parts([40, 12, 30, 22]), None).data)


def test_in_public_what_divides_off_few_people_is_left_out_with_its_other_parts():
    make, said, _ = performance_of_parts(parts([49, 3, 30, 22]), None).public
    assert "sex" not in make() and "49" not in make() and ">30<" in make()
    assert said == "What divides off fewer than 5 people is left out."
    assert not hasattr(performance_of_parts(parts([49, 3, 50, 2]), None), "public")
    make, *_ = performance_of_parts(parts([40, 12, 30, 22]), None).public
    assert "sex" in make() and ">40<" in make()
