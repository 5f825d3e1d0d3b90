"""Who teaches, stops and is judged: no participant stands on both sides, whatever the table."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from datnet_core.training.plan import judged_rows, model_names, split_inner, teachers

DIAGNOSES = ("IPD", "MSA", "PSP", "NC")
thirty_tables = settings(max_examples=30, deadline=None)


def choices(early_stopping_on="inner", seed=0, inner_fraction=0.3):
    return SimpleNamespace(
        seed=seed, inner_fraction=inner_fraction, early_stopping_on=early_stopping_on
    )


@st.composite
def tables(draw):
    """A scan table in any order: up to 25 participants with up to three scans each."""
    n_folds = draw(st.integers(2, 6))
    cohorts = ["training", "blind_test", *draw(st.sampled_from([[], ["pretraining"]]))]
    person = st.tuples(
        st.sampled_from(DIAGNOSES),
        st.sampled_from(cohorts),
        st.integers(0, n_folds - 1),
        st.integers(1, 3),
    )
    rows = []
    for k, (diagnosis, cohort, fold, n_scans) in enumerate(
        draw(st.lists(person, min_size=1, max_size=25))
    ):
        fold = fold if cohort == "training" else np.nan
        rows += [(f"sub-{k:02d}", diagnosis, cohort == "pretraining", fold)] * n_scans
    participant, diagnosis, pretraining, fold = zip(*draw(st.permutations(rows)), strict=True)
    return n_folds, {
        "participant": np.array(participant),
        "diagnosis": np.array(diagnosis),
        "pretraining": np.array(pretraining),
        "fold": np.array(fold, dtype=float),
    }


def sides(model, member, table, training):
    """Participants who teach a network, who stop it, and whom its model judges."""
    learn, stop = teachers(model, member, training=training, **table)
    judged = judged_rows(model, table["fold"])
    return [set(table["participant"][rows]) for rows in (learn, stop, judged)]


@thirty_tables
@given(tables())
def test_where_nobody_stops_all_teach_but_those_who_are_judged(drawn):
    n_folds, table = drawn
    for model in model_names(n_folds):
        learn, stop, judged = sides(model, 0, table, choices("none"))
        in_training = set(table["participant"][table["fold"] >= 0])
        pretraining = set(table["participant"][table["pretraining"]])
        assert learn == (pretraining if model == "pretrain" else in_training - judged)
        assert stop == set()


@thirty_tables
@given(tables(), st.integers(1, 4), st.integers(0, 99), st.floats(0.05, 0.95))
def test_nobody_teaches_or_stops_the_network_that_judges_them(drawn, n_members, seed, fraction):
    n_folds, table = drawn
    blind = ~table["pretraining"] & np.isnan(table["fold"])
    blind = set(table["participant"][blind])  # judged by every model
    for model in model_names(n_folds, refit=True):
        for member in range(n_members):
            training = choices(seed=seed, inner_fraction=fraction)
            learn, stop, judged = sides(model, member, table, training)
            assert not (learn | stop) & (judged | blind)
            assert not learn & stop


@thirty_tables
@given(tables(), st.integers(0, 3))
def test_in_the_published_shortcut_those_who_are_judged_stop_but_never_teach(drawn, member):
    n_folds, table = drawn
    for model in model_names(n_folds, pretrain=False):
        learn, stop, judged = sides(model, member, table, choices("test_fold"))
        assert not learn & judged
        if learn and judged:
            assert stop == judged
        assert learn == sides(model, member, table, choices("inner"))[0]


@thirty_tables
@given(tables(), st.integers(0, 3), st.floats(0.01, 0.99))
def test_everybody_of_the_pool_is_used_and_each_diagnosis_stands_on_both_sides(
    drawn, member, fraction
):
    n_folds, table = drawn
    in_training = ~np.isnan(table["fold"])
    pools = {f"fold-{k}": in_training & (table["fold"] != k) for k in range(n_folds)}
    pools |= {"pretrain": table["pretraining"], "refit": in_training}
    diagnosis = dict(zip(table["participant"], table["diagnosis"], strict=True))
    for model, pool in pools.items():
        learn, stop = teachers(model, member, training=choices(inner_fraction=fraction), **table)
        assert sorted([*learn, *stop]) == np.flatnonzero(pool).tolist()
        people = set(table["participant"][pool])
        for name in DIAGNOSES:
            group = {person for person in people if diagnosis[person] == name}
            stopping = group & set(table["participant"][stop])
            assert len(stopping) >= (len(group) > 1)
            assert len(group - stopping) >= (len(group) > 0)


@thirty_tables
@given(tables(), st.integers(0, 3), st.data())
def test_scans_that_a_model_does_not_use_change_nothing(drawn, member, data):
    n_folds, table = drawn
    model = data.draw(st.sampled_from(model_names(n_folds, refit=True)))
    learn, stop = teachers(model, member, training=choices(), **table)
    pool = np.union1d(learn, stop)
    assume(len(pool))
    alone = {name: values[pool] for name, values in table.items()}
    learn_alone, stop_alone = teachers(model, member, training=choices(), **alone)
    np.testing.assert_array_equal(pool[learn_alone], learn)
    np.testing.assert_array_equal(pool[stop_alone], stop)


@thirty_tables
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_the_scans_of_a_person_changes_nobodys_side(drawn, random):
    n_folds, table = drawn
    # Participants keep the order of their first scans; their other scans go anywhere behind.
    first = np.sort(np.unique(table["participant"], return_index=True)[1])
    others = np.setdiff1d(np.arange(len(table["fold"])), first).tolist()
    random.shuffle(others)
    moved = {name: values[[*first, *others]] for name, values in table.items()}
    for model in model_names(n_folds, refit=True):
        assert sides(model, 1, moved, choices()) == sides(model, 1, table, choices())


@thirty_tables
@given(tables(), st.integers(0, 3), st.data())
def test_a_participant_in_two_folds_is_refused_by_name(drawn, member, data):
    n_folds, table = drawn
    rows = np.flatnonzero(~np.isnan(table["fold"]))
    assume(len(rows))
    row = data.draw(st.sampled_from(rows.tolist()))
    person, fold = table["participant"][row], int(table["fold"][row])
    twice = {name: np.append(values, values[row]) for name, values in table.items()}
    twice["fold"][-1] = (fold + 1) % n_folds
    for model in (f"fold-{fold}", f"fold-{(fold + 1) % n_folds}"):
        with pytest.raises(ValueError, match=f"model {model}: 1 participant.*such as {person};"):
            teachers(model, member, training=choices(), **twice)


@thirty_tables
@given(tables(), st.data())
def test_a_participant_of_pre_training_and_training_is_refused_by_name(drawn, data):
    _, table = drawn
    rows = np.flatnonzero(~np.isnan(table["fold"]))
    assume(len(rows))
    row = data.draw(st.sampled_from(rows.tolist()))
    both = {name: np.append(values, values[row]) for name, values in table.items()}
    both["fold"][-1], both["pretraining"][-1] = np.nan, True
    person = table["participant"][row]
    with pytest.raises(ValueError, match=f"model pretrain: 1 participant.*such as {person};"):
        teachers("pretrain", 0, training=choices(), **both)


@thirty_tables
@given(tables(), st.data())
def test_a_participant_of_training_and_the_blind_test_is_refused_by_name(drawn, data):
    n_folds, table = drawn
    rows = np.flatnonzero(~np.isnan(table["fold"]))
    assume(len(rows))
    row = data.draw(st.sampled_from(rows.tolist()))
    both = {name: np.append(values, values[row]) for name, values in table.items()}
    both["fold"][-1], both["pretraining"][-1] = np.nan, False
    person, fold = table["participant"][row], int(table["fold"][row])
    for model in (f"fold-{(fold + 1) % n_folds}", "refit"):
        with pytest.raises(ValueError, match=f"model {model}: 1 participant.*such as {person};"):
            teachers(model, 0, training=choices(), **both)


def test_a_table_as_worked_out_by_hand():
    #            row:  0    1    2    3    4    5    6    7    8
    table = {
        "participant": ["a", "b", "a", "c", "d", "e", "f", "g", "h"],
        "diagnosis": ["IPD", "IPD", "IPD", "MSA", "MSA", "IPD", "MSA", "IPD", "IPD"],
        "fold": [0, 1, 0, 1, 1, None, None, None, 1],
        "pretraining": [False] * 5 + [True, True, False, False],  # g is of the blind test
    }
    # fold-0 learns from fold 1: b and h have IPD, c and d MSA; of each pair, one stops.
    learn, stop = teachers("fold-0", 0, training=choices(), **table)
    assert sorted([*learn, *stop]) == [1, 3, 4, 8]
    assert len({1, 8} & set(stop)) == len({3, 4} & set(stop)) == 1
    # fold-1 learns from a alone, with both scans; a single person of a diagnosis never stops.
    assert [part.tolist() for part in teachers("fold-1", 0, training=choices(), **table)] == [
        [0, 2],
        [],
    ]
    assert teachers("fold-1", 0, training=choices("test_fold"), **table).stop.tolist() == [
        1, 3, 4, 8,
    ]  # fmt: skip
    assert [rows.tolist() for rows in teachers("pretrain", 0, training=choices(), **table)] == [
        [5, 6],
        [],
    ]
    assert judged_rows("fold-1", np.array(table["fold"], dtype=float)).tolist() == [1, 3, 4, 8]
    assert judged_rows("refit", np.array(table["fold"], dtype=float)).tolist() == []


def test_a_model_with_nobody_to_learn_from_has_no_teacher():
    table = {
        "participant": ["a", "b"],
        "diagnosis": ["IPD", "NC"],
        "fold": [0, 1],
        "pretraining": [False, False],
    }
    learn, stop = teachers("pretrain", 0, training=choices(), **table)
    assert len(learn) == len(stop) == 0


@pytest.mark.parametrize(
    ("fraction", "n_stop"),
    [(0.2, 2), (0.24, 2), (0.26, 3), (0.01, 1), (0.99, 9)],  # of 10: rounded, 1 at least, 9 at most
)
def test_the_inner_fraction_counts_participants_of_each_diagnosis(fraction, n_stop):
    participant = np.repeat([f"{k:02d}" for k in range(10)], 2)
    _, stop = split_inner(participant, np.repeat("IPD", 20), fraction, 0)
    assert len(stop) == 2 * n_stop


def test_seed_model_and_network_each_draw_another_inner_split():
    n = 40
    table = {
        "participant": [f"sub-{k}" for k in range(n)],
        "diagnosis": ["IPD"] * n,
        "fold": [np.nan] * n,
        "pretraining": [True] * n,
    }
    drawn = [teachers("pretrain", j, training=choices(seed=s), **table).stop.tolist()
             for j in range(4) for s in range(3)]  # fmt: skip
    table |= {"fold": [0] * n, "pretraining": [False] * n}  # fold-1 and refit learn from the same
    drawn += [
        teachers(m, 0, training=choices(), **table).stop.tolist() for m in ("fold-1", "refit")
    ]
    assert len(set(map(tuple, drawn))) == len(drawn)
