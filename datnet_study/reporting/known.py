"""Is a scan one of the study's own? Found by its content, so that no network judges whom it knows.

The file is compared with those of the study; where it is none of them (another format, another
grid), its uptake ratios are compared with those of every scan.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from datnet_images.atlas import read_atlas, region_mask_on
from datnet_images.grid import field_of_view, study_grid
from datnet_study.reporting.of_study import models_for_new
from datnet_study.result_table import read_result_table

ALIKE = 0.03  # relative distance; the same scan in another format has below 0.013, others above 0.1
CHUNK = 64  # scans that are compared at once


class Known(NamedTuple):
    """A scan of a participant of the study."""

    participant: str
    session: str
    cohort: str
    age: float | None
    models: tuple  # names of the models that never saw the participant
    row: int | None  # of the scan table; None for a scan that the study does not use
    quality: dict  # verdict in the study, which a person may have given
    is_file: bool = False  # the file itself is that of the study


def same_file(path, study):
    """The scan of a study that has the content of a file, or None.

    Parameters
    ----------
    path : Path
    study : Study

    Returns
    -------
    Known or None
    """
    with Path(path).open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    quality = _table(study, "quality.tsv")
    keys = _native_keys(study, content) or _placed_keys(study, content, quality)
    if not keys:
        return None
    return _known(study, *keys, quality)._replace(is_file=True)


def same_scan(volume, study):
    """The scan of a study that has the voxels of another one, or None.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Uptake ratios on the grid of the study.
    study : Study

    Returns
    -------
    Known or None
    """
    row = nearest(volume, np.load(study.volumes(study.images.grid_mm), mmap_mode="r"), study)
    if row is None:
        return None
    scan = _table(study, "scans.tsv").iloc[row]
    return _known(study, scan["participant_id"], scan["session_id"], _table(study, "quality.tsv"))


def nearest(volume, volumes, study):
    """Row of the volume that is the same scan, or None.

    The distance is the root mean square difference over the root mean square, in the part of the
    brain that the network sees, away from the border of the grid.

    Parameters
    ----------
    volume, volumes : ndarray of shape (X, Y, Z), (n_scans, X, Y, Z)
    study : Study
        Its grid and field count.

    Returns
    -------
    int or None
    """
    grid_mm = study.images.grid_mm
    affine, shape = study_grid(grid_mm)
    inside = np.zeros(shape, dtype=bool)
    inside[field_of_view(grid_mm, study.network.field_mm)] = True
    inside[[0, -1]] = inside[:, [0, -1]] = inside[:, :, [0, -1]] = False
    inside &= region_mask_on(read_atlas(study.atlas_path), "brain", affine, shape)
    own = volume[inside].astype(float)
    best, at = np.inf, None
    for start in range(0, len(volumes), CHUNK):
        part = volumes[start : start + CHUNK][:, inside]
        apart = np.sqrt(((part - own) ** 2).mean(axis=1))
        if apart.min() < best:
            best, at = apart.min(), start + int(apart.argmin())
    return at if best < ALIKE * np.sqrt((own**2).mean()) else None


def _known(study, participant, session, quality):
    """What the study knows of a scan, and which models never saw its participant."""
    scans = _table(study, "scans.tsv")
    own = scans[scans["participant_id"] == participant]
    rows = np.flatnonzero((own["session_id"] == session).to_numpy())
    row = int(own.index[rows[0]]) if len(rows) else None
    age = float(own["age"].iloc[rows[0]]) if len(rows) else np.nan
    at = quality[(quality["participant_id"] == participant) & (quality["session_id"] == session)]
    cohort = own["cohort"].iloc[0] if len(own) else "none"
    return Known(
        participant,
        session,
        cohort,
        age if np.isfinite(age) else None,
        _unaware(study, cohort, own),
        row,
        {} if at.empty else {k: v for k, v in at.iloc[0].items() if not pd.isna(v)},
    )


def _unaware(study, cohort, own):
    """Names of the models that no scan of a participant taught or stopped."""
    if cohort == "training":
        if study.training.early_stopping_on == "test_fold":  # the own fold stopped the model
            return ()
        return (f"fold-{int(own['fold'].iloc[0])}",)
    if cohort == "pretraining" and study.training.learns_from_cohort:
        return ()
    return tuple(models_for_new(study))


def _placed_keys(study, content, quality):
    """Participant and session of the image of a content, of scans that came in MNI space."""
    record = study.results / "files.json"
    known = json.loads(record.read_text()) if record.is_file() else {}
    paths = [path for path, entry in known.items() if entry["sha256"] == content]
    for scan in quality[quality["path"].notna()].itertuples():
        if any(path.endswith(f"/{scan.path}") for path in paths):
            return scan.participant_id, scan.session_id
    return None


def _native_keys(study, content):
    """Participant and session of the image of a content, of scans that were normalised."""
    for path in (study.results / "normalised").glob("*/*/pet/*quality.json"):
        if content in json.loads(path.read_text()).get("made_from", ""):
            return path.parts[-4], path.parts[-3]
    return None


def _table(study, name):
    """A table of the results."""
    path = study.results / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: a report needs a finished study; run make study "
            f"STUDY={study.source}"
        )
    return read_result_table(path)
