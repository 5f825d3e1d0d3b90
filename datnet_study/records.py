"""Records of finished jobs: `records/<job>.<fingerprint>` holds what the job made, in one line.

`costs/<job>.json` has what it took. `study_file.txt` beside them says which study file the results
are of.
"""

import json
import resource
import time
from contextlib import suppress

from datnet_core.files import whole

OWNER = "study_file.txt"
COARSE = 1.0  # seconds that times of files may lag behind the clock


def forget(study, made):
    """Remove the records that stand for something which is about to be made anew.

    The workflow writes a record of its own once a job is done. What a person makes by hand, with
    papermill or in JupyterLab, has none, so the workflow makes it again.

    Parameters
    ----------
    study : Study
    made : str
        Kind and name, such as `page fusion` or `fit models/fold-0/member-0`.
    """
    for record in (study.results / "records").glob("*"):
        with suppress(FileNotFoundError):  # another job removes its own at the same time
            if made in record.read_text().splitlines():
                record.unlink()


def peak_memory_mb():
    """Largest memory of this process and of those it has waited for, MB.

    Returns
    -------
    float

    Examples
    --------
    >>> peak_memory_mb() > 1
    True
    """
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1000  # Linux counts kB


def note_cost(study, job, begin, threads, page=None, network=None):
    """Note what a finished job took, as `costs/<job>.json` of the results.

    Parameters
    ----------
    study : Study
    job : str
        Name of the job.
    begin : float
        `time.time()` when it began.
    threads : int
    page : str, optional
        Page that it ran: its kernel, which may be no child of this process, says what it took.
    network : str, optional
        Folder of the network that it trained. If it was finished before, the earlier note stays.
    """
    if network and (study.results / network / "config.json").stat().st_mtime < begin - COARSE:
        return
    memory_mb = peak_memory_mb()
    if page:
        result = json.loads((study.results / f"{page}.json").read_text(encoding="utf-8"))
        memory_mb = max(memory_mb, result["made_from"]["memory_mb"])
    took = {
        "begin": begin,
        "seconds": round(time.time() - begin, 1),
        "memory_mb": round(memory_mb),
        "threads": threads,
    }
    with whole(study.results / "costs" / f"{job}.json") as part:
        part.write_text(json.dumps(took))


def folder_of(study, into):
    """Folder that a page writes to.

    Parameters
    ----------
    study : Study
    into : str
        Folder below `results/`; `study` or the study's name is the study's own.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If the folder holds the results of another study.
    """
    folder = study.results.with_name(study.name if into == "study" else str(into))
    if folder != study.results and (folder / "records").is_dir():
        raise ValueError(f"into is {into!r}, the results of a study; expected another name")
    return folder


def claim(study):
    """Note whose results these are, before the first of them is written.

    Raises
    ------
    ValueError
        As `refuse_foreign`.
    """
    refuse_foreign(study)
    note = study.results / OWNER
    if not note.is_file() or note.read_text(encoding="utf-8") != _own_name(study):
        with whole(note) as part:
            part.write_text(_own_name(study), encoding="utf-8")


def refuse_foreign(study):
    """Refuse to write over the results of another study file of the same `name`.

    A study file that was moved or renamed keeps its results: the one it was is no longer there.

    Parameters
    ----------
    study : Study
        Its file, its name, and its folder of results count.

    Raises
    ------
    ValueError
        Names both study files.
    """
    note = study.results / OWNER
    owner = note.read_text(encoding="utf-8") if note.is_file() else _own_name(study)
    other = study.results.parents[1] / owner
    if owner != _own_name(study) and other.is_file():
        raise ValueError(
            f"{study.source}: name is {study.name!r}, and {study.results} holds the results of "
            f"{owner}; give this study another name, or remove that folder"
        )


def _own_name(study):
    """The study file relative to the project, or in full where it lies outside."""
    file, root = study.file.resolve(), study.results.parents[1].resolve()
    return str(file.relative_to(root) if file.is_relative_to(root) else file)
