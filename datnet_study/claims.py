"""The paper's claims beside this study's values, with a verdict in words for each.

Abstract, Results and Figs. 3-8 of the paper; the claims are listed in `data_manifest/claims.tsv`.
"""

import math
import re

import pandas as pd

from datnet_study.problems import problem_list

CLAIM_COLUMNS = ("id", "section", "quantity", "group", "kind", "value", "p", "note")
NEEDED = CLAIM_COLUMNS[:6]
HIGHER, LOWER = "higher than the paper", "lower than the paper"
VERDICTS = ("agrees", HIGHER, LOWER, "differs", "reported", "not computed here")
NUMBER = re.compile(r"([<>]?)\s*(-?\d+(?:\.(\d+))?)(%?)")  # side, number, decimals, percent
KINDS = {  # what stands in `value`
    "number": "a number such as 0.953",
    "bound": "a side and a number, such as >78.1%",
    "p": "a P value, such as 0.75 or <0.001",
    "words": "words, no number",
}
PATIENTS = ("IPD", "MSA", "PSP")  # of the paper, as its groups are written
DIAGNOSES = (*PATIENTS, "NC")
SMALLEST_P = 0.0001  # that is written out
SIGNIFICANT = 0.05  # the paper's level


def read_claims(path):
    """Read and check the tab-separated table of claims.

    Returns
    -------
    DataFrame of shape (n_claims, 8)
        Columns id, section, quantity, group, kind, value, p, note, all text; p and note may be
        empty. `kind` is one of `KINDS`; it decides how `compare` judges the value.

    Raises
    ------
    ValueError
        If columns differ, an id occurs twice, another field is empty, a kind is unknown, a value
        is not of its kind, or a p is no P value: one line per problem, with row and id.
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


def compare(claims, results, diagnoses=()):
    """Set this study's values beside the paper's.

    The verdict depends on the `kind` of the paper's value:

    - number ("0.953"): "agrees" when our 95% interval covers it, else "higher" or "lower than
      the paper"; "reported" without an interval. The paper's own sampling error is left out, and
      a wide interval agrees easily.
    - bound (">78.1%"): the same, with our value in place of a missing interval; "agrees" when
      the stated side is reached. Where the paper prints %, ours is a fraction.
    - p ("0.75", "<0.001"): "agrees" when both lie on the same side of 0.05, else "differs".
    - words ("n.s.", "long > short", a list): "agrees" when ours are the same words in the same
      order, whatever the case, else "differs". A p beside a value is shown, not judged.

    Without a value of ours it is "not computed here", and the reason stands in place of the value
    where a page gives one or the study lacks the diagnosis. In a study that lacks a patient group
    of the paper, an accuracy, or a rate against all others, answers another question than the
    paper's: such a value is "reported", and only claims on pairs of diagnoses are judged. Ids that
    are no claim of the paper, such as those of other diagnoses, are left out.

    Parameters
    ----------
    claims : DataFrame
        Output of `read_claims`.
    results : list of dict
        Result files of the pages; `claims` maps a claim's id to `value` (number or words) and,
        optionally, `low` and `high` (95% interval) and `p`; or to `why` there is no value. The
        `without` of a page is the reason for all claims of its section.
    diagnoses : sequence of str
        Those of the study; without them, no diagnosis counts as lacking.

    Returns
    -------
    DataFrame of shape (n_claims, 7)
        id, section, quantity, group, paper, ours, verdict; in the order of `claims`.

    Raises
    ------
    ValueError
        If two pages give the same claim, or ours is a number where the paper has words, or words
        where it has a number.
    """
    ours = {}
    for page in results:
        if twice := sorted(set(ours) & set(page["claims"])):
            raise ValueError(f"page {page['page']} gives {twice}, already given by another page")
        ours |= page["claims"]
    without = {page["page"]: page.get("without") for page in results}
    pairs = [
        (claim, {"why": _why(claim, without, diagnoses)} | ours.get(claim["id"], {}))
        for claim in claims.to_dict("records")
    ]
    verdicts = [  # refuses what cannot be compared
        _verdict(claim, our, _same_question(claim, diagnoses)) for claim, our in pairs
    ]
    return claims[["id", "section", "quantity", "group"]].assign(
        paper=[_with_p(claim["value"], claim["p"]) for claim, _ in pairs],
        ours=[_our_text(claim["value"], our) for claim, our in pairs],
        verdict=verdicts,
    )


def _why(claim, without, diagnoses):
    """Why a study has no value for a claim, as far as that can be told without its page."""
    lacking = [
        f"no {name}" for name in DIAGNOSES if name in claim["group"] and name not in diagnoses
    ]
    return without.get(claim["section"]) or (", ".join(lacking) if diagnoses else "")


def counts(comparison):
    """Count the claims per verdict: Series over all verdicts, zeros included."""
    return comparison["verdict"].value_counts().reindex(VERDICTS, fill_value=0).rename("claims")


def _same_question(claim, diagnoses):
    """Whether a value of ours is about the same groups of patients as the paper's."""
    return not diagnoses or "vs" in claim["group"] or set(PATIENTS) <= set(diagnoses)


def _verdict(claim, our, same_question):
    """Verdict on one claim by the rules of `compare`."""
    value, kind = our.get("value"), claim["kind"]
    if _absent(value):
        return "not computed here"
    if isinstance(value, str) != (kind == "words"):
        expected = "words" if kind == "words" else "a number"
        raise ValueError(
            f"claim {claim['id']}: {value!r} beside the paper's {claim['value']!r} of kind {kind}; "
            f"expected {expected}"
        )
    if not same_question:
        return "reported"
    if kind == "words":
        same = value.casefold().split() == claim["value"].casefold().split()
        return "agrees" if same else "differs"
    if kind == "number" and not _interval(our):
        return "reported"
    return _verdict_on_number(claim, value, _interval(our) or (value, value))


def _verdict_on_number(claim, value, ends):
    """Verdict on a P value, a number with an interval, or a bound."""
    side, digits, _, percent = NUMBER.fullmatch(claim["value"]).groups()
    paper = float(digits) / (100 if percent else 1)
    low, high = ends
    if claim["kind"] == "p":
        significant = paper <= SIGNIFICANT if side == "<" else paper < SIGNIFICANT
        return "agrees" if significant == (value < SIGNIFICANT) else "differs"
    if high < paper and side != "<":
        return LOWER
    if low > paper and side != ">":
        return HIGHER
    return "agrees"


def _our_text(paper, our):
    """Write our value with as many decimals as the paper prints, its interval and P."""
    value = our.get("value")
    if _absent(value):
        return f"– ({our['why']})" if our["why"] else ""
    if isinstance(value, str):
        return _with_p(value, our.get("p"))
    _, _, decimals, percent = NUMBER.fullmatch(paper).groups()
    style = f".{len(decimals or '')}{percent or 'f'}" if decimals or percent else ".3g"
    text = format(value, style)
    if interval := _interval(our):
        text += f" ({format(interval[0], style)} to {format(interval[1], style)})"
    return _with_p(text, our.get("p"))


def _with_p(text, p):
    """Value followed by its P value, if there is one; `p` is a number or the paper's text."""
    if _absent(p) or p == "":
        return text
    if not isinstance(p, str):
        p = f"<{SMALLEST_P}" if p < SMALLEST_P else f"{p:.3g}"
    return f"{text}, P {p[0]} {p[1:]}" if p[0] in "<>" else f"{text}, P = {p}"


def _interval(our):
    """Low and high of our 95% interval, or nothing; one without width (DeLong at AUC 1) is none."""
    ends = (our.get("low"), our.get("high"))
    return () if any(map(_absent, ends)) or ends[0] == ends[1] else ends


def _absent(value):
    """Whether a value is missing: None, or not a number."""
    return value is None or (isinstance(value, float) and math.isnan(value))
