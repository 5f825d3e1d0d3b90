"""Scans to report on: a NIfTI file, a DICOM series, or all that lie below a folder."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from datnet_study.table_file import read_table_file

NIFTI = (".nii", ".nii.gz")
LONGEST = 150  # letters of a name; a file system takes 255 bytes, some of them while it is written
AGES = "scans.tsv"  # at the top of a folder: columns `path` and `age`, as `make import` writes it


@dataclass(frozen=True)
class Found:
    """A scan that was found, and what is known of it without its voxels."""

    name: str  # as reports and tables call it
    kind: str  # NIfTI or DICOM
    read: Callable  # the image, 3D, as `nibabel.Nifti1Image`
    path: Path | None = None  # of a file that is a scan by itself
    age: float | None = None  # years
    tracer: str = ""
    problem: str = ""  # why it cannot be read


def found_scans(source, series="", window_min=None):
    """Scans at a path.

    Parameters
    ----------
    source : Path
        A NIfTI file, a file of a DICOM series, or a folder; of a folder, all scans below it.
    series : str
        Part of the description of the DICOM series to take, where there are several.
    window_min : (float, float), optional
        Minutes after injection, of a dynamic DICOM series.

    Returns
    -------
    scans : list of Found
        By their names.
    remarks : list of str
        Lines about other files.

    Raises
    ------
    FileNotFoundError
        If there is nothing at the path.
    ValueError
        If nothing there is a scan.
    """
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(
            f"{source}: no such file or folder; expected a NIfTI file, a DICOM series, or a folder "
            "of scans as SCAN"
        )
    if source.is_file() and source.name.endswith(NIFTI):
        return [_nifti(source, source.name)], []
    folder = source if source.is_dir() else source.parent
    scans, remarks = _dicom(folder, series, window_min)
    if source.is_file():
        scans = [scan for scan in scans if scan.path in (source, folder)]
    else:
        ages = _ages(folder / AGES)
        images = [path for path in sorted(folder.rglob("*.nii*")) if path.name.endswith(NIFTI)]
        shown = [path.relative_to(folder) for path in images]
        shown = [path for path in shown if not any(part.startswith(".") for part in path.parts)]
        scans = [
            *(_nifti(folder / path, path.as_posix(), ages.get(path.as_posix())) for path in shown),
            *scans,
        ]
    if not scans:
        said = f" ({remarks[0]})" if remarks else ""
        raise ValueError(
            f"{source}: no scan{said}; expected NIfTI files (.nii, .nii.gz) or DICOM files of PET "
            "or reconstructed SPECT"
        )
    return sorted(scans, key=lambda scan: scan.name), remarks


def file_name(name, taken):
    """Name of a file for a scan, of plain letters, unlike those that are taken.

    Of a long path stands the end, with a hash of all.

    Parameters
    ----------
    name : str
    taken : container of str

    Returns
    -------
    str

    Examples
    --------
    >>> file_name("sub-01/Scan ü.nii.gz", ()), file_name("a.nii", {"a"})
    ('sub-01_Scan', 'a-2')
    """
    for end in NIFTI[::-1]:
        name = name.removesuffix(end)
    plain = re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("._") or "scan"
    if len(plain) > LONGEST:
        whole = hashlib.sha256(plain.encode()).hexdigest()[:8]
        plain = f"{plain[9 - LONGEST :].lstrip('._-')}-{whole}"
    number, found = 1, plain
    while found in taken:
        number += 1
        found = f"{plain}-{number}"
    return found


def _nifti(path, name, age=None):
    """A NIfTI file; its sidecar of BIDS, if there is one, knows the tracer."""
    from datnet_images.volumes import read_scan

    sidecar = path.with_name(f"{_root(path)}.json")
    tracer = ""
    if sidecar.is_file():
        try:
            tracer = str(json.loads(sidecar.read_text(encoding="utf-8")).get("TracerName") or "")
        except (ValueError, AttributeError, OSError):  # what it holds is nobody's duty here
            tracer = ""
    return Found(name, "NIfTI", partial(read_scan, path), path, age, tracer)


def _root(path):
    """Name of an image without its suffix."""
    return path.name.removesuffix(".gz").removesuffix(".nii")


def _dicom(folder, series, window_min):
    """DICOM series below a folder, those with problems as well."""
    from datnet_study.importing.dicom import dicom_scans
    from datnet_study.importing.source_scan import Wanted

    scans, remarks = dicom_scans(folder, Wanted(window_min, series))
    found = []
    for scan in scans:
        inside = scan.where.relative_to(folder).as_posix()
        name = folder.resolve().name if inside == "." else inside
        found.append(
            Found(
                name,
                "DICOM",
                partial(_image, scan),
                scan.where,
                scan.values.get("age"),
                scan.tracer,
                "; ".join(scan.problems),
            )
        )
    return found, remarks


def _image(scan):
    """Image of a series."""
    return scan.read()[0]


def _ages(path):
    """Ages by the path of the image, where a folder has a table of them."""
    if not path.is_file():
        return {}
    (_, header), *lines = read_table_file(path)
    if not {"path", "age"} <= set(header):
        return {}
    rows = (dict(zip(header, cells, strict=True)) for _, cells in lines)
    return {row["path"]: years for row in rows if (years := _number(row["age"])) is not None}


def _number(text):
    """A number, or None."""
    try:
        return float(str(text).replace(",", "."))
    except ValueError:
        return None
