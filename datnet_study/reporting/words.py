"""What a report says in words: the first screen, warnings, and the table of binding ratios."""

import re

from datnet_core import __version__
from datnet_images.binding import sides
from datnet_study.reporting.judge import share_below
from datnet_study.reporting.judging import why_it_fails
from datnet_study.reporting.measures import ONE_SIDE
from datnet_study.reporting.of_study import UNKNOWN

MOODS = {"pass": "good", "look": "look", "fail": "bad"}
WORDS = {"pass": "passes", "look": "look at it", "fail": "fails"}
APART = 2.0  # SD of the controls from which on sides are called unlike
UNLIKE = 0.1  # the same without controls, as a share of the mean


def first_screen(found, judge):
    """What a reader has to know in half a minute.

    Parameters
    ----------
    found : Judged
    judge : Judge

    Returns
    -------
    dict
        Parts of the template: `subtitle`, `quality`, `most`, `bars`, `left`, `flag`, `side`,
        `not_for`.
    """
    age = "age not known" if found.age is None else f"{found.age:g} years"
    told = [age, found.tracer and f"tracer {found.tracer}", found.how, found.known]
    parts = {
        "subtitle": " · ".join(part for part in told if part),
        "quality": _quality(found),
        "not_for": "Deciding about a person; scans of another tracer, scanner or population; "
        "patients without one of the diagnoses below. The whole list is at the end.",
    }
    if found.is_judged:
        names, order = judge.facts.diagnoses, (-found.proba).argsort()
        bars = [
            {"name": names[k], "p": f"{found.proba[k]:.2f}"}
            | {"percent": f"{100 * found.proba[k]:.1f}"}
            for k in order
        ]
        parts |= {"most": bars[0], "bars": bars, "left": _left(found, judge)}
        parts |= {"flag": _flag(found, judge), "side": _side(found, judge)}
        parts["models"] = _models(found, judge)
    return parts


def warnings_of(found, judge):
    """Reasons for care that stand above all else.

    Parameters
    ----------
    found, judge : Judged, Judge

    Returns
    -------
    list of str
    """
    facts, lines = judge.facts, []
    if found.tracer and facts.tracer != UNKNOWN and not same_tracer(found.tracer, facts.tracer):
        lines.append(
            f"the scan is of the tracer {found.tracer}, and the networks learned from "
            f"{facts.tracer}; they were never tried on another one."
        )
    if facts.project != __version__:
        lines.append(
            f"the package was made by version {facts.project} of the project, and this is "
            f"{__version__}; try it on its made-up scan first: make report PACKAGE=folder."
        )
    if found.age is not None and facts.ages and not facts.ages[0] <= found.age <= facts.ages[1]:
        lines.append(
            f"age {found.age:g} lies outside of {facts.ages[0]} to {facts.ages[1]} years, where "
            "nine in ten of those learned from are."
        )
    return lines


def same_tracer(first, second):
    """Whether two names may mean one tracer: the letters of one are part of the other's.

    Examples
    --------
    >>> same_tracer("[11C]CFT", "CFT"), same_tracer("FP-CIT", "CFT")
    (True, False)
    """
    first, second = (re.sub(r"[^a-z0-9]", "", name.casefold()) for name in (first, second))
    return first in second or second in first


def measure_rows(found, judge):
    """Rows of the table of binding ratios.

    Parameters
    ----------
    found, judge : Judged, Judge

    Returns
    -------
    list of dict
    """
    rows, facts = [], judge.facts
    for name, value in found.measures.items():
        norm, places = facts.norms.get(name), facts.places.get(name, {})
        known = norm is not None and found.age is not None
        shares = [share_below(places.get(group, ()), value) for group in facts.diagnoses]
        expected = norm.at_60 + norm.per_decade * (found.age - 60) / 10 if known else None
        rows.append(
            {
                "name": name.replace("_", " ").replace("asymmetry", f"asymmetry, {ONE_SIDE}"),
                "value": f"{value:.2f}",
                "norm": f"{expected:.2f} ± {norm.sd:.2f}" if known else "–",
                "z": f"{found.z[name]:+.1f}" if name in found.z else "–",
                "shares": shares,
            }
        )
    return rows


def norms_in_words(found, judge):
    """What stands behind the z-scores, or why there are none."""
    norms = judge.facts.norms
    if not norms:
        return "There are no z-scores: too few controls with a known age were among those learned "
        "from."
    n = max(norm.n for norm in norms.values())
    kind = "control phantoms" if judge.facts.phantom else "controls"
    if found.age is None:
        return (
            f"There are no z-scores, for the age is not known: give it with AGE= ({n} {kind} have "
            "one)."
        )
    return (
        f"z is the difference from {n} {kind} of this age, by a line over their ages, in their SD "
        "around it. Single controls lie beyond ±2 in one of twenty measures."
    )


def _quality(found):
    """The verdict in words."""
    verdict = found.quality.get("verdict")
    if verdict is None:
        return {"word": "not reached", "mood": "bad", "why": "The scan could not be read."}
    why = "It lies where it should." if verdict == "pass" else why_it_fails(found.quality)
    return {"word": WORDS[verdict], "mood": MOODS[verdict], "why": why[:1].upper() + why[1:]}


def _left(found, judge):
    """The set of diagnoses in words."""
    if found.left is None:
        title = "set of diagnoses"
        return {
            "title": title,
            "words": "not known",
            "why": "These networks have no out-of-fold scores.",
        }
    names = [
        name for name, is_left in zip(judge.facts.diagnoses, found.left, strict=True) if is_left
    ]
    who = "phantoms" if judge.facts.phantom else "people"
    why = (
        f"Such a set is to hold the right diagnosis in {judge.facts.doubt.coverage:.0%} of {who} "
        "like those learned from. What is not in it is unlikely, not excluded."
    )
    words = f"{names[0]} only" if len(names) == 1 else ", ".join(names) or "none of them fits"
    if not names:
        why = "The scan is unlike all of those learned from. " + why
    title = f"set of diagnoses ({judge.facts.doubt.coverage:.0%})"
    return {"title": title, "words": words, "why": why}


def _flag(found, judge):
    """The flag in words, with how often it was right."""
    doubt = judge.facts.doubt
    if doubt is None:
        return {"word": "not known", "mood": "look", "why": "There are no out-of-fold scores."}
    if found.referred:
        return {
            "word": "refer",
            "mood": "look",
            "why": f"The largest probability is below {doubt.least}. Out of fold this flag was "
            f"set for {doubt.referred:.0%}; {doubt.wrong:.0%} of these were judged wrongly.",
        }
    return {
        "word": "no flag",
        "mood": "",
        "why": f"Out of fold, {doubt.kept:.0%} of the scans without a flag were judged rightly.",
    }


def _side(found, judge):
    """Which side of the brain has less binding, in words: of the first region with unlike sides."""
    measured = [r for r in judge.facts.images.regions if f"{r}_asymmetry" in found.measures]
    if not measured:
        regions = " and ".join(judge.facts.images.regions)
        return {"word": "not known", "why": f"There is no binding in {regions}."}
    region = next((r for r in measured if _unlike(found, r)), measured[0])
    value, z = found.measures[f"{region}_asymmetry"], found.z.get(f"{region}_asymmetry")
    left, right = (found.measures[side] for side in sides([region]))
    word = "sides alike"
    if _unlike(found, region):
        word = "left" if value < 0 else "right"
    beside = f", z {z:+.1f}" if z is not None else ""
    why = f"{region}: left {left:.2f}, right {right:.2f} ({abs(value):.0%} apart{beside})."
    return {"word": word, "why": why[:1].upper() + why[1:]}


def _unlike(found, region):
    """Whether the sides of a region differ more than in controls, or else by much."""
    value, z = found.measures[f"{region}_asymmetry"], found.z.get(f"{region}_asymmetry")
    return abs(z) >= APART if z is not None else abs(value) >= UNLIKE


def _models(found, judge):
    """Who judged, in words."""
    if found.known:
        names = ", ".join(found.models)
        return f"{found.known} Judged by {names}, which never saw the participant."
    seen = (
        "A package cannot tell whether its networks have learned from this scan; the study that "
        "it was made from can."
        if judge.content
        else "The scan is none of the study's own, by its content."
    )
    return f"The mean of {len(found.models)} model(s) counts. {seen}"
