"""Two forms of what a page shows: one for whoever may see the participants, one for everybody.

A display that may be shown to everybody carries its public form beside its own, in the output of
the cell; the public book takes nothing else from a page. So what no code has declared is left out.

A figure is declared where it is drawn: `of_groups` shows numbers of groups and is public as it is,
`of_averages` shows mean images, which are public where the groups are large enough, `replaced` is
drawn in another way, `of_participants` is left out, as is a figure without a word.
"""

import base64
import functools
import io
import re

from datnet_study.masked_words import masked_words
from datnet_study.masking import FEWEST, MARK

MIME = "application/vnd.datnet.public+json"  # in the output of a cell, beside its own form
KINDS = "datnet_shows"  # attribute of a function that draws
GROUPS, AVERAGES, REPLACED, PARTICIPANTS = "groups", "averages", "replaced", "participants"

NOTHING = (lambda: None), "", False
IN_WORDS = f"Counts of fewer than {FEWEST} people are given in words."


def of_groups(draw):
    """Decorator: a figure of numbers of groups, which is public as it is."""
    return _declared(draw, GROUPS, draw, "")


def of_averages(draw):
    """Decorator: a figure of mean images of groups, public where each has enough people."""
    return _declared(draw, AVERAGES, draw, "", averages=True)


def replaced(draw_public, said, averages=False):
    """Decorator: a figure that the public book has in another form.

    Parameters
    ----------
    draw_public : callable
        Draws it from the same arguments; returns None where it may not be shown at all.
    said : str
        What was replaced by what, a sentence.
    averages : bool
        Whether it shows a mean image too, as in `of_averages`.
    """
    return lambda draw: _declared(draw, REPLACED, draw_public, said, averages)


def of_participants(draw):
    """Decorator: a figure of single participants, which the public book leaves out."""
    return _declared(draw, PARTICIPANTS, None, "")


def _declared(draw, kind, draw_public, said, averages=False):
    """The function with its declaration, whose figures carry what draws their public form."""

    @functools.wraps(draw)
    def drawn(*args, **kwargs):
        fig = draw(*args, **kwargs)
        if draw_public is draw:
            fig.public = (lambda: fig), said, averages
        elif draw_public is not None:
            fig.public = functools.partial(draw_public, *args, **kwargs), said, averages
        return fig

    setattr(drawn, KINDS, kind)
    return drawn


def public_html(shown, text, said=""):
    """Give an object that shows HTML its public form, HTML that holds numbers of groups only."""
    shown.public = (lambda: text), said, False
    return shown


def offer_public_forms(shell):
    """Let a notebook keep the public form of each display that has one.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell or None
        None where a page runs without a notebook, which then shows nothing.
    """
    if shell is None:
        return
    from IPython.display import HTML, Markdown
    from matplotlib.figure import Figure
    from pandas.io.formats.style import Styler

    bundle = shell.display_formatter.mimebundle_formatter
    for kind, of in {Figure: figure_form, Styler: text_form, HTML: text_form}.items():
        bundle.for_type(kind, functools.partial(_bundle, of))
    bundle.for_type(Markdown, functools.partial(_bundle, sentence_form))


def _bundle(form_of, shown):
    """The public form of an object as part of an output; nothing where there is none."""
    form = form_of(shown)
    return None if form is None else {MIME: form}


def figure_form(fig):
    """Public form of a figure: image, the words in it, and what was replaced; None without.

    Of a figure that is public as it is, the image is empty: it need not be drawn and kept twice.
    """
    make, said, averages = getattr(fig, "public", NOTHING)
    made = make()
    if made is None:
        return None
    from matplotlib.text import Text

    image = ""  # the public form is the figure itself, whose image stands beside this
    if made is not fig:
        file = io.BytesIO()
        made.savefig(file, format="png", dpi=made.dpi, bbox_inches="tight")
        image = base64.b64encode(file.getvalue()).decode()
    axes = [axis for ax in made.axes for axis in (ax.xaxis, ax.yaxis)]
    ticks = [text for axis in axes for text in axis.get_ticklabels()]  # known before it is drawn
    words = sorted({text.get_text() for text in (*made.findobj(Text), *ticks)} - {""})
    return _form("image/png", image, said, words, averages)


def text_form(shown):
    """Public form of a table or of HTML; None where it was not declared."""
    make, said, averages = getattr(shown, "public", NOTHING)
    made = make()
    return made and _form("text/html", made, said, averages=averages)


def sentence_form(shown):
    """Public form of a generated sentence: without counts of few people."""
    words = masked_words(shown.data)
    return _form("text/markdown", words, IN_WORDS if words != shown.data else "")


def _form(kind, data, said, words=(), averages=False):
    """What stands in the output of a cell; of a mark that is not there nothing is said."""
    if not any(MARK in text for text in (data, *words)):
        said = " ".join(part for part in re.split(r"(?<=\.) ", said) if MARK not in part)
    return {"type": kind, "data": data, "said": said, "words": [*words], "averages": averages}
