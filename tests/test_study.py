"""Study files: what is accepted, and what an error says."""

from pathlib import Path

import pytest
import yaml

from datnet_core.study import read_study

ROOT = Path(__file__).parents[1]
GOOD = {"name": "mine", "title": "My scans", "dataset": "scans"}


@pytest.fixture
def write(tmp_path):
    def study_file(**settings):
        path = tmp_path / "study.yaml"
        path.write_text(yaml.safe_dump(GOOD | settings))
        return path

    return study_file


@pytest.mark.parametrize(
    "path", sorted((ROOT / "data_manifest").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_shipped_study_file_is_read(path):
    if path.stem == "phantom":
        pytest.skip("the phantom's calibration is no study file")
    assert read_study(path).name == path.stem


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"netwrok": {}}, r"netwrok: unknown key; expected one of name, title"),
        ({"network": {"filters": 3}}, r"network\.filters: unknown key; expected one of n_filters"),
        ({"training": {"learning_rate": "fast"}}, r"training\.learning_rate: .*number.*'fast'"),
        ({"training": {"n_folds": 1}}, r"training\.n_folds: .*greater than or equal to 2.*found 1"),
        ({"saliency": {"region_rule": "best"}}, r"saliency\.region_rule: .*'rescaled'.*'best'"),
        ({"control": "HC"}, r"control 'HC' is not one of diagnoses"),
        ({"dataset": None}, r"exactly one of `dataset`"),
        ({"name": "a/b"}, r"name: "),
        ({"phantom": {"participants": {}}}, r"exactly one"),
        (
            {"dataset": None, "phantom": {"participants": {"definite": {"XY": 1}}}},
            r"names \['XY'\]",
        ),
        (
            {"dataset": None, "phantom": {"participants": {"sure": {"IPD": 1}}}},
            r"phantom\.participants\.sure: .*'possible'",
        ),
        ({"dataset": None, "phantom": {"sede": 1}}, r"phantom\.sede: unknown key; expected one of"),
    ],
)
def test_an_error_names_the_key_and_what_was_expected(write, settings, message):
    with pytest.raises(ValueError, match=message):
        read_study(write(**settings))


def test_all_problems_are_listed_at_once(write):
    path = write(network={"filters": 3, "dropout": 2}, fusion={"max_depth": 0})
    with pytest.raises(ValueError, match=r"3 setting\(s\) to correct") as error:
        read_study(path)
    for key in ("network.filters", "network.dropout", "fusion.max_depth"):
        assert key in str(error.value)


def test_a_missing_file_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match="looked at .*nowhere.yaml"):
        read_study("data_manifest/nowhere.yaml")


def test_a_study_file_is_found_from_a_folder_below_the_project(monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    study = read_study("data_manifest/smoke.yaml")
    assert study.results == ROOT / "results" / "smoke"
    assert study.atlas_path.is_file()


def test_text_instead_of_settings_is_refused(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("just text")
    with pytest.raises(ValueError, match="expected `key: value` lines, found str"):
        read_study(path)


def test_settings_cannot_be_changed_by_accident(study):
    with pytest.raises(ValueError, match="frozen"):
        study.network.n_filters = 3


def test_one_patient_group_is_compared_with_the_controls(write):
    study = read_study(write(diagnoses=["PD", "HC"], control="HC"))
    assert (study.patients, study.compared) == (("PD",), ("PD", "HC"))
    assert "phantom" not in study.notice


def test_a_phantom_says_so(study):
    assert "digital phantom" in study.notice
    assert study.compared == ("IPD", "MSA", "PSP")
