"""What a study was run with, as files below `provenance/` of its results.

The workflow, the settings, the versions and what each job took. Of a study of people nothing that
stands for one of them: no name of a file or column, no word of a table, no hash of what was read.
"""

import json
import shutil
from datetime import UTC, datetime

import pandas as pd

from datnet_core import fingerprint
from datnet_core.files import whole
from datnet_core.training import environment

FOLDER = "provenance"
WORKFLOW, SETTINGS, VERSIONS = "Snakefile", "settings.json", "constraints.txt"
JOBS, MACHINE = "jobs.tsv", "machine.json"
OF_PEOPLE = {"dataset", "table", "sheet", "columns", "values"}  # settings that quote the user's
FILES_BY_HAND = {"transforms", "verdicts"}  # settings of `images` that are paths


def write_provenance(study, jobs):
    """Write the files of a finished study.

    Parameters
    ----------
    study : Study
    jobs : sequence of str
        Names of its jobs.

    Returns
    -------
    DataFrame
        A row for each job that says what it took: `job`, `begin` (ISO 8601, UTC), `seconds`,
        `memory_mb`, `threads`.
    """
    folder = study.results / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name in (WORKFLOW, VERSIONS):
        with whole(folder / name) as part:
            shutil.copyfile(fingerprint.ROOT / name, part)
    took = jobs_table(study, jobs)
    for name, text in {
        SETTINGS: json.dumps(shown_settings(study), indent=1),
        MACHINE: json.dumps(environment(), indent=1),
        JOBS: took.to_csv(sep="\t", index=False),
    }.items():
        with whole(folder / name) as part:
            part.write_text(text, encoding="utf-8")
    return took


def shown_settings(study):
    """Settings of a study that may be shown to others.

    Parameters
    ----------
    study : Study

    Returns
    -------
    dict
        All of a phantom; of a study of people, none that names or quotes their files.
    """
    settings = study.model_dump(mode="json")
    if study.phantom is None:
        settings = {name: value for name, value in settings.items() if name not in OF_PEOPLE}
        own = settings["images"].items()
        settings["images"] = {name: value for name, value in own if name not in FILES_BY_HAND}
    return settings


def jobs_table(study, jobs):
    """What each job of a study took, those that began first on top.

    Parameters
    ----------
    study : Study
    jobs : sequence of str

    Returns
    -------
    DataFrame
        See `write_provenance`. A job of an earlier version, which left no note, has no row.
    """
    rows = []
    for job in jobs:
        note = study.results / "costs" / f"{job}.json"
        if note.is_file():
            rows.append({"job": job} | json.loads(note.read_text()))
    names = ["job", "begin", "seconds", "memory_mb", "threads"]
    table = pd.DataFrame(rows, columns=names).sort_values("begin", kind="stable")
    table["begin"] = [
        datetime.fromtimestamp(begin, UTC).isoformat(timespec="seconds") for begin in table["begin"]
    ]
    return table
