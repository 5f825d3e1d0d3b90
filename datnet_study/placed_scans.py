"""Is each scan of a table where it should be? A row of measures and a verdict for each.

A scan that lies wrong is a row with its reason, and the others go on; a file that is no scan at all
stops the study, with a list of such files. The diagnosis is not read.
"""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from datnet_core.files import whole
from datnet_core.fingerprint import code_hash, content_hashes
from datnet_core.progress import progress
from datnet_images import (
    quality_score,
    read_gauge,
    read_scan,
    read_target,
    scan_quality,
    verdict,
)
from datnet_study.problems import problem_list

FIRST = (
    "participant_id", "session_id", "verdict", "score", "worst", "start", "transform", "path",
    "problem",
)  # fmt: skip


def checked_scans(scans, folder, atlas, images, kept_path=None, n_jobs=2):
    """Measure where the scans of a table lie that are in MNI space already.

    Parameters
    ----------
    scans : DataFrame
        `participant_id`, `session_id`, `path`.
    folder : Path
        Of the images.
    atlas : Atlas
    images : Images
        Settings: what voxels are, resolution and filter of the scans, reference region.
    kept_path : Path, optional
        JSON file of the measures: of scans with the same content they are taken from it, as long as
        atlas, settings and code are the same.
    n_jobs : int
        Threads.

    Returns
    -------
    DataFrame
        A row for each scan, worst first: the measures of `scan_quality`, `score`, `worst`,
        `verdict`, `path`, and the `problem` of a scan that has no measures.

    Raises
    ------
    ValueError
        If files are no scans: one line for each.
    """
    target = read_target(atlas, float(np.hypot(images.scan_fwhm_mm, images.filter_fwhm_mm)))
    gauge = read_gauge(target, atlas, images.reference_region)
    settings = [images.input, images.reference_region, target.fwhm_mm]
    made_from = json.dumps([code_hash(__file__), atlas.content, *settings])
    known = _kept(kept_path, made_from)
    paths = [Path(folder) / path for path in scans["path"]]
    hashes = content_hashes(paths, kept_path.with_name("files.json") if kept_path else Path())
    measured = {}

    def one(scan):
        path = Path(folder) / scan.path
        content = hashes[str(path)]
        if content not in known:
            known[content] = row_of(read_scan(path))
        measured[content] = known[content]
        return {"path": scan.path} | known[content]

    def row_of(img):
        try:
            return measures_of(as_counts(img, images.input), gauge)
        except ValueError as error:
            return failed(error)

    table = each_scan(one, scans, "checking scans", n_jobs)
    if kept_path is not None:
        with whole(kept_path) as part:
            record = {"made_from": made_from, "measured": dict(sorted(measured.items()))}
            part.write_text(json.dumps(record))
    return table


def _kept(path, made_from):
    """Measures of scans by the hash of their files, if they were made from the same."""
    if path is None or not path.is_file():
        return {}
    record = json.loads(path.read_text())
    return record["measured"] if record.get("made_from") == made_from else {}


def as_counts(img, kind):
    """An image in multiples of counts; of binding potentials, 0 is taken for outside the scan."""
    if kind != "bp":
        return img
    potential = img.get_fdata(dtype=np.float32)
    return nib.Nifti1Image(np.where(potential != 0, potential + 1, potential), img.affine)


def measures_of(img, gauge, normalisation=None):
    """Measures of a scan with its verdict, as a dict; parameters and errors of `scan_quality`."""
    measures = scan_quality(img, gauge, normalisation)
    score, worst = quality_score(measures)
    return {"score": score, "worst": worst, "verdict": verdict(score)} | measures


def failed(error):
    """Row of a scan that has no measures."""
    return {"score": np.inf, "verdict": "fail", "problem": str(error)}


def each_scan(one, scans, words, n_jobs):
    """Table of what a function makes of each scan, in threads, with progress; worst first.

    Parameters
    ----------
    one : callable
        From a row of the table to a dict; a ValueError says that the file is no scan.
    scans : DataFrame
        `participant_id`, `session_id`, and what `one` takes.
    words : str
        What is done, for the line of progress.
    n_jobs : int

    Returns
    -------
    DataFrame

    Raises
    ------
    ValueError
        All of `one`, a line for each; or no scan has measures.
    """

    def row_or_problem(scan):
        try:
            keys = {"participant_id": scan.participant_id, "session_id": scan.session_id}
            return keys | one(scan)
        except ValueError as error:
            return str(error)

    jobs = [delayed(row_or_problem)(scan) for scan in scans.itertuples()]
    with threadpool_limits(1):  # sums in another order have other last bits
        done = Parallel(n_jobs, prefer="threads", return_as="generator")(jobs)
        rows = list(progress(done, words, len(jobs)))
    if problems := [row for row in rows if isinstance(row, str)]:
        raise problem_list(f"{len(problems)} scan(s) cannot be used", problems)
    if all(row.get("problem") for row in rows):
        raise ValueError(
            f"none of {len(rows)} scans can be measured, the first: {rows[0]['problem']}; are they "
            "what images.space and images.input say?"
        )
    table = pd.DataFrame(rows)
    table = table.reindex(columns=[*FIRST, *(name for name in table if name not in FIRST)])
    return table.sort_values("score", ascending=False, kind="stable", ignore_index=True)
