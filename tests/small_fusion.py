"""A fusion that is quick to fit, and a problem with a known answer."""

import numpy as np
import pandas as pd

from datnet_study.settings import Fusion

QUICK = Fusion(n_estimators=30)


def toy(rng, n=120):
    """Three classes: updrs tells A from the others, p_x tells B from C, sex and age nothing."""
    diagnosis = np.array(["A", "B", "C"])[np.arange(n) % 3]
    table = pd.DataFrame({"updrs": np.where(diagnosis == "A", 60.0, 20.0), "age": 50.0})
    table["p_x"] = np.where(diagnosis == "B", 0.8, 0.2)
    table[["updrs", "p_x"]] += rng.normal(0, [3, 0.05], (n, 2))
    table["sex"] = rng.integers(0, 2, n).astype(float)
    return table, diagnosis
