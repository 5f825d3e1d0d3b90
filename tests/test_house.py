"""The plan of the house: faces that keep their word, names that occur once, small modules."""

import ast
import importlib
from collections import Counter
from pathlib import Path

import pytest

from datnet_study.reference import faces

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path
    for package in ("datnet_core", "datnet_images", "datnet_phantom", "datnet_study")
    for path in (ROOT / package).rglob("*.py")
)


@pytest.mark.parametrize("face", faces())
def test_every_name_of_a_face_is_there(face):
    package = importlib.import_module(face)
    assert package.__all__
    for name in package.__all__:
        assert getattr(package, name) is not None
    assert set(package.__all__) <= set(dir(package))


@pytest.mark.parametrize("face", faces())
def test_no_name_of_a_face_is_that_of_another_module_beside_it(face):
    package = importlib.import_module(face)  # once imported, the module takes the name's place
    beside = {path.stem for path in Path(package.__file__).parent.glob("*.py")}
    for name in beside & set(package.__all__):
        assert getattr(package, name).__module__ == f"{face}.{name}"


def test_no_public_function_or_class_exists_twice():
    names = Counter(
        node.name
        for path in MODULES
        if path.name != "run.py"  # its functions are the kinds of jobs, called by name only
        for node in ast.parse(path.read_text()).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    )
    assert len(names) > 150
    assert [name for name, n in names.items() if n > 1] == []


def test_no_module_is_longer_than_a_reader_can_hold():
    lines = {path.name: len(path.read_text().splitlines()) for path in MODULES}
    assert {name: n for name, n in lines.items() if n > 250} == {}


def test_the_core_stays_thin():
    core = [path for path in MODULES if path.is_relative_to(ROOT / "datnet_core")]
    assert sum(len(path.read_text().splitlines()) for path in core) <= 4500
