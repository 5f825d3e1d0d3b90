"""Pages: how one runs, what it depends on, what it exchanges, and the shape of its source."""

import json

import jupytext
import numpy as np
import papermill
import pytest

from datnet_core import report
from datnet_core.claims import read_claims
from datnet_core.pages import run_page
from datnet_core.study import Study, read_study
from datnet_core.workflow import LIBRARY, code_read, settings_read

ROOT = LIBRARY.parent
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
PAGE = '# %% [markdown]\n# # T\n\n# %% tags=["parameters"]\nn: int = 1  # number\n\n# %%\n'


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A study whose results go to a temporary folder."""
    (tmp_path / "data_manifest").mkdir()
    (tmp_path / "s.yaml").write_text("name: own\ntitle: t\ndataset: scans\n")
    monkeypatch.chdir(tmp_path)
    study = read_study("s.yaml")
    study.results.mkdir(parents=True)
    return study


@pytest.fixture
def page(tmp_path):
    def write(code):
        (tmp_path / "small.py").write_text(PAGE + code)
        return tmp_path / "small.py"

    return write


def test_a_page_runs_with_its_parameters(page, tmp_path):
    run_page(page("n + 1"), tmp_path / "out.ipynb", {"n": 41})
    notebook = json.loads((tmp_path / "out.ipynb").read_text())
    assert notebook["cells"][-1]["outputs"][0]["data"]["text/plain"] == ["42"]
    assert sorted(p.name for p in tmp_path.glob("*.ipynb")) == ["out.ipynb"]


def test_an_unknown_parameter_is_refused(page, tmp_path):
    with pytest.raises(ValueError, match=r"page small: no parameter \['m'\]; it has \['n'\]"):
        run_page(page("n"), tmp_path / "out.ipynb", {"m": 1})
    assert not (tmp_path / "out.ipynb").exists()


def test_a_failing_page_names_cell_error_and_log(page, tmp_path):
    with pytest.raises(RuntimeError, match=r"page small failed in cell \d+") as error:
        run_page(page("print('before')\n\n# %%\nn / 0"), tmp_path / "out.ipynb", {"n": 1})
    assert "ZeroDivisionError: division by zero" in str(error.value)
    assert not (tmp_path / "out.ipynb").exists()
    assert "before" in (tmp_path / "out.log.ipynb").read_text()
    assert "out.log.ipynb" in str(error.value)


def test_settings_are_found_in_the_source(tmp_path, study):
    path = tmp_path / "p.py"
    path.write_text("x = config.fusion.seed\ny = config.patients\nz = config.results\n")
    assert set(settings_read(path, study)) == {"fusion", "diagnoses", "control"}
    changed = study.model_copy(update={"fusion": study.fusion.model_copy(update={"seed": 5})})
    before, after = settings_read(path, study), settings_read(path, changed)
    assert before["fusion"] != after["fusion"] and before["control"] == after["control"]


def test_imported_modules_are_followed(tmp_path):
    path = tmp_path / "p.py"
    path.write_text("from datnet_core import fusion\nfrom datnet_core.study import read_study\n")
    assert [p.stem for p in code_read(path)] == ["fusion", "manifest", "study"]


def test_a_missing_result_names_the_command(own):
    with pytest.raises(
        FileNotFoundError, match="results/own/a.tsv is missing.*make study STUDY=s.yaml"
    ):
        report.upstream(own, "a.tsv")


def test_results_become_plain_json(own):
    numbers = {"a": np.float32(0.5), "b": np.nan, ("x"): np.arange(2), "n": np.int64(3)}
    report.write_result(own, "fusion", numbers, {"id": {"value": np.float64("inf")}})
    found = report.read_result(own, "fusion")
    assert found["numbers"] == {"a": 0.5, "b": None, "x": [0, 1], "n": 3}
    assert found["claims"] == {"id": {"value": None}}
    assert [p.name for p in own.results.iterdir()] == ["fusion.json"]


def test_the_box_says_phantom_for_a_phantom_only(own, study):
    assert "no patient data" in report.notice(study).data
    assert "phantom" not in report.notice(own).data.lower()


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
class TestSource:
    def test_it_opens_with_a_title_and_ends_with_its_result(self, source):
        cells = jupytext.read(source).cells
        assert cells[0].cell_type == "markdown" and cells[0].source.startswith("# ")
        assert "report.write_result(" in cells[-1].source
        assert any(c.source.startswith("## Summary") or "\n## Summary" in c.source for c in cells)

    def test_parameters_have_a_type_a_default_and_help(self, source):
        parameters = papermill.inspect_notebook(jupytext.read(source))
        assert parameters["study"]["default"] == '"data_manifest/smoke.yaml"'
        for name, parameter in parameters.items():
            assert parameter["inferred_type_name"] != "None" and parameter["help"], name

    def test_cells_are_short_and_hold_no_class(self, source):
        notebook = jupytext.read(source)
        assert notebook.metadata["kernelspec"]["name"] == "python3"
        for cell in notebook.cells:
            if cell.cell_type == "code":
                assert len(cell.source.splitlines()) <= 25, cell.source
                assert "class " not in cell.source and "!pip" not in cell.source

    def test_every_setting_it_reads_exists(self, source):
        study = read_study(ROOT / "data_manifest/demo.yaml")
        assert set(settings_read(source, study)) <= set(Study.model_fields)
        import re

        for name in set(re.findall(r"\bconfig\.(\w+)", source.read_text())):
            assert hasattr(study, name), name

    def test_every_claim_it_names_in_full_is_a_claim_of_the_paper(self, source):
        import re

        known = set(read_claims(ROOT / "data_manifest/claims.tsv")["id"])
        literal = re.findall(
            r'[^f]"((?:cv|blind|br|dlbr|radiomics|fusion)\.[a-z0-9_.]+)"', source.read_text()
        )
        assert set(literal) <= known
