"""Counts of few people, hidden with what would give them away by subtraction.

A count from 1 to 4 may point at a person; 0 points at nobody. Whoever reads a table also knows its
sums, from the table, another page or the paper, so every sum is taken as known: a hidden cell is
safe only if the shown ones leave it more than one value. Statistical offices call this primary and
complementary cell suppression.
"""

from itertools import combinations

import numpy as np

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

    Small counts are hidden, and with each the three cells of a rectangle around it: then one person
    more here and one less there change no sum, so nothing follows. Of all rectangles it is the one
    that hides the fewest people besides. Where there is none, the whole table is hidden. In a
    single row or column, whose one sum is known, a second cell is enough.

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
    >>> hidden_cells(np.array([[30, 3, 9], [20, 8, 7]])).astype(int)  # 9 + 8 + 7 people with the 3
    array([[0, 1, 1],
           [0, 1, 1]])
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or (counts < 0).any():
        raise ValueError(f"counts of shape {counts.shape}; expected a table of counts from 0 up")
    hidden = is_small(counts) if hidden is None else is_small(counts) | hidden
    usable = (counts > 0) | zeros
    if 1 in counts.shape:
        return _hidden_line(counts.ravel(), hidden.ravel(), usable.ravel()).reshape(counts.shape)
    for place in np.argwhere(hidden):
        found = _rectangle(counts, hidden, usable, *place)
        if found is None:
            return np.ones_like(hidden)
        hidden[found] = True
    return hidden


def _rectangle(counts, hidden, usable, row, column):
    """Rows and columns of the rectangle with a cell that hides the fewest people more, or None."""
    best, least = None, np.inf
    for other_row in range(len(counts)):
        for other in range(counts.shape[1]):
            if other_row == row or other == column:
                continue
            corners = [row, row, other_row, other_row], [column, other, column, other]
            here, beside, below, across = counts[corners]
            moves = (here > 0 and across > 0) or (beside > 0 and below > 0)
            cost = np.where(hidden[corners], 0, counts[corners]).sum()
            if moves and (usable | hidden)[corners].all() and cost < least:
                best, least = corners, cost
    return best


def _hidden_line(counts, hidden, usable):
    """Cells of a line whose sum is known: none is hidden alone."""
    hidden = hidden.copy()
    if hidden.sum() == 1 and len(hidden) > 1:
        others = np.where(usable & ~hidden, counts, np.inf)
        hidden[others.argmin()] = True
    return hidden


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
                usable = np.ones(len(columns), dtype=bool)
                hidden[:, k] = _hidden_line(columns[:, k], hidden[:, k], usable)
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
