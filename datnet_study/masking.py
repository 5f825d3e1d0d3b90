"""Counts of few people, hidden with what would give them away by subtraction.

A count from 1 to 4 may point at a person; 0 points at nobody. Whoever reads a table also knows its
sums, from the table, another page or the paper, so every sum is taken as known: a hidden cell is
safe only if the shown ones leave it more than one value. Statistical offices call this primary and
complementary cell suppression.
"""

from itertools import combinations

import numpy as np
from scipy.optimize import linprog

FEWEST = 5  # people: the smallest count that is shown, but for 0
TO_AVERAGE = 10  # people: the smallest group whose curves, boxes and mean images are shown
MARK = "•"  # stands for a hidden count, whether small or hidden because of another one
MOST_PARTS = 6  # columns that are tried as parts of another one


def is_small(count):
    """Whether a count points at few people: 1 to 4; also of an array."""
    return (np.asarray(count) > 0) & (np.asarray(count) < FEWEST)


def enough_people(table):
    """Rows of the diagnoses that have at least `TO_AVERAGE` people, by `diagnosis` of each row."""
    who = table["participant_id"] if "participant_id" in table else table.index.to_series()
    of = table["diagnosis"]
    return table[who.groupby(of).nunique().reindex(of).to_numpy() >= TO_AVERAGE]


def hidden_cells(counts, hidden=None, zeros=True):
    """Cells of a cross table that may not be shown, when all of its sums are known.

    Small counts are hidden. While the sums and what is shown leave a hidden cell one value only,
    the smallest count that is shown in its row or column is hidden too. A sum is known unless it
    is small itself; small sums are hidden by the same rule, against the sum of all.

    Parameters
    ----------
    counts : int ndarray of shape (n_rows, n_columns)
        People, each in one cell.
    hidden : bool ndarray of shape (n_rows, n_columns), optional
        Cells that are hidden for another reason.
    zeros : bool
        Whether a 0 may be hidden for another cell. Where everybody knows the zeros, as that no
        control is only possibly one, hiding them helps nobody.

    Returns
    -------
    bool ndarray of shape (n_rows, n_columns)

    Raises
    ------
    ValueError
        If a count is negative or the table has not two axes.

    Examples
    --------
    >>> hidden_cells(np.array([[30, 3, 9], [20, 8, 7]])).astype(int)  # 7 goes for 9, 8 for 3
    array([[0, 1, 1],
           [0, 1, 1]])
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or (counts < 0).any():
        raise ValueError(f"counts of shape {counts.shape}; expected a table of counts from 0 up")
    hidden = is_small(counts) if hidden is None else is_small(counts) | hidden
    found = [_complemented(counts, hidden, order) for order in {False, zeros}]
    return min(found, key=lambda cells: (counts[cells].sum(), cells.sum()))


def _complemented(counts, hidden, zeros):
    """Hidden cells with those that protect them; 0 is taken first, or last."""
    known = [_known_sums(counts.sum(axis=1 - axis)) for axis in (0, 1)]
    while (exposed := _exposed(counts, hidden, known)) is not None and not hidden.all():
        hidden = hidden.copy()
        hidden[_next_hidden(counts, hidden, exposed, zeros)] = True
    return hidden


def _next_hidden(counts, hidden, exposed, zeros):
    """Smallest shown count of a line in which one cell is hidden alone.

    Where there is no such line, of the row and column of the exposed cell, or else of all.
    """
    alone = np.zeros_like(hidden)
    alone[hidden.sum(axis=1) == 1] = True
    alone[:, hidden.sum(axis=0) == 1] = True
    in_line = np.zeros_like(hidden)
    in_line[exposed[0]], in_line[:, exposed[1]] = True, True
    for lines in (alone, in_line, np.ones_like(hidden)):
        if (choice := np.argwhere(lines & ~hidden)).size:
            values = [(not zeros and counts[tuple(at)] == 0, counts[tuple(at)]) for at in choice]
            return tuple(choice[min(range(len(choice)), key=values.__getitem__)])
    raise ValueError("every cell is hidden already")


def _known_sums(sums):
    """Which sums of rows, or of columns, a reader knows: not small ones, and one more with one."""
    known = ~is_small(sums)
    if (~known).sum() == 1 and len(sums) > 1:
        known[np.where(known, sums, np.inf).argmin()] = False
    return known


def _exposed(counts, hidden, known):
    """Place of a hidden cell that has one possible value, or None."""
    places = np.argwhere(hidden)
    if not len(places):
        return None
    equations, totals = [], []
    for axis, sums_known in enumerate(known):
        for k, is_known in enumerate(sums_known):
            if is_known:
                equations.append(places[:, axis] == k)
                totals.append(np.take(np.where(hidden, counts, 0), k, axis).sum())
        if not sums_known.all():  # the sum of all is known
            equations.append(~sums_known[places[:, axis]])
            totals.append(np.where(hidden, counts, 0)[(slice(None),) * axis + (~sums_known,)].sum())
    equations = np.array(equations, dtype=float)
    for number, place in enumerate(places):
        cost = np.zeros(len(places))
        cost[number] = 1
        least, most = (
            sign * linprog(sign * cost, A_eq=equations, b_eq=totals, method="highs").fun
            for sign in (1, -1)
        )
        if most - least < 1 / 2:
            return tuple(place)
    return None


def hidden_in_columns(columns):
    """Cells to hide in a table whose columns count people, without being told how they belong.

    Taken as parts and whole are any columns that add up to another one in each row, and any two
    of which one is nowhere larger than the other (who is not in the part is then a count, too).
    Down a column, the rows are taken as the parts of all people. This hides rather too much.

    Parameters
    ----------
    columns : int ndarray of shape (n_rows, n_columns)

    Returns
    -------
    bool ndarray of shape (n_rows, n_columns)

    Examples
    --------
    >>> scans_and_passed = [[62, 60], [58, 40], [99, 70]]  # two did not pass
    >>> hidden_in_columns(scans_and_passed).astype(int)
    array([[0, 1],
           [0, 1],
           [0, 0]])
    """
    columns = np.asarray(columns)
    hidden = is_small(columns)
    families = _families(columns)
    before = None
    while before is None or (hidden != before).any():
        before = hidden.copy()
        for whole, parts in families:
            table = columns[:, parts]
            rest = columns[:, whole] - table.sum(axis=1)
            table = np.column_stack([table, rest]) if rest.any() else table
            inside = np.zeros(table.shape, dtype=bool)
            inside[:, : len(parts)] = hidden[:, parts]
            found = hidden_cells(table, inside)
            hidden[:, parts] |= found[:, : len(parts)]
            # who is not in any part cannot be hidden by itself: the last part goes with it
            hidden[:, parts[-1]] |= found[:, len(parts) :].any(axis=1)
        for k in range(columns.shape[1]):
            if len(columns) > 1:
                hidden[:, k] = _hidden_down(columns[:, k], hidden[:, k])
    return hidden


def _families(columns):
    """Pairs of a whole and its parts, by index of the columns."""
    n = columns.shape[1]
    found = []
    for whole in range(n):
        others = [k for k in range(n) if k != whole and (columns[:, k] <= columns[:, whole]).all()]
        found += [(whole, [k]) for k in others if (columns[:, k] != columns[:, whole]).any()]
        for size in range(2, min(len(others), MOST_PARTS) + 1):
            for parts in combinations(others, size):
                if (columns[:, list(parts)].sum(axis=1) == columns[:, whole]).all():
                    found.append((whole, list(parts)))
    return found


def _hidden_down(column, hidden):
    """One column, whose sum is known: nobody is hidden alone."""
    if hidden.sum() == 1:
        hidden = hidden.copy()
        order = np.lexsort((column, hidden))
        hidden[order[0]] = True
    return hidden
