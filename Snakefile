# The study as a graph of jobs. Which jobs there are and what each depends on is said by the pages
# themselves (notebooks/*.py) and put together in datnet_study/graph.py. Here it becomes rules.
#
# A job runs where its record, whose name is a hash of all it depends on, or a file of its own is
# missing. The times of files decide nothing, so every input is `ancient`.
import os
import shlex
import sys

from datnet_study.costs import cost_of_process, expected_costs
from datnet_study.graph import Graph
from datnet_study.lanes import LANES, gpus_of, processes_of
from datnet_study.page_groups import page_groups
from datnet_study.ready import ready_study

os.environ["PYTHONUTF8"] = "1"  # for the jobs: files are UTF-8 in any locale
STUDY = config.get("study", "data_manifest/paper.yaml")
DEBUG = bool(config.get("debug"))  # errors with their traceback
try:
    study = ready_study(STUDY)
    graph = Graph(study)
except (OSError, ValueError) as error:
    if DEBUG:
        raise
    sys.exit(f"\n{error}\n")
OUT = f"results/{study.name}"
costs = expected_costs(study, graph.jobs.values())
groups = page_groups(graph, {name for name, cost in costs.items() if cost.is_short})
localrules: study


rule study:
    input: [f"{OUT}/{name}" for name in graph.targets()]


for name, jobs in processes_of(graph, config.get("lanes", LANES) or None).items():
    kind, cost = jobs[0].command[0], cost_of_process([costs[job.name] for job in jobs])
    parts = [part for job in jobs for part in job.command[1:]]
    n_gpus = max(gpus_of(graph, job) for job in jobs)
    rule:
        name: name
        input: [ancient(f"{OUT}/{name}") for job in jobs for name in graph.inputs(job)]
        output:
            *[update(f"{OUT}/{name}") if name in job.kept else f"{OUT}/{name}" for job in jobs for name in job.writes],
            record=[f"{OUT}/{graph.record(job)}" for job in jobs],
        params:
            # A function, because braces in a text, such as the study file's name, are wildcards.
            job=lambda wildcards, line=shlex.join([kind, STUDY, *parts]): line,
            debug=" --debug" if DEBUG else "",
        threads: max(job.threads for job in jobs)
        # The longest first, so that none is left alone at the end.
        priority: jobs[0].priority or round(cost.seconds)
        group: groups.get(name)
        resources:
            runtime=lambda wildcards, attempt, cost=cost: cost.minutes_to_ask(attempt),
            mem_mb=lambda wildcards, attempt, cost=cost: cost.memory_to_ask(attempt),
            in_turn=1,  # pages that share a job of a cluster run one after the other
            **({"gpu": n_gpus, "nodes": 1} if n_gpus else {}),  # they share a batch on one node
        shell:
            f"{shlex.quote(sys.executable)} -m datnet_study.warm datnet_study.run {{params.job}}"
            " --threads {threads}"
            "{params.debug}"
            " --record {output.record}"
