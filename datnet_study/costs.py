"""What the jobs of a study are expected to take, in time and memory, for a plan and a cluster.

`data_manifest/job_costs.tsv` holds what they took in studies of different size
(`records.note_cost`); between and beyond these, a job costs by the number of scans.
"""

from dataclasses import dataclass
from math import ceil

import pandas as pd

from datnet_core import fingerprint
from datnet_study.table import image_paths, number_of_sites
from datnet_study.work import work_of

MEASURED = "job_costs.tsv"  # in data_manifest/
UNKNOWN = {"seconds": 120.0, "memory_mb": 2000.0}  # a page that nobody has measured yet
DOUBLINGS = 2  # of time and memory; more than that no node may have
UNKNOWN_MARK = " ?"
SITES = "sites"  # several, or some pages only say that a study has none to compare
SHORT_SECONDS = 180
SPARE = 3.0  # times the expected seconds: machines differ by as much
FLOOR_MINUTES, FLOOR_MB = 10, 1000  # a process alone takes a part of them


@dataclass(frozen=True)
class Cost:
    """What a job is expected to take."""

    seconds: float
    memory_mb: float
    measured: bool = True

    @property
    def is_short(self):
        """Whether it is worth no job of a cluster of its own."""
        return self.seconds <= SHORT_SECONDS

    def minutes_to_ask(self, attempt):
        """Minutes to ask a cluster for, twice as many at a second attempt, then four times.

        Examples
        --------
        >>> Cost(600, 900).minutes_to_ask(1), Cost(600, 900).minutes_to_ask(2)
        (40, 80)
        """
        return ceil(FLOOR_MINUTES + SPARE * self.seconds / 60) * 2 ** min(attempt - 1, DOUBLINGS)

    def memory_to_ask(self, attempt):
        """Memory to ask a cluster for, MB, twice as much at a second attempt, then four times.

        Examples
        --------
        >>> Cost(600, 900).memory_to_ask(1)
        2350
        """
        return ceil(FLOOR_MB + 1.5 * self.memory_mb) * 2 ** min(attempt - 1, DOUBLINGS)


def read_measured(path=None):
    """Read the measured costs.

    Parameters
    ----------
    path : Path, optional
        A table with the columns `job`, `scans`, `needs`, `seconds` and `memory_mb`; the project's
        own if not given. Networks have the row `fit`, for one of the default size. A row that
        `needs` sites is of pages which end in a sentence where a study has only one.

    Returns
    -------
    DataFrame
    """
    path = path or fingerprint.ROOT / "data_manifest" / MEASURED
    return pd.read_csv(path, sep="\t", comment="#").fillna({"needs": ""})


def number_of_scans(study):
    """Scans of a study, before any job has run.

    Parameters
    ----------
    study : Study

    Returns
    -------
    int
    """
    if study.phantom is None:
        return len(image_paths(study))
    phantom = study.phantom
    people = {  # of each site by certainty; the home site has those of the cohort
        name: own.participants or (phantom.participants if own.site.is_home else {})
        for name, own in phantom.sites.items()
    } or {"": phantom.participants}
    n_scans = sum(sum(group.values()) for of in people.values() for group in of.values())
    for own in phantom.sites.values():  # who is imaged once more
        n_scans += sum(people.get(own.people_of, {}).get("confirmed", {}).values())
    return n_scans + phantom.follow_ups


def expected_cost(study, job, n_scans, measured):
    """What a job is expected to take.

    Parameters
    ----------
    study : Study
    job : Job
    n_scans : int
        Output of `number_of_scans`.
    measured : DataFrame
        Output of `read_measured`.

    Returns
    -------
    Cost
        Seconds and memory on the line through the measured sizes of a study, never below the
        smallest; for networks that are not the default ones, by their work.
    """
    kind = job.command[0]
    name = job.command[1] if kind == "page" else kind
    rows = measured[measured["job"] == name].sort_values("scans")
    has = rows["needs"] == (SITES if number_of_sites(study) > 1 else "")
    rows = rows[has] if has.any() else rows
    if rows.empty:
        return Cost(**UNKNOWN, measured=False)
    seconds, memory_mb = (on_line(rows["scans"], rows[key], n_scans) for key in UNKNOWN)
    if kind == "fit":
        seconds *= work_of(*study.recipe(job.recipe))
    return Cost(seconds, memory_mb)


def expected_costs(study, jobs):
    """What each job of a study is expected to take, by the measured costs of the project.

    Parameters
    ----------
    study : Study
    jobs : iterable of Job

    Returns
    -------
    dict of str to Cost
        By the name of the job, in the order of the jobs.
    """
    n_scans, measured = number_of_scans(study), read_measured()
    return {job.name: expected_cost(study, job, n_scans, measured) for job in jobs}


def cost_of_process(costs):
    """What jobs take that one process runs, one after the other.

    Parameters
    ----------
    costs : sequence of Cost

    Returns
    -------
    Cost

    Examples
    --------
    >>> cost_of_process([Cost(60, 900), Cost(30, 1200)])
    Cost(seconds=90, memory_mb=1200, measured=True)
    """
    return Cost(
        sum(cost.seconds for cost in costs),
        max(cost.memory_mb for cost in costs),
        all(cost.measured for cost in costs),
    )


def plan_text(study, jobs):
    """Jobs with what each is expected to take, and the sum.

    Parameters
    ----------
    study : Study
    jobs : sequence of Job

    Returns
    -------
    str
        A line for each job, and one for all. `?` marks what nobody has measured yet.
    """
    costs = expected_costs(study, jobs)
    lines = [
        f"{job.name:28}{job.threads:4} core(s) {cost.seconds / 60:8.1f} min "
        f"{cost.memory_mb / 1000:6.1f} GB{'' if cost.measured else UNKNOWN_MARK}"
        for job, cost in zip(jobs, costs.values(), strict=True)
    ]
    hours = sum(job.threads * costs[job.name].seconds for job in jobs) / 3600
    largest = max((cost.memory_mb for cost in costs.values()), default=0) / 1000
    guessed = "; ?: a guess, nobody has measured it" if UNKNOWN_MARK in "".join(lines) else ""
    sums = f"about {hours:.2f} core-hours, {largest:.1f} GB for the largest"
    lines.append(f"{len(costs)} job(s), {sums}{guessed}")
    return "\n".join(lines)


def on_line(scans, values, n_scans):
    """Value at a number of scans, on the line through the smallest and the largest measured.

    Parameters
    ----------
    scans, values : Series
        Measured, few scans first.
    n_scans : int

    Returns
    -------
    float
        Never below the value of the smallest.

    Examples
    --------
    >>> on_line(pd.Series([100, 300]), pd.Series([10.0, 20.0]), 500)
    30.0
    """
    first, last = values.iloc[0], values.iloc[-1]
    if (apart := scans.iloc[-1] - scans.iloc[0]) == 0:
        return float(first)
    slope = max(0.0, (last - first) / apart)
    return float(first + slope * max(0, n_scans - scans.iloc[0]))
