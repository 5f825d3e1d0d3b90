"""Do reports on single scans keep what they promise? Unseen phantom scans, a dozen minutes a core.

    python benchmarks/scan_reports.py 240 data_manifest/demo.yaml data_manifest/paper.yaml

Writes `data_manifest/scan_reports.tsv`, which page `scan_report` shows. The studies have to be
finished. The scans are of the phantom's generator and of no study; all judges get the same ones, in
this process, as `make report` would judge each, without its file. Diagnoses are as common as among
those that the first study learned from, and all of them are right. Beside the sets of the report
stand those of the page `calibration`, which keep every out-of-fold score.
"""

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from datnet_core.metrics import conformal_sets, share_interval
from datnet_core.progress import progress
from datnet_phantom.numbers import read_calibration
from datnet_phantom.scanner import read_scene, render
from datnet_phantom.streams import Stream, generator
from datnet_phantom.unwritten import yardstick_people
from datnet_study.reporting import Found, judge_scan, study_judge
from datnet_study.study import read_study

TABLE = Path(__file__).parents[1] / "data_manifest" / "scan_reports.tsv"
SEED = 52_417  # of the people and their scans
FIRST = ["study", "participant_id", "diagnosis"]


def judged_by(study, judge, person, img):
    """What a report says of a scan, as a row."""
    scan = Found(person["participant_id"], "NIfTI", lambda: img, age=person["age"])
    found = judge_scan(scan, judge, space="mni", explain=False)
    row = dict(zip(FIRST, (study.name, scan.name, person["diagnosis"]), strict=True))
    row |= {"verdict": found.quality["verdict"], "seconds": found.seconds}
    if not found.is_judged:
        return row
    names = judge.facts.diagnoses
    right = names.index(person["diagnosis"])
    row |= {"right": found.proba.argmax() == right, "referred": found.referred}
    row |= {"covered": found.left[right], "size": found.left.sum()}
    return row | {"covered_exact": right in exact_set(study, names, found.by_model)}


def exact_set(study, names, by_model):
    """Columns of the diagnoses in the set that keeps every out-of-fold score."""
    known = pd.read_csv(study.results / "predictions/cross_validation.tsv", sep="\t")
    proba = known[[f"p_{name}" for name in names]]
    model = known["fold"].astype(int)
    (left,) = conformal_sets(known["diagnosis"], proba, model, by_model[:, None], names)
    return np.flatnonzero(left)


def rows_of(name, doubt, rows):
    """Shares with their intervals, by diagnosis and together, beside what is promised."""
    whole = {"all": slice(None)} | {d: rows["diagnosis"] == d for d in rows["diagnosis"].unique()}
    for group, members in whole.items():
        part = rows.loc[members]
        fails = part["verdict"] == "fail"
        there = part[~fails].astype({"right": bool, "referred": bool, "covered": bool})
        wrong, flag = ~there["right"], there["referred"]
        shares = {
            "fails the quality check": (fails, None),
            "right": (there["right"], doubt.accuracy),
            "right one in the set": (there["covered"], doubt.coverage),
            "right one in the set, exact rule": (there["covered_exact"], doubt.coverage),
            "flagged": (flag, doubt.referred),
            "flagged scans that are wrong": (wrong[flag], doubt.wrong),
            "errors that are flagged": (flag[wrong], doubt.caught),
            "others that are right": (~wrong[~flag], doubt.kept),
        }
        for what, (hits, promised) in shares.items():
            value = share_interval(hits.to_numpy(dtype=bool)) if len(hits) else (np.nan,) * 3
            row = {"study": name, "what": what, "diagnosis": group, "n": len(hits)}
            row |= dict(zip(("value", "low", "high"), value, strict=True))
            yield row | {"promised": promised if group == "all" else np.nan}
        size = there["size"].astype(float).mean()
        row = {"study": name, "what": "diagnoses in the set", "diagnosis": group, "n": len(there)}
        yield row | {"value": size}


def main():
    """Judge all scans and write the table."""
    n, paths = int(sys.argv[1]), sys.argv[2:]
    studies = [read_study(path) for path in paths]
    judges = [study_judge(study) for study in studies]
    first = studies[0]
    calibration = read_calibration(first.calibration_path, first.phantom.scanner)
    scene = read_scene(judges[0].atlas, calibration)
    groups = {name: int(count) for name, count in judges[0].facts.people["training"].items()}
    people = yardstick_people(n, groups, calibration, first.control, seed=SEED)
    rows = []
    for person in progress(people.to_dict("records"), "judging phantom scans"):
        number = int(person["participant_id"].removeprefix("sub-"))
        rng = generator(Stream.YARDSTICK_SCANS, SEED, number)
        counts = render(person, person["age"], scene, calibration, rng)
        img = nib.Nifti1Image(counts, judges[0].atlas.affine)
        pairs = zip(studies, judges, strict=True)
        rows += [judged_by(study, judge, person, img) for study, judge in pairs]
    table, found = pd.DataFrame(rows), []
    for study, judge in zip(studies, judges, strict=True):
        found += rows_of(study.name, judge.facts.doubt, table[table["study"] == study.name])
    shown = pd.DataFrame(found)
    shown.to_csv(TABLE, sep="\t", index=False, float_format="%.4f")
    print(shown[shown["diagnosis"] == "all"].round(3).to_string())
    print(f"seconds a scan: {table['seconds'].median():.1f} (median)")


if __name__ == "__main__":
    main()
