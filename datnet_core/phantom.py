"""Digital phantom cohort: writes a BIDS-derivative data set of DAT PET scans, knows the truth.

Regional binding by diagnosis on atlas anatomy (`data_manifest/phantom.yaml` gives every number
with its source), residual misregistration, scanner blur, noise, and the 10 mm filter of the
paper (section "Image Acquisition and Reconstruction"). Files depend on the seed, the group sizes
and these numbers only, never on the number of threads.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import yaml
from joblib import Parallel, delayed
from scipy import ndimage

from datnet_core.atlas import region_mask
from datnet_core.progress import progress

STRIATUM = ("putamen_anterior", "putamen_posterior", "caudate", "accumbens")
BINDING = (*STRIATUM, "midbrain")
SIDES = ("left", "right")
FWHM_PER_SD = 2 * np.sqrt(2 * np.log(2))
DESCRIPTION = {
    "Name": "Digital phantom of a DAT PET cohort (no patient data)",
    "BIDSVersion": "1.10.0",
    "DatasetType": "derivative",
    "License": "CC0",
    "GeneratedBy": [{"Name": "datnet_core.phantom"}],
}
SIDECAR = {
    "Description": "Computer-made phantom, not a scan of a person",
    "SpatialReference": "MNI152NLin6Asym, 2 mm",
    "Units": "arbitrary counts",
    "TracerName": "CFT (simulated)",
    "TracerRadionuclide": "C11",
}


def read_calibration(path):
    """Read the generator's numbers, dropping the sources.

    Parameters
    ----------
    path : str or Path
        `data_manifest/phantom.yaml`.

    Returns
    -------
    dict
        Nested as the file; each `{value, source}` becomes its value.
    """

    def values(node):
        if not isinstance(node, dict):
            return node
        if "value" in node:
            return node["value"]
        return {key: values(child) for key, child in node.items() if key != "source"}

    return values(yaml.safe_load(Path(path).read_text()))


def draw_participants(phantom, calibration, control):
    """Draw diagnosis, certainty, clinic and regional binding of every scan.

    Parameters
    ----------
    phantom : Phantom
        Group sizes, follow-ups, share of wrong labels and seed.
    calibration : dict
        Output of `read_calibration`.
    control : str
        Diagnosis without any loss.

    Returns
    -------
    scans : DataFrame
        Columns of `scans.tsv`; `diagnosis` is the label, which may be wrong.
    truth : DataFrame
        One row per scan: true diagnosis, severity, and binding ratio per region and side.
    """
    scans, truth, number = [], [], 0
    for certainty, groups in phantom.participants.items():
        repeats = phantom.follow_ups if certainty == "confirmed" else 0
        people = [name for name, n in groups.items() for _ in range(n)]
        order = np.random.default_rng([phantom.seed, 0]).permutation(len(people))
        with_follow_up = set(order[:repeats])
        for position, diagnosis in enumerate(people):
            number += 1
            rng = np.random.default_rng([phantom.seed, number])
            person = _person(diagnosis, calibration, control, rng)
            label = diagnosis
            patients = [name for name in groups if name != control]
            noisy = certainty == "possible" and diagnosis in patients[1:]
            if noisy and rng.random() < phantom.mislabelled:
                label = patients[0]
            interval = rng.uniform(1.5, 3.0)  # years between baseline and follow-up
            for session in range(2 if position in with_follow_up else 1):
                years = session * interval
                keys = {
                    "participant_id": f"sub-{number:04d}",
                    "session_id": ("ses-baseline", "ses-followup")[session],
                }
                clinic, binding = _scan(person, diagnosis, years, calibration, control, rng)
                stem = "_".join([*keys.values(), "space-MNI152NLin6Asym_res-02_pet"])
                path = f"{keys['participant_id']}/{keys['session_id']}/pet/{stem}.nii.gz"
                scans.append(
                    keys | {"path": path, "diagnosis": label, "certainty": certainty} | clinic
                )
                truth.append(keys | {"true_diagnosis": diagnosis} | binding)
    return pd.DataFrame(scans), pd.DataFrame(truth)


def render(binding, atlas, calibration, rng):
    """One phantom scan in counts.

    counts = scale * filter(blur(move(activity)) + noise), where the activity of a region is its
    background times (1 + binding ratio) and noise has a standard deviation proportional to the
    square root of the activity.

    Parameters
    ----------
    binding : mapping
        Binding ratio of `<region>_<side>` for every region of `BINDING`.
    atlas : Atlas
        Anatomy; its grid is the grid of the scan.
    calibration : dict
        Output of `read_calibration`.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape of the atlas
    """
    scanner, voxel_mm = calibration["scanner"], atlas.affine[0, 0]
    activity = np.full(atlas.labels.shape, 0.05, np.float32)
    for region, uptake in calibration["background"].items():
        activity[region_mask(atlas, region)] = uptake
    for region in BINDING:
        for side in SIDES:
            activity[region_mask(atlas, f"{region}_{side}")] = 1 + binding[f"{region}_{side}"]
    matrix, offset = _misregistration(atlas, scanner, rng)
    activity = ndimage.affine_transform(activity, matrix, offset, order=1, mode="nearest")
    blur = scanner["resolution_fwhm_mm"] / FWHM_PER_SD / voxel_mm
    activity = ndimage.gaussian_filter(activity, blur)
    noise = rng.standard_normal(activity.shape, dtype=np.float32)
    activity += scanner["noise"] * np.sqrt(activity) * noise
    activity = ndimage.gaussian_filter(activity, scanner["filter_fwhm_mm"] / FWHM_PER_SD / voxel_mm)
    return np.float32(rng.lognormal(8.5, 0.3)) * np.maximum(activity, 0)


def write_cohort(root, phantom, calibration, atlas, control, n_jobs=2):
    """Write the whole data set; scans that stand there already are kept.

    Files of another seed or calibration are recognised by `phantom.json` and written anew.
    `scans.tsv` comes last: where it stands, the data set is complete.

    Parameters
    ----------
    root : Path
        Folder of the data set.
    phantom : Phantom
        Group sizes and seed.
    calibration : dict
        Output of `read_calibration`.
    atlas : Atlas
        Anatomy.
    control : str
        Diagnosis without any loss.
    n_jobs : int
        Threads; SciPy, gzip and NumPy run side by side in them.
    """
    root, recipe_path = Path(root), Path(root) / "phantom.json"
    recipe = {"phantom": phantom.model_dump(), "calibration": calibration, "control": control}
    code = Path(__file__).read_bytes()
    hashes = {
        "atlas": hashlib.sha256(atlas.labels).hexdigest(),
        "code": hashlib.sha256(code).hexdigest(),
    }
    recipe = json.dumps(recipe | hashes, indent=1)
    outdated = root.with_name(f"{root.name}-outdated")
    shutil.rmtree(outdated, ignore_errors=True)
    if recipe_path.is_file() and recipe_path.read_text() != recipe:
        root.rename(outdated)  # at once: a stop here cannot leave scans of two recipes in one set
        shutil.rmtree(outdated)
    root.mkdir(parents=True, exist_ok=True)
    (root / "scans.tsv").unlink(missing_ok=True)
    recipe_path.write_text(recipe)
    (root / "dataset_description.json").write_text(json.dumps(DESCRIPTION, indent=1) + "\n")
    (root / "README").write_text(f"{DESCRIPTION['Name']}. Made by a computer; see phantom.json.\n")
    (root / ".bidsignore").write_text("scans.tsv\ntruth.tsv\nphantom.json\n")
    scans, truth = draw_participants(phantom, calibration, control)
    jobs = [
        delayed(_write_scan)(root / path, row, truth.loc[row], atlas, calibration, phantom.seed)
        for row, path in enumerate(scans["path"])
        if not (root / path).is_file()
    ]
    done = Parallel(n_jobs, prefer="threads", return_as="generator_unordered")(jobs)
    for _ in progress(done, "writing phantom scans", len(jobs)):
        pass
    people = scans.drop_duplicates("participant_id")
    _write_table(people[["participant_id", "age", "sex"]], root / "participants.tsv")
    _write_table(truth, root / "truth.tsv")
    _write_table(scans, root / "scans.tsv")


def _person(diagnosis, calibration, control, rng):
    """What stays the same between the scans of one person."""
    clinic = calibration["clinic"]
    return {
        "age": float(np.clip(rng.normal(*clinic["age"][diagnosis]), 30, 90)),
        "sex": "F" if rng.random() < clinic["female"][diagnosis] else "M",
        "severity": float(np.exp(rng.normal(0, calibration["loss_sd"]))),
        "healthy": np.exp(rng.normal(0, calibration["healthy_sd"])),
        "regions": {r: float(np.exp(rng.normal(0, calibration["region_sd"]))) for r in BINDING},
        "asymmetry": calibration["asymmetry"][diagnosis]
        * abs(1 + rng.normal(0, calibration["asymmetry_sd"])),
        "worse_side": SIDES[rng.integers(2)],
        "clinic": None
        if diagnosis == control
        else {name: rng.normal(0, 1) for name in ("symptom_duration_years", "updrs", "hoehn_yahr")},
    }


def _scan(person, diagnosis, years, calibration, control, rng):
    """Clinic and binding ratios of one person `years` after the first scan."""
    severity = person["severity"] * (1 + calibration["yearly_progression"] * years)
    clinic = {"age": round(person["age"] + years, 1), "sex": person["sex"]}
    for name in ("symptom_duration_years", "updrs", "hoehn_yahr"):
        if person["clinic"] is None:
            clinic[name] = np.nan
            continue
        mean, sd = calibration["clinic"][name][diagnosis]
        z = 0.6 * np.log(severity) / calibration["loss_sd"] + 0.8 * person["clinic"][name]
        value = mean + sd * z + (years if name == "symptom_duration_years" else 0)
        clinic[name] = round(float(max(value, 0.3)), 1)
    if person["clinic"]:
        clinic["hoehn_yahr"] = float(np.clip(round(2 * clinic["hoehn_yahr"]) / 2, 1, 5))
    age_factor = 1 - calibration["decline_per_decade"] * (person["age"] + years - 60) / 10
    binding = {"severity": 0.0 if diagnosis == control else round(severity, 4)}
    for region in BINDING:
        kept = 1.0  # share of healthy binding that is left
        if diagnosis != control:
            kept = (1 - calibration["loss"][diagnosis][region]) ** severity
        ratio = calibration["healthy_binding_ratio"][region] * person["healthy"] * age_factor
        ratio *= kept * person["regions"][region]
        half = person["asymmetry"] / 2 if region in STRIATUM else 0.0
        for side in SIDES:
            sign = -1 if side == person["worse_side"] else 1
            binding[f"{region}_{side}"] = round(ratio * (1 + sign * half), 4)
    return clinic, binding


def _misregistration(atlas, scanner, rng):
    """Voxel matrix and offset of a small random rigid motion and zoom about the brain's centre."""
    angles = np.deg2rad(rng.normal(0, scanner["rotation_degree"], 3))
    matrix = np.diag(1 + rng.normal(0, scanner["zoom"], 3))
    for axis, angle in enumerate(angles):
        i, j = [k for k in range(3) if k != axis]
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    centre = (np.array(atlas.labels.shape) - 1) / 2
    shift = rng.normal(0, scanner["shift_mm"], 3) / atlas.affine[0, 0]
    return matrix, centre - matrix @ centre + shift


def _write_scan(path, row, binding, atlas, calibration, seed):
    """Render one scan and write it with its sidecar, each by way of a temporary file."""
    rng = np.random.default_rng([seed, row, 1])
    counts = render(binding, atlas, calibration, rng)
    slope = float(counts.max()) / 32000
    img = nib.Nifti1Image(np.round(counts / slope).astype(np.int16), atlas.affine)
    img.header.set_slope_inter(slope, 0)
    img.header.set_xyzt_units("mm", "sec")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name.replace(".nii.gz", ".json")).write_text(json.dumps(SIDECAR, indent=1))
    part = path.with_name(f"part-{path.name}")
    nib.save(img, part)
    os.replace(part, path)


def _write_table(table, path):
    """Tab-separated with `n/a` for missing values, as BIDS has it."""
    part = path.with_suffix(".part")
    table.to_csv(part, sep="\t", index=False, na_rep="n/a")
    os.replace(part, path)
