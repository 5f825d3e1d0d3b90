"""The claims as a table with colours, which a reader of the book can filter by verdict and page."""

import html
import re

from datnet_study.agreement import (
    ABSENT,
    AGREES,
    CLOSE,
    DIFFERS,
    HIGHER,
    LOWER,
    MARGIN,
    OPEN,
    REPORTED,
    VERDICTS,
    n_alike,
)
from datnet_study.reference import link

RANGE = re.compile(r"\([^()]* to [^()]*\)")  # an interval, which stays on one line
SIGN = dict(zip(VERDICTS, "≈✓↑↓≠?·–", strict=True))
RULES = {  # of `agreement.compare`, in short
    CLOSE: f"the whole interval lies within {MARGIN} of 0, on the scale of a share or AUC; of a "
    "pair, both do. Within it, the number may still be higher or lower",
    AGREES: "no number: the words are the same, or a bound is reached",
    HIGHER: "the interval lies above 0, and not within the margin; of a pair, that of the sum",
    LOWER: "the interval lies below 0, and not within the margin; of a pair, that of the sum",
    DIFFERS: "other words; or one of a pair is higher, one lower, and their sum is neither",
    OPEN: "the interval, of a pair that of the sum, contains 0 and reaches beyond the margin: too "
    "few people, here or in the paper",
    REPORTED: "a value that has no interval, or that is about other groups of patients",
    ABSENT: "no value; in brackets stands what is missing",
}
TITLES = {  # of the columns that a study may have, in this order
    "claim": "claim",
    "paper": "paper (95%)",
    "ours": "here (95%)",
    "difference": "here − paper",
    "ceiling": "limit (true binding)",
    "null": "study null",
    "verdict": "verdict",
}


def claims_view(rows, label):
    """Show claims with their verdicts.

    Parameters
    ----------
    rows : DataFrame
        Output of `agreement.compare`, all or some of it, with `function` of `claims.read_claims`
        and, where there are any, the columns `ceiling`, `null` and `null_verdict` (texts).
    label : str
        What the table is, for those who do not see it.

    Returns
    -------
    str
        HTML. A claim links to the cell of its page that makes our number, and to the function.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"id": "a.b", "section": "fusion", "quantity": "accuracy", "group": "all"}
    >>> row |= {"function": "datnet_study.compare", "paper": "0.9", "ours": "0.8"}
    >>> row |= {"difference": "", "verdict": "reported", "as_pair": ""}
    >>> '<a href="fusion.html#claim-a.b">accuracy</a>' in claims_view(pd.DataFrame([row]), "one")
    True
    """
    shown = [name for name in TITLES if name == "claim" or name in rows]
    head = "".join(f'<th scope="col">{TITLES[name]}</th>' for name in shown)
    body = "\n".join(_row(claim, shown) for claim in rows.to_dict("records"))
    return (
        f'<div class="claims"><table class="claims" aria-label="{html.escape(label)}">'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def rules_view(counted):
    """Each verdict with its rule, and how many claims have it (output of `agreement.counts`)."""
    lines = [
        f"<dt>{verdict_mark(name)} <strong>{counted[name]}</strong></dt><dd>{rule}</dd>"
        for name, rule in RULES.items()
    ]
    return f'<dl class="rules">{"".join(lines)}</dl>'


def verdicts_in_words(counted, n_claims, where):
    """How many claims are alike, and what became of the others, as a sentence.

    Parameters
    ----------
    counted : Series or dict of str to int
        Output of `agreement.counts`, which has a pair of sensitivity and specificity once.
    n_claims : int
        Claims of the paper.
    where : str
        What the study is of, such as "on this phantom".

    Returns
    -------
    str

    Examples
    --------
    >>> counted = dict.fromkeys(VERDICTS, 0) | {CLOSE: 1, AGREES: 2, LOWER: 3, REPORTED: 4}
    >>> verdicts_in_words(counted, 10, "here")
    "Of the paper's 10 claims, 6 claims can be judged here: 3 claims alike (1 claim by numbers \
within 0.1, 2 claims by the same statement), 3 claims lower than the paper."
    """
    n = sum(dict(counted).values())
    judged = n - counted[REPORTED] - counted[ABSENT]
    once = (
        f" ({_claims(n)} with sensitivity and specificity of a diagnosis counted as one)"
        if n < n_claims
        else ""
    )
    start = f"Of the paper's {_claims(n_claims)}{once}, {_claims(judged)} can be judged {where}"
    if not judged:
        return f"{start}."
    said = f"{_claims(n_alike(counted))} alike"
    if n_alike(counted):
        said += (
            f" ({_claims(counted[CLOSE])} by numbers within {MARGIN}, {_claims(counted[AGREES])} "
            "by the same statement)"
        )
    others = {
        HIGHER: HIGHER,
        LOWER: LOWER,
        DIFFERS: "different",
        OPEN: "undecided",
    }
    rest = "".join(
        f", {_claims(counted[name])} {text}" for name, text in others.items() if counted[name]
    )
    return f"{start}: {said}{rest}."


def _claims(n):
    """A number of claims: the word behind it says that it counts no people."""
    return f"{n or 'no'} claim{'' if n == 1 else 's'}"


def verdict_mark(verdict):
    """A verdict with its sign, coloured by the style of the book."""
    kind = verdict.split()[0]  # higher, lower, cannot, ...
    return (
        f'<span class="verdict {kind}"><span aria-hidden="true">{SIGN[verdict]}</span> '
        f"{verdict}</span>"
    )


def _row(claim, shown):
    """Row of the table."""
    page, verdict = claim["section"], claim["verdict"]
    cells = [f'<td class="{name}">{_cell(claim, name)}</td>' for name in shown[1:]]
    where = f'data-page="{page.replace("_", " ")}" data-verdict="{verdict}"'
    address = html.escape(f"{page}.html#claim-{claim['id']}")
    return (
        f'<tr {where}><th scope="row"><a href="{address}">{html.escape(claim["quantity"])}</a>, '
        f'{html.escape(claim["group"])}<br><a class="function" href="{link(claim["function"])}">'
        f"{claim['function'].rpartition('.')[2]}</a></th>{''.join(cells)}</tr>"
    )


def _cell(claim, name):
    """Content of a cell."""
    if name == "verdict":
        pair = f"<br>{_text(claim['as_pair'])}" if claim["as_pair"] else ""
        return verdict_mark(claim["verdict"]) + pair
    text = _text(claim[name])
    if name == "null" and claim["null_verdict"]:
        return f"{verdict_mark(claim['null_verdict'])}<br>{text}"
    return text


def _text(text):
    """Text of a cell, with an interval on one line."""
    return RANGE.sub(r'<span class="range">\g<0></span>', html.escape(text))
