"""What the workflow reads from a page's source: settings and modules."""

import ast
import inspect
import json
import shutil
from pathlib import Path

import pytest
import yaml

from datnet_study.depends import forget_lost_models, results_read, settings_read
from datnet_study.study import Study, read_study

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "notebooks").glob("*.py"))


def page(folder, *lines):
    path = folder / "page.py"
    path.write_text("\n".join(lines))
    return path


def config_attributes(source):
    """Names in `config.<name>`."""
    return {
        node.attr
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) == "config"
    }


def test_settings_are_found_wherever_they_stand(study, tmp_path):
    source = page(
        tmp_path,
        "threshold = config.saliency.region_threshold",
        "if True:",
        "    f(config.fusion, other=[config.network for _ in range(3)])",
        "text = f'{config.images.grid_mm:g} mm'",
        "config.results / 'x'  # no setting of the study file",
        "other.training, 'config.decisions'  # not read",
    )
    found = settings_read(source, study)
    assert set(found) == {"saliency", "fusion", "network", "images"}
    assert json.loads(found["saliency"]) == study.saliency.model_dump()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("config.patients", {"diagnoses", "control"}),
        ("config.compared", {"diagnoses", "control"}),
        ("config.notice", {"phantom", "title", "dataset"}),
        ("show.notice(config)", {"phantom", "title", "dataset"}),
        ("config.dataset_root", {"phantom", "dataset"}),
        ("config.results", set()),
    ],
)
def test_a_derived_value_stands_for_the_settings_it_comes_from(study, tmp_path, line, expected):
    assert set(settings_read(page(tmp_path, line), study)) == expected


def test_the_value_of_a_setting_changes_what_is_read(study, tmp_path):
    source = page(tmp_path, "config.fusion, config.diagnoses")
    changed = study.model_copy(update={"diagnoses": ("PD", "HC")})
    before, after = settings_read(source, study), settings_read(source, changed)
    assert before["fusion"] == after["fusion"]
    assert before["diagnoses"] != after["diagnoses"] == '["PD", "HC"]'


def test_the_settings_of_an_own_data_set_are_text_that_json_can_read(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump({"name": "own", "title": "Mine", "dataset": "scans"}))
    found = settings_read(page(tmp_path, "show.notice(config)"), read_study(path))
    assert json.loads(found["dataset"]) == "scans"
    assert json.loads(found["phantom"]) is None


@pytest.mark.parametrize("source", PAGES, ids=lambda path: path.stem)
def test_every_setting_a_page_reads_exists(source):
    known = set(Study.model_fields) | {
        name
        for name, value in vars(Study).items()
        if isinstance(value, property) or inspect.isfunction(value)
    }
    assert config_attributes(source) <= known


@pytest.mark.parametrize("source", PAGES, ids=lambda path: path.stem)
def test_a_page_passes_its_settings_to_the_report_room_alone(source):
    # `f(config)` would hide from the workflow which settings f reads.
    calls = [
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call)
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(argument, ast.Name) and argument.id == "config"
    ]
    assert calls
    assert {call.split(".")[0] for call in calls} <= {"page", "show"}


def test_settings_of_the_fusion_page_as_read_by_a_person(study):
    # fusion, diagnoses; compared: diagnoses and control; notice: phantom, title, dataset.
    found = settings_read(ROOT / "notebooks/fusion.py", study)
    assert set(found) == {"fusion", "diagnoses", "control", "phantom", "title", "dataset"}


def test_pages_that_read_the_scans_depend_on_the_record_of_the_images():
    assert results_read(ROOT / "notebooks/saliency.py") == ["volumes.json"]
    assert results_read(ROOT / "notebooks/claims.py") == []


@pytest.fixture
def trained(tmp_path):
    """Notebooks and empty files of two networks for each model, one for the recipe."""
    models = {
        "fold-0": ("fold-0", 2),
        "test_fold.fold-0": ("test_fold/fold-0", 2),
        "recipe.mm2.fold-1": ("recipes/mm2/fold-1", 1),
        "pretrain": ("pretrain", 0),  # no scan to learn from
    }
    (tmp_path / "fits").mkdir()
    for notebook, (folder, n_members) in models.items():
        (tmp_path / "fits" / f"{notebook}.ipynb").touch()
        (tmp_path / "models" / folder).mkdir(parents=True)
        for j in range(n_members):
            member = tmp_path / "models" / folder / f"member-{j}"
            member.mkdir()
            (member / "weights.safetensors").touch()
            (member / "config.json").touch()
    for page_name in ("training", "protocol", "resolution", "claims"):
        (tmp_path / f"{page_name}.json").touch()
    return tmp_path


def test_complete_models_and_logs_of_failed_pages_stay(trained):
    (trained / "fits" / "fold-1.log.ipynb").touch()
    before = sorted(trained.rglob("*"))
    assert forget_lost_models(trained, 2) == []
    assert sorted(trained.rglob("*")) == before


@pytest.mark.parametrize(
    ("lost", "notebook", "result"),
    [
        ("fold-0/member-1/weights.safetensors", "fold-0", "training"),
        ("fold-0/member-0/config.json", "fold-0", "training"),
        ("fold-0/member-1", "fold-0", "training"),
        ("pretrain", "pretrain", "training"),
        ("test_fold/fold-0/member-1/weights.safetensors", "test_fold.fold-0", "protocol"),
        ("recipes/mm2/fold-1/member-0/weights.safetensors", "recipe.mm2.fold-1", "resolution"),
    ],
)
def test_a_model_that_lost_a_file_is_forgotten_and_others_stay(trained, lost, notebook, result):
    path = trained / "models" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = {*trained.glob("fits/*"), *trained.glob("*.json")}
    assert forget_lost_models(trained, 2) == [trained / "fits" / f"{notebook}.ipynb"]
    after = {*trained.glob("fits/*"), *trained.glob("*.json")}
    assert before - after == {trained / "fits" / f"{notebook}.ipynb", trained / f"{result}.json"}
