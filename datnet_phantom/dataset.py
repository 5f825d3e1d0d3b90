"""Digital phantom cohort: writes a BIDS-derivative data set of DAT PET scans with its truth.

`people` draws the participants, `scanner` makes their images; this module writes them as a
user would bring them. The files depend on the seed, the settings and the calibration only, never
on the number of threads, and a stopped run continues.
"""

import dataclasses
import hashlib
import itertools
import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from datnet_core.files import whole
from datnet_core.fingerprint import code_hash
from datnet_core.progress import progress
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import read_scene, render
from datnet_phantom.sites import imaged
from datnet_phantom.streams import Stream, generator
from datnet_phantom.truth import effect_maps, effect_path

DESCRIPTION = {
    "Name": "Digital phantom of a DAT PET cohort (no patient data)",
    "BIDSVersion": "1.10.0",
    "DatasetType": "derivative",
    "License": "CC0",
    "Authors": ["The DAT-Net study developers", "nobody was scanned"],
    "GeneratedBy": [{"Name": "datnet_phantom"}],
}
README = """{name}.

Every image and every number of this data set was made by a computer; nobody was scanned.
`scans.tsv` is what a study reads. `truth/` is what a study must not read: the parameters of each
scan, and maps of the true differences between diagnoses. `phantom.json` has all settings.
"""
PEOPLE = {
    "age": {"Description": "Age at the first scan", "Units": "year"},
    "sex": {"Description": "Sex", "Levels": {"F": "female", "M": "male"}},
}
LARGEST = 32000  # stored count of an image, below 32767 of int16
OURS = "scans.tsv\nphantom.json\ntruth\n"


def write_cohort(
    root, cohort, calibration, atlas, control, reference_region, *, sites=None, n_jobs=2
):
    """Write the whole data set; scans that stand there already are kept.

    Files of another seed, calibration or code are recognised by `phantom.json` and written anew.
    `scans.tsv` comes last: where it stands, the data set is complete.

    Parameters
    ----------
    root : Path
        Folder of the data set.
    cohort : Cohort
        Group sizes, labels and seed.
    calibration : Calibration
        Output of `numbers.read_calibration`.
    atlas : Atlas
        Anatomy.
    control : str
        Diagnosis without any loss.
    reference_region : str
        Region that normalises the counts in the maps of true differences, which are those of
        `calibration`.
    sites : mapping of str to (Site, Calibration), optional
        Sites by name, each with its numbers; `scans.tsv` then has a column `site`.
    n_jobs : int
        Threads; SciPy, gzip and NumPy run side by side in them.

    Raises
    ------
    ValueError
        If the cohort has a diagnosis that the calibration does not know, or more wrong labels
        than there are people; or if the atlas lacks a region. As `sites.imaged`.
    """
    root = Path(root)
    parts = imaged(cohort, calibration, control, sites)
    _start(root, _recipe(cohort, calibration, atlas, control, reference_region, sites))
    jobs = []
    for part in parts:
        scene = read_scene(atlas, part.calibration)
        everything = part.scans.join(part.truth[["severity", *BINDING_COLUMNS]])
        rows = zip(everything.to_dict("records"), part.streams, part.of_person, strict=True)
        jobs += [
            delayed(_write_scan)(root, scan, scene, atlas.affine, part.calibration, streams)
            for scan, *streams in rows
            if not (root / scan["path"]).is_file()
        ]
    scans, truth = (
        pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        for name in ("scans", "truth")
    )
    done = Parallel(n_jobs, prefer="threads", return_as="generator_unordered")(jobs)
    for _ in progress(done, "writing phantom scans", len(jobs)):
        pass
    pairs = _pairs(cohort, calibration, control)
    maps = effect_maps(
        pairs, calibration, atlas, control, reference_region, cohort.identical_patients
    )
    for (first, second, kind), values in maps:
        img = nib.Nifti1Image(values, atlas.affine)
        _write_image(img, effect_path(root / "truth", first, second, kind))
    people = scans.drop_duplicates("participant_id")
    _write_table(people[["participant_id", "age", "sex"]], root / "participants.tsv")
    _write_table(truth, root / "truth" / "scans.tsv")
    _write_table(scans, root / "scans.tsv")


def _recipe(cohort, calibration, atlas, control, reference_region, sites):
    """Everything the files depend on, as text."""
    recipe = {
        "cohort": dataclasses.asdict(cohort),
        "calibration": calibration.model_dump(exclude_unset=True),
        "control": control,
        "reference_region": reference_region,
        "atlas": hashlib.sha256(atlas.labels).hexdigest(),
        "code": code_hash(__file__),
    }
    if sites:
        recipe["sites"] = {
            name: [dataclasses.asdict(site), numbers.model_dump(exclude_unset=True)]
            for name, (site, numbers) in sites.items()
        }
    return json.dumps(recipe, indent=1)


def _start(root, recipe):
    """Remove what another recipe has left, and write the files that say what the folder is."""
    recipe_path = root / "phantom.json"
    outdated = root.with_name(f"{root.name}-outdated")
    shutil.rmtree(outdated, ignore_errors=True)
    if recipe_path.is_file() and recipe_path.read_text() != recipe:
        root.rename(outdated)  # at once: a stop here cannot leave scans of two recipes in one set
        shutil.rmtree(outdated)
    (root / "truth").mkdir(parents=True, exist_ok=True)
    (root / "scans.tsv").unlink(missing_ok=True)
    recipe_path.write_text(recipe)
    (root / "dataset_description.json").write_text(json.dumps(DESCRIPTION, indent=1) + "\n")
    (root / "README").write_text(README.format(name=DESCRIPTION["Name"]))
    (root / "participants.json").write_text(json.dumps(PEOPLE, indent=1) + "\n")
    (root / ".bidsignore").write_text(OURS)


def _write_scan(root, scan, scene, affine, calibration, streams):
    """Render one scan and write its sidecar, then the image, which says that both are there."""
    own, first = streams
    rng = generator(Stream.SCANS, *own)
    person = generator(Stream.SCANS, *first) if first else None  # anatomy, as at baseline
    counts = render(scan, scan["age"], scene, calibration, rng, person)
    slope = float(counts.max()) / LARGEST
    img = nib.Nifti1Image(np.round(counts / slope).astype(np.int16), affine)
    img.header.set_slope_inter(slope, 0)
    path = root / scan["path"]
    path.parent.mkdir(parents=True, exist_ok=True)
    sidecar = path.with_name(path.name.replace(".nii.gz", ".json"))
    sidecar.write_text(json.dumps(_sidecar(calibration), indent=1) + "\n")
    _write_image(img, path)


def _sidecar(calibration):
    """What BIDS wants to know of a PET image, from the numbers of tracer and scanner."""
    tracer = calibration.tracer
    scanner = calibration.scanner
    return {
        "Description": "Computer-made phantom, not a scan of a person",
        "SkullStripped": False,
        "SpatialReference": "MNI152NLin6Asym",
        "Resolution": "2 mm",
        "Units": "arbitrary",
        "TracerName": f"{tracer.name} (simulated)",
        "TracerRadionuclide": tracer.radionuclide,
        "InjectedRadioactivity": scanner.injected_mbq,
        "InjectedRadioactivityUnits": "MBq",
        "FrameTimesStart": [scanner.frame_start_min * 60],
        "FrameDuration": [scanner.frame_min * 60],
        "ReconFilterType": "Gaussian",
        "ReconFilterSize": scanner.filter_fwhm_mm,
    }


def _pairs(cohort, calibration, control):
    """Each two diagnoses of the cohort, in the order of the calibration."""
    known = (*calibration.loss, control)
    return list(itertools.combinations([name for name in known if name in cohort.diagnoses], 2))


def _write_image(img, path):
    """Write an image in mm and seconds."""
    img.header.set_xyzt_units("mm", "sec")
    with whole(path) as part:
        nib.save(img, part)


def _write_table(table, path):
    """Tab-separated with `n/a` for missing values, as BIDS has it."""
    with whole(path) as part:
        table.to_csv(part, sep="\t", index=False, na_rep="n/a")
