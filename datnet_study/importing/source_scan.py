"""What the import knows of a scan at its source, whatever the source is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class SourceScan:
    """One scan of a source: what of it may be written, and what is in the way."""

    where: Path  # folder or file, for messages
    participant: str  # id at the source; never written
    session: str  # tells the scans of a participant apart and sorts them in time; never written
    identity: str  # changes where the files of the scan do; never written
    n_voxels: int
    read: Callable  # the image, 3D, as `nibabel.Nifti1Image`, and what reading it has found
    values: dict = field(default_factory=dict)  # columns of the scan table that are known
    sidecar: dict = field(default_factory=dict)  # technical numbers and terms of the standard
    tracer: str = ""  # as the source calls it, free text; never written
    visit: str | None = None  # a name of the session that may be written
    problems: tuple = ()  # each a line: found, expected, what to do


@dataclass(frozen=True)
class Wanted:
    """What the user wants of a source."""

    window_min: tuple | None = None  # minutes after injection: (from, to)
    series: str = ""  # part of the description of the series to take, where there are several
    table: Path | None = None  # of participants, with their id at the source
    clinical: Path | None = None  # of visits, for an archive of PPMI
    names: Path | None = None  # what the columns of `clinical` are called
