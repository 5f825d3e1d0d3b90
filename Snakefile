# The study as a graph of jobs. Which jobs there are and what each depends on is said by the pages
# themselves (notebooks/*.py) and put together in datnet_study/graph.py. Here it becomes rules.
#
# A job runs where its record, whose name is a hash of all it depends on, or a file of its own is
# missing. The times of files decide nothing, so every input is `ancient`.
import shlex
import sys

from datnet_study.cohort_check import check_cohorts
from datnet_study.graph import LANES, Graph
from datnet_study.study import read_study

STUDY = config.get("study", "data_manifest/demo.yaml")
study = read_study(STUDY)
check_cohorts(study)
OUT = f"results/{study.name}"
graph = Graph(study, n_lanes=config.get("lanes", LANES) or None)
localrules: study


rule study:
    input: [f"{OUT}/{name}" for name in graph.targets()]


for job in graph.jobs.values():
    rule:
        name: job.name
        input: [ancient(f"{OUT}/{name}") for name in graph.inputs(job)]
        output:
            *[update(f"{OUT}/{name}") if name in job.kept else f"{OUT}/{name}" for name in job.writes],
            record=f"{OUT}/{graph.record(job)}",
        params:
            job=shlex.join([job.command[0], STUDY, *job.command[1:]]),
        threads: job.threads
        priority: job.priority
        shell:
            f"{shlex.quote(sys.executable)} -m datnet_study.run {{params.job}} --threads {{threads}}"
            " --record {output.record}"
