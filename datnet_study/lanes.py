"""Which jobs of a study one process runs, and on how many GPUs.

A process runs a lane of networks one after the other, or a single job.

A process starts in three seconds, as long as a small network learns. What a job is and whether it
is done does not depend on the lanes: a study that ran on a cluster is finished here, too.
"""

from datnet_study.fits import planned_fits

LANES = 2  # side by side on one machine


def processes_of(graph, n_lanes):
    """Jobs of a study by the process that runs them.

    Parameters
    ----------
    graph : Graph
    n_lanes : int or None
        Processes that train networks side by side; None for one for each network, as on a cluster.
        On accelerators, which all lanes would share, there is one.

    Returns
    -------
    dict of str to list of Job
        By name of the process, which is that of the job where it is alone.
    """
    training = graph.study.training
    if n_lanes and (training.accelerator == "gpu" or training.devices > 1):
        n_lanes = 1
    fits = [lane for jobs in _levels(graph) for lane in _split(jobs, n_lanes or len(jobs))]
    others = [[job] for job in graph.jobs.values() if job.command[0] != "fit"]
    return {_name(jobs): jobs for jobs in [*others, *fits]}


def gpus_of(graph, job):
    """GPUs that a job asks a cluster for.

    Parameters
    ----------
    graph : Graph
    job : Job
        One of the graph.

    Returns
    -------
    int
        Where `training.accelerator` is `gpu`: as many as share a batch, for a job that trains, and
        one for a page that loads networks and reads that setting. Else 0.
    """
    kind, training = job.command[0], graph.study.recipe(job.recipe).training
    if training.accelerator != "gpu":
        return 0
    if kind in ("fit", "ceiling"):
        return training.devices
    if kind != "page" or not any(name.startswith("models/") for name in job.reads):
        return 0
    return int(
        bool({"training", "training.accelerator"} & {*graph.declarations[job.name].settings})
    )


def _levels(graph):
    """Networks that may be trained side by side: none starts from another of its level.

    Networks of one kind that start from the same kind come second; all others come first, and so
    do those that start from networks of the study.
    """
    planned = planned_fits(graph.study)
    kind_of, levels = {fit.folder: fit.kind for fit in planned}, {}
    for fit in planned:
        is_later = kind_of.get(fit.start) == fit.kind
        levels.setdefault((fit.kind, is_later), []).append(graph.jobs[fit.job_name])
    return levels.values()


def _split(jobs, n_lanes):
    """Jobs dealt out to lanes in turn."""
    return [jobs[k::n_lanes] for k in range(min(n_lanes, len(jobs)))]


def _name(jobs):
    """Name of the process that runs some jobs."""
    return jobs[0].name if len(jobs) == 1 else f"{jobs[0].name}_and_{len(jobs) - 1}_more"
