"""What cached results depend on: the code that made them, and the content of the user's files.

A hash of code is blind to comments, docstrings and layout: editing a sentence makes nothing again,
editing a number does. A package's face (names listed by `lazy_loader`) is looked through, so that
``from datnet_core.metrics import delong_interval`` depends on one module, not on the whole room.
"""

import ast
import hashlib
import json
from functools import cache
from pathlib import Path

from datnet_core.files import whole

ROOT = Path(__file__).parents[1]
PREFIX = "datnet_"  # of the packages whose code counts; versions of all others are pinned


def code_modules(*sources):
    """Python files, and the modules of this project that they reach through their imports.

    Parameters
    ----------
    *sources : str or Path
        Modules, or pages in py:percent form.

    Returns
    -------
    list of Path
        In alphabetical order.

    Raises
    ------
    ImportError
        If a file imports a name of this project that does not exist.
    """
    reached = set()
    queue = [Path(source).resolve() for source in sources]
    while queue:
        path = queue.pop()
        if path not in reached:
            reached.add(path)
            queue += _imported(path, path.stat().st_mtime_ns)
    return sorted(reached)


def code_hash(*sources):
    """Hash of the modules that `code_modules` finds, as 64 hexadecimal digits.

    It is the same after a comment, a docstring or the layout has changed.

    Examples
    --------
    >>> code_hash(ROOT / "datnet_core" / "files.py") == code_hash(ROOT / "datnet_core" / "files.py")
    True
    """
    digest = hashlib.sha256()
    for path in code_modules(*sources):
        digest.update(f"{path.name} {_statements(path, path.stat().st_mtime_ns)}\n".encode())
    return digest.hexdigest()


def content_hashes(paths, record_path, write=False):
    """SHA-256 of the content of files, a dict by path (str); `missing` where there is no file.

    A file is read only where its size or time differs from the record of an earlier look: a file
    that was touched keeps its hash, and one that was replaced by an older file gets another. The
    record at `record_path` is changed only by `write`: this look takes the place of the last one.
    That a file is missing, its reader reports.
    """
    known = json.loads(record_path.read_text()) if record_path.is_file() else {}
    hashes, record = {}, {}
    for path in map(str, paths):
        if not Path(path).is_file():
            hashes[path] = "missing"
            continue
        state = _state(path)  # as it was before reading: what changes from here on is read again
        hashes[path] = known.get(path, {}).get("sha256")
        if known.get(path, {}).get("state") != state:
            with Path(path).open("rb") as file:
                hashes[path] = hashlib.file_digest(file, "sha256").hexdigest()
        record[path] = {"state": state, "sha256": hashes[path]}
    if write:
        with whole(record_path) as part:
            part.write_text(json.dumps(record, indent=1))
    return hashes


def _state(path):
    """Size and times of a file; links are followed. A copy can keep the first time, not both."""
    status = Path(path).stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


@cache
def _tree(path, _mtime):
    """Syntax tree of a file without its docstrings; read again when the file has changed."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in _blocks(tree):
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return tree


def _blocks(node):
    """A node and all statements below it; the expressions in them are left out, for speed."""
    yield node
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        below = getattr(node, name, [])
        for child in below if isinstance(below, list) else []:
            yield from _blocks(child)


@cache
def _statements(path, _mtime):
    """Hash of what a file does: its syntax tree without docstrings."""
    return hashlib.sha256(ast.dump(_tree(path, _mtime)).encode()).hexdigest()


@cache
def _imported(path, _mtime):
    """Files of this project that one file imports, faces looked through."""
    files = []
    for node in _blocks(_tree(path, path.stat().st_mtime_ns)):
        if isinstance(node, ast.Import):
            names = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        for module, name in names:
            if module.startswith(PREFIX):
                file = _file_of(module, name)
                room = file.parent.rglob("*.py")  # which names of a whole room are used is not seen
                files += sorted(room) if file.name == "__init__.py" else [file]
    return files


def _file_of(module, name):
    """File that defines a name of a module or package; the module's own without a name."""
    folder = ROOT.joinpath(*module.split("."))
    if folder.with_suffix(".py").is_file():
        return folder.with_suffix(".py")
    face = folder / "__init__.py"
    if not face.is_file():
        raise ImportError(f"no module {module} in {ROOT}")
    if name is None:
        return face
    if (folder / f"{name}.py").is_file():
        return folder / f"{name}.py"
    if (folder / name / "__init__.py").is_file():
        return folder / name / "__init__.py"
    defining = _face(face, face.stat().st_mtime_ns)
    if name in defining:  # in a module, or in a room with a face of its own
        return _file_of(f"{module}.{defining[name]}", name)
    if f"{name} =" in face.read_text(encoding="utf-8"):
        return face
    raise ImportError(f"{module} has no {name!r}; expected one of {', '.join(sorted(defining))}")


@cache
def _face(path, _mtime):
    """Module or room of each public name in a package's `__init__.py`."""
    for node in ast.walk(_tree(path, path.stat().st_mtime_ns)):
        if isinstance(node, ast.keyword) and node.arg == "submod_attrs":
            modules = ast.literal_eval(node.value)
            return {name: module for module, names in modules.items() for name in names}
    return {}
