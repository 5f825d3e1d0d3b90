"""Executed pages as chapters: what is folded, what is not shown, figures, and the end."""

from copy import deepcopy
from html.parser import HTMLParser

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from datnet_study.chapter import chapter, footer, plain
from datnet_study.public_forms import MIME

FACTS = {"Study": "demo", "Files": {"notebook": "a.ipynb", "numbers": "b.json"}}
CAPTION = """**Area under *the* curve**
of each method, see {numref}`fig-other`.

The network is last."""


def page(*cells, **metadata):
    return new_notebook(cells=list(cells), metadata=metadata)


def code(source="1", *tags, **metadata):
    return new_code_cell(source, metadata={"tags": list(tags), **metadata})


def tags(notebook):
    return [cell.metadata.get("tags") for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ([], ["hide-input"]),
        (["other"], ["other", "hide-input"]),
        (["parameters"], ["parameters", "remove-cell"]),
        (["injected-parameters"], ["injected-parameters", "remove-cell"]),
        (["imports"], ["imports", "remove-cell"]),
        (["setup"], ["setup", "remove-cell"]),
        (["hide-input"], ["hide-input"]),
        (["remove-input"], ["remove-input"]),
        (["remove-cell"], ["remove-cell"]),
        (["hide-cell"], ["hide-cell"]),
    ],
)
def test_code_is_folded_and_what_no_reader_needs_is_not_shown(given, made):
    assert tags(chapter(page(code("1", *given)), FACTS)) == [made]


def test_a_cell_without_tags_is_folded_too():
    assert tags(chapter(page(new_code_cell("1")), FACTS)) == [["hide-input"]]


def test_text_outputs_and_anchors_stay_and_so_does_the_executed_page():
    output = nbformat.v4.new_output("stream", text="3")
    given = page(
        new_markdown_cell("(start)=\n# Title"),
        code(),
        new_markdown_cell("(here)=\n## Part"),
        papermill={"duration": 2.6, "end_time": "2026-03-04T05:06:07", "input_path": {"cells": []}},
    )
    given.cells[1].outputs = [output]
    before = deepcopy(given)
    made = chapter(given, FACTS)
    assert given == before
    assert [cell.source for cell in made.cells[:-1]] == [cell.source for cell in given.cells]
    assert made.cells[1].outputs == [output]
    assert "input_path" not in made.metadata["papermill"]
    nbformat.validate(made)


def test_the_end_says_what_made_the_page_and_when_it_ran():
    ran = {"duration": 2.6, "end_time": "2026-03-04T05:06:07+00:00"}
    end = chapter(page(code(), papermill=ran), FACTS).cells[-1]
    assert end.cell_type == "markdown"
    assert end.source == footer(FACTS | {"Run": "2026-03-04, 3 s"})
    assert chapter(page(code()), FACTS).cells[-1].source == footer(FACTS)


def test_a_figure_takes_its_caption_from_the_paragraph_behind_it():
    made = chapter(page(code("fig", figure="fig-ladder"), new_markdown_cell(CAPTION)), FACTS)
    lead, rest = CAPTION.split("\n\n")
    assert made.cells[0].metadata["mystnb"] == {
        "figure": {"caption": lead, "name": "fig-ladder"},
        "image": {"alt": "Area under the curve"},
    }
    assert made.cells[1].source == rest


@pytest.mark.parametrize(
    ("caption", "alt"),
    [
        ("A map of [the brain](saliency.ipynb) at `z`.", "A map of the brain at z."),
        ("See {term}`SBR <binding ratio>` of\nall *scans*.", "See SBR of all scans."),
        ("Size; **two words** and **more**.", "two words"),
    ],
)
def test_who_does_not_see_a_figure_hears_its_caption(caption, alt):
    made = chapter(page(code("fig", figure="fig-a"), new_markdown_cell(caption)), FACTS)
    assert made.cells[0].metadata["mystnb"]["image"]["alt"] == alt
    assert made.cells[1].source == ""


def test_an_image_without_a_label_is_described_by_the_paragraph_behind_it():
    drawn = new_code_cell("if a:\n    display(fig)")
    drawn.outputs = [nbformat.v4.new_output("display_data", {"image/png": "aGk="})]
    made = chapter(page(drawn, new_markdown_cell(CAPTION)), FACTS)
    assert made.cells[0].metadata["mystnb"] == {"image": {"alt": "Area under the curve"}}
    assert made.cells[1].source == CAPTION  # it stays where it is
    assert "mystnb" not in chapter(page(drawn), FACTS).cells[0].metadata
    assert "mystnb" not in chapter(page(code(), new_markdown_cell("a")), FACTS).cells[0].metadata


@pytest.mark.parametrize("behind", [[], [code()], [new_markdown_cell("  \n")]])
def test_a_figure_without_a_caption_is_refused(behind):
    with pytest.raises(ValueError, match="figure 'fig-a' has no caption; expected a Markdown cell"):
        chapter(page(code("fig", figure="fig-a"), *behind), FACTS)


class Reader(HTMLParser):
    """Text and addresses of a piece of HTML."""

    def __init__(self, text):
        super().__init__()
        self.words, self.addresses, self.tags = [], [], set()
        self.feed(text)

    def handle_data(self, data):
        if data.strip():
            self.words.append(data.strip())

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.addresses += [value for name, value in attrs if name == "href"]


def test_the_end_of_a_chapter_keeps_every_word_and_no_tag_of_a_user():
    text = footer({"Study": "early <b> & [pilot](2021)\n\nof us", "Files": {"a <i>": 'x.json?"&'}})
    found = Reader(text)
    assert found.words == ["Study", "early <b> & [pilot](2021) of us", "Files", "a <i>"]
    assert found.addresses == ['x.json?"&']
    assert found.tags == {"dl", "dt", "dd", "a"}
    assert "\n\n" not in text  # Markdown would end the block there


def test_plain_text_has_no_meaning_for_markdown():
    shown = plain("a <early> [pilot](2021), *b* `c` {term}`d` $x$ \\ \n\n# e")
    assert shown == (r"a \<early\> \[pilot\]\(2021\)\, \*b\* \`c\` \{term\}\`d\` \$x\$ \\ \# e")


def test_a_chapter_of_an_ended_page_has_no_cell_from_the_end_on():
    cells = [new_markdown_cell("# A page"), code("a = 1"), code("page.end('x', 'y')"), code("b")]
    shown = [cell.source for cell in chapter(page(*cells), FACTS, "No x.", ended=True).cells]
    assert shown[0].startswith("# A page\n\n:::{admonition} Result")
    assert shown[1:-1] == ["a = 1"]
    assert len(chapter(page(*cells), FACTS, "No x.").cells) == 5  # with the facts


def test_the_form_for_everybody_stays_out_of_the_own_book():
    output = nbformat.v4.new_output("display_data", {"text/html": "<b>own</b>", MIME: {"type": ""}})
    given = page(new_markdown_cell("# Title"), code())
    given.cells[1].outputs = [output]
    made = chapter(given, {})
    assert [set(cell.outputs[0].data) for cell in made.cells if cell.get("outputs")] == [
        {"text/html"}
    ]
    assert MIME in given.cells[1].outputs[0].data  # which the public book takes
