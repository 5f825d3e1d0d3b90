"""Pages with public forms only: what comes in, and that nothing else does."""

import base64
import io

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from small_public_books import png

from datnet_study.public_forms import MIME
from datnet_study.publishing.public_pages import LEFT_OUT, SMALL, public_page

SECRET = "sub-0001 of /home/emil"


def output(kind=None, data="", said="", words=(), averages=False):
    """Output of a cell whose own form holds a secret, with a public form where one is given."""
    shown = {"text/html": SECRET, "image/png": base64.b64encode(png(9)).decode()}
    if kind:
        form = {"type": kind, "data": data, "said": said, "words": [*words], "averages": averages}
        shown[MIME] = form
    return new_output("display_data", shown, metadata={"note": SECRET})


def page(*outputs, **metadata):
    cell = new_code_cell("plot()", outputs=[*outputs], metadata=metadata | {"note": SECRET})
    injected = new_code_cell(f"study = '{SECRET}'", metadata={"tags": ["injected-parameters"]})
    cells = [
        new_markdown_cell("## Who fails"),
        injected,
        cell,
        new_markdown_cell("A caption.\n\nMore."),
    ]
    return new_notebook(cells=cells, metadata={"papermill": {"input_path": SECRET}})


def shown(made):
    """Outputs of the last code cell."""
    return [dict(o.data) for cell in made.notebook.cells for o in cell.get("outputs", [])]


def test_prose_code_and_public_forms_come_in():
    made = public_page(page(output("text/html", "<p>62</p>"), output("text/markdown", "All.")))
    assert shown(made) == [{"text/html": "<p>62</p>"}, {"text/markdown": "All."}]
    sources = [cell.source for cell in made.notebook.cells]
    assert sources == ["## Who fails", "plot()", "A caption.\n\nMore."]
    assert made.changes == []
    nbformat.validate(made.notebook)


@pytest.mark.parametrize(
    "other",
    [
        output(),
        new_output("stream", name="stderr", text=SECRET),
        new_output("stream", name="stdout", text=SECRET),
        new_output("error", ename="ValueError", evalue=SECRET, traceback=[SECRET]),
        new_output("execute_result", {"text/plain": SECRET}, execution_count=7),
        new_output("display_data", {"application/vnd.plotly.v1+json": {"data": SECRET}}),
        new_output("display_data", {"application/javascript": SECRET}),
    ],
)
def test_no_other_output_and_no_metadata_comes_in(other):
    given = page(other)
    made = public_page(given)
    assert "emil" not in nbformat.writes(made.notebook)
    assert "emil" in nbformat.writes(given)
    assert {text for data in shown(made) for text in data.values()} <= {f"*{LEFT_OUT}*"}


def test_what_is_left_out_is_said_by_the_heading_above_it():
    assert public_page(page(output())).changes == [("display below “Who fails”", LEFT_OUT)]


def test_a_figure_that_is_left_out_keeps_its_number_by_an_image_of_words():
    made = public_page(page(output(), figure="fig-a"))
    assert made.notebook.cells[1].metadata["figure"] == "fig-a"
    assert list(shown(made)[0]) == ["image/png"] and made.images != [png(9)]
    assert made.notebook.cells[2].source == "A caption.\n\nMore."


def test_what_was_replaced_is_said_in_the_caption_or_below():
    image = base64.b64encode(png(4)).decode()
    made = public_page(page(output("image/png", image, "Bins.", ["AUC"]), figure="fig-a"))
    assert "A caption. *In this public book: Bins.*" in made.notebook.cells[2].source
    assert made.words == ["AUC"] and made.changes == [("figure fig-a", "Bins.")]
    made = public_page(page(output("text/html", "<p>a</p>", "Marks.")))
    assert shown(made)[1] == {"text/markdown": "*In this public book: Marks.*"}


def test_an_image_keeps_its_pixels_and_nothing_else():
    given = png(4, note=SECRET, packed=SECRET)
    made = public_page(page(output("image/png", base64.b64encode(given).decode())))
    [image] = made.images
    pixels = [Image.open(io.BytesIO(data)) for data in (given, image)]
    assert pixels[0].tobytes() == pixels[1].tobytes() and pixels[1].text == {}
    assert base64.b64decode(shown(made)[0]["image/png"]) == image


def test_a_figure_that_is_public_as_it_is_gives_its_own_image():
    made = public_page(page(output("image/png", "")))
    assert [Image.open(io.BytesIO(image)).getpixel((0, 0)) for image in made.images] == [9]


def test_mean_images_of_few_people_and_pages_of_few_people_are_left_out():
    mean = output("image/png", base64.b64encode(png(4)).decode(), averages=True)
    assert public_page(page(mean)).changes == []
    assert public_page(page(mean), averages=False).changes[0][1] == SMALL
    rates = page(output("text/html", "<p>0.93</p>"))
    assert public_page(rates, displays=False).changes[0][1] == SMALL
