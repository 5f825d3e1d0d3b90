"""Chapters to look things up in: nothing that the code has is missing there."""

import re
from pathlib import Path

import pytest

from datnet_study.lookup import TARGET, write_lookup
from datnet_study.run import parser
from datnet_study.settings_reference import TOP, may_be
from datnet_study.study import Study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def chapters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    (folder / "reference").mkdir()
    names = write_lookup(folder)
    return {name.partition("/")[2]: (folder / f"{name}.md").read_text() for name in names}


def test_every_key_of_every_group_has_a_row(chapters):
    schema = Study.model_json_schema()
    groups = [schema, *schema["$defs"].values()]
    tables = chapters["study-file"].split("| Key |")[1:]
    found = [re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for table in tables]
    assert found[0] == list(schema["properties"])
    assert sorted(found) == sorted(list(group["properties"]) for group in groups)


def test_what_the_chapter_says_of_a_setting_is_what_pydantic_checks(chapters):
    text = chapters["study-file"]
    assert "| `grid_mm` | number, more than 0 | `4.0` |" in text
    assert "| `space` | `mni` or `native` | `mni` |" in text
    n_folds = "| `n_folds` | whole number, at least 2 | `6` | Folds of the cross-validation. |"
    assert n_folds in text
    assert "## `phantom.sites.<name>`" in text and "(settings-images)=" in text


def test_the_meaning_of_every_key_at_the_top_is_said_once():
    schema = Study.model_json_schema()
    groups = {key for key, of in schema["properties"].items() if "$defs" in str(of)}
    assert set(TOP) | groups == set(schema["properties"])


def test_every_target_and_every_kind_of_job_is_listed(chapters):
    text = chapters["commands"]
    targets = TARGET.findall((ROOT / "Makefile").read_text())
    assert {"study", "archive", "test-slurm"} <= {name for name, _ in targets}
    assert re.findall(r"^\| `make ([a-z-]+)` \|", text, re.MULTILINE) == [n for n, _ in targets]
    kinds = next(action.choices for action in parser()._actions if action.dest == "kind")
    found = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert sorted(found) == sorted(kinds)


def test_every_page_has_its_files_with_what_they_are_about(chapters):
    text = chapters["result-files"]
    pages = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert pages == {path.stem for path in (ROOT / "notebooks").glob("*.py")}
    assert "| `cohorts` | `scans.tsv` | single participants |" in text
    assert "| `claims` | `claims.tsv` | groups |" in text


TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 2}
THREE = {"type": "array", "prefixItems": [{"type": "number"}] * 3, "minItems": 3}
FLAGS = {"type": "object", "additionalProperties": {"type": "boolean"}}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (TEXTS, "list of text, at least 2 of them"),
        (THREE, "3 times number"),
        (FLAGS, "for each name: `true` or `false`"),
        ({"const": "a"}, "`a`"),
        ({"type": "string", "format": "path"}, "path"),
        ({"$ref": "#/$defs/Images"}, "settings, see [below](#settings-images)"),
        ({}, "value"),
    ],
)
def test_types_become_words(schema, said):
    assert may_be(schema, {}) == said
