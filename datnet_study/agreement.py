"""Our values beside the paper's, with a verdict in words by a rule that a reader can check.

Two numbers are close when that is shown, never because too little is known.
"""

import math

from datnet_study.claim_values import (
    difference_of,
    difference_text,
    is_absent,
    our_text,
    own_interval,
    pair_text,
    paper_text,
)
from datnet_study.claims import NUMBER, published_interval
from datnet_study.printed import independent_sum

MARGIN = 0.1  # AUC or share: what lies closer counts as the same
CLOSE, AGREES = f"within {MARGIN} of the paper", "agrees"  # of numbers; of all else
ALIKE = (CLOSE, AGREES)
HIGHER, LOWER = "higher than the paper", "lower than the paper"
DIFFERS, OPEN = "differs", "cannot tell"
REPORTED, ABSENT = "reported", "not computed here"
VERDICTS = (*ALIKE, HIGHER, LOWER, DIFFERS, OPEN, REPORTED, ABSENT)
ON_NUMBERS = (CLOSE, HIGHER, LOWER, OPEN)
PARTNERS = {".sens.": ".spec.", ".spec.": ".sens."}  # in ids of numbers of one decision
PATIENTS = ("IPD", "MSA", "PSP")  # of the paper, as its groups are written
DIAGNOSES = (*PATIENTS, "NC")
SIGNIFICANT = 0.05  # the paper's level


def compare(claims, results, diagnoses=()):
    """Set this study's values beside the paper's.

    The verdict depends on the `kind` of the paper's value:

    - number ("0.953"): by the 95% interval of our number minus the paper's, which counts the
      sampling error of both (`printed.independent_difference`; the paper's own from its counts,
      `claims.published_interval`). It is "within 0.1 of the paper" only when the whole interval
      lies within `MARGIN` of 0, as in a test of equivalence (two one-sided tests, Schuirmann 1987,
      doi:10.1007/BF01068419, here at 2.5% each); it is "higher" or "lower than the paper" when
      the interval lies on one side of 0 and not within the margin; else the data "cannot tell".
      Without an interval of ours it is "reported".
    - Sensitivity and specificity of one diagnosis come from one decision, and a cutoff trades one
      for the other, so both get one verdict (`together`).
    - bound (">78.1%"): "agrees" when our whole interval reaches the stated side, or our value where
      it has no interval; "higher" or "lower" when nothing of it does; else the data "cannot tell".
    - p ("0.75", "<0.001"): "agrees" when both lie on the same side of 0.05, else "differs".
    - words ("n.s.", "long > short", a list): "agrees" when ours are the same words in the same
      order, whatever the case, else "differs". A p beside a value is shown, not judged. Words on
      the sign of a difference come with its interval: where it contains 0, the data "cannot tell".

    Without a value of ours it is "not computed here", and the reason stands in place of the value
    where a page gives one or the study lacks the diagnosis. In a study that lacks a patient group
    of the paper, an accuracy, or a rate against all others, answers another question than the
    paper's: such a value is "reported", and only claims on pairs of diagnoses are judged. Ids that
    are no claim of the paper, such as those of other diagnoses, are left out. No verdict allows for
    there being many.

    Parameters
    ----------
    claims : DataFrame
        Output of `claims.read_claims`.
    results : list of dict
        Result files of the pages; `claims` maps a claim's id to `value` (number or words) and,
        optionally, `low` and `high` (95% interval) and `p`; or to `why` there is no value. The
        `without` of a page is the reason for all claims of its section.
    diagnoses : sequence of str
        Those of the study; without them, no diagnosis counts as lacking.

    Returns
    -------
    DataFrame of shape (n_claims, 9)
        id, section, quantity, group, paper, ours, difference, verdict, as_pair; in the order of
        `claims`. Where sensitivity and specificity share a verdict, `as_pair` has their sum, which
        is what was judged; else it is empty.

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
    pairs = [  # of claims and our values
        (claim, {"why": _why(claim, without, diagnoses)} | ours.get(claim["id"], {}))
        for claim in claims.to_dict("records")
    ]
    of = {claim["id"]: (claim, our) for claim, our in pairs}
    verdicts, as_pair = [], []
    for claim, our in pairs:
        verdict, said = _verdict(claim, our, _same_question(claim, diagnoses)), ""
        partner = of.get(_partner(claim["id"]))
        if verdict in ON_NUMBERS and partner:
            verdict = together(difference_of(claim, our), difference_of(*partner))
            said = pair_text((claim, our), partner) if verdict != REPORTED else ""
        verdicts.append(verdict)
        as_pair.append(said)
    return claims[["id", "section", "quantity", "group"]].assign(
        paper=[paper_text(claim) for claim, _ in pairs],
        ours=[our_text(claim["value"], our) for claim, our in pairs],
        difference=[
            difference_text(claim, our) if _same_question(claim, diagnoses) else ""
            for claim, our in pairs
        ],
        verdict=verdicts,
        as_pair=as_pair,
    )


def together(one, other):
    """Verdict on two numbers of one decision, such as sensitivity and specificity.

    They are close when both are. Else their sum decides, as in the Youden index, since a cutoff
    buys one with the other: they are higher (lower) than the paper when the interval of the summed
    difference lies above (below) 0; they differ when one is higher and the other lower, and the sum
    is not; else the data cannot tell. The two come from different people, so the interval of the
    sum is put together as that of a difference.

    Parameters
    ----------
    one, other : (float, float, float)
        Ours minus the paper's, with its 95% interval; NaN for a number that cannot be judged.

    Returns
    -------
    str
        One of `VERDICTS`; "reported" where a number of the two is missing.

    Examples
    --------
    >>> together((0.0, -0.05, 0.05), (-0.3, -0.4, -0.2))
    'lower than the paper'
    >>> together((0.2, 0.15, 0.25), (-0.2, -0.3, -0.1))
    'differs'
    """
    single = {_verdict_on_difference(*one[1:]), _verdict_on_difference(*other[1:])}
    if REPORTED in single or single == {CLOSE}:
        return REPORTED if REPORTED in single else CLOSE
    _, low, high = independent_sum(one, other)
    if high < 0:
        return LOWER
    if low > 0:
        return HIGHER
    return DIFFERS if single == {HIGHER, LOWER} else OPEN


def _each_once(comparison):
    """Rows of a comparison, with sensitivity and specificity that share a verdict as one row."""
    decision = comparison["id"].replace(dict.fromkeys(PARTNERS, "."), regex=True)
    return comparison[~comparison.assign(id=decision).duplicated(["id", "verdict"])]


def counts(comparison):
    """Count the claims per verdict, a pair once: Series over all verdicts, zeros included."""
    found = _each_once(comparison)["verdict"].value_counts()
    return found.reindex(VERDICTS, fill_value=0).rename("claims")


def n_alike(counted):
    """How many claims (output of `counts`) have numbers close to the paper's, or agree with it."""
    return int(sum(counted[name] for name in ALIKE))


def _partner(name):
    """Id of the other number of the same decision; None where there is none."""
    found = [name.replace(part, other) for part, other in PARTNERS.items() if part in name]
    return found[0] if found else None


def _why(claim, without, diagnoses):
    """Why a study has no value for a claim, as far as that can be told without its page."""
    lacking = [
        f"no {name}" for name in DIAGNOSES if name in claim["group"] and name not in diagnoses
    ]
    return without.get(claim["section"]) or (", ".join(lacking) if diagnoses else "")


def _same_question(claim, diagnoses):
    """Whether a value of ours is about the same groups of people as the paper's.

    Its cross-validation has controls, its blind test has none.
    """
    if not diagnoses or "vs" in claim["group"]:
        return True
    least = DIAGNOSES if claim["section"] == "cross_validation" else PATIENTS
    return set(least) <= set(diagnoses) <= set(DIAGNOSES)


def _verdict(claim, our, same_question):
    """Verdict on one claim by the rules of `compare`, without its partner."""
    value, kind = our.get("value"), claim["kind"]
    if is_absent(value):
        return ABSENT
    if isinstance(value, str) != (kind == "words"):
        expected = "words" if kind == "words" else "a number"
        raise ValueError(
            f"claim {claim['id']}: {value!r} beside the paper's {claim['value']!r} of kind {kind}; "
            f"expected {expected}"
        )
    if not same_question:
        return REPORTED
    if kind == "words":
        ends = own_interval(our)
        if ends and ends[0] <= 0 <= ends[1]:
            return OPEN
        same = value.casefold().split() == claim["value"].casefold().split()
        return AGREES if same else DIFFERS
    if kind == "number":
        return _verdict_on_difference(*difference_of(claim, our)[1:])
    return _verdict_on_side(claim, value, own_interval(our) or (value, value))


def _verdict_on_difference(low, high):
    """Verdict by the interval of a difference."""
    if math.isnan(low):
        return REPORTED
    if max(-low, high) < MARGIN:
        return CLOSE
    if low <= 0 <= high:
        return OPEN
    return LOWER if high < 0 else HIGHER


def _verdict_on_side(claim, value, ends):
    """Verdict on a P value or a bound."""
    side, paper = NUMBER.fullmatch(claim["value"])[1], published_interval(claim)[0]
    if claim["kind"] == "p":
        significant = paper <= SIGNIFICANT if side == "<" else paper < SIGNIFICANT
        return AGREES if significant == (value < SIGNIFICANT) else DIFFERS
    low, high = ends
    if side == ">":
        return AGREES if low >= paper else LOWER if high < paper else OPEN
    return AGREES if high <= paper else HIGHER if low > paper else OPEN
