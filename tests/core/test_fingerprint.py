"""The hash of code: what it follows, and what it is blind to."""

import hashlib
import os

import pytest

from datnet_core import fingerprint
from datnet_core.fingerprint import ROOT, code_hash, code_modules, content_hashes


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small package with a face, and a page that reads one name of it."""
    files = {
        "datnet_x/__init__.py": "import lazy_loader\n__version__ = '1'\n"
        "a, b, c = lazy_loader.attach(__name__, submod_attrs={'one': ['f'], 'two': ['g']})\n",
        "datnet_x/one.py": "from datnet_x.three import h\ndef f():\n    return h() + 1\n",
        "datnet_x/two.py": "def g():\n    return 2\n",
        "datnet_x/three.py": "def h():\n    return 3\n",
        "page.py": "import numpy as np\nfrom datnet_x import f\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    return tmp_path


def test_a_face_that_names_a_room_is_looked_through_twice(project):
    room = project / "datnet_x" / "room"
    room.mkdir()
    line = (
        "import lazy_loader\na, b, c = lazy_loader.attach(__name__, submod_attrs={'NAME': ['k']})\n"
    )
    (room / "__init__.py").write_text(line.replace("NAME", "four"))
    (room / "four.py").write_text("def k():\n    return 4\n")
    (project / "datnet_x/__init__.py").write_text(line.replace("NAME", "room"))
    (project / "page.py").write_text("from datnet_x import k\n")
    assert names(code_modules(project / "page.py")) == ["four.py", "page.py"]


def names(paths):
    return [path.name for path in paths]


def test_a_face_is_looked_through_to_the_module_of_the_name(project):
    assert names(code_modules(project / "page.py")) == ["one.py", "three.py", "page.py"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("from datnet_x.two import g", {"two.py"}),
        ("from datnet_x import two", {"two.py"}),
        ("import datnet_x.two", {"two.py"}),
        ("import datnet_x.two as t", {"two.py"}),
        ("from datnet_x import g as other, f", {"two.py", "one.py", "three.py"}),
        # Which names of a whole face are used is not looked up: all of its room counts.
        ("from datnet_x import __version__", {"__init__.py", "one.py", "two.py", "three.py"}),
        ("import datnet_x as x", {"__init__.py", "one.py", "two.py", "three.py"}),
        ("def later():\n    from datnet_x.three import h", {"three.py"}),
        ("from other.datnet_x import g\nfrom pathlib import Path", set()),
    ],
)
def test_every_way_of_importing_is_followed(project, line, expected):
    page = project / "page.py"
    page.write_text(line + "\n")
    assert set(names(code_modules(page))) - {"page.py"} == expected


@pytest.mark.parametrize("line", ["from datnet_x import nothing", "from datnet_x.four import f"])
def test_an_import_that_leads_nowhere_is_named(project, line):
    (project / "page.py").write_text(line + "\n")
    with pytest.raises(ImportError, match="datnet_x"):
        code_modules(project / "page.py")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 3", "return 3  # a comment"),
        ("def h():\n", 'def h():\n    """A docstring."""\n'),
        ("return 3", "return (\n        3\n    )"),
        ("def h", '"""A module."""\n\n\n# why\ndef h'),
    ],
)
def test_comments_docstrings_and_layout_change_nothing(project, old, new):
    before = code_hash(project / "page.py")
    path = project / "datnet_x/three.py"
    path.write_text(path.read_text().replace(old, new))
    assert code_hash(project / "page.py") == before


@pytest.mark.parametrize(
    ("file", "old", "new", "same"),
    [
        ("three.py", "return 3", "return 4", False),
        ("one.py", "+ 1", "- 1", False),
        ("one.py", "def f():", "def f(x=0):", False),
        ("two.py", "return 2", "return 5", True),  # another module of the same face
    ],
)
def test_a_changed_number_counts_where_it_is_reached(project, file, old, new, same):
    before = code_hash(project / "page.py")
    path = project / "datnet_x" / file
    path.write_text(path.read_text().replace(old, new))
    assert (code_hash(project / "page.py") == before) == same


def test_what_trains_a_network_is_followed_and_what_measures_it_is_not():
    reached = names(code_modules(ROOT / "datnet_core/training/loop.py"))
    assert {"network.py", "epochs.py", "batches.py", "checkpoint.py", "prediction.py"} <= set(
        reached
    )
    assert not {"auc.py", "atlas.py", "maps.py"} & set(reached)


def test_a_file_replaced_by_one_of_its_size_and_time_has_another_hash(tmp_path):
    path, record = tmp_path / "a.nii", tmp_path / "files.json"
    path.write_text("one")
    os.utime(path, (1e9, 1e9))  # as an archive unpacks all of its files
    before = content_hashes([path], record, write=True)
    (tmp_path / "b.nii").write_text("two")
    os.utime(tmp_path / "b.nii", (1e9, 1e9))
    (tmp_path / "b.nii").replace(path)
    assert content_hashes([path], record) != before


def test_a_file_that_changes_while_others_are_read_is_read_again(tmp_path, monkeypatch):
    paths, record = [tmp_path / "a.nii", tmp_path / "b.nii"], tmp_path / "files.json"
    for path in paths:
        path.write_text("old")
    digest = hashlib.file_digest

    def meanwhile(file, kind):
        found = digest(file, kind)
        if file.name == str(paths[1]):
            paths[0].write_text("newer")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", meanwhile)
        before = content_hashes(paths, record, write=True)
    after = content_hashes(paths, record)
    assert after[str(paths[0])] == hashlib.sha256(b"newer").hexdigest() != before[str(paths[0])]
    assert after[str(paths[1])] == before[str(paths[1])]


def test_a_known_file_is_not_read_and_only_writing_makes_it_known(tmp_path, monkeypatch):
    path, record = tmp_path / "a.nii", tmp_path / "files.json"
    path.write_text("one")
    before = content_hashes([path, tmp_path / "none"], record)
    assert before == {
        str(path): hashlib.sha256(b"one").hexdigest(),
        str(tmp_path / "none"): "missing",
    }
    assert not record.exists()
    content_hashes([path], record, write=True)
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert content_hashes([path], record)[str(path)] == before[str(path)]
