"""Scans of the Parkinson's Progression Markers Initiative, as its archive gives them out.

Layout (image archive LONI IDA): `PPMI/<subject>/<description>/<date_time>/<image id>/*.dcm`, one
multi-frame NM file for a scan whose name ends with the image id, and a search table with a row for
each image. Of this table the columns in `COLUMNS` are read.
"""

import re
from dataclasses import replace
from functools import partial

from datnet_images.atlas import read_atlas
from datnet_study.importing.clinical import read_names, with_clinical
from datnet_study.importing.dicom import converted, series_scan
from datnet_study.importing.headers import wanted_series
from datnet_study.importing.mni import has_mni_grid, in_mni
from datnet_study.importing.participants import plain_value
from datnet_study.study_file import ATLAS, project_root
from datnet_study.table_file import read_table_file

COLUMNS = ("Image Data ID", "Subject", "Group", "Sex", "Age", "Visit", "Type")
VISIT = re.compile(r"[A-Z]{1,4}\d{0,2}")  # SC, BL, V04, U01, RS1 and the like
IMAGE = re.compile(r"I?(\d+)")  # in the table, and as the name of a folder
FILE = re.compile(r".*_I(\d+)\.dcm", re.IGNORECASE)


def search_table(source, wanted):
    """The search table of an archive, or None where a folder is no archive of PPMI.

    Parameters
    ----------
    source : Path
    wanted : Wanted
        Its `table`, if given, is the one.

    Returns
    -------
    Path or None

    Raises
    ------
    ValueError
        If there are several.
    """
    places = [wanted.table] if wanted.table else sorted(source.glob("*.csv"))
    found = [path for path in places if _is_search_table(path)]
    if len(found) > 1:
        raise ValueError(
            f"{source}: search tables {', '.join(path.name for path in found)}; expected one: say "
            "which with TABLE="
        )
    return found[0] if found else None


def ppmi_scans(source, wanted):
    """SPECT scans of an archive, with what the search table and a clinical table say of them.

    Of several images of one visit the pre-processed one is taken, and of several of these the one
    with the highest image id, which is the latest.

    Parameters
    ----------
    source : Path
    wanted : Wanted

    Returns
    -------
    scans : list of SourceScan
    remarks : list of str
    """
    table = search_table(source, wanted)
    rows = _rows(table)
    found, remarks = wanted_series(source, ("NM",))
    atlas = read_atlas(project_root() / ATLAS)
    numbers = [_image_number(series.files[0], rows) for series in found]
    scans = [
        _scan(series, wanted, rows.get(number), table, atlas)
        for series, number in zip(found, numbers, strict=True)
    ]
    scans = _one_a_visit(scans, numbers, rows)
    if wanted.clinical:
        scans, more = with_clinical(scans, wanted.clinical, read_names(wanted.names))
        remarks = [*remarks, *more]
    return scans, remarks


def _is_search_table(path):
    """The first line names the columns."""
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        header = lines.readline(2000)
    return all(name in header for name in COLUMNS)


def _rows(table):
    """Rows of the search table by the number of the image, each with its line."""
    (_, header), *lines = read_table_file(table)
    rows = {}
    for line, cells in lines:
        row = dict(zip(header, cells, strict=True)) | {"where": f"{table}, line {line}"}
        if match := IMAGE.fullmatch(row["Image Data ID"]):
            rows[int(match[1])] = row
    return rows


def _image_number(path, rows):
    """Number of an image, from the name of its file or folder; None if the table has none."""
    matches = [FILE.fullmatch(path.name), IMAGE.fullmatch(path.parent.name)]
    return next((int(match[1]) for match in matches if match and int(match[1]) in rows), None)


def _scan(series, wanted, row, table, atlas):
    """A scan with the diagnosis, sex, age and visit of its row; the header's are not used."""
    header = series.first
    size = (header.get("Columns"), header.get("Rows"), int(header.get("NumberOfFrames") or 1))
    step = abs(float(header.get("SpacingBetweenSlices") or header.get("SliceThickness") or 0))
    normalised = has_mni_grid(size, [*(header.get("PixelSpacing") or [0, 0]), step])
    scan = series_scan(series, wanted, placed=not normalised, participant=row and row["Subject"])
    if row is None:
        line = f"no row in {table}; expected one with its image id: search for it with all columns"
        return replace(scan, problems=(*scan.problems, line))
    try:
        values = {
            "diagnosis": plain_value("diagnosis", row["Group"], row["where"]),
            "age": plain_value("age", row["Age"], row["where"]),
            "sex": plain_value("sex", row["Sex"], row["where"]),
        }
        if not VISIT.fullmatch(row["Visit"]):
            raise ValueError(f"{row['where']}: visit {row['Visit']!r}; expected as BL, SC or V04")
    except ValueError as error:
        return replace(scan, problems=(*scan.problems, str(error)))
    return replace(
        scan,
        session=row["Visit"],
        values=scan.values | values,
        visit=row["Visit"],
        read=partial(_in_place, series, atlas) if normalised else scan.read,
    )


def _in_place(series, atlas):
    """A volume on the grid of MNI152, at its place."""
    img, facts = converted(series, [0])
    img, turned = in_mni(img, atlas)
    return img, facts | ({"TurnedOver": True} if turned else {})


def _one_a_visit(scans, numbers, rows):
    """Leave out the other images of a visit."""
    best = {}
    for k, (scan, number) in enumerate(zip(scans, numbers, strict=True)):
        if not scan.problems:
            rank = rows[number]["Type"].lower().startswith("pre"), number, k
            key = scan.participant, scan.visit
            best[key] = max(best.get(key, rank), rank)
    kept = {k for _, _, k in best.values()}
    line = "another image of the same visit; the latest pre-processed one is taken: nothing to do"
    return [
        scan if scan.problems or k in kept else replace(scan, problems=(line,))
        for k, scan in enumerate(scans)
    ]
