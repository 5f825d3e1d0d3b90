"""Numbers of another hospital: how many people, how far from home, beside the paper."""

import numpy as np
import pandas as pd
import pytest

from datnet_core.fingerprint import ROOT
from datnet_study.claims import read_claims
from datnet_study.external import away_from_home, beside_paper, needed_for_auc
from datnet_study.printed import hanley_mcneil_interval


@pytest.mark.parametrize("auc", [0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("half_width", [0.1, 0.05])
def test_so_many_are_needed_and_not_one_less(auc, half_width):
    n = needed_for_auc(auc, half_width)
    assert auc - hanley_mcneil_interval(auc, n, n)[1] <= half_width
    if n > 1:
        assert auc - hanley_mcneil_interval(auc, n - 1, n - 1)[1] > half_width


def test_half_the_width_takes_about_four_times_as_many():
    # sqrt(n) law; n = 65 and 258 by hand: Z² (1/4 + 2(n-1)/12) / n² = 0.05² has 6.6e1 per 0.1
    assert needed_for_auc(0.5, 0.05) / needed_for_auc(0.5, 0.1) == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize(("auc", "half_width"), [(0.4, 0.1), (1.1, 0.1), (0.8, 0)])
def test_what_has_no_number_is_refused(auc, half_width):
    with pytest.raises(ValueError, match="expected 0.5 to 1 and more than 0"):
        needed_for_auc(auc, half_width)


def test_a_site_is_compared_with_home_where_both_have_an_interval():
    rows = [
        ("home", "IPD", 0.9, 0.8, 1.0), ("home", ("IPD", "MSA"), 0.7, 0.5, 0.9),
        ("far", "IPD", 0.8, 0.6, 0.9), ("far", ("IPD", "MSA"), 1.0, np.nan, np.nan),
        ("far", "PSP", 0.6, 0.5, 0.7),
    ]  # fmt: skip
    aucs = pd.DataFrame(rows, columns=["method", "of", "auc", "auc_low", "auc_high"])
    found = away_from_home(aucs, "home")
    assert list(found["of"]) == ["IPD", ("IPD", "MSA")]  # no PSP at home
    # -0.1 with sqrt(0.2² + 0.1²) below and sqrt(0.1² + 0.1²) above
    expected = [-0.1, -0.1 - np.hypot(0.2, 0.1), -0.1 + np.hypot(0.1, 0.1)]
    np.testing.assert_allclose(found.loc[0, ["difference", "low", "high"]].astype(float), expected)
    assert found.loc[1, ["difference", "low", "high", "detectable"]].isna().all()


def test_the_paper_stands_beside_each_site_without_a_verdict():
    claims = read_claims(ROOT / "data_manifest/claims.tsv")
    aucs = {"far": {"IPD": (0.8, 0.7, 0.9)}, "near": {"MSA": (0.7, 0.6, 0.8), "ET": (0.5, 0, 1)}}
    accuracy = {"far": (0.5, 0.4, 0.6), "near": (0.6, 0.5, 0.7)}
    rows = beside_paper(claims, aucs, accuracy)
    assert [row["of"] for row in rows] == ["IPD", "MSA", "all"]  # the paper has no ET
    assert rows[0]["paper"].startswith("0.953 (") and rows[0]["far"] == "0.800 (0.700 to 0.900)"
    assert rows[0]["near"] == "–" and set(rows[0]) == {"quantity", "of", "paper", "far", "near"}
    assert rows[2]["paper"].startswith("0.879")
