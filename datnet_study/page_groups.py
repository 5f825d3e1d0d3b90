"""Short pages that can share one job of a cluster, which would wait longer than they take."""

from graphlib import TopologicalSorter


def page_groups(graph, short):
    """Pages of a study by the group that each belongs to.

    Only pages and the book may start from those in a group, and those of one group stand equally
    far from the jobs that are none. So no job of a group waits for another of it, nor do groups
    wait for each other in a circle.

    Parameters
    ----------
    graph : Graph
    short : set of str
        Names of the jobs that are worth no job of their own.

    Returns
    -------
    dict of str to str
        Name of the group by name of the page.
    """
    starts = {name: graph.starts_from(job) for name, job in graph.jobs.items()}
    order = list(TopologicalSorter(starts).static_order())
    awaited = set()  # by a job that is neither page nor book
    for name in reversed(order):
        if name in awaited or graph.jobs[name].command[0] not in ("page", "book"):
            awaited |= starts[name]
    level = {}
    for name in order:
        if graph.jobs[name].command[0] == "page" and name not in awaited:
            level[name] = 1 + max((level.get(other, 0) for other in starts[name]), default=0)
    return {name: f"pages_{number}" for name, number in level.items() if name in short}
