"""An executed page as a chapter of the book: folded code, numbered figures, and what made it."""

import copy
import html
import re

import nbformat

UNSEEN = {"parameters", "injected-parameters", "imports", "setup"}  # tags: of no use to a reader
FOLDED, REMOVED = "hide-input", "remove-cell"  # tags that Jupyter Book knows
NOT_FOLDED = {FOLDED, REMOVED, "remove-input", "hide-cell"}
FIGURE = "figure"  # metadata of a code cell: the label of the figure that it draws
BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)|\{\w+\}`([^`<]*?)(?: *<[^>]*>)?`")
MARKUP = re.compile(r"[*`$\\]")
PUNCTUATION = re.compile(r"([!-/:-@[-`{-~])")


def chapter(notebook, facts):
    """Chapter of the book from an executed page.

    Cells tagged `parameters`, `imports` or `setup` are not shown, the code of all others is
    folded. A code cell with the metadata `figure="fig-name"` gives a numbered figure of this
    label; its caption is the first paragraph of the Markdown cell behind it, and the words in
    bold, or else the whole caption, are what a reader hears who does not see the figure.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed page; it stays as it is.
    facts : dict of str to (str or dict of str to str)
        What the end of the chapter says: label to text, or to links (words to address). The day
        and the duration of the run are added where the page has them.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ValueError
        If a figure has no caption behind it.
    """
    made = copy.deepcopy(notebook)
    for cell, after in zip(made.cells, [*made.cells[1:], None], strict=True):
        if cell.cell_type != "code":
            continue
        tags = cell.metadata.setdefault("tags", [])
        if UNSEEN & set(tags):
            tags.append(REMOVED)
        elif not NOT_FOLDED & set(tags):
            tags.append(FOLDED)
        if label := cell.metadata.get(FIGURE):
            _number_figure(cell, label, after)
    run = made.metadata.get("papermill", {})
    run.pop("input_path", None)  # papermill keeps a copy of the whole source here
    if run.get("duration") is not None:
        facts = facts | {"Run": f"{run['end_time'][:10]}, {run['duration']:.0f} s"}
    made.cells.append(nbformat.v4.new_markdown_cell(footer(facts), id="facts"))
    return made


def footer(facts):
    """End of a chapter as HTML: what it was made from and with, and where its files are.

    Parameters
    ----------
    facts : dict of str to (str or dict of str to str)
        As in `chapter`.

    Returns
    -------
    str
        One block without empty lines, so that Markdown leaves it alone.
    """
    rows = []
    for label, value in facts.items():
        if isinstance(value, dict):
            links = value.items()
            text = ", ".join(f'<a href="{html.escape(a)}">{html.escape(w)}</a>' for w, a in links)
        else:
            text = html.escape(" ".join(str(value).split()))
        rows.append(f"<dt>{html.escape(label)}</dt><dd>{text}</dd>")
    return "\n".join(['<dl class="page-facts">', *rows, "</dl>"])


def plain(text):
    """Text of a user as Markdown that shows it as it is: no link, no markup, no tag."""
    return PUNCTUATION.sub(r"\\\1", " ".join(text.split()))


def _number_figure(cell, label, after):
    """Take the caption from the cell behind, and let Jupyter Book number the figure."""
    if after is None or after.cell_type != "markdown" or not after.source.strip():
        raise ValueError(
            f"figure {label!r} has no caption; expected a Markdown cell behind it whose first "
            "paragraph is the caption"
        )
    caption, _, rest = after.source.strip().partition("\n\n")
    after.source = rest.strip()
    bold = BOLD.search(caption)
    cell.metadata["mystnb"] = {
        "figure": {"caption": caption, "name": label},
        "image": {"alt": _spoken(bold[1] if bold else caption)},
    }


def _spoken(text):
    """Words of a caption without its markup."""
    text = LINK.sub(lambda found: found[1] or found[2] or "", text)
    return " ".join(MARKUP.sub("", text).split())
