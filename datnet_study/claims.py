"""The paper's claims beside this study's values, with a verdict in words for each.

Abstract, Results and Figs. 3-8 of the paper; the claims are listed in `data_manifest/claims.tsv`.
"""

import re

import pandas as pd

CLAIM_COLUMNS = ("id", "section", "quantity", "group", "value", "p", "note")
HIGHER, LOWER = "higher than the paper", "lower than the paper"
VERDICTS = ("agrees", HIGHER, LOWER, "differs", "reported", "not computed here")
NUMBER = re.compile(r"([<>]?)\s*(-?\d+(?:\.(\d+))?)(%?)")


def read_claims(path):
    """Read and check the tab-separated table of claims.

    Returns
    -------
    DataFrame of shape (n_claims, 7)
        Columns id, section, quantity, group, value, p, note, all text; p and note may be empty.

    Raises
    ------
    ValueError
        If columns differ, an id occurs twice, another field is empty, or a p is not a number.
    """
    claims = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, quoting=3)
    if tuple(claims.columns) != CLAIM_COLUMNS:
        raise ValueError(f"{path}: columns {list(claims.columns)}; expected {list(CLAIM_COLUMNS)}")
    problems = [f"id {name!r} occurs twice" for name in claims["id"][claims["id"].duplicated()]]
    for row, claim in enumerate(claims.to_dict("records"), start=2):
        problems += [f"row {row}: {key} is empty" for key in CLAIM_COLUMNS[:5] if not claim[key]]
        if claim["p"] and not NUMBER.fullmatch(claim["p"]):
            problems.append(f"row {row}: p = {claim['p']!r}, expected a number such as <0.001")
    if problems:
        raise ValueError(f"{path}: {len(problems)} problem(s)\n  " + "\n  ".join(problems))
    return claims


def compare(claims, results):
    """Set this study's values beside the paper's.

    The verdict depends on the form of the paper's value:

    - a number ("0.953"): "agrees" when our 95% interval covers it, else "higher" or "lower than
      the paper"; "reported" without an interval. The paper's own sampling error is left out, and
      a wide interval agrees easily.
    - a bound (">78.1%"): the same, with our value in place of a missing interval; "agrees" when
      the stated side is reached. Where the paper prints %, ours is a fraction.
    - a number or bound whose quantity begins with "P value": "agrees" when both lie on the same
      side of 0.05, else "differs".
    - words ("n.s.", "long > short", a list): "agrees" when ours are the same words in the same
      order, whatever the case, else "differs". A p beside a value is shown, not judged.

    Without a value of ours it is "not computed here". Ids that are no claim of the paper, such as
    those of other diagnoses, are left out.

    Parameters
    ----------
    claims : DataFrame
        Output of `read_claims`.
    results : list of dict
        Result files of the pages; `claims` maps a claim's id to `value` (number or words) and,
        optionally, `low` and `high` (95% interval) and `p`.

    Returns
    -------
    DataFrame of shape (n_claims, 7)
        id, section, quantity, group, paper, ours, verdict; in the order of `claims`.

    Raises
    ------
    ValueError
        If two pages give the same claim, or one of the two values is a number and one words.
    """
    ours = {}
    for page in results:
        if twice := sorted(set(ours) & set(page["claims"])):
            raise ValueError(f"page {page['page']} gives {twice}, already given by another page")
        ours |= page["claims"]
    pairs = [(claim, ours.get(claim["id"], {})) for claim in claims.to_dict("records")]
    verdicts = [_verdict(claim, our) for claim, our in pairs]  # refuses what cannot be compared
    return claims[["id", "section", "quantity", "group"]].assign(
        paper=[_with_p(claim["value"], claim["p"]) for claim, _ in pairs],
        ours=[_our_text(claim["value"], our) for claim, our in pairs],
        verdict=verdicts,
    )


def counts(comparison):
    """Count the claims per verdict: Series over all verdicts, zeros included."""
    return comparison["verdict"].value_counts().reindex(VERDICTS, fill_value=0).rename("claims")


def _verdict(claim, our):
    """Verdict on one claim by the rules of `compare`."""
    value, number = our.get("value"), NUMBER.fullmatch(claim["value"])
    if _absent(value):
        return "not computed here"
    if isinstance(value, str) == bool(number):
        found = f"{value!r} beside the paper's {claim['value']!r}"
        raise ValueError(f"claim {claim['id']}: {found}; expected both numbers or both words")
    if number is None:
        words = [text.casefold().split() for text in (value, claim["value"])]
        return "agrees" if words[0] == words[1] else "differs"
    paper = float(number[2]) / (100 if number[4] else 1)
    if claim["quantity"].startswith("P value"):
        significant = paper <= 0.05 if number[1] == "<" else paper < 0.05
        return "agrees" if significant == (value < 0.05) else "differs"
    if not _interval(our) and not number[1]:
        return "reported"
    low, high = _interval(our) or (value, value)
    if number[1] != "<" and high < paper:
        return LOWER
    return HIGHER if number[1] != ">" and low > paper else "agrees"


def _our_text(paper, our):
    """Write our value with as many decimals as the paper prints, its interval and P."""
    value, number = our.get("value"), NUMBER.fullmatch(paper)
    if _absent(value):
        return ""
    if isinstance(value, str):
        return _with_p(value, our.get("p"))
    style = f".{len(number[3] or '')}{number[4] or 'f'}" if number[3] or number[4] else ".3g"
    interval = " to ".join(format(end, style) for end in _interval(our))
    return _with_p(format(value, style) + f" ({interval})" * bool(interval), our.get("p"))


def _with_p(text, p):
    """Value followed by its P value, if there is one; `p` is a number or the paper's text."""
    if _absent(p) or p == "":
        return text
    if not isinstance(p, str):
        p = "<0.0001" if p < 0.0001 else f"{p:.3g}"
    return f"{text}, P {p[0]} {p[1:]}" if p[0] in "<>" else f"{text}, P = {p}"


def _interval(our):
    """Low and high of our 95% interval, or nothing; one without width (DeLong at AUC 1) is none."""
    ends = (our.get("low"), our.get("high"))
    return () if any(map(_absent, ends)) or ends[0] == ends[1] else ends


def _absent(value):
    """Whether a value is missing: None, or not a number."""
    return value is None or value != value
