"""The chapter of a public book that says what it leaves out, and what was not searched for."""

from datnet_study.chapter import plain
from datnet_study.masking import FEWEST, MARK, TO_AVERAGE

TEXT = f"""\
# What this book leaves out

This is the public edition of a book about people. It is made from the displays that the code of the
study declares to be about groups; whatever says nothing of itself is left out. No table, result
file or image of the study goes with it. Before it was put here, every file of it was searched for
what may not be in it.

**Counts.** A count from 1 to {FEWEST - 1} is not shown, nor what would give it away by subtraction
from the sums: both are {MARK} in tables and figures, and words in sentences. A 0 is shown.

**Rates are shown as they are.** How often a classifier is right, and its AUC, tell how good it is.
Whoever multiplies such a rate by the size of its group gets the number of right decisions back,
also where only one was wrong. So a matrix of decisions hides single cells, and not all their sums.

**Groups.** A diagnosis of fewer than {TO_AVERAGE} people has no ROC curve, box or mean image.

**What the search knows.** All ids, file names, dates and free texts of the scan table, in any case
and with any punctuation, in several encodings and as plain hashes; texts in the headers of the
images; folders of the machine and names of user and computer; rows with age, sex and diagnosis of
one participant; images of unknown origin; counts below {FEWEST} in tables and sentences.

**What it does not know.** Words in the pixels of an image (those of the figures of this book are
searched when they are drawn); values that were rounded or shifted; names that are neither in the
table nor in a header; what follows from this book together with another publication.
"""
SHORT = (
    "**What could not be searched.** A single word that is short, or that the book itself uses, "
    "says nothing: {}. Such an id is searched for behind words like “participant” only."
)


def what_is_left_out(changes, unsearched):
    """Markdown of the chapter.

    Parameters
    ----------
    changes : dict of str to list of (str, str)
        By page: display, and what was done to it.
    unsearched : dict of str to int
        By kind, how many words could not be searched alone.

    Returns
    -------
    str
    """
    rows = [
        f"| {{doc}}`pages/{page}` | {plain(what)} | {plain(how)} |"
        for page, of in changes.items()
        for what, how in dict.fromkeys(of)
    ]
    table = ["| Page | Display | In this book |", "|---|---|---|", *rows]
    many = ", ".join(f"{n} of {kind}" for kind, n in sorted(unsearched.items()))
    text = [TEXT, *([SHORT.format(many), ""] if many else [])]
    return "\n".join([*text, "## Display by display", "", *table, ""])
