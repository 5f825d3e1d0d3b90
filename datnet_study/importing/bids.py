"""Scans of a BIDS data set, raw or derivative: PET, and SPECT under the suffixes in use for it.

Tables and sidecars are those of the BIDS specification: `participants.tsv`, `sub-*_sessions.tsv`,
and metadata inherited down to an image (section "Positron Emission Tomography": times in seconds
from `TimeZero`, so the injection is at `InjectionStart`).
"""

import gzip
import json
import math
import re
from collections import Counter
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
from ancpbids import BIDSLayout

from datnet_images.volumes import UNREADABLE
from datnet_study.importing.frames import frame_problems, frames_to_take, mean_of_frames
from datnet_study.importing.participants import plain_values, read_participants
from datnet_study.importing.source_scan import SourceScan
from datnet_study.session_order import by_number
from datnet_study.table_file import read_table_file

SUFFIXES = ["pet", "spect", "nm"]  # SPECT has no suffix in BIDS 1.10; these are in use
NUMBERS = (
    "InjectedRadioactivity", "SpecificRadioactivity", "InjectedMass", "RadionuclideHalfLife",
    "FrameTimesStart", "FrameDuration", "ReconFilterSize", "SliceThickness", "ScatterFraction",
)  # fmt: skip
TERMS = {
    "Modality": {"PT", "NM"},
    "Units": {"Bq/mL", "Bq/ml", "kBq/mL", "counts", "arbitrary", "g/mL", "unitless"},
    "InjectedRadioactivityUnits": {"MBq", "Bq", "mCi"},
    "TracerRadionuclide": {"C11", "F18", "I123", "Tc99m"},
}


def bids_scans(source, wanted):
    """PET and SPECT images of a data set; data sets below `derivatives/` are sources of their own.

    Parameters
    ----------
    source : Path
    wanted : Wanted
        `series` is a part of the name of the images.

    Returns
    -------
    scans : list of SourceScan
    remarks : list of str
    """
    found = BIDSLayout(str(source)).get(suffix=SUFFIXES, extension=[".nii.gz", ".nii"])
    images = {Path(each.get_absolute_path()): each for each in found}
    images = {
        path: each
        for path, each in sorted(images.items())
        if "derivatives" not in path.relative_to(source).parts and wanted.series in path.name
    }
    table = source / "participants.tsv"
    given = read_participants(table, ["participant_id"]) if table.is_file() else {}
    people = {who.removeprefix("sub-"): values for who, values in given.items()}
    visits = [(str(e.entities["sub"]), str(e.entities.get("ses", ""))) for e in images.values()]
    choice = Counter(
        visit for path, visit in zip(images, visits, strict=True) if not _uncorrected(path)
    )
    scans = []
    for path, visit in zip(images, visits, strict=True):
        known = _known(source, people, path, *visit)
        scans.append(_scan(source, path, visit, known, wanted.window_min, choice[visit]))
    return scans, _unordered(visits, scans)


def technical(metadata):
    """Facts of a sidecar that are numbers, terms or true and false; no other text.

    Parameters
    ----------
    metadata : mapping

    Returns
    -------
    dict

    Examples
    --------
    >>> technical({"Units": "Bq/mL", "FrameDuration": [900], "InstitutionName": "St. Mary"})
    {'FrameDuration': [900], 'Units': 'Bq/mL'}
    """
    numbers = {key: metadata[key] for key in NUMBERS if _is_numeric(metadata.get(key))}
    terms = {key: metadata[key] for key, known in TERMS.items() if str(metadata.get(key)) in known}
    stripped = metadata.get("SkullStripped")
    return numbers | terms | ({"SkullStripped": stripped} if isinstance(stripped, bool) else {})


def _is_numeric(value):
    """A finite number, or a list of them."""
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in values
    )


def _known(source, people, path, who, session):
    """Values and problems of a participant, those of the session first, and when it was."""
    values, problems = people.get(who, ({}, []))
    stem = f"sub-{who}_ses-{session}" if session else f"sub-{who}"
    image = path.relative_to(path.parents[1]).as_posix()
    _, row = _row(path.parents[1] / f"{stem}_scans.tsv", "filename", image)
    day = row.get("acq_time", "")
    where, row = _row(source / f"sub-{who}/sub-{who}_sessions.tsv", "session_id", f"ses-{session}")
    own, more = plain_values(row, where)
    return values | own, [*problems, *more], row.get("acq_time", day)


def _row(table, column, value):
    """The row of a table that has a value in a column, and where it stands; else an empty one."""
    (_, header), *lines = read_table_file(table) if table.is_file() else [(0, [])]
    names = [name.lower() for name in header]
    for number, cells in lines:
        row = dict(zip(names, cells, strict=True))
        if value in (row.get(column), f"ses-{row.get(column)}"):
            return f"{table}, line {number}", row
    return str(table), {}


def _metadata(source, path):
    """Metadata of an image, from the top down (BIDS, "The Inheritance Principle").

    A sidecar holds for the images that have all of its entities and its suffix. ancpbids 0.4.10
    looks at one sidecar of a folder only.
    """
    facts, own = {}, path.name.split(".")[0].split("_")
    folders = [folder for folder in path.parents if folder.is_relative_to(source)]
    for folder in reversed(folders):
        for sidecar in sorted(folder.glob(f"*{own[-1]}.json"), key=lambda path: len(path.name)):
            if set(sidecar.stem.split("_")) <= set(own):
                facts |= json.loads(sidecar.read_text(encoding="utf-8"))
    return facts


def _uncorrected(path):
    """Reconstructed without attenuation correction, by the names that BIDS reserves for it."""
    return "_rec-nacdyn" in path.name or "_rec-nacstat" in path.name


def _unordered(visits, scans):
    """Sessions that nothing puts in order but their names."""
    named = {}
    for (who, session), scan in zip(visits, scans, strict=True):
        if not scan.problems and scan.session.startswith(" "):  # no day before the name
            named.setdefault(who, set()).add(session)
    for who, sessions in named.items():
        if len({re.sub(r"\d+", "", session) for session in sessions}) > 1:
            order = ", ".join(sorted(sessions, key=by_number))
            return [
                f"sub-{who}: sessions in the order of their names ({order}), as of everybody "
                f"without acq_time; if that is wrong, write it into sub-{who}_sessions.tsv"
            ]
    return []


def _scan(source, path, visit, known, window_min, n_of_visit):
    """An image as a scan of the source."""
    values, problems, day = known
    problems = list(problems)
    if _uncorrected(path):
        problems.append("rec-nac: no attenuation correction; expected it: take another image")
    elif n_of_visit > 1:
        problems.append(
            f"one of {n_of_visit} images of the same session; expected one: say with SERIES= a "
            "part of the name of the right one"
        )
    shape, frames, start, metadata = (0, 0, 0), [], None, {}
    try:
        metadata = _metadata(source, path)
        shape = nib.load(path).shape
        starts, lengths = _frame_times(metadata, shape)
        problems += frame_problems(starts, lengths, window_min)
        if not problems:
            frames = frames_to_take(starts, lengths, window_min)
            start = starts[frames[0]]
    except UNREADABLE as error:
        problems.append(f"no readable image or sidecar ({error}): fetch the file, or copy it again")
        lengths = []
    state = path.stat() if path.exists() else None
    return SourceScan(
        where=path,
        participant=visit[0],
        session=f"{day} {by_number(visit[1])}",
        identity=f"{path.name} {state and (state.st_size, state.st_mtime_ns)} {frames}",
        n_voxels=int(np.prod(shape[:3])),
        read=partial(_image, path, frames, lengths),
        values=values | {"injection_to_scan_min": None if start is None else round(start, 1)},
        sidecar=technical(metadata),
        tracer=str(metadata.get("TracerName") or ""),
        problems=tuple(problems),
    )


def _frame_times(metadata, shape):
    """Start after injection and length of each frame, minutes; None and 0 where not known."""
    n = shape[3] if len(shape) > 3 else 1
    starts, lengths = metadata.get("FrameTimesStart"), metadata.get("FrameDuration")
    injected = metadata.get("InjectionStart")  # dcm2niix leaves it out: TimeZero may be the scan's
    if not (_is_numeric(starts) and _is_numeric(injected) and np.size(starts) == n):
        return [None] * n, [0.0] * n
    known = _is_numeric(lengths) and np.size(lengths) == n
    lengths = np.ravel(lengths) if known else np.zeros(n)
    return [(t - injected) / 60 for t in np.ravel(starts)], [float(t) / 60 for t in lengths]


def _image(path, frames, lengths):
    """The image in three axes."""
    try:
        if path.name.endswith(".gz"):
            gzip.decompress(path.read_bytes())  # nibabel stops before the checksum
        img = nib.load(path)
        data = np.asanyarray(img.dataobj)
    except UNREADABLE as error:
        problem = f"no readable image ({error}): fetch the file, or copy it again"
        raise ValueError(problem) from error
    return nib.Nifti1Image(mean_of_frames(data, frames, lengths), img.affine), {}
