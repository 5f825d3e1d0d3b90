"""Chapters of the book to look things up in: study file, commands, files of the results.

They are written from the code: the settings, the help of the Makefile, the kinds of jobs, and what
each page declares.
"""

import ast
import re
from pathlib import Path

from datnet_core import fingerprint
from datnet_study.declaration import read_declaration
from datnet_study.reference import FOLDER, markdown
from datnet_study.settings_reference import study_file_chapter

TARGET = re.compile(r"^([a-z-]+):.*## (.*)$", re.MULTILINE)  # with its help, as `make help` has it
KINDS = {"aggregates": "groups", "participants": "single participants"}


def write_lookup(folder):
    """Write the chapters beside those of the library.

    Parameters
    ----------
    folder : Path
        Source of a book.

    Returns
    -------
    list of str
        Chapters for the table of contents, without suffix.
    """
    texts = {
        "study-file": study_file_chapter(),
        "commands": _commands(fingerprint.ROOT),
        "result-files": _result_files(fingerprint.ROOT / "notebooks"),
    }
    (Path(folder) / FOLDER).mkdir(exist_ok=True)
    for name, text in texts.items():
        (Path(folder) / FOLDER / f"{name}.md").write_text(text, encoding="utf-8")
    return [f"{FOLDER}/{name}" for name in texts]


def _commands(root):
    """Targets of the Makefile, and kinds of jobs."""
    targets = TARGET.findall((root / "Makefile").read_text(encoding="utf-8"))
    rows = [f"| `make {name}` | {markdown(text)} |" for name, text in targets]
    kinds = [
        f"| `{kind}` | {markdown(doc)} |"
        for file in ("run", "commands")
        for kind, doc in _kinds(root / f"datnet_study/{file}.py").items()
    ]
    return "\n".join(
        [
            "# Commands\n",
            "What stands in brackets may be left out. `STUDY=` is the name of a file in "
            "`data_manifest/`, or the path of a study file; without it, the study is `paper`.\n",
            "| Command | What it does |\n|---|---|",
            *rows,
            "\nBehind these is one program. `.venv/bin/python -m datnet_study.run KIND --help` "
            "lists what a kind needs.\n",
            "| Kind | What it does |\n|---|---|",
            *kinds,
            "",
        ]
    )


def _kinds(path):
    """Kinds of jobs of a module, each with the first line of its docstring.

    They are read and not imported: the command line is above the book.
    """
    body = ast.parse(path.read_text(encoding="utf-8")).body
    docs = {
        node.name: ast.get_docstring(node) for node in body if isinstance(node, ast.FunctionDef)
    }
    (table,) = (
        node.value
        for node in body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("JOBS", "COMMANDS")
    )
    named = {}
    for node in ast.walk(table):
        if isinstance(node, ast.Dict):
            named |= {key.value: of.id for key, of in zip(node.keys, node.values, strict=True)}
        if isinstance(node, ast.Tuple):
            named |= {of.id: of.id for of in node.elts}
    return {kind: docs[name].splitlines()[0] for kind, name in named.items()}


def _result_files(notebooks):
    """Files that each page writes, and what they are about."""
    rows = []
    for path in sorted(notebooks.glob("*.py")):
        page = read_declaration(path)
        rows += [f"| `{page.page}` | `{name}` | {KINDS[of]} |" for name, of in page.writes.items()]
    return "\n".join(
        [
            "# Files of the results\n",
            "Everything that a study makes is in `results/<name>/`. What is about groups can be "
            "shown to others after a look; what is about single participants stays with whoever "
            "may know them. Beside its files, each page leaves its executed notebook, "
            "`pages/<page>.ipynb`. The file `<page>.json` has its numbers and what they were made "
            "from. Some pages are in some studies only.\n",
            "| Page | File | About |\n|---|---|---|",
            *rows,
            "",
        ]
    )
