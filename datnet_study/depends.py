"""What a job depends on besides code: settings and files, by their content."""

import hashlib
import json

from datnet_core.fingerprint import content_hashes
from datnet_study.declaration import line_of, setting
from datnet_study.table import image_paths, scan_rows


def settings_of(study, names, source=__file__):
    """Values of settings by their dotted names, as in JSON; `source` is named in an error."""
    values = study.model_dump(mode="json")
    return {name: setting(values, name, source) for name in names}


def contents(paths, root):
    """Short hash of the content of each file, by its name below a folder."""
    return {path.relative_to(root).as_posix(): short_hash(path.read_bytes()) for path in paths}


def atlas_files(study):
    """Image and table of the atlas."""
    return [study.atlas_path, study.atlas_path.with_name(f"{study.atlas_path.name[:-7]}.tsv")]


def manifest_files(page, name, study):
    """Files of `data_manifest/` that a page reads.

    Parameters
    ----------
    page : Declaration
    name : str
        Begins with `data_manifest/`; a `*` stands for any text.
    study : Study

    Returns
    -------
    list of Path

    Raises
    ------
    ValueError
        If there is none; names the line to edit.
    """
    paths = [path for path in sorted(study.data_manifest.parent.glob(name)) if path.is_file()]
    if not paths:
        line = line_of(page.source, "reads")
        raise ValueError(f"page {page.page} reads {name!r}, which is not there ({line})")
    return paths


def own_files(study):
    """Hash of the user's scan table, how it is read, and each image that it names, by content."""
    paths = {name: study.dataset_root / name for name in image_paths(study)}
    paths["scans.tsv"] = study.scan_table.path
    hashes = content_hashes(paths.values(), study.results / "files.json")
    text = json.dumps(
        {
            "files": [[name, hashes[str(path)]] for name, path in paths.items()],
            "read as": [study.sheet, study.columns, study.values, study.sites],
            "drawn": study.split is not None
            and [[row.get("participant_id"), row.get("certainty")] for row in scan_rows(study)],
        }
    )
    return {"data set": short_hash(text)}


def hand_made(path):
    """Hash of a file that the study file names, or of each file of a folder; of None, nothing."""
    if path is None:
        return {}
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return {file.name: short_hash(file.read_bytes()) for file in files if file.is_file()}


def short_hash(content):
    """First 12 hexadecimal digits of the SHA-256 of text or bytes."""
    content = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(content).hexdigest()[:12]
