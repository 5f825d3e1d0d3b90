"""Where the numbers of a page come from: scans, code, settings, seeds, time."""

import json
import subprocess
import time

from datnet_core import fingerprint
from datnet_study.declaration import setting
from datnet_study.records import peak_memory_mb


def made_from(declaration, study, begin):
    """What the result of a page says of its origin.

    Parameters
    ----------
    declaration : Declaration
    study : Study
    begin : float
        `time.perf_counter()` when the page was opened.

    Returns
    -------
    dict
        Study file, hashes of scans and code, commit, seeds, declared settings, seconds, memory.
    """
    record = study.results / "volumes.json"
    phantom = {"phantom": study.phantom.seed} if study.phantom else {}
    settings, source = study.model_dump(mode="json"), declaration.source
    return {
        "study_file": str(study.source),
        "scans": json.loads(record.read_text())["sha256"] if record.is_file() else None,
        "code": fingerprint.code_hash(source),
        "commit": _commit(),
        "seeds": {"training": study.training.seed} | phantom,
        "settings": {name: setting(settings, name, source) for name in declaration.settings},
        "seconds": round(time.perf_counter() - begin, 1),
        "memory_mb": round(peak_memory_mb()),
    }


def _commit():
    """Commit of the project that runs, with a mark where files were changed; None without git."""
    command = ["git", "-C", fingerprint.ROOT, "describe", "--always", "--dirty", "--exclude=*"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    return said.stdout.strip()
