"""The first sentence of a result, whichever way the numbers fall."""

import numpy as np
import pandas as pd
import pytest

from datnet_study.headline import pair_sentence

OF = ("IPD", "MSA")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((0.2, 0.1, 0.3), "+0.200 (+0.100 to +0.300), DAT-Net is better"),
        ((-0.2, -0.3, -0.1), "-0.200 (-0.300 to -0.100), DAT-Net is worse"),
        ((-0.1, -0.3, 0.1), "-0.100 (-0.300 to +0.100), not told apart"),
        ((0.1, np.nan, np.nan), "+0.100 (no interval), not told apart"),
    ],
)
def test_a_pair_is_told_with_both_areas_and_their_difference(change, said):
    aucs = pd.DataFrame({"method": ["DAT-Net", "mark"], "auc": [0.7, 0.6]})
    aucs = aucs.assign(of=[OF, OF], auc_low=0.5, auc_high=0.8)
    gains = pd.DataFrame(
        [("mark", OF, *change)], columns=["method", "of", "difference", "low", "high"]
    )
    assert pair_sentence(aucs, gains, OF, "mark") == (
        "IPD against MSA, DAT-Net has an AUC of 0.700 (0.500 to 0.800), and the mark 0.600 "
        f"(0.500 to 0.800): difference {said}"
    )
