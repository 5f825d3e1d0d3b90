"""Records of finished jobs: `records/<job>.<fingerprint>` holds what the job made, a line each."""

from contextlib import suppress


def forget(study, made):
    """Remove the records that stand for something which is about to be made anew.

    The workflow writes a record of its own once a job is done. What a person makes by hand, with
    papermill or in JupyterLab, has none, so the workflow makes it again.

    Parameters
    ----------
    study : Study
    made : sequence of str
        Kind and name, such as `page fusion` or `fit models/fold-0/member-0`.
    """
    for record in (study.results / "records").glob("*"):
        with suppress(FileNotFoundError):  # another job removes its own at the same time
            if set(record.read_text().splitlines()) & set(made):
                record.unlink()


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
