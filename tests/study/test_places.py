"""Where declared files are, and what the study null adds."""

import json

import pytest
import yaml

from datnet_study.places import null_files, null_result, place_of
from datnet_study.study import read_study


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A function that makes a study of own scans by its name."""
    (tmp_path / "data_manifest").mkdir()
    monkeypatch.chdir(tmp_path)

    def study(name, **more):
        settings = {"name": name, "title": "My scans", "dataset": "scans"} | more
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(settings))
        return read_study(f"{name}.yaml")

    return study


def test_a_name_of_a_header_is_a_path(made, tmp_path):
    study = made("mine", table="people.csv", images={"verdicts": "looked.tsv"})
    for name, path in {
        "scans.tsv": "results/mine/scans.tsv",
        "null.json": "results/mine/null.json",
        "data_manifest/atlas/a.tsv": "data_manifest/atlas/a.tsv",
        "dataset/a/b.nii.gz": "scans/a/b.nii.gz",
        "dataset/scans.tsv": "people.csv",
        "null/fusion.json": "results/null/fusion.json",
        "verdicts": "looked.tsv",
    }.items():
        assert place_of(study, name) == tmp_path / path
    assert place_of(made("other"), "verdicts") is None


def test_the_study_null_is_read_where_it_has_run_and_not_by_itself(made, tmp_path):
    mine, name = made("mine"), "null/fusion.json"
    assert null_files(mine, name) == [] and null_result(mine, name) is None
    path = tmp_path / "results" / name
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"page": "fusion"}))
    assert null_files(mine, name) == [path]
    assert null_result(mine, name) == {"page": "fusion"}
    assert null_files(made("null"), name) == [] and null_result(made("null"), name) is None
