"""A table of scans in native space becomes one in MNI space, with transforms and verdicts.

Images and transforms are named as in a BIDS derivative. A scan that cannot be normalised is a row
with its reason, and the others go on; a transform made by hand takes the place of the one found.
"""

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from datnet_core.files import whole
from datnet_core.progress import progress
from datnet_images import (
    normalisation,
    quality_score,
    read_scan,
    read_target,
    read_transform,
    scan_quality,
    to_mni,
    verdict,
    write_transform,
)

MATCH_FWHM_MM = 6.0  # filter of a scan that is not smoothed yet, while it is matched
WORDS = ("fail", "look", "pass")


def normalise_scans(
    scans, source, folder, atlas, reference_region, *,
    filter_fwhm_mm=10.0, scan_fwhm_mm=6.0, by_hand=None, n_jobs=2,
):  # fmt: skip
    """Bring every scan of a table to MNI space, and judge where it lies.

    Parameters
    ----------
    scans : DataFrame
        `participant_id`, `session_id`, `path`; the diagnosis is not read.
    source, folder : Path
        Where the scans are, and where their normalised images and transforms are written.
    atlas : Atlas
        Its grid is that of the images written.
    reference_region : str
        Region that normalises the counts.
    filter_fwhm_mm : float
        Filter after the interpolation, mm; 0 for scans that are smoothed already.
    scan_fwhm_mm : float
        Resolution of the scans as they come.
    by_hand : Path, optional
        Folder of transforms with the names of those written, which take their place.
    n_jobs : int
        Threads.

    Returns
    -------
    DataFrame
        A row for each scan, worst first: the measures of `scan_quality`, `score`, `worst`,
        `verdict`, `start`, `transform` and `path` (relative to `folder`), `problem` (of a scan
        that has no image).
    """
    source, folder = Path(source), Path(folder)
    matching = 0.0 if filter_fwhm_mm == 0 else MATCH_FWHM_MM
    target = read_target(atlas, float(np.hypot(scan_fwhm_mm, matching)))
    finished = read_target(atlas, float(np.hypot(scan_fwhm_mm, filter_fwhm_mm)))

    def one(scan):
        names = {"participant_id": scan.participant_id, "session_id": scan.session_id}
        stem = (
            f"{scan.participant_id}/{scan.session_id}/pet/{scan.participant_id}_{scan.session_id}"
        )
        image, map_name = f"{stem}_space-MNI152NLin6Asym_pet.nii.gz", f"{stem}_to-scan_xfm.tfm"
        own = None if by_hand is None else Path(by_hand) / Path(map_name).name
        try:
            img = read_scan(source / scan.path)
            found, transform = None, read_transform(own) if own and own.is_file() else None
            if transform is None:
                found = normalisation(img, target, matching)
                transform = found.transform
            normalised = to_mni(img, transform, atlas.affine, atlas.labels.shape, filter_fwhm_mm)
            measures = scan_quality(normalised, finished, atlas, reference_region, found)
        except ValueError as error:
            return names | {"score": np.inf, "verdict": "fail", "problem": str(error)}
        write_transform(transform, folder / map_name)
        with whole(folder / image) as part:
            nib.save(normalised, part)
        score, worst = quality_score(measures)
        start = found.start if found else "transform by hand"
        told = {"score": score, "worst": worst, "verdict": verdict(score), "start": start}
        return names | told | measures | {"transform": map_name, "path": image}

    jobs = [delayed(one)(scan) for scan in scans.itertuples()]
    done = Parallel(n_jobs, prefer="threads", return_as="generator")(jobs)
    rows = list(progress(done, "normalising scans", len(jobs)))
    columns = [
        "participant_id", "session_id", "verdict", "score", "worst", "start", "transform", "path",
        "problem",
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    table = table.reindex(columns=[*columns, *(c for c in table.columns if c not in columns)])
    return table.sort_values("score", ascending=False, ignore_index=True)


def verdicts_by_diagnosis(quality, scans):
    """How many scans pass, are to be looked at, or fail, by diagnosis.

    Parameters
    ----------
    quality : DataFrame
        Output of `normalise_scans`.
    scans : DataFrame
        `participant_id`, `session_id`, `diagnosis`.

    Returns
    -------
    DataFrame
        A row for each diagnosis, columns `fail`, `look`, `pass`.

    Examples
    --------
    >>> quality = pd.DataFrame(
    ...     {"participant_id": ["a", "b"], "session_id": "1", "verdict": ["pass", "fail"]}
    ... )
    >>> verdicts_by_diagnosis(quality, quality.assign(diagnosis=["NC", "PD"])).to_dict("index")
    {'NC': {'fail': 0, 'look': 0, 'pass': 1}, 'PD': {'fail': 1, 'look': 0, 'pass': 0}}
    """
    keys = ["participant_id", "session_id"]
    both = quality[[*keys, "verdict"]].merge(scans[[*keys, "diagnosis"]], on=keys, validate="1:1")
    counts = pd.crosstab(both["diagnosis"], both["verdict"])
    counts.columns.name = counts.index.name = None
    return counts.reindex(columns=list(WORDS), fill_value=0)
