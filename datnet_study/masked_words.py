"""Sentences without counts of few people, for readers who may not know them."""

import re
from itertools import combinations

from datnet_study.masking import FEWEST, is_small

FEW, SOME = f"fewer than {FEWEST}", "some"
NUMBER = r"(?<![\w.,+−-])(\d+)(?![\w%]|[.,]\d)"  # a whole one that stands alone
OF = re.compile(rf"{NUMBER}( of (?:the |all |its )?){NUMBER}")
ALONE = re.compile(NUMBER)
UNIT = re.compile(
    r"\s?(?:mm|ml|cm|s|min|h|y|years?|%|°|kBq|MBq|GB|×|folds?|networks?|models?|voxels?|times|"
    r"features?|regions?|iterations?|epochs?|draws?|layers?|decimals?|claims?|items?|cells?|AUCs?)\b|\s?[×%°]"
)  # behind a number that counts no people
PLACE = re.compile(
    r"(?:\b[xyzP] [=<>]|Figs?\.|Tables?|fold|layer|stage|version|top|×|at|fewer than) ?$"
)
PEOPLE = r"(?:scans?|participants?|patients?|people|persons?|controls?|women|men|woman|man)"
SPELT = re.compile(rf"\b(?:one|two|three|four)(?= (?:\w+ )?{PEOPLE}\b)", re.IGNORECASE)
OF_ONE = re.compile(rf"[-+−\d.]+(?: \([^()]*\))? \((?:one|1) {PEOPLE}\)")
MOST_TERMS = 3  # numbers that somebody would subtract from another one


def masked_words(text):
    """A generated sentence in which no count of people lies between 0 and 5.

    Whole numbers count people unless a unit or a place says otherwise. Of "60 of 62", the two who
    are not counted are few, so 60 is hidden. A number that is hidden and follows from others of the
    text by subtraction takes the largest of those with it. Decimals stay.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> masked_words("Of 40 scans, 30 pass, 8 ask for a look and 2 fail; they move by 2 mm.")
    'Of 40 scans, some pass, 8 ask for a look and fewer than 5 fail; they move by 2 mm.'
    >>> masked_words("Left out are 60 of 62 PSP, 1 of 9 MSA and 0 of 40 NC: 0.93 (one scan).")
    'Left out are some of 62 PSP, fewer than 5 of 9 MSA and 0 of 40 NC: not shown (one scan).'
    """
    text = OF_ONE.sub(lambda found: f"not shown ({found[0].rpartition('(')[2]}", text)
    text, kept = SPELT.sub(FEW, text.replace("(one scan)", "\0")), []
    counts = [found for found in ALONE.finditer(text) if _counts_people(text, found)]
    hidden = {found.start() for found in counts if is_small(int(found[1]))}
    for found in OF.finditer(text):
        if is_small(int(found[3]) - int(found[1])):
            hidden.add(found.start(1))
    hidden = _with_those_that_tell(counts, hidden)
    end = 0
    for found in counts:
        if found.start() in hidden:
            word = FEW if is_small(int(found[1])) else SOME
            kept += [text[end : found.start()], word]
            end = found.end()
    return "".join([*kept, text[end:]]).replace("\0", "(one scan)")


def _counts_people(text, found):
    """Whether a whole number of a text may count people."""
    of = OF.match(text, found.start())  # "1 of 3 folds"
    return not (
        UNIT.match(text, of.end() if of else found.end()) or PLACE.search(text[: found.start()])
    )


def _with_those_that_tell(counts, hidden):
    """Hidden numbers, and of those from which one follows by subtraction the largest part."""
    found = None
    while found != hidden:
        found = set(hidden)
        secret = {int(c[1]) for c in counts if c.start() in hidden}
        shown = [c for c in counts if c.start() not in hidden]
        for whole in shown:
            parts = [c for c in shown if c is not whole and 0 < int(c[1]) <= int(whole[1])]
            for size in range(1, MOST_TERMS + 1):
                for some in combinations(parts, size):
                    rest = int(whole[1]) - sum(int(c[1]) for c in some)
                    if rest in secret or (size == 1 and is_small(rest)):
                        largest = max(some, key=lambda c: int(c[1]))
                        hidden = hidden | {largest.start()}
    return hidden
