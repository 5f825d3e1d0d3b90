"""What the jobs of a study take, for `make plan` and a cluster: a minute, once four studies ran.

    for study in demo paper large sites; do make study STUDY=$study; done
    python benchmarks/job_costs.py

Writes `data_manifest/job_costs.tsv` from what the jobs of these studies noted in
`results/<study>/costs/`, and `study_sizes.tsv`, how large the studies are as a whole. They should
have run at one go on a machine with nothing else to do. Pages that end in a sentence without sites
have rows of their own from the study that has some; these stay as they are without that study.
"""

import json
from collections import defaultdict
from pathlib import Path
from statistics import mean

import pandas as pd

from datnet_study.costs import MEASURED, SITES, number_of_scans, read_measured
from datnet_study.graph import Graph
from datnet_study.study import read_study

MANIFEST = Path(__file__).parents[1] / "data_manifest"
STUDIES = ("demo", "paper", "large")
SIZES = "study_sizes.tsv"


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


def size_of(study):
    """Jobs, time and book of a study that ran at one go, as a row."""
    jobs = Graph(study).jobs.values()
    notes = [json.loads((study.results / f"costs/{job.name}.json").read_text()) for job in jobs]
    begin, end = (min(n["begin"] for n in notes), max(n["begin"] + n["seconds"] for n in notes))
    book = sum(f.stat().st_size for f in (study.results / "book").rglob("*") if f.is_file())
    return {
        "study": study.name,
        "scans": number_of_scans(study),
        "jobs": len(notes),
        "minutes": round((end - begin) / 60, 1),
        "book_mb": round(book / 1e6),
    }


def ended_in_a_sentence(study, job):
    """Whether a job is a page that has nothing to say of a study."""
    result = study.results / f"{job}.json"
    return result.is_file() and not json.loads(result.read_text()).get("numbers", True)


def rows_that_need_sites(without, rows):
    """Rows of pages that end in a sentence in a study without sites, from one that has some."""
    sites = read_study(MANIFEST / f"{SITES}.yaml")
    if not (sites.results / "costs").is_dir():
        measured = read_measured()
        return measured[measured["needs"] == SITES]
    ended = {row["job"] for row in rows if ended_in_a_sentence(without, row["job"])}
    return pd.DataFrame(row | {"needs": SITES} for row in rows_of(sites) if row["job"] in ended)


def main():
    """Write the tables."""
    studies = [read_study(MANIFEST / f"{name}.yaml") for name in STUDIES]
    rows = [row for study in studies for row in rows_of(study)]
    table = pd.concat([pd.DataFrame(rows), rows_that_need_sites(studies[0], rows)])
    table.sort_values(["job", "scans"]).to_csv(MANIFEST / MEASURED, sep="\t", index=False)
    sizes = pd.DataFrame(size_of(study) for study in studies)
    sizes.to_csv(MANIFEST / SIZES, sep="\t", index=False)


if __name__ == "__main__":
    main()
