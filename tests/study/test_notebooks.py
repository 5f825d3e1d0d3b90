"""What every page of the study looks like."""

import ast
import re
from pathlib import Path

import jupytext
import pytest
import yaml

from datnet_study.declaration import read_declaration
from datnet_study.study import read_study

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
HOW_TO = ROOT / "book/guide/add_page.md"  # the page in it is held to the same


@pytest.fixture(params=[*SOURCES, HOW_TO], ids=lambda path: path.stem)
def source(request, tmp_path):
    if request.param != HOW_TO:
        return request.param
    (text,) = re.findall(r"^```python\n(.*?)^```$", HOW_TO.read_text(), re.MULTILINE | re.DOTALL)
    path = tmp_path / "ages.py"
    path.write_text(text)
    return path


@pytest.fixture
def cells(source):
    return jupytext.read(source).cells


def code(cells):
    return [cell for cell in cells if cell.cell_type == "code"]


def test_pages_are_the_chapters_of_the_book():
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    chapters = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    pages = [file.removeprefix("pages/") for file in chapters if file.startswith("pages/")]
    assert sorted(pages) == [path.stem for path in SOURCES]


def test_a_page_links_to_pages_that_are_there_whenever_it_is(source, cells):
    only_if = read_declaration(source).only_if
    for target in re.findall(r"\{doc\}`(\w+)`", "\n".join(cell.source for cell in cells)):
        other = read_declaration(source.with_name(f"{target}.py"))
        assert other.only_if in (None, only_if), f"{target} is not in every study"


def test_the_source_is_a_percent_script_for_the_python_kernel(source):
    assert source.read_text().startswith("# ---\n# jupyter:\n")
    metadata = jupytext.read(source).metadata
    assert metadata["kernelspec"]["name"] == "python3"
    assert not list(source.parent.glob("*.ipynb"))


def test_no_output_is_kept_in_the_source(cells):
    assert not [cell for cell in code(cells) if cell.outputs or cell.execution_count]


def test_the_first_cell_is_the_title_and_the_only_one(cells):
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    titles = [c for c in cells if c.cell_type == "markdown" and c.source.startswith("# ")]
    assert titles == cells[:1]


def test_the_first_code_cell_holds_typed_parameters_that_run_as_they_are(cells):
    parameters = code(cells)[0]
    assert parameters.metadata["tags"] == ["parameters"]
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in cells) == 1
    for statement in ast.parse(parameters.source).body:
        assert isinstance(statement, ast.AnnAssign)
        value = ast.literal_eval(statement.value)
        assert type(value).__name__ == statement.annotation.id
        assert value or value == 0
    study = ast.literal_eval(ast.parse(parameters.source).body[0].value)
    assert read_study(ROOT / study).name == "smoke"


def test_every_parameter_has_a_line_of_help(source):
    import papermill

    found = papermill.inspect_notebook(jupytext.read(source))
    assert found
    assert [p["name"] for p in found.values() if not p["help"]] == []


def test_the_first_two_parameters_say_which_study_and_where_to(cells):
    first, second = ast.parse(code(cells)[0].source).body[:2]
    assert ast.unparse(first) == "study: str = 'data_manifest/smoke.yaml'"
    assert ast.unparse(second) == "into: str = 'study'"


def calls(cells, name):
    """Calls of a function in the code of a page."""
    tree = ast.parse("\n".join(cell.source for cell in code(cells)))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [ast.unparse(node) for node in nodes if ast.unparse(node.func) == name]


def test_a_page_opens_itself_once_and_no_other(source, cells):
    assert code(cells)[1].metadata["tags"] == ["setup"]
    assert calls(cells, "open_page") == [f"open_page({source.stem!r}, study, into)"]


def test_the_last_code_cell_closes_the_page_and_no_other_does(cells):
    assert len(calls(code(cells)[-1:], "page.close")) == 1
    assert len(calls(cells, "page.close")) == 1


# --- settings ---------------------------------------------------------------------------------

# Settings that stand behind a name of the page which is no setting of the study file.
BEHIND = {
    "config.compared": {"diagnoses", "control"},
    "config.patients": {"diagnoses", "control"},
    "page.grid": {"images"},
    "page.scan_table": {"sites"},
    "page.volumes": {"images"},
    "page.field": {"images", "network"},
    "page.seen": {"images", "network"},
    "fold_models": {"network", "training.n_folds", "training.accelerator"},
    "train_missing": {"training", "network", "images", "diagnoses"},
    "page.curve": {"learning_curve", "training"},
    "page.variants": {"training.early_stopping_on", "training.pretrain_on", "protocols"},
}


def names_used(source):
    """Dotted names of a page that begin with `config` or `page`, and functions that it calls."""
    tree = ast.parse(source.read_text())
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    inner = {id(node.value) for node in attributes}
    found = {ast.unparse(node) for node in attributes if id(node) not in inner}
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return {name for name in found if name.split(".")[0] in ("config", "page")} | called


def covers(declared, used):
    """Whether a declared name is the used one, or a section that holds it."""
    return f"{used}.".startswith(f"{declared}.")


def test_every_setting_that_a_page_uses_is_declared(source):
    declared = read_declaration(source).settings
    used = {n.removeprefix("config.") for n in names_used(source) if n.startswith("config.")}
    for name in {"compared", "patients"} & used:
        assert BEHIND[f"config.{name}"] <= set(declared)
    undeclared = [
        name
        for name in used - {"compared", "patients"}
        # Of a section that is handed on, the page has what it declares.
        if not any(covers(other, name) or covers(name, other) for other in declared)
    ]
    assert undeclared == []


def test_every_setting_that_a_page_declares_is_used(source):
    names = names_used(source)
    used = {name.removeprefix("config.") for name in names if name.startswith("config.")}
    used = used.union(*(BEHIND.get(name, set()) for name in names))
    unused = [
        name
        for name in read_declaration(source).settings
        if not any(covers(name, other) or covers(other, name) for other in used)
    ]
    assert unused == []


def test_a_page_hands_its_settings_to_nobody_as_a_whole(source):
    # `f(config)` would hide which settings f reads.
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Call):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            assert "config" not in [getattr(value, "id", None) for value in given]


def test_a_page_reads_and_writes_through_itself_alone(cells):
    # Without comments, and without the study file of the parameters.
    text = ast.unparse(ast.parse("\n".join(cell.source for cell in code(cells)[1:])))
    for word in ("results/", "open(", ".to_csv(", ".mkdir(", "glob("):
        assert f" {word}" not in f" {text.replace('.', ' .')}"
    read = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    given = [ast.unparse(argument) for node in read for argument in node.args]
    paths = [text for text in given if text.startswith(("'data_manifest/", "'dataset/"))]
    declared = [f"page.path({path})" for path in paths]
    assert all(call in text for call in declared)


# --- cells ------------------------------------------------------------------------------------


def test_a_code_cell_has_at_most_20_lines_besides_the_imports(cells):
    shown = [cell for cell in code(cells) if cell.metadata.get("tags") != ["setup"]]
    assert [cell.source for cell in shown if len(cell.source.splitlines()) > 20] == []


def test_a_page_has_no_class_no_install_and_no_path_of_its_own(cells):
    text = "\n".join(cell.source for cell in code(cells))
    for word in ("!pip", "%autoreload", "sys.path", "\nclass ", "/home", "/tmp"):
        assert word not in text


def test_a_page_ends_with_a_summary_and_its_result(cells):
    summary = [c.source for c in cells if c.cell_type == "markdown"][-1]
    assert summary.startswith("## Summary")
    assert len(summary.split()) >= 20
    closing = ast.parse(cells[-1].source).body[-1].value
    given = [*closing.args, *(keyword.value for keyword in closing.keywords)]
    assert "result" in [ast.unparse(value) for value in given]
