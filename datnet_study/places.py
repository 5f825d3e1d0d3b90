"""Where the files are that a page declares, by their names in its header."""

import json

NULL = "null"  # name of the study in which there is nothing to find


def place_of(study, name):
    """Path of a file that a page declares.

    Parameters
    ----------
    study : Study
    name : str
        Below the results of the study; or begins with `data_manifest/`, `dataset/`, or `null/`
        (results of the study of this name); or is `verdicts`.

    Returns
    -------
    Path or None
        None for verdicts that there are none of.
    """
    if name == "verdicts":
        return study.by_hand(name)
    if name == "dataset/scans.tsv":
        return study.scan_table.path
    folder, _, rest = name.partition("/")
    folders = {
        "data_manifest": study.data_manifest,
        "dataset": study.dataset_root,
        NULL: study.results.with_name(NULL),
    }
    return folders[folder] / rest if rest and folder in folders else study.results / name


def null_files(study, name):
    """The file of the study `null` that a page declares, or nothing.

    Nothing where that study has not come so far, or is this one: nobody is compared with himself.
    """
    path = place_of(study, name)
    return [path] if study.name != NULL and path.is_file() else []


def null_result(study, name):
    """Content of such a file; None where there is nothing."""
    found = null_files(study, name)
    return json.loads(found[0].read_text()) if found else None
