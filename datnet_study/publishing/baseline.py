"""What any book holds, whoever is studied: texts and files of the project and of its tools."""

import hashlib
import importlib.util
from functools import cache
from pathlib import Path

from datnet_core import fingerprint
from datnet_study.publishing.decoding import folded
from datnet_study.publishing.needles import WORD

TOOLS = (
    "sphinx", "sphinx_book_theme", "pydata_sphinx_theme", "myst_nb", "myst_parser", "jupyter_book",
    "sphinx_togglebutton", "sphinx_copybutton", "sphinx_design", "sphinx_thebe", "sphinx_comments",
    "sphinx-mathjax-offline", "sphinx_jupyterbook_latex", "sphinx_external_toc",
)  # fmt: skip
SINGLE = (
    "Makefile", "_config.yml", "pyproject.toml", "data_manifest/claims.tsv",
    "data_manifest/phantom.yaml",
)  # fmt: skip
SHOWN = {".html", ".js", ".css", ".md", ".bib", ".yaml", ".yml", ".tsv", ".tpl", ".txt", ".jinja"}


@cache
def known_files():
    """SHA-256 of every file of the tools and of the prose, which a book may hold as it is."""
    folders = [*_tool_folders(), fingerprint.ROOT / "book"]
    paths = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {digest(path.read_bytes()) for path in paths if path.suffix not in (".py", ".pyc")}


def digest(data):
    """SHA-256 of bytes as text."""
    return hashlib.sha256(data).hexdigest()


@cache
def own_text():
    """Words of everything that the project itself says, one space between them."""
    root = fingerprint.ROOT
    folders = ["book", "notebooks", "datnet_core", "datnet_images", "datnet_phantom"]
    folders += ["datnet_study", "data_manifest/atlas", "data_manifest/simulated"]
    paths = [path for folder in folders for path in sorted((root / folder).rglob("*"))]
    paths += [root / name for name in SINGLE]  # the rest of data_manifest may be of a user
    kinds = SHOWN | {".py", ".toml", ".json"}
    texts = [path.read_text("utf-8", "replace") for path in paths if path.suffix in kinds]
    return f" {' '.join(WORD.findall(folded(chr(10).join(texts))))} "


@cache
def _own_words():
    """Each word of the project once."""
    return frozenset(own_text().split())


@cache
def common_words():
    """Words of the project and of its tools: none of them says anything about a participant."""
    words = set(_own_words())
    for folder in _tool_folders():
        for path in folder.rglob("*"):
            if path.suffix in SHOWN and path.is_file():
                words |= set(WORD.findall(folded(path.read_text("utf-8", "replace"))))
    return words


def is_own(words):
    """Whether the project itself says these words one after the other."""
    return _own_words().issuperset(words) and f" {' '.join(words)} " in own_text()


@cache
def _tool_folders():
    """Folders of the packages that build a book, those that are there."""
    found = []
    for name in TOOLS:
        spec = importlib.util.find_spec(name)
        if spec and spec.origin:
            found.append(Path(spec.origin).parent)
    return found
