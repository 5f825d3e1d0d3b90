"""Executed pages with the public forms of their displays, and nothing else.

What comes in is on a list: prose, code, and outputs that carry a public form (`public_forms`).
Everything else stays outside: other outputs, what a page printed, errors, values of parameters,
metadata of the run.
"""

import base64
import io
from functools import cache
from typing import NamedTuple

import nbformat

from datnet_study.public_forms import MIME

LEFT_OUT = "Left out of this public book: it shows single participants, or nothing says otherwise."
SMALL = "Left out of this public book: its groups have too few people."
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}
KEPT_TAGS = (
    "parameters", "imports", "setup", "remove-input", "remove-cell", "hide-input", "hide-output",
)  # fmt: skip


class PublicPage(NamedTuple):
    """A page for everybody, what was replaced or left out, and every image and word in it."""

    notebook: nbformat.NotebookNode
    changes: list  # of (what, how)
    images: list  # bytes of each PNG
    words: list  # texts drawn into the images


def public_page(notebook, averages=True, displays=True):
    """A page for everybody from an executed one.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed page; it stays as it is.
    averages : bool
        Whether mean images of groups may be shown.
    displays : bool
        Whether anything that the page computed may be shown.

    Returns
    -------
    PublicPage
    """
    page = PublicPage(nbformat.v4.new_notebook(metadata=METADATA), [], [], [])
    heading, cells = "", notebook.cells
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            heading = _heading(cell.source) or heading
            page.notebook.cells.append(
                nbformat.v4.new_markdown_cell(cell.source, id=f"cell-{number}")
            )
        elif cell.cell_type == "code" and "injected-parameters" not in _tags(cell):
            page.notebook.cells.append(_code_cell(cell, number, page, heading, averages, displays))
    _add_to_captions(page.notebook.cells)
    return page


def _code_cell(cell, number, page, heading, averages, displays):
    """A cell with the public forms of its outputs."""
    made = nbformat.v4.new_code_cell(cell.source, id=f"cell-{number}")
    made.metadata["tags"] = [tag for tag in _tags(cell) if tag in KEPT_TAGS]
    label = cell.metadata.get("figure")
    if label:
        made.metadata["figure"] = label
    what = f"figure {label}" if label else f"display below “{heading}”"
    for output in cell.get("outputs", []):
        if output.output_type not in ("display_data", "execute_result"):
            continue  # progress and warnings, which the other book does not show either
        form = output.data.get(MIME)
        if form is None or not displays or (form["averages"] and not averages):
            said = LEFT_OUT if form is None else SMALL
            shown = (
                {"image/png": _words_as_image(said)} if label else {"text/markdown": f"*{said}*"}
            )
        else:
            said = form["said"]
            data = form["data"]
            if form["type"] == "image/png":
                data = _pixels_only(data or output.data["image/png"])
            shown = {form["type"]: data}
            page.words.extend(form["words"])
        if "image/png" in shown:
            page.images.append(base64.b64decode(shown["image/png"]))
        made.outputs.append(nbformat.v4.new_output("display_data", shown))
        if said:
            page.changes.append((what, said))
            if said in (LEFT_OUT, SMALL):
                continue  # which is all that there is to see
            if label:
                made.metadata["said"] = said
            else:
                note = {"text/markdown": f"*In this public book: {said}*"}
                made.outputs.append(nbformat.v4.new_output("display_data", note))
    return made


def _add_to_captions(cells):
    """Say below a figure what is different in public: at the end of its caption."""
    for cell, after in zip(cells, cells[1:], strict=False):
        said = cell.metadata.pop("said", None)
        if said and after.cell_type == "markdown":
            caption, gap, rest = after.source.strip().partition("\n\n")
            after.source = f"{caption} *In this public book: {said}*{gap}{rest}"


def _heading(text):
    """The last heading of a Markdown cell, without its marks."""
    lines = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
    return lines[-1] if lines else ""


def _tags(cell):
    return cell.metadata.get("tags", [])


def _pixels_only(data):
    """A PNG in base64 without anything but its pixels."""
    from PIL import Image

    given, file = Image.open(io.BytesIO(base64.b64decode(data))), io.BytesIO()
    pixels = Image.frombytes(given.mode, given.size, given.tobytes())
    pixels.save(file, format="png")
    return base64.b64encode(file.getvalue()).decode()


@cache
def _words_as_image(text):
    """A sentence as a PNG in base64, where a figure with a number was."""
    import matplotlib.pyplot as plt

    fig = plt.figure(figsize=(8, 1), dpi=110)
    fig.text(0.5, 0.5, text, ha="center", va="center", fontsize=10, color="0.3")
    file = io.BytesIO()
    fig.savefig(file, format="png", metadata={"Software": None})
    plt.close(fig)
    return _pixels_only(base64.b64encode(file.getvalue()).decode())
