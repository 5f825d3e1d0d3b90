"""Values of a claim, the paper's and ours, as numbers with their difference and as text."""

import math

from datnet_study.claims import NUMBER, published_interval
from datnet_study.printed import independent_difference, independent_sum

SMALLEST_P = 0.0001  # that is written out


def difference_of(claim, our):
    """Our number minus the paper's and the interval of it; not-a-number where ours has none."""
    ends, value = own_interval(our), our.get("value")
    if claim["kind"] != "number" or is_absent(value) or not ends:
        return math.nan, math.nan, math.nan
    return independent_difference((value, *ends), published_interval(claim))


def difference_text(claim, our):
    """The difference with its sign and interval, one digit more than the margin has."""
    found = difference_of(claim, our)
    return "" if math.isnan(found[0]) else _signed(*found)


def pair_text(one, other):
    """Sensitivity + specificity of the paper, ours, and the difference by which both are judged.

    `one` and `other` are (claim, our), each with a difference (`difference_of`).
    """
    paper = sum(published_interval(claim)[0] for claim, _ in (one, other))
    here = sum(our["value"] for _, our in (one, other))
    apart = _signed(*independent_sum(difference_of(*one), difference_of(*other)))
    return f"as a pair: sensitivity + specificity {paper:.2f}, here {here:.2f}, difference {apart}"


def _signed(value, low, high):
    """A difference with its sign and interval."""
    value, low, high = (round(part, 2) + 0.0 for part in (value, low, high))  # no -0.00
    return f"{value:+.2f} ({low:+.2f} to {high:+.2f})"


def paper_text(claim):
    """The paper's value, its interval where its counts give one, and P."""
    text = claim["value"]
    if claim["counts"]:
        _, low, high = published_interval(claim)
        text = f"{text} ({low:.2f} to {high:.2f})"
    return _with_p(text, claim["p"])


def our_text(paper, our):
    """Write our value with as many decimals as the paper prints, its interval and P."""
    value = our.get("value")
    if is_absent(value):
        return f"– ({our['why']})" if our["why"] else ""
    if isinstance(value, str):
        if ends := own_interval(our):
            value += " ({:+.2f} to {:+.2f})".format(*ends)
        return _with_p(value, our.get("p"))
    _, _, decimals, percent = NUMBER.fullmatch(paper).groups()
    style = f".{len(decimals or '')}{percent or 'f'}" if decimals or percent else ".3g"
    text = format(value, style)
    if interval := own_interval(our):
        style = style if percent else ".2f" if decimals else ".3g"
        text += f" ({format(interval[0], style)} to {format(interval[1], style)})"
    return _with_p(text, our.get("p"))


def _with_p(text, p):
    """Value followed by its P value, if there is one; `p` is a number or the paper's text."""
    if is_absent(p) or p == "":
        return text
    if not isinstance(p, str):
        p = f"<{SMALLEST_P}" if p < SMALLEST_P else f"{p:.2g}"
    return f"{text}, P {p[0]} {p[1:]}" if p[0] in "<>" else f"{text}, P = {p}"


def own_interval(our):
    """Low and high of our 95% interval, or nothing; one without width (DeLong at AUC 1) is none."""
    ends = (our.get("low"), our.get("high"))
    return () if any(map(is_absent, ends)) or ends[0] == ends[1] else ends


def is_absent(value):
    """Whether a value is missing: None, or not a number."""
    return value is None or (isinstance(value, float) and math.isnan(value))
