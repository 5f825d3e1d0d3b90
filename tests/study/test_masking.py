"""Hidden counts: hand-worked tables, and that nothing that is hidden follows from what is shown."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datnet_study.masking import (
    FEWEST,
    enough_people,
    hidden_cells,
    hidden_in_columns,
    is_small,
)


def shown(counts, hidden):
    return [["." if h else int(n) for n, h in zip(*row, strict=True)] for row in
            zip(np.asarray(counts), hidden, strict=True)]  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # nobody is few, or there is nobody
        ([[30, 12], [20, 0]], [[30, 12], [20, 0]]),
        # 3 follows from its row and from its column; 8 and 9 keep it, and 7 keeps those two
        ([[30, 3, 9], [20, 8, 7]], [[30, ".", "."], [20, ".", "."]]),
        # two by two: no cell can be hidden without all
        ([[30, 3], [20, 8]], [[".", "."], [".", "."]]),
        # rectangles with 2: 0 + 0 + 61, 50 + 60 + 0, and 50 + 0 + 9 people, the fewest
        ([[60, 0, 0], [0, 61, 9], [2, 0, 50]], [[60, 0, 0], [".", 61, "."], [".", 0, "."]]),
        # a line: the next smallest
        ([[30, 3, 9, 40]], [[30, ".", ".", 40]]),
        ([[30], [3]], [["."], ["."]]),
        # no rectangle: 2 is alone in its row and in its column
        ([[2, 0], [0, 0]], [[".", "."], [".", "."]]),
    ],
)
def test_small_counts_are_hidden_with_those_that_give_them_away(counts, expected):
    assert shown(counts, hidden_cells(np.array(counts))) == expected


def test_cells_that_are_hidden_for_another_reason_are_kept_too():
    counts = np.array([[30, 20, 40], [25, 35, 45]])
    given_hidden = np.zeros((2, 3), dtype=bool)
    given_hidden[0, 1] = True
    found = hidden_cells(counts, given_hidden)
    assert found[0, 1] and found.sum() == 4  # a rectangle


def test_zeros_that_everybody_knows_protect_nobody():
    counts = np.array([[0, 3, 30], [40, 20, 50], [0, 25, 60]])
    assert hidden_cells(counts)[counts == 0].any()
    assert not hidden_cells(counts, zeros=False)[counts == 0].any()


def test_a_table_of_another_shape_is_refused():
    for wrong in (np.arange(3), np.array([[-1, 2]])):
        with pytest.raises(ValueError, match="expected a table of counts from 0 up"):
            hidden_cells(wrong)


def ways(counts, hidden):
    """Every content of the hidden cells that keeps all sums of the table, one by one."""
    tried = np.stack(np.meshgrid(*[np.arange(counts.max() + 3)] * hidden.sum()), -1)
    tried = tried.reshape(-1, hidden.sum())
    others = np.repeat(counts[None], len(tried), axis=0)
    others[:, hidden] = tried
    same = [(others.sum(axis=k + 1) == counts.sum(axis=k)).all(axis=1) for k in (0, 1)]
    return tried[same[0] & same[1]]


@settings(max_examples=30, deadline=None)
@given(arrays(int, (2, 3), elements=st.sampled_from([0, 1, 2, 5, 6])))
def test_no_hidden_cell_follows_from_the_shown_ones_and_the_sums(counts):
    hidden = hidden_cells(counts)
    assert hidden[is_small(counts)].all()
    if 0 < hidden.sum() < 5:  # more of them would take long to try
        found = ways(counts, hidden)
        assert (found.min(axis=0) < found.max(axis=0)).all()


@given(arrays(int, st.tuples(st.integers(2, 5), st.integers(2, 5)), elements=st.integers(0, 60)))
def test_one_person_more_in_any_hidden_cell_changes_no_sum(counts):
    hidden = hidden_cells(counts)
    for row, column in np.argwhere(hidden & (not hidden.all())):
        moves = False
        for k, other in product(*map(range, counts.shape)):
            corners = hidden[[row, row, k, k], [column, other, column, other]].all()
            here, beside, below, across = counts[[row, row, k, k], [column, other, column, other]]
            one_less = (here and across) or (beside and below)
            moves |= bool(k != row and other != column and corners and one_less)
        assert moves


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        # scans and those that passed: two did not pass, which 60 would say
        ([[62, 60], [58, 40], [99, 70]], [[62, "."], [58, "."], [99, 70]]),
        # pass + look + fail = scans: with 3 go 9, 10 and 8, the cheapest rectangle
        (
            [[62, 50, 3, 9], [58, 40, 10, 8], [99, 70, 20, 9]],
            [[62, 50, ".", "."], [58, 40, ".", "."], [99, 70, 20, 9]],
        ),
        # a single column: another row goes, against the sum of all
        ([[30], [2], [9]], [[30], ["."], ["."]]),
        ([[30]], [[30]]),
        ([[3]], [["."]]),
    ],
)
def test_columns_that_count_parts_of_each_other_protect_each_other(columns, expected):
    assert shown(columns, hidden_in_columns(columns)) == expected


def test_people_are_counted_and_not_their_scans():
    table = pd.DataFrame(
        {
            "participant_id": [f"sub-{k // 2}" for k in range(18)] + [f"x-{k}" for k in range(10)],
            "diagnosis": ["MSA"] * 18 + ["IPD"] * 10,
        }
    )
    assert set(enough_people(table)["diagnosis"]) == {"IPD"}  # nine people with two scans each
    assert set(enough_people(table.drop(columns="participant_id"))["diagnosis"]) == {"IPD", "MSA"}


def test_zero_points_at_nobody():
    assert is_small(np.arange(7)).tolist() == [False, *[True] * (FEWEST - 1), False, False]
