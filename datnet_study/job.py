"""What the graph knows of one job."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Job:
    """One job: files are named relative to the results of the study."""

    name: str
    command: tuple  # arguments of `python -m datnet_study.run`
    reads: tuple = ()
    writes: tuple = ()
    kept: tuple = ()  # of `writes`: not removed before the job, which continues them
    depends: dict = field(default_factory=dict)  # what its results depend on, by kind
    shown: str = ""  # hash of what only its own look depends on, such as the prose of a page
    threads: int = 1
    priority: int = 0
