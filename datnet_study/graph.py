"""The jobs of a study and what each depends on, from the declarations of the pages.

Every job ends with a record, `records/<job>.<fingerprint>`, whose name holds a hash of everything
the job depends on: code, settings, the user's files by content, and the same of the jobs it starts
from. A job whose record is not there runs. So content decides, never the time of a file, and also
where the records of the workflow engine are lost.
"""

import json
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from datnet_study.declaration import declarations_of, line_of
from datnet_study.depends import short_hash
from datnet_study.jobs import jobs_of


class Graph:
    """All jobs of a study.

    Parameters
    ----------
    study : Study

    Raises
    ------
    ValueError
        If a declaration is wrong, a page reads what no job writes, or pages wait for each other;
        names the line to edit.
    """

    def __init__(self, study):
        self.study, self._made_from = study, {}
        self.declarations = declarations_of(study)
        jobs = list(jobs_of(study, list(self.declarations.values())))
        self.jobs, self.writer = {}, {}
        for job in jobs:
            if job.name in self.jobs:
                raise ValueError(f"the name {job.name!r} has another meaning; rename the page")
            self.jobs[job.name] = job
            for name in job.writes:
                other = self.writer.setdefault(name, job)
                if other is not job:
                    raise ValueError(f"{name!r} is written by {other.name} and {job.name}")
        try:
            TopologicalSorter({job.name: self.starts_from(job) for job in jobs}).prepare()
        except CycleError as error:
            steps = [
                f"{after} starts from {before}{self._line(after)}"
                for before, after in pairwise(error.args[1])
            ]
            raise ValueError(
                f"jobs wait for each other in a circle: {'; '.join(steps)}; take what one of them "
                "reads out of its header"
            ) from None

    def targets(self):
        """Every file of the finished study, with the records; a job whose own is missing runs."""
        records = [self.record(job) for job in self.jobs.values()]
        return records + [name for job in self.jobs.values() for name in job.writes]

    def missing(self):
        """Jobs that a run would do: those whose record, or a file of theirs, is not there."""
        there = self.study.results
        return [
            job
            for job in self.jobs.values()
            if not all((there / name).exists() for name in (self.record(job), *job.writes))
        ]

    def inputs(self, job):
        """Files that a job needs, those of other jobs with their records."""
        names = self._resolved(job)
        return names + [self.record(self.jobs[name]) for name in sorted(self.starts_from(job))]

    def starts_from(self, job):
        """Names of the jobs that a job starts from."""
        return {self.writer[name].name for name in self._resolved(job) if name in self.writer}

    def record(self, job):
        """Name of the file that says that a job is done, with its fingerprint."""
        parts = json.dumps([self.made_from(job), job.shown], sort_keys=True)
        return f"records/{job.name}.{short_hash(parts)}"

    def made_from(self, job):
        """What the results of a job depend on, as a dict of hashes and settings."""
        if job.name not in self._made_from:
            upstream = {}
            for name in self._resolved(job):
                if name in self.writer and self.writer[name].name not in upstream:
                    before = self.writer[name]
                    upstream[before.name] = short_hash(
                        json.dumps(self.made_from(before), sort_keys=True)
                    )
            self._made_from[job.name] = job.depends | {"starts_from": upstream}
        return self._made_from[job.name]

    def _resolved(self, job):
        """Files that a job reads: patterns become the files of other jobs that they match."""
        names = []
        for name in job.reads:
            if "*" in name:
                names += [n for n, w in self.writer.items() if fnmatch(n, name) and w is not job]
            elif name in self.writer:
                names.append(name)
            elif not (name.startswith("dataset/") and self.study.phantom is None):
                kind = "page" if job.name in self.declarations else "job"
                raise ValueError(
                    f"{kind} {job.name} reads {name!r}, which no page writes; correct its "
                    f"header{self._line(job.name)}, or add the page that writes it"
                )
        return list(dict.fromkeys(names))

    def _line(self, name):
        """Where a page says what it reads; nothing for other jobs."""
        page = self.declarations.get(name)
        return f" ({line_of(page.source, 'reads')})" if page else ""
