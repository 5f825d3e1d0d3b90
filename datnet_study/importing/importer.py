"""Import a source: say what it will take, convert what is not there yet, write the tables.

A scan with a problem is left out and listed, the others go on. The source is only read. A stopped
import goes on with the same command; one that is complete ends at once.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from datnet_core.files import whole
from datnet_core.fingerprint import code_hash
from datnet_core.progress import progress
from datnet_study.importing import derivative
from datnet_study.importing.headers import source_files
from datnet_study.importing.pseudonyms import keyed, read_key
from datnet_study.importing.sources import kind_of, scans_of

BYTES_PER_VOXEL = 4  # as float; what gzip saves is left for what else needs room
SECONDS_PER_SCAN = 0.2  # dcm2niix and files, measured on one core
VOXELS_PER_SECOND = 4e6  # conversion and gzip, measured on one core
SHOWN = 20  # remarks; all of them stand in a file


class Planned(NamedTuple):
    """A scan, and how it is called from now on."""

    scan: object
    participant_id: str
    session_id: str
    key: str  # of the source it is made from


def import_scans(source, target, wanted, key_path=None, say=None):
    """Import all usable scans of a source into a folder that a study can read.

    Parameters
    ----------
    source : Path
        A BIDS data set, a PPMI archive, or a folder with DICOM files.
    target : Path
        A new folder, or one of an earlier import from this source.
    wanted : Wanted
    key_path : Path, optional
        Key of the ids; `key` in the folder `<target>-private`, if not given. Who is who and what
        was left out always stand in that folder, which stays with the owner of the source.
    say : callable, optional
        Takes what there is to tell, as text; the standard error stream, if not given.

    Returns
    -------
    int
        Number of scans that are there in the end.

    Raises
    ------
    FileNotFoundError
        If there is no such source.
    ValueError
        If source and target lie in each other, the target holds something else, there is not
        enough room, or no scan can be used.
    """
    source, target = Path(source).absolute(), Path(target).absolute()
    _checked(source, target, wanted)
    say = say or sys.stderr.write
    private = target.with_name(f"{target.name}-private")
    key = read_key(Path(key_path) if key_path else private / "key")
    kind = kind_of(source, wanted)
    derivative.start_derivative(target, kind)
    state = _state(source, wanted, key)
    if (n_done := _complete(target, state)) is not None:
        say(f"{target}: all {n_done} scans are there already\n")
        return n_done
    scans, remarks = scans_of(kind, source, wanted)
    left_out = [f"{scan.where}: {problem}" for scan in scans for problem in scan.problems]
    plan = planned([scan for scan in scans if not scan.problems], key)
    missing = [item for item in plan if not _is_there(target, item)]
    _announce(target, len(plan), missing, left_out, say)
    if missing:
        (target / "scans.tsv").unlink(missing_ok=True)  # of an earlier state of the source
    for item in progress(missing, "importing"):
        try:
            remarks += _convert(target, item)
        except (OSError, ValueError) as error:
            left_out.append(f"{item.scan.where}: {error}")
    done = [item for item in plan if _is_there(target, item)]
    _finish(target, private, done, [*remarks, *left_out], say)
    with whole(target / derivative.STATE) as part:
        part.write_text(json.dumps({"state": state, "scans": len(done)}) + "\n")
    return len(done)


def planned(scans, key):
    """Names of scans: participants by the key, sessions by their order in time.

    Parameters
    ----------
    scans : list of SourceScan
    key : bytes

    Returns
    -------
    list of Planned
        Ordered by participant and session.
    """
    items, counts, code = [], {}, code_hash(__file__)  # a mended conversion runs again
    for scan in sorted(scans, key=lambda scan: (scan.participant, scan.session, scan.identity)):
        participant = f"sub-{keyed(key, 'participant', scan.participant)}"
        counts[participant] = counts.get(participant, 0) + 1
        session = f"ses-{scan.visit or counts[participant]}"
        source = keyed(key, "source", f"{scan.identity} {code}")
        items.append(Planned(scan, participant, session, source))
    return sorted(items, key=lambda item: item.participant_id)  # their order at the source is gone


def _convert(target, item):
    """Read and write one scan; remarks about it."""
    img, facts = item.scan.read()
    sidecar = derivative.ALL_SCANS | item.scan.sidecar | facts | {"SourceKey": item.key}
    derivative.write_imported(_path(target, item), img, sidecar)
    turned = facts.get("TurnedOver", False)
    return [f"{item.scan.where}: was upside down, and is turned over"] if turned else []


def _finish(target, private, items, remarks, say):
    """Write the tables, remove images that no row names, and list what was left out."""
    rows = [
        item.scan.values
        | {
            "participant_id": item.participant_id,
            "session_id": item.session_id,
            "path": derivative.image_path(item.participant_id, item.session_id),
        }
        for item in items
    ]
    listed = private / "left_out.txt"
    with whole(listed) as part:
        part.write_text("".join(f"{remark}\n" for remark in remarks), encoding="utf-8")
    listed.chmod(0o600)
    for remark in remarks[:SHOWN]:
        say(f"  {remark}\n")
    if len(remarks) > SHOWN:
        say(f"  and {len(remarks) - SHOWN} more lines in {listed}\n")
    if not rows:
        raise ValueError(f"no scan could be imported; the reasons stand above and in {listed}")
    who = {"participant_id": "id at the source"} | {
        item.participant_id: item.scan.participant for item in items
    }
    with whole(private / "who_is_who.tsv") as part:
        part.touch(mode=0o600)
        part.write_text("".join(f"{ours}\t{theirs}\n" for ours, theirs in who.items()))
    named = {row["path"] for row in rows}
    for path in target.glob("sub-*/ses-*/pet/*.nii.gz"):
        if path.relative_to(target).as_posix() not in named:
            path.unlink()
            path.with_name(path.name.replace(".nii.gz", ".json")).unlink(missing_ok=True)
    derivative.write_scan_tables(target, rows)
    people = len({row["participant_id"] for row in rows})
    say(f"{target}: {len(rows)} scans of {people} participants; who is who: {private}\n")


def _announce(target, n_planned, missing, left_out, say):
    """Say how much there is to do, and refuse what does not fit on the disk."""
    n_voxels = sum(item.scan.n_voxels for item in missing)
    n_bytes = n_voxels * BYTES_PER_VOXEL
    seconds = len(missing) * SECONDS_PER_SCAN + n_voxels / VOXELS_PER_SECOND
    say(
        f"{n_planned} scans, {len(missing)} of them to convert: at most {n_bytes / 1e6:.0f} MB, "
        f"about {seconds / 60:.1f} min; {len(left_out)} problem(s)\n"
    )
    free = shutil.disk_usage(target).free
    if n_bytes > free:
        raise ValueError(
            f"{target}: {n_bytes / 1e6:.0f} MB needed, {free / 1e6:.0f} MB free; make room, or "
            "give a folder on another disk as TO"
        )


def _checked(source, target, wanted):
    """Refuse what is not there, and a target inside of the source or around it."""
    if not source.is_dir():
        raise FileNotFoundError(f"{source}: no such folder; expected the scans to import (FROM)")
    for option in ("table", "clinical", "names"):
        if (path := getattr(wanted, option)) and not path.is_file():
            raise FileNotFoundError(f"{path}: no such file; expected one ({option.upper()})")
    if source.is_relative_to(target) or target.is_relative_to(source):
        raise ValueError(
            f"{target}: lies in {source}, or around it; the source is only read: give a folder "
            "elsewhere as TO"
        )


def _is_there(target, item):
    """The image stands there, and was made from this state of the source."""
    return derivative.source_key(_path(target, item)) == item.key


def _path(target, item):
    """Path of a scan's image."""
    return target / derivative.image_path(item.participant_id, item.session_id)


def _state(source, wanted, key):
    """What an import depends on, as a word that tells nothing about it."""
    given = (wanted.table, wanted.clinical, wanted.names)
    tables = [path for path in given if path]
    files = [(path, path.stat()) for path in (*source_files(source), *tables)]
    listing = [f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in files]
    return keyed(key, "state", "\n".join([code_hash(__file__), repr(wanted), *listing]))


def _complete(target, state):
    """Number of scans, where an import of the same state has ended and its images are there."""
    record, table = target / derivative.STATE, target / "scans.tsv"
    if not record.is_file() or not table.is_file():
        return None
    found = json.loads(record.read_text())
    rows = table.read_text().splitlines()[1:]
    there = all((target / row.split("\t")[2]).is_file() for row in rows)
    return found["scans"] if found["state"] == state and there else None
