"""Forty phantom scans as a hospital would have them, to try the tutorial of the book on; a minute.

    .venv/bin/python benchmarks/practice_scans.py my_scans

Writes plain NIfTI files and a table with words of its own, `patients.csv`, into a new folder. The
people are the first scans of the study `smoke`; who is who of the phantom is not told.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd

from datnet_images import read_atlas
from datnet_phantom import read_calibration, write_cohort
from datnet_study import read_study

STUDY = "data_manifest/smoke.yaml"
THEIRS = {"IPD": "PD", "NC": "control"}
SEX = {"F": "female", "M": "male"}


def write_practice_scans(folder):
    """Write images and table into a folder, which is not there before."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    study = read_study(STUDY)
    calibration, atlas = read_calibration(study.calibration_path), read_atlas(study.atlas_path)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        root, reference = Path(made), study.images.reference_region
        write_cohort(root, study.phantom.cohort, calibration, atlas, study.control, reference)
        scans = pd.read_csv(root / "scans.tsv", sep="\t").drop_duplicates("participant_id")
        rows = []
        for number, scan in enumerate(scans.itertuples(), start=1):
            name = f"scan{number:02}"
            shutil.move(root / scan.path, folder / f"{name}.nii.gz")
            diagnosis = THEIRS.get(scan.diagnosis, scan.diagnosis)
            rows.append([number, f"{name}.nii.gz", diagnosis, round(scan.age), SEX[scan.sex]])
    titles = ["Patient", "File", "Final diagnosis", "Age (y)", "Sex"]
    pd.DataFrame(rows, columns=titles).to_csv(folder / "patients.csv", index=False)
    print(f"{len(rows)} phantom scans and a table of them: {folder}")


if __name__ == "__main__":
    write_practice_scans(sys.argv[1])
