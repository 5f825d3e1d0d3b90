"""The paper's claims: what it prints, how sure that can be, and the table that lists them.

Abstract, Results and Figs. 3-8 of the paper; the claims are listed in `data_manifest/claims.tsv`.
"""

import re

import numpy as np
import pandas as pd

from datnet_core.metrics.rates import share_interval
from datnet_study.printed import hanley_mcneil_interval
from datnet_study.problems import problem_list

CLAIM_COLUMNS = (
    "id", "section", "quantity", "group", "kind", "value", "counts", "p", "function", "no_ceiling",
    "note",
)  # fmt: skip
NEEDED = ("id", "section", "quantity", "group", "kind", "value", "function")
NUMBER = re.compile(r"([<>]?)\s*(-?\d+(?:\.(\d+))?)(%?)")  # side, number, decimals, percent
COUNTS = re.compile(r"(\d+) (of|against) (\d+)")
KINDS = {  # what stands in `value`
    "number": "a number such as 0.953",
    "bound": "a side and a number, such as >78.1%",
    "p": "a P value, such as 0.75 or <0.001",
    "words": "words, no number",
}


def read_claims(path):
    """Read and check the tab-separated table of claims.

    Returns
    -------
    DataFrame of shape (n_claims, 11)
        Columns id, section (page), quantity, group, kind, value, counts, p, function (what makes
        our number, with its face), no_ceiling (why the oracle has no value for it), note, all
        text; counts, p, no_ceiling and note may be empty. `kind` is one of `KINDS`; it decides how
        `agreement.compare` judges the value.

    Raises
    ------
    ValueError
        If columns differ, an id occurs twice, another field is empty, a kind is unknown, a value
        is not of its kind, counts do not give it, or a p is no P value: one line per problem, with
        row and id.
    """
    claims = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, quoting=3)
    if tuple(claims.columns) != CLAIM_COLUMNS:
        raise ValueError(f"{path}: columns {list(claims.columns)}; expected {list(CLAIM_COLUMNS)}")
    problems = [f"id {name!r} occurs twice" for name in claims["id"][claims["id"].duplicated()]]
    for row, claim in enumerate(claims.to_dict("records"), start=2):
        problems += [f"row {row} ({claim['id']}): {text}" for text in _problems(claim)]
    if problems:
        raise problem_list(f"{path}: {len(problems)} problem(s)", problems)
    return claims


def _problems(claim):
    """What is wrong with a row of the table."""
    if empty := [key for key in NEEDED if not claim[key]]:
        return [f"{key} is empty" for key in empty]
    problems, kind = [], claim["kind"]
    if kind not in KINDS:
        problems.append(f"kind = {kind!r}, expected one of {', '.join(KINDS)}")
    elif not _is_of_kind(claim["value"], kind):
        problems.append(f"value = {claim['value']!r}, expected {KINDS[kind]} (kind {kind})")
    elif claim["counts"] and not _counts_fit(claim):
        problems.append(
            f"counts = {claim['counts']!r}, expected such as '44 of 54', which round to the value "
            f"{claim['value']}, or '54 against 268' for an AUC (kind number)"
        )
    if claim["p"] and not _is_of_kind(claim["p"], "p"):
        problems.append(f"p = {claim['p']!r}, expected {KINDS['p']}")
    return problems


def _is_of_kind(text, kind):
    """Whether the paper's text is what its kind says."""
    number = NUMBER.fullmatch(text)
    if kind == "words" or number is None:
        return kind == "words" and number is None
    if kind == "p":
        return not number[4] and 0 <= float(number[2]) <= 1
    return bool(number[1]) == (kind == "bound")


def _counts_fit(claim):
    """Whether the counts of a claim can be those behind its value."""
    found = COUNTS.fullmatch(claim["counts"])
    if claim["kind"] != "number" or found is None:
        return False
    first, second = int(found[1]), int(found[3])
    if found[2] == "against":
        return min(first, second) > 0 and 0 <= float(claim["value"]) <= 1
    decimals = len(NUMBER.fullmatch(claim["value"])[3] or "")
    half_a_digit = 0.5 * 10.0**-decimals + 1e-9  # of the last one that is printed
    return first <= second > 0 and abs(first / second - float(claim["value"])) <= half_a_digit


def published_interval(claim):
    """Number of the paper with its own 95% interval, as far as its counts allow.

    Parameters
    ----------
    claim : dict or Series
        Row of `read_claims`, of kind number or bound. Counts "44 of 54" give a share its Wilson
        interval; "54 against 268" give an AUC that of Hanley and McNeil (`metrics`).

    Returns
    -------
    value, low, high : float
        A share is that of the counts. All three are the printed number where there are no counts:
        its own error is then unknown, and a comparison takes it as exact. A printed % is a share.

    Examples
    --------
    >>> claim = {"value": "0.815", "counts": "44 of 54"}
    >>> [round(part, 3) for part in published_interval(claim)]
    [0.815, 0.692, 0.896]
    """
    _, digits, _, percent = NUMBER.fullmatch(claim["value"]).groups()
    value = float(digits) / (100 if percent else 1)
    if not claim["counts"]:
        return value, value, value
    first, between, second = COUNTS.fullmatch(claim["counts"]).groups()
    if between == "against":
        return hanley_mcneil_interval(value, int(first), int(second))
    return share_interval(np.arange(int(second)) < int(first))
