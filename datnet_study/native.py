"""A table of scans in native space becomes one in MNI space, with transforms and verdicts.

Images and transforms are named as in a BIDS derivative. A scan that cannot be normalised is a row
with its reason, and the others go on; a transform made by hand takes the place of the one found.
What was made of a scan is kept until the scan, its transform, a setting or the code changes.
"""

import json
from pathlib import Path

import nibabel as nib
import numpy as np

from datnet_core.files import whole
from datnet_core.fingerprint import code_hash, content_hashes
from datnet_images import (
    normalisation,
    read_gauge,
    read_scan,
    read_target,
    read_transform,
    to_mni,
    write_transform,
)
from datnet_study.placed_scans import each_scan, failed, measures_of

MATCH_FWHM_MM = 6.0  # filter of a scan that is not smoothed yet, while it is matched


def normalise_scans(scans, source, folder, atlas, images, *, by_hand=None, n_jobs=2):
    """Bring every scan of a table to MNI space, and judge where it lies.

    Parameters
    ----------
    scans : DataFrame
        `participant_id`, `session_id`, `path`; the diagnosis is not read.
    source, folder : Path
        Where the scans are, and where their normalised images and transforms are written.
    atlas : Atlas
        Its grid is that of the images written.
    images : Images
        Settings: resolution of the scans as they come, filter after the interpolation (0 for scans
        that are smoothed already), whether the striatum moves the map, reference region.
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

    Raises
    ------
    ValueError
        If files are no scans or no transforms, or a transform has the name of no scan.
    """
    source, folder = Path(source), Path(folder)
    hand = {} if by_hand is None else _made_by_hand(Path(by_hand), scans)
    scan_fwhm_mm, filter_fwhm_mm = images.scan_fwhm_mm, images.filter_fwhm_mm
    matching = 0.0 if filter_fwhm_mm == 0 else MATCH_FWHM_MM
    matched_mm = float(np.hypot(scan_fwhm_mm, matching))
    target = read_target(atlas, matched_mm, fit_striatum=images.fit_striatum)
    finished = read_target(atlas, float(np.hypot(scan_fwhm_mm, filter_fwhm_mm)))
    gauge = read_gauge(finished, atlas, images.reference_region)
    paths = [*(source / path for path in scans["path"]), *hand.values()]
    hashes = content_hashes(paths, folder / "files.json", write=True)
    settings = [images.reference_region, filter_fwhm_mm, scan_fwhm_mm, images.fit_striatum]
    shared = [code_hash(__file__), atlas.content, *settings]

    def one(scan):
        image, map_name, record = _names(scan)
        own = hand.get(map_name.name)
        files = [path for path in (source / scan.path, own) if path]
        made_from = json.dumps([*shared, *(hashes[str(path)] for path in files)])
        if (row := _kept(folder / record, made_from, folder)) is None:
            img, transform = read_scan(source / scan.path), own and read_transform(own)
            row = placed(img, transform, folder / image, folder / map_name)
            if "problem" not in row:
                row |= {"transform": map_name.as_posix(), "path": image.as_posix()}
            with whole(folder / record) as part:
                part.write_text(json.dumps({"made_from": made_from, "row": row}))
        return row

    def placed(img, transform, image_path, map_path):
        found = None
        try:
            if transform is None:
                found = normalisation(img, target, matching)
                transform = found.transform
            normalised = to_mni(img, transform, atlas.affine, atlas.labels.shape, filter_fwhm_mm)
            row = measures_of(normalised, gauge, found)
        except ValueError as error:
            return failed(error)
        write_transform(transform, map_path)
        with whole(image_path) as part:
            nib.save(normalised, part)
        warp = {"warp_mm": found.warp_mm} if found else {}
        return {"start": found.start if found else "transform by hand"} | row | warp

    return each_scan(one, scans, "normalising scans", n_jobs)


def _names(scan):
    """Image, transform and record of a scan, relative to their folder."""
    stem = f"{scan.participant_id}_{scan.session_id}"
    folder = Path(scan.participant_id, scan.session_id, "pet")
    ends = ("space-MNI152NLin6Asym_pet.nii.gz", "to-scan_xfm.tfm", "quality.json")
    return [folder / f"{stem}_{end}" for end in ends]


def _made_by_hand(folder, scans):
    """Transforms of a folder by their names, each of which has to be that of a scan."""
    if not folder.is_dir():
        raise ValueError(f"images.transforms: no folder {folder}")
    known = {_names(scan)[1].name for scan in scans.itertuples()}
    there = {path.name: path for path in sorted(folder.iterdir()) if not path.name.startswith(".")}
    if unknown := [name for name in there if name not in known]:
        raise ValueError(
            f"{folder}: {', '.join(unknown)}: of no scan; expected names such as {min(known)}"
        )
    return there


def _kept(record_path, made_from, folder):
    """Row of a scan that was normalised before, from the same, if its files are there."""
    if not record_path.is_file():
        return None
    record = json.loads(record_path.read_text())
    row = record["row"]
    files = [folder / row[name] for name in ("transform", "path") if name in row]
    same = record["made_from"] == made_from and all(path.is_file() for path in files)
    return row if same else None
