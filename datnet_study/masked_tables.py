"""Tables of groups without counts of few people, for readers who may not know them."""

import copy
import re

import numpy as np
import pandas as pd

from datnet_study.masked_words import masked_words
from datnet_study.masking import FEWEST, MARK, hidden_in_columns, is_small

PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")
SAID = (
    f"{MARK} stands for a count below {FEWEST}, or for a number that would give such a count away."
)


def masked_styler(styler, not_people=()):
    """A shown table whose small counts are marks, with what would give them away.

    Every column of whole numbers counts people unless it is named in `not_people`. A row about
    fewer than five people shows none of its numbers; a percentage that stands for a small count is
    hidden, too. Texts lose their small counts as in `masked_words`.

    Parameters
    ----------
    styler : pandas.io.formats.style.Styler
        With one name for each row and column.
    not_people : sequence of str
        Columns whose whole numbers count no people.

    Returns
    -------
    pandas.io.formats.style.Styler
        A copy.
    """
    made, rows = copy.deepcopy(styler), styler.data
    judged = [name for name in rows if name not in not_people]
    hidden = hidden_cells_of(rows[judged])
    for name in judged:
        texts = rows[name].map(lambda value: isinstance(value, str)).to_numpy()
        for at, how in {
            "marks": hidden[name].to_numpy(),
            "words": texts & ~hidden[name].to_numpy(),
        }.items():
            if at == "marks" and how.any():
                made.format(lambda _: MARK, subset=(rows.index[how], [name]))
            elif how.any():
                made.format(masked_words, subset=(rows.index[how], [name]))
    made.format_index(lambda head: masked_words(head) if isinstance(head, str) else head, axis=1)
    return made


def hidden_cells_of(rows):
    """Cells of a table of groups that may not be shown.

    Parameters
    ----------
    rows : DataFrame

    Returns
    -------
    DataFrame of bool

    Examples
    --------
    >>> rows = pd.DataFrame({"of": ["IPD", "MSA"], "people": [60, 8], "women": ["50%", "25%"]})
    >>> hidden_cells_of(rows).astype(int)  # 25% of 8 are two people
       of  people  women
    0   0       0      0
    1   0       0      1
    """
    hidden = pd.DataFrame(False, rows.index, rows.columns)
    whole = {name: _whole(rows[name]) for name in rows}
    counts = pd.DataFrame({name: v for name, v in whole.items() if v is not None}, rows.index)
    if counts.empty:
        return hidden
    hidden[list(counts)] = hidden_in_columns(counts.to_numpy())
    people = counts.max(axis=1)
    for name in rows:
        if name not in counts:
            hidden[name] = [_gives_away(v, n) for v, n in zip(rows[name], people, strict=True)]
    return hidden


def _whole(column):
    """A column as whole numbers, 0 where there is none; None if it holds anything else."""
    if column.map(lambda value: isinstance(value, (bool, np.bool_))).any():
        return None
    numbers = pd.to_numeric(column, errors="coerce")
    empty = column.isna() | column.isin(["", "–"])
    if (
        numbers[~empty].isna().any()
        or empty.all()
        or (numbers % 1 > 0).any()
        or (numbers < 0).any()
    ):
        return None
    return numbers.fillna(0).astype(int)


def _gives_away(value, n_people):
    """Whether a number or text stands for few of so many people."""
    if is_small(n_people):
        return not isinstance(value, str) or any(letter.isdigit() for letter in value)
    shares = [float(share) / 100 for share in PERCENT.findall(str(value))]
    return any(
        is_small(round(s * n)) or is_small(n - round(s * n)) for s in shares for n in [n_people]
    )
