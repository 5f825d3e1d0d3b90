"""What the jobs of a study take, for `make plan` and a cluster: a minute, once three studies ran.

    for study in demo paper sites; do make study STUDY=$study; done
    python benchmarks/job_costs.py

Writes `data_manifest/job_costs.tsv` from what the jobs of these studies noted in
`results/<study>/costs/`. They should have run on a machine with nothing else to do. Pages that end
in a sentence without sites have rows of their own from the study that has some.
"""

import json
from collections import defaultdict
from pathlib import Path
from statistics import mean

import pandas as pd

from datnet_study.costs import MEASURED, SITES, number_of_scans
from datnet_study.graph import Graph
from datnet_study.study import read_study

MANIFEST = Path(__file__).parents[1] / "data_manifest"
STUDIES = ("demo", "paper")


def rows_of(study):
    """A row for each kind of job: mean seconds, and the largest memory."""
    took = defaultdict(list)
    for job in Graph(study).jobs.values():
        note = json.loads((study.results / f"costs/{job.name}.json").read_text())
        kind, *of = job.command
        name = of[0] if kind == "page" else kind
        took[name].append((note["seconds"], note["memory_mb"]))
    for name, notes in took.items():
        seconds, memory_mb = zip(*notes, strict=True)
        yield {
            "job": name,
            "scans": number_of_scans(study),
            "needs": "",
            "seconds": round(mean(seconds), 1),
            "memory_mb": max(memory_mb),
        }


def ended_in_a_sentence(study, job):
    """Whether a job is a page that has nothing to say of a study."""
    result = study.results / f"{job}.json"
    return result.is_file() and not json.loads(result.read_text()).get("numbers", True)


def main():
    """Write the table."""
    studies = [read_study(MANIFEST / f"{name}.yaml") for name in STUDIES]
    rows = [row for study in studies for row in rows_of(study)]
    ended = {row["job"] for row in rows if ended_in_a_sentence(studies[0], row["job"])}
    of_sites = rows_of(read_study(MANIFEST / f"{SITES}.yaml"))
    rows += [row | {"needs": SITES} for row in of_sites if row["job"] in ended]
    table = pd.DataFrame(rows)
    table.sort_values(["job", "scans"]).to_csv(MANIFEST / MEASURED, sep="\t", index=False)


if __name__ == "__main__":
    main()
