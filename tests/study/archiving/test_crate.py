"""What a run was made from: valid for others' tools, complete for a phantom, silent on people."""

import json
import zipfile
from pathlib import Path

import pytest
import requests
import rocrate
import yaml
from rocrate_validator import models, services
from rocrate_validator.utils.uri import URI

from datnet_study.archiving import CRATE, write_archive, write_crate
from datnet_study.graph import Graph
from datnet_study.study import read_study

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:rdflib", "ignore:ConjunctiveGraph"
)

ROOT = Path(__file__).parents[3]
WORKFLOW_RUN = "workflow-run-crate"
# The terms of RO-Crate 1.1 that 1.3, which comes with `rocrate`, has under another address.
TERMS_OF_1_1 = {
    "ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow",
    "FormalParameter": "https://bioschemas.org/FormalParameter",
    "input": "https://bioschemas.org/ComputationalWorkflow#input",
    "output": "https://bioschemas.org/ComputationalWorkflow#output",
}
NAMES = ("sub-PLANTED7", "Hospital of Planted", "Planted column", "planted.xlsx", "/data/planted")


@pytest.fixture
def offline(monkeypatch):
    """The validator without a network: the one address that it asks for is answered here."""
    context = json.loads((Path(rocrate.__file__).parent / "data/ro-crate.jsonld").read_text())
    context["@context"] |= TERMS_OF_1_1

    def send(_, request, **kwargs):
        assert request.url == "https://w3id.org/ro/crate/1.1/context"
        response = requests.Response()
        response.url, response.request, response.status_code = request.url, request, 200
        response.headers["Content-Type"] = "application/ld+json"
        response._content = json.dumps(context).encode()
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)


def problems(folder):
    """What the validator says against the crate of a folder."""
    settings = models.ValidationSettings(
        rocrate_uri=URI(str(folder)), profile_identifier=WORKFLOW_RUN, no_cache=True
    )
    return [issue.message for issue in services.validate(settings).get_issues()]


def finished(study, monkeypatch):
    """Make what stands for the results of a study whose jobs are all done."""
    graph = Graph(study)
    for page in graph.declarations.values():
        for name, kind in page.writes.items():
            path = study.results / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"numbers": {"auc": 0.75}, "kind": kind, "name": name}))
    for k, job in enumerate(graph.jobs):
        path = study.results / f"costs/{job}.json"
        path.parent.mkdir(exist_ok=True)
        cost = {"begin": 1.8e9 + 60 * k, "seconds": 90.0, "memory_mb": 500 + k, "threads": 1}
        path.write_text(json.dumps(cost))
    for book in ("book", "public/book"):
        (study.results / book).mkdir(parents=True)
        (study.results / book / "index.html").write_text("<html>the book</html>")
    monkeypatch.setattr(Graph, "missing", lambda _: [])


@pytest.fixture
def phantom(tmp_path, monkeypatch):
    """The study `smoke`, finished, in a folder of its own."""
    study = read_study(ROOT / "data_manifest/smoke.yaml")
    monkeypatch.setattr(type(study), "results", property(lambda _: tmp_path / "smoke"))
    finished(study, monkeypatch)
    return study


@pytest.fixture
def people(tmp_path, monkeypatch):
    """A finished study of people, whose file names what nobody else may know."""
    (tmp_path / "scans").mkdir()
    rows = ["Planted column\tpath\tdiagnosis", "sub-PLANTED7\ta.nii.gz\tPD"]
    (tmp_path / "planted.tsv").write_text("\n".join(rows))
    settings = {
        "name": "own",
        "title": "Our scans",
        "dataset": str(tmp_path / "scans"),
        "table": str(tmp_path / "planted.tsv"),
        "columns": {"participant_id": "Planted column"},
        "values": {"diagnosis": {"Hospital of Planted": "IPD"}},
        "images": {"verdicts": "/data/planted/verdicts.tsv"},
    }
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(settings))
    study = read_study(tmp_path / "own.yaml")
    monkeypatch.setattr(type(study), "results", property(lambda _: tmp_path / "own"))
    finished(study, monkeypatch)
    return study


def entities(study):
    graph = json.loads((study.results / CRATE).read_text())["@graph"]
    return {entity["@id"]: entity for entity in graph}


@pytest.mark.parametrize("kind", ["phantom", "people"])
def test_a_crate_is_valid(kind, request, offline):
    study = request.getfixturevalue(kind)
    write_crate(study)
    assert problems(study.results) == []


def test_the_validator_sees_what_is_wrong(phantom, offline):
    write_crate(phantom)
    path = phantom.results / CRATE
    path.write_text(path.read_text().replace('"instrument"', '"tool"'))
    assert any("instrument" in problem for problem in problems(phantom.results))


def test_a_crate_says_with_what_and_how_long(phantom):
    names = write_crate(phantom)
    found = entities(phantom)
    run = found["#run"]
    assert run["startTime"] == "2027-01-15T08:00:00+00:00"
    n_jobs = len(Graph(phantom).jobs)
    assert found["#seconds-of-all-jobs"]["value"] == 90.0 * n_jobs
    assert found["#largest-memory-of-a-job"]["value"] == 499 + n_jobs
    settings = json.loads((phantom.results / "provenance/settings.json").read_text())
    assert settings == phantom.model_dump(mode="json")
    table = (phantom.results / "provenance/jobs.tsv").read_text().splitlines()
    assert len(table) == 1 + n_jobs
    results = {entity["@id"] for entity in run["result"]}
    assert {"cross_validation.json", "claims.tsv", "book/index.html"} <= results <= set(names)
    assert not any(name.startswith("predictions/") for name in names)  # of single participants


def test_hashes_are_those_of_the_files(phantom):
    import hashlib

    write_crate(phantom)
    listed = {name: e for name, e in entities(phantom).items() if "sha256" in e}
    assert len(listed) > 10
    for name, entity in listed.items():
        content = (phantom.results / name).read_bytes()
        assert entity["sha256"] == hashlib.sha256(content).hexdigest()
        assert int(entity["contentSize"]) == len(content)


def test_nothing_of_a_participant_is_in_the_crate_of_people(people):
    names = write_crate(people)
    assert [name for name in names if not name.startswith("provenance/")] == [
        "public/book/index.html"
    ]
    files = [people.results / name for name in (CRATE, *names)]
    text = "\n".join(path.read_text() for path in files)
    for word in (*NAMES, "PLANTED", "sha256", "contentSize", str(people.results.parent)):
        assert word not in text


def test_a_study_that_is_not_finished_has_no_crate(tmp_path, monkeypatch):
    study = read_study(ROOT / "data_manifest/smoke.yaml")
    monkeypatch.setattr(type(study), "results", property(lambda _: tmp_path / "smoke"))
    with pytest.raises(ValueError, match=r"job\(s\) to do, such as .*; run it first: make study"):
        write_crate(study)
    assert not (tmp_path / "smoke" / CRATE).exists()


def test_an_archive_opens_elsewhere(phantom, tmp_path, offline):
    target = write_archive(phantom)
    assert target == phantom.results / "smoke.zip"
    with zipfile.ZipFile(target) as packed:
        packed.extractall(tmp_path / "elsewhere")
        assert not [name for name in packed.namelist() if name.startswith("predictions/")]
    elsewhere = tmp_path / "elsewhere"
    assert problems(elsewhere) == []
    assert (elsewhere / "book/index.html").read_text() == "<html>the book</html>"
    assert (elsewhere / "provenance/constraints.txt").read_text().startswith("# Everything that")
    numbers = json.loads((elsewhere / "blind_test.json").read_text())["numbers"]
    assert numbers == {"auc": 0.75}


def test_an_archive_of_people_holds_the_public_book_only(people):
    with zipfile.ZipFile(write_archive(people)) as packed:
        names = packed.namelist()
    kept = ("provenance/", "public/book/", CRATE)
    assert [name for name in names if not name.startswith(kept)] == []


def test_an_archive_of_people_needs_the_public_book(people):
    (people.results / "public/book/index.html").unlink()
    with pytest.raises(FileNotFoundError, match="no public book of this study of people; make it"):
        write_archive(people)
