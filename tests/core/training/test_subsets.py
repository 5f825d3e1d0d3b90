"""Draws of a learning curve: nested, in proportion, of whole participants, none of them judged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datnet_core.settings import TrainingSettings
from datnet_core.training.plan import curve_model, drawn_rows, teachers
from datnet_core.training.subsets import drawn_order, first_rows

thirty_tables = settings(max_examples=30, deadline=None)
people = st.lists(
    st.tuples(st.sampled_from(["IPD", "MSA", "PSP", "NC"]), st.integers(1, 3)), min_size=1,
    max_size=40,
)  # fmt: skip


def table(drawn):
    """Participant and diagnosis of each scan."""
    rows = [(f"sub-{k:02d}", name) for k, (name, n) in enumerate(drawn) for _ in range(n)]
    participant, diagnosis = zip(*rows, strict=True)
    return np.array(participant), np.array(diagnosis)


@thirty_tables
@given(people, st.integers(0, 99), st.data())
def test_a_small_cohort_is_a_part_of_a_larger_one_with_all_scans_of_its_people(drawn, seed, data):
    participant, diagnosis = table(drawn)
    sizes = sorted(data.draw(st.lists(st.integers(1, len(drawn)), min_size=2, max_size=2)))
    small, large = (set(first_rows(participant, diagnosis, n, seed).tolist()) for n in sizes)
    assert small <= large
    for rows, n in zip((small, large), sizes, strict=True):
        chosen = set(participant[sorted(rows)])
        assert len(chosen) == n
        assert np.isin(participant, sorted(chosen)).sum() == len(rows)
    assert len(first_rows(participant, diagnosis, None, seed)) == len(participant)


@thirty_tables
@given(people, st.integers(0, 99))
def test_every_beginning_has_the_shares_of_the_whole_but_for_a_person_or_two(drawn, seed):
    participant, diagnosis = table(drawn)
    label = dict(zip(participant, diagnosis, strict=True))
    order = [label[person] for person in drawn_order(participant, diagnosis, seed)]
    names, counts = np.unique(order, return_counts=True)
    assert set(order[: len(names)]) == set(names)  # no diagnosis is missing
    for n in range(len(names), len(order) + 1):
        for name, count in zip(names, counts, strict=True):
            # Each diagnosis has its first in any case, and is rounded by up to a half.
            assert abs(order[:n].count(name) - n * count / len(order)) < len(names)


@thirty_tables
@given(people, st.randoms(use_true_random=False))
def test_the_order_of_the_scans_has_no_influence(drawn, random):
    participant, diagnosis = table(drawn)
    rows = list(range(len(participant)))
    random.shuffle(rows)
    first = drawn_order(participant, diagnosis, 3)
    np.testing.assert_array_equal(drawn_order(participant[rows], diagnosis[rows], 3), first)


def test_counts_as_worked_out_by_hand():
    # 12 of A at 0, 1.5/12, 2.5/12 ...; 4 of B at 0, 1.5/4, 2.5/4, 3.5/4. Up to a place of 0.5
    # (A: k + 1/2 < 6, so k = 0 to 5; B: k = 0 and 1) there are 6 of A and 2 of B.
    label = dict.fromkeys((f"a{k}" for k in range(12)), "A")
    label |= dict.fromkeys((f"b{k}" for k in range(4)), "B")
    order = [label[person] for person in drawn_order(list(label), list(label.values()), 0)]
    assert sorted(order[:8]) == ["A"] * 6 + ["B"] * 2
    assert sorted(order[:2]) == ["A", "B"]


def test_other_seeds_and_other_networks_draw_other_people():
    participant, diagnosis = table([("IPD", 1)] * 30 + [("MSA", 1)] * 30)
    whom = {"participant": participant, "diagnosis": diagnosis, "fold": np.zeros(60)}
    draws = [drawn_rows("first-10", k, **whom, seed=s).tolist() for k in range(4) for s in range(4)]
    assert len(set(map(tuple, draws))) == 16


def test_more_people_than_there_are_is_an_error_that_says_what_to_change():
    with pytest.raises(ValueError, match=r"7 participants to learn from, and there are 2; lower"):
        first_rows(["a", "b", "a"], ["IPD", "MSA", "IPD"], 7, 0)


@thirty_tables
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["IPD", "MSA", "PSP"]),
            st.sampled_from(["pretraining", "training", "blind_test"]),
            st.integers(1, 2),
        ),
        min_size=1,
        max_size=40,
    ),
    st.integers(0, 5),
    st.sampled_from(["inner", "none"]),
    st.data(),
)
def test_nobody_who_is_judged_teaches_or_stops_a_network_of_the_curve(drawn, member, stops, data):
    rows = [
        (f"sub-{k:02d}", *person[:2]) for k, person in enumerate(drawn) for _ in range(person[2])
    ]
    participant, diagnosis, cohort = (np.array(column) for column in zip(*rows, strict=True))
    n = len({person for person, _, of in rows if of == "training"})
    size = data.draw(st.one_of(st.none(), st.integers(1, n))) if n else None
    learn, stop = teachers(
        curve_model(size),
        member,
        participant=participant,
        diagnosis=diagnosis,
        pretraining=cohort == "pretraining",
        fold=np.where(cohort == "training", 0, np.nan),
        training=TrainingSettings(early_stopping_on=stops),
    )
    assert set(cohort[learn]) | set(cohort[stop]) <= {"training"}
    assert not set(participant[learn]) & set(participant[stop])
    assert len({*participant[learn], *participant[stop]}) == (n if size is None else size)
