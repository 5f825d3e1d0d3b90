"""The run of a study as a Workflow Run RO-Crate: `ro-crate-metadata.json` in its results.

An RO-Crate describes a folder of files in JSON-LD; the profile says how the run of a workflow is
told: which workflow with which parameters made which results, when, and on what.
Leo et al. (2024), *Recording provenance of workflow runs with RO-Crate*, PLoS ONE 19(9):e0309210,
doi:10.1371/journal.pone.0309210.
"""

import hashlib
import importlib.metadata
import json
from datetime import datetime, timedelta

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from datnet_core.files import whole
from datnet_core.training import environment
from datnet_study.archiving.provenance import (
    FOLDER,
    JOBS,
    MACHINE,
    SETTINGS,
    VERSIONS,
    WORKFLOW,
    write_provenance,
)
from datnet_study.graph import Graph
from datnet_study.notice import notice_of

CRATE = "ro-crate-metadata.json"
RO_CRATE = "1.1"  # the version that the profiles below are made for
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
TERMS = "https://w3id.org/ro/terms/workflow-run#"
PUBLIC_DOMAIN = "https://creativecommons.org/publicdomain/zero/1.0/"
BSD = "https://opensource.org/licenses/BSD-3-Clause"
KINDS = {".json": "application/json", ".tsv": "text/tab-separated-values", ".html": "text/html"}


def write_crate(study):
    """Describe a finished study.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of str
        Files of the crate, relative to the results. Of a study of people they are those of
        `provenance/` and, if there is one, the public book; tables of its results are not among
        them, since small counts may stand for somebody.

    Raises
    ------
    ValueError
        If a job is not done.
    """
    graph = Graph(study)
    if left := [job.name for job in graph.missing()]:
        raise ValueError(
            f"study {study.name} has {len(left)} job(s) to do, such as {left[0]}; run it first: "
            f"make study STUDY={study.source}"
        )
    took = write_provenance(study, list(graph.jobs))
    crate = ROCrate(version=RO_CRATE)
    crate.name, crate.description = study.title, notice_of(study, public=True)
    crate.license = PUBLIC_DOMAIN if study.phantom else "decided by those who hold the scans"
    workflow = _workflow(crate, study)
    given = _file(crate, study, f"{FOLDER}/{SETTINGS}")
    parameter = crate.add_formal_parameter(
        "study", "File", identifier="#study", valueRequired=True, description="a study file"
    )
    parameter.append_to("workExample", given)
    given.append_to("exampleOfWork", parameter)
    workflow.append_to("input", parameter)
    for name in (VERSIONS, JOBS, MACHINE):
        _file(crate, study, f"{FOLDER}/{name}")
    results = [_file(crate, study, name) for name in _results(study, graph)]
    _action(crate, workflow, given, results, took)
    _conform(crate)
    with whole(study.results / CRATE) as part:
        crate.metadata.extra_terms |= {name: f"{TERMS}{name}" for name in _terms(study)}
        part.write_text(json.dumps(crate.metadata.generate(), indent=1), encoding="utf-8")
    names = [entity.id for entity in crate.data_entities]
    return sorted(name for name in names if (study.results / name).is_file())


def _results(study, graph):
    """Files that a study made and that may be listed."""
    if study.phantom is None:
        public = "public/book/index.html"
        return [public] if (study.results / public).is_file() else []
    tables = {
        name
        for page in graph.declarations.values()
        for name, kind in page.writes.items()
        if kind == "aggregates" and name.endswith((".json", ".tsv"))
    }
    there = [name for name in sorted(tables) if (study.results / name).is_file()]
    return [*there, "book/index.html"]


def _workflow(crate, study):
    """The Snakefile with the program that reads it."""
    engine = importlib.metadata.version("snakemake")
    return crate.add_workflow(
        study.results / FOLDER / WORKFLOW,
        f"{FOLDER}/{WORKFLOW}",
        main=True,
        lang="snakemake",
        lang_version=engine,
        properties={
            "name": "DAT-Net study",
            "license": BSD,
            "version": importlib.metadata.version("datnet-study"),
            "encodingFormat": "text/plain",
        },
    )


def _file(crate, study, name):
    """A file of the results with size and hash; those of people have neither."""
    path = study.results / name
    known = {"name": name, "encodingFormat": KINDS.get(path.suffix, "text/plain")}
    if study.phantom:
        content = path.read_bytes()
        known["sha256"] = hashlib.sha256(content).hexdigest()
        known["contentSize"] = str(len(content))
    return crate.add_file(path, name, properties=known)


def _action(crate, workflow, given, results, took):
    """The run: when, on what, how long, and with which memory."""
    action = crate.add_action(
        workflow, identifier="#run", object=[given], result=results, properties={"name": "the run"}
    )
    if not took.empty:
        begins = [datetime.fromisoformat(begin) for begin in took["begin"]]
        seconds = [timedelta(seconds=value) for value in took["seconds"]]
        action["startTime"] = min(begins).isoformat()
        ends = [begin + length for begin, length in zip(begins, seconds, strict=True)]
        action["endTime"] = max(ends).isoformat()
    machine = environment()
    used = {
        "processor": (machine["processor"], None),
        "cores": (machine["cores"], None),
        "memory of the machine": (machine["memory_gb"], "gigabyte"),
        "seconds of all jobs": (round(float(took["seconds"].sum()), 1), "second"),
        "largest memory of a job": (int(took["memory_mb"].max()) if len(took) else 0, "megabyte"),
    }
    for label, (value, unit) in used.items():
        fact = {"@type": "PropertyValue", "name": label, "value": value}
        if unit:
            fact["unitText"] = unit
        name = f"#{label.replace(' ', '-')}"
        action.append_to("resourceUsage", crate.add(ContextEntity(crate, name, fact)))


def _conform(crate):
    """Say which profiles the crate keeps to."""
    kept = []
    for address, name in PROFILES.items():
        profile = {"@type": "CreativeWork", "name": name, "version": address.rpartition("/")[2]}
        kept.append(crate.add(ContextEntity(crate, address, profile)))
    crate.root_dataset["conformsTo"] = kept


def _terms(study):
    """Terms of the profile that RO-Crate lacks; they stand in the context."""
    return ("resourceUsage", "sha256") if study.phantom else ("resourceUsage",)
