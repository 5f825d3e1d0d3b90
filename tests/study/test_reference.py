"""The reference of the library: every public name with its anchor, docstring and own source."""

import importlib
import inspect
import re

import pytest

from datnet_study import reference
from datnet_study.reference import entries, faces, link, markdown, write_reference

ALL = [entry for face in faces() for entry in entries(face)]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    chapters = write_reference(folder)
    return {chapter: (folder / f"{chapter}.md").read_text() for chapter in chapters}


def test_every_face_has_a_chapter_and_every_public_name_of_it_an_anchor_or_a_link(book):
    assert set(faces()) >= {"datnet_core", "datnet_core.metrics", "datnet_study.figures"}
    assert list(book) == [reference.chapter_of(face) for face in faces()]
    for face in faces():
        text = book[reference.chapter_of(face)]
        public = importlib.import_module(face).__all__
        own = re.findall(rf"^\({re.escape(face)}\.(\w+)\)=$", text, re.MULTILINE)
        rooms = re.findall(rf"\(<#{re.escape(face)}\.\w+\.(\w+)>\)", text)
        assert sorted(own + rooms) == sorted(public)


def test_an_anchor_stands_once_and_what_is_linked_exists(book):
    text = "\n".join(book.values())
    anchors = re.findall(r"^\((datnet_[\w.]+)\)=$", text, re.MULTILINE)
    labels = {anchor.lower() for anchor in anchors}  # as HTML has them
    assert len(labels) == len(anchors) == len(ALL) + len(faces())
    assert set(re.findall(r"\(<#([\w.]+)>\)", text)) <= set(anchors)


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry.anchor)
def test_the_source_is_that_of_the_name_and_its_docstring_is_shown(entry, book):
    public = getattr(importlib.import_module(entry.face), entry.name)
    text = book[reference.chapter_of(entry.face)]
    section = text.split(f"({entry.anchor})=")[1].split("\n(datnet_")[0]
    assert entry.source in section
    if inspect.isroutine(public) or inspect.isclass(public):
        assert inspect.getsource(public).rstrip() == entry.source
        assert markdown(inspect.getdoc(public)) in section


def test_a_link_leads_from_a_page_to_the_anchor_of_a_name():
    address = "../reference/datnet_core-metrics.html#datnet-core-metrics-delong-interval"
    assert link("datnet_core.metrics.delong_interval") == address


@pytest.mark.parametrize("name", ["datnet_core.metrics.no_such", "no_such.fit", "fit"])
def test_a_link_to_nothing_is_refused(name):
    with pytest.raises(ValueError, match=f"'{name}' is not in the reference; expected <face>"):
        link(name)


DOC = """Share of the *true* voxels, `a_b` of a_b [%].

With `<early>` and <early> in it.

Parameters
----------
y_true : ndarray of shape (n_scans,)
    Labels.

    A second paragraph.
*names
    Columns `p_<class>`.

Returns
-------
DataFrame
    One row per scan.
auc : float
list of int

Examples
--------
>>> 1 + 1
2

References
----------
A paper, Eq. 3.
"""
SHOWN = r"""Share of the \*true\* voxels, `a_b` of a\_b \[%\].

With `<early>` and \<early> in it.

**Parameters**

`y_true` ndarray of shape (n\_scans,)
: Labels.

  A second paragraph.

`*names`
: Columns `p_<class>`.

**Returns**

DataFrame
: One row per scan.

`auc` float

list of int

**Examples**

```pycon
>>> 1 + 1
2
```

**References**

A paper, Eq. 3."""


def test_a_docstring_keeps_its_words_and_gets_lists_and_code():
    assert markdown(DOC) == SHOWN


def test_the_fence_of_a_source_is_longer_than_any_inside():
    assert reference._fenced("python", 'x = "```"').startswith("````python\n")


def test_a_face_that_names_what_its_module_lacks_is_refused(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("def one():\n    pass\n\nTWO = 2\n")
    assert reference._definition(path, "one").name == "one"
    assert reference._definition(path, "TWO").lineno == 4
    with pytest.raises(ValueError, match="module.py does not define 'three'"):
        reference._definition(path, "three")
