"""The reference of the library in the book: a chapter for each face, written from its source.

A face is the `__init__` of a package or of one of its rooms; what it names is public. Nothing is
imported: signatures, docstrings and code are read from the files.
"""

import ast
import importlib
import re
import textwrap
from functools import cache
from pathlib import Path
from typing import NamedTuple

from docutils.nodes import make_id

PACKAGES = ("datnet_core", "datnet_images", "datnet_phantom", "datnet_study")
FOLDER = "reference"  # of the chapters, in the book
UNDERLINED = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
LISTS = ("Parameters", "Returns", "Yields", "Attributes", "Raises")
SPECIAL = re.compile(r"([\\*_<\[\]{}$|#~])")
PROMPT = re.compile(r"^>>> ", re.MULTILINE)


class Entry(NamedTuple):
    """A public name: the face that it belongs to, and where it is written."""

    face: str
    name: str
    path: Path
    node: ast.AST

    @property
    def anchor(self):
        """Label of the name in the book."""
        return f"{self.face}.{self.name}"

    @property
    def lines(self):
        """First and last line in the file, decorators included."""
        starts = [self.node, *getattr(self.node, "decorator_list", [])]
        return min(node.lineno for node in starts), self.node.end_lineno

    @property
    def source(self):
        """Code of the name."""
        first, last = self.lines
        return "\n".join(self.path.read_text().splitlines()[first - 1 : last])


def write_reference(folder):
    """Write a chapter for every face of the library.

    Parameters
    ----------
    folder : Path
        Source of a book.

    Returns
    -------
    list of str
        Chapters for the table of contents, without suffix.
    """
    (Path(folder) / FOLDER).mkdir()
    for face in faces():
        (Path(folder) / f"{chapter_of(face)}.md").write_text(_chapter(face))
    return [chapter_of(face) for face in faces()]


def link(name):
    """Address of a public name in the reference, from a page of the book.

    Parameters
    ----------
    name : str
        Name with its face, such as `datnet_core.metrics.delong_interval`.

    Returns
    -------
    str
        Relative to the folder of the pages.

    Raises
    ------
    ValueError
        If no face has such a name.
    """
    face, _, short = name.rpartition(".")
    if face not in faces() or short not in {entry.name for entry in entries(face)}:
        raise ValueError(f"{name!r} is not in the reference; expected <face>.<public name>")
    return f"../{chapter_of(face)}.html#{make_id(name)}"


def faces():
    """Names of all faces: each package, then its rooms."""
    found = []
    for package in PACKAGES:
        rooms = sorted(path.parent.name for path in _root(package).glob("*/__init__.py"))
        found += [package, *(f"{package}.{room}" for room in rooms)]
    return found


def chapter_of(face):
    """Chapter of a face, without suffix."""
    return f"{FOLDER}/{face.replace('.', '-')}"


def entries(face):
    """Public names of a face that are written below it; those of a room belong to the room."""
    return [
        Entry(face, name, path, _definition(path, name))
        for module, names in _names(face).items()
        if (path := _folder(face) / f"{module}.py").is_file()
        for name in names
    ]


def _root(package):
    """Folder of a package."""
    return Path(importlib.import_module(package).__file__).parent


def _folder(face):
    """Folder of a face."""
    package, *room = face.split(".")
    return _root(package).joinpath(*room)


def _names(face):
    """Public names of a face by module, from the table in its `__init__`."""
    path = _folder(face) / "__init__.py"
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.keyword) and node.arg == "submod_attrs":
            return ast.literal_eval(node.value)
    raise ValueError(
        f"{path}: no table of public names; expected lazy_loader.attach(submod_attrs=…)"
    )


def _tree(path):
    """Syntax tree of a file."""
    return _parsed(path, path.stat().st_mtime_ns)


@cache
def _parsed(path, _mtime):
    """Syntax tree of a file, parsed once for its many names; again when the file has changed."""
    return ast.parse(path.read_text())


def _definition(path, name):
    """Node of the syntax tree that defines a name."""
    for node in _tree(path).body:
        targets = [target.id for target in getattr(node, "targets", []) if hasattr(target, "id")]
        if name in (getattr(node, "name", None), *targets):
            return node
    raise ValueError(f"{path} does not define {name!r}, which its face names")


def _chapter(face):
    """Text of a chapter."""
    doc = ast.get_docstring(_tree(_folder(face) / "__init__.py"))
    parts = [f"({face})=\n# {_escaped(face)}", markdown(doc)]
    rooms = {
        f"{face}.{module}": names
        for module, names in _names(face).items()
        if f"{face}.{module}" in faces()
    }
    for room, names in rooms.items():
        links = ", ".join(f"[`{name}`](<#{room}.{name}>)" for name in names)
        parts.append(f"From [`{room}`](<#{room}>): {links}.")
    return "\n\n".join([*parts, *map(_section, entries(face))]) + "\n"


def _section(entry):
    """Signature, docstring and folded source of a public name."""
    first, last = entry.lines
    path = entry.path.relative_to(_root(entry.face.split(".")[0]).parent)
    source, where = _fenced("python", entry.source), f"{path}, lines {first}–{last}"
    parts = [f"({entry.anchor})=\n## {_escaped(entry.name)}"]
    if isinstance(entry.node, ast.Assign):
        parts += [f"In `{where}`:", source]
    else:
        parts.append(_fenced("python", _signature(entry.node)))
        parts.append(markdown(ast.get_docstring(entry.node) or ""))
        parts.append(f":::{{dropdown}} Source: {where}\n{source}\n:::")
    return "\n\n".join(parts)


def _signature(node):
    """First line of a definition, folded where it is long."""
    if isinstance(node, ast.ClassDef):
        return f"class {node.name}"
    text = f"{node.name}({ast.unparse(node.args)})"
    return "\n".join(textwrap.wrap(text, 88, subsequent_indent="    ", break_long_words=False))


def markdown(doc):
    """MyST text of a numpydoc docstring.

    Parameters
    ----------
    doc : str
        Without indentation, as `ast.get_docstring` gives it.

    Returns
    -------
    str
        Lists of parameters as definition lists, examples as code, all else as paragraphs.
    """
    lead, *rest = UNDERLINED.split(doc)
    parts = [_escaped(lead.strip())]
    for title, text in zip(rest[::2], rest[1::2], strict=True):
        text = text.strip("\n")
        parts.append(f"**{title}**")
        if title in LISTS:
            parts.append(_definitions(text, named=title in ("Parameters", "Attributes")))
        elif PROMPT.search(text):
            parts.append(_fenced("pycon", text))
        else:
            parts.append(_escaped(text))
    return "\n\n".join(part for part in parts if part)


def _definitions(text, named):
    """Entries of a section as a definition list: name and type, then the description."""
    items = []
    for block in re.split(r"\n(?=\S)", text):
        head, _, description = block.partition("\n")
        name, colon, kind = head.partition(" : ")
        term = _escaped(head)
        if named or colon:
            term = f"`{name}` {_escaped(kind)}".rstrip()
        body = _escaped(textwrap.dedent(description).strip())
        items.append(f"{term}\n: {textwrap.indent(body, '  ').lstrip()}" if body else term)
    return "\n\n".join(items)


def _escaped(text):
    """Text in which only code in backquotes has a meaning for Markdown."""
    pieces = re.split(r"(`+[^`]+`+)", text)
    return "".join(p if k % 2 else SPECIAL.sub(r"\\\1", p) for k, p in enumerate(pieces))


def _fenced(language, code):
    """Block of code, its fence longer than any inside."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`{3,}", code))])
    return f"{fence}{language}\n{code}\n{fence}"
