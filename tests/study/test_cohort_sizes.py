"""Cohort sizes from printed rates: hand-worked values, a slow oracle, and the paper's numbers."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datnet_study.claims import read_claims
from datnet_study.cohort_sizes import matching_hits, search, split_in_proportion, totals_by_controls


def as_printed(hits, n):
    """A share with three decimals, rounded as a person does."""
    share = Decimal(hits) / Decimal(n)
    return float(share.quantize(Decimal("0.001"), ROUND_HALF_UP))


def test_hits_are_those_whose_share_prints_as_the_rate():
    assert matching_hits(194, 0.907) == [176]  # 176 / 194 = 0.90722; 175 gives 0.902
    assert matching_hits(3, 0.5) == []
    assert matching_hits(4000, 0.5) == [1998, 1999, 2000, 2001]  # 0.4995 prints as 0.500
    assert matching_hits(5, 0.0) == [0]
    assert matching_hits(5, 1.0) == [5]


def test_a_share_in_the_middle_goes_up_unless_it_may_go_either_way():
    # 75 / 80 = 0.9375
    assert matching_hits(80, 0.938) == [75]
    assert matching_hits(80, 0.937) == []
    assert matching_hits(80, 0.937, half_up=False) == [75]


@given(n=st.integers(1, 400), thousandths=st.integers(0, 1000))
def test_hits_agree_with_rounding_every_share(n, thousandths):
    rate = thousandths / 1000
    assert matching_hits(n, rate) == [k for k in range(n + 1) if as_printed(k, n) == rate]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_truth_is_always_among_the_solutions(data):
    sizes = {name: data.draw(st.integers(1, 14)) for name in "ABC"}
    controls, total = data.draw(st.integers(0, 5)), sum(sizes.values())
    hits = {name: data.draw(st.integers(0, n)) for name, n in sizes.items()}
    others = {name: data.draw(st.integers(0, total + controls - n)) for name, n in sizes.items()}
    sensitivity = {name: as_printed(hits[name], n) for name, n in sizes.items()}
    specificity = {
        name: as_printed(others[name], total + controls - n) for name, n in sizes.items()
    }
    found = search(sensitivity, specificity, [total - 1, total], controls)
    truth = dict(sizes)
    for name in sizes:
        truth |= {f"{name}_hits": hits[name], f"{name}_right_others": others[name]}
    assert truth in found.to_dict("records")


def test_the_totals_and_the_controls_change_what_is_found():
    rates = {"A": 0.5, "B": 0.5}, {"A": 0.5, "B": 0.5}
    assert search(*rates, [4])[["A", "B"]].to_numpy().tolist() == [[2, 2]]
    assert search(*rates, [4], n_controls=1).empty  # 3 others cannot be half right
    assert len(search(*rates, [4, 8])) == 1 + 3  # 2 + 6, 4 + 4, 6 + 2
    assert search(*rates, [5]).empty


def test_the_controls_of_the_paper_leave_few_totals():
    # 43 / 46 = 0.9348 only for three false ones; (n - 3) / n prints as 0.989 from 261 to 285.
    assert totals_by_controls(43, 0.989, 0.935, 694) == list(range(261, 286))
    assert totals_by_controls(43, 0.989, 0.935, 270) == list(range(261, 271))
    assert totals_by_controls(43, 0.989, 0.999, 694) == []


def test_a_middle_share_of_the_controls_goes_up():
    # 13 / 16 = 0.8125; specificity (n - 3) / n = 0.97 for n = 100.
    assert totals_by_controls(13, 0.97, 0.812, 100) == []
    assert 100 in totals_by_controls(13, 0.97, 0.813, 100)


def test_the_papers_rates_have_one_solution(study):
    claims = read_claims(study.data_manifest / "claims.tsv").set_index("id")["value"]
    rates = {
        (phase, rate): {n: float(claims[f"{phase}.{rate}.{n.lower()}"]) for n in study.patients}
        for phase in ("cv", "blind")
        for rate in ("sens", "spec")
    }
    blind = search(rates["blind", "sens"], rates["blind", "spec"], [280])
    assert blind[["IPD", "MSA", "PSP"]].to_numpy().tolist() == [[194, 44, 42]]
    assert blind.filter(like="_hits").to_numpy().tolist() == [[176, 37, 33]]
    training = rates["cv", "sens"], rates["cv", "spec"], range(261, 286), 43
    assert search(*training)[["IPD", "MSA", "PSP"]].to_numpy().tolist() == [[146, 79, 54]]
    assert len(search(*training, half_up=False)) == 3


def test_a_split_adds_up_and_follows_the_largest_remainders():
    # 10 * (5, 3, 1) / 9 = 5.56, 3.33, 1.11: one is left over and goes to the first.
    assert split_in_proportion(10, {"a": 5, "b": 3, "c": 1}) == {"a": 6, "b": 3, "c": 1}
    assert split_in_proportion(415, {"IPD": 340, "MSA": 123, "PSP": 96}) == {
        "IPD": 253,
        "MSA": 91,
        "PSP": 71,
    }


@pytest.mark.parametrize("total", [0, 1, 7])
def test_any_total_is_split_without_rest(total):
    assert sum(split_in_proportion(total, {"a": 2, "b": 3, "c": 2}).values()) == total
