"""An executed page as a chapter of the book: folded code, numbered figures, and what made it."""

import ast
import copy
import html
import re

import nbformat

from datnet_study.public_forms import MIME
from datnet_study.reference import entries, link
from datnet_study.reference import faces as reference_faces

UNSEEN = {"parameters", "injected-parameters", "imports", "setup"}  # tags: of no use to a reader
FOLDED, REMOVED = "hide-input", "remove-cell"  # tags that Jupyter Book knows
NOT_FOLDED = {FOLDED, REMOVED, "remove-input", "hide-cell"}
FIGURE = "figure"  # metadata of a code cell: the label of the figure that it draws
BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)|\{\w+\}`([^`<]*?)(?: *<[^>]*>)?`")
MARKUP = re.compile(r"[*`$\\]")
PUNCTUATION = re.compile(r"([!-/:-@[-`{-~])")


def chapter(notebook, facts, result="", claims=(), ended=False):
    """Chapter of the book from an executed page.

    Cells tagged `parameters`, `imports` or `setup` are not shown, the code of all others is
    folded. A code cell with the metadata `figure="fig-name"` gives a numbered figure of this
    label; its caption is the first paragraph of the Markdown cell behind it, and the words in
    bold, or else the whole caption, are what a reader hears who does not see the figure; so they
    are of an image without a label.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed page; it stays as it is.
    facts : dict of str to (str or dict of str to str)
        What the end of the chapter says: label to text, or to links (words to address). The day
        and the duration of the run are added where the page has them.
    result : str
        What the page found, in a sentence; it stands in a box below the title.
    claims : sequence of str
        Ids of claims. The cell that spells one gets the anchor `claim-<id>`.
    ended : bool
        Whether a cell ended the page (`Page.end`); it and those behind it are left out.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ValueError
        If a figure has no caption behind it.
    """
    made = _own_forms(copy.deepcopy(notebook))
    if ended:
        cut = next(k for k, cell in enumerate(made.cells) if "page.end(" in cell.source)
        made.cells = made.cells[:cut]
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
        elif after is not None and after.cell_type == "markdown" and _draws(cell):
            caption = after.source.strip().partition("\n\n")[0]
            cell.metadata["mystnb"] = {"image": {"alt": _alternative(caption)}}
    run = made.metadata.get("papermill", {})
    run.pop("input_path", None)  # papermill keeps a copy of the whole source here
    if run.get("duration") is not None:
        facts = facts | {"Run": f"{run['end_time'][:10]}, {run['duration']:.0f} s"}
    if result:
        _put_below_the_title(made, f":::{{admonition}} Result\n:class: tip result\n{result}\n:::")
    made.cells = _with_links(made.cells, claims)
    made.cells.append(nbformat.v4.new_markdown_cell(footer(facts), id="facts"))
    return made


def _own_forms(made):
    """A notebook without the forms for everybody beside its own, see `public_forms`."""
    for cell in made.cells:
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(MIME, None)
    return made


def _put_below_the_title(made, text):
    """Add Markdown behind the first heading of a chapter."""
    for cell in made.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            title, _, rest = cell.source.partition("\n")
            cell.source = f"{title}\n\n{text}\n{rest}"
            return


def _with_links(cells, claims):
    """Cells with an anchor before the code of a claim, and links to the functions behind it."""
    faces = _imported_from(cells)
    linked = []
    for number, cell in enumerate(cells):
        seen = cell.cell_type == "code" and REMOVED not in cell.metadata.get("tags", [])
        anchors = [name for name in claims if seen and f'"{name}"' in cell.source]
        if anchors:
            spans = "".join(f'<span id="claim-{html.escape(name)}"></span>' for name in anchors)
            linked.append(nbformat.v4.new_markdown_cell(spans, id=f"claims-{number}"))
        linked.append(cell)
        used = _names(cell.source) & set(faces) if seen else ()
        if used:
            links = ", ".join(
                f'<a href="{link(f"{faces[name]}.{name}")}">{name}</a>' for name in sorted(used)
            )
            text = f'<p class="behind">Behind this: {links}</p>'
            linked.append(nbformat.v4.new_markdown_cell(text, id=f"behind-{number}"))
    return linked


def _imported_from(cells):
    """Face of each name that the cells import from one and that the reference has."""
    faces = {}
    for cell in cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.ImportFrom) and node.module in reference_faces():
                    known = {entry.name for entry in entries(node.module)}
                    faces |= {a.name: node.module for a in node.names if a.name in known}
    return faces


def _names(source):
    """Names that code uses."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


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
    cell.metadata["mystnb"] = {
        "figure": {"caption": caption, "name": label},
        "image": {"alt": _alternative(caption)},
    }


def _draws(cell):
    """Whether a cell that ran shows an image."""
    return any("image/png" in output.get("data", {}) for output in cell.outputs)


def _alternative(caption):
    """What a reader hears who does not see the figure: the words in bold, or the whole caption."""
    bold = BOLD.search(caption)
    return _spoken(bold[1] if bold else caption)


def _spoken(text):
    """Words of a caption without its markup."""
    text = LINK.sub(lambda found: found[1] or found[2] or "", text)
    return " ".join(MARKUP.sub("", text).split())
