"""Reports on one or many scans: a file each, and for many a table of all."""

import csv
import io
from pathlib import Path

from datnet_core.files import whole
from datnet_core.progress import progress
from datnet_study.reporting.found import file_name
from datnet_study.reporting.html import write_report
from datnet_study.reporting.judging import judge_scan

TABLE = "reports.tsv"


def report_on(scans, judge, folder, *, participants=None, viewer=True, **given):
    """Judge scans and write a report for each, and `reports.tsv` where there are several.

    Parameters
    ----------
    scans : list of Found
    judge : Judge
    folder : Path
        Where the reports are written.
    participants : Participants, optional
        Recognises the scans of a study.
    viewer : bool
        As in `html.write_report`.
    **given
        `age`, `tracer`, `space` and `explain`, as in `judging.judge_scan`.

    Returns
    -------
    rows : list of dict
        Of each scan what stands in the table.
    """
    folder, rows = Path(folder), []
    several = len(scans) > 1
    for scan in progress(scans, "judging scans") if several else scans:
        name = file_name(scan.name, {row["report"].removesuffix(".html") for row in rows})
        found = judge_scan(scan, judge, known=participants, **given)
        write_report(found, judge, folder / f"{name}.html", viewer)
        rows.append(row_of(found, judge) | {"report": f"{name}.html"})
    if several:
        write_rows(rows, folder / TABLE)
    return rows


def row_of(found, judge):
    """What is known of a scan, as a row of the table.

    Parameters
    ----------
    found, judge : Judged, Judge

    Returns
    -------
    dict
        `scan`, `judged` (yes or no), `recognised` (yes: as one of the study), `quality`,
        `most_probable`, `p_<diagnosis>`, `left` (the set of diagnoses), `refer`, the measures,
        `problem`; empty where not known.
    """
    names = judge.facts.diagnoses
    row = {"scan": found.name, "judged": "yes" if found.is_judged else "no"}
    row["recognised"] = "yes" if found.known else ""  # nobody can be where a package judges
    row["quality"] = found.quality.get("verdict", "")
    p = found.proba if found.is_judged else [None] * len(names)
    row["most_probable"] = names[int(found.proba.argmax())] if found.is_judged else ""
    row |= {f"p_{name}": "" if v is None else f"{v:.8g}" for name, v in zip(names, p, strict=True)}
    left = [] if found.left is None else zip(names, found.left, strict=True)
    row["left"] = ",".join(name for name, is_left in left if is_left)
    row["refer"] = {None: "", True: "yes", False: "no"}[found.referred]
    for region in judge.facts.images.regions:
        for name in (region, f"{region}_asymmetry"):
            row[name] = f"{found.measures[name]:.4g}" if name in found.measures else ""
    return row | {"problem": " ".join(found.problem.split())}


def write_rows(rows, path):
    """Write rows of `row_of` as tab-separated text."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), delimiter="\t", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    with whole(path) as part:
        part.write_text(text.getvalue(), encoding="utf-8")
