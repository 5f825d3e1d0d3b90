"""Which recipe learns best? Candidates on development cohorts that no study uses.

    python benchmarks/recipe_choice.py benchmarks/recipe_candidates.yaml FOLDER SEED [SEED ...]

The study file has the candidates as its `recipes`; each seed makes its phantom anew. A candidate is
pre-trained, then learns from the whole training cohort, one network, and is judged on the scans of
the blind test. Every candidate of a seed is a row of `data_manifest/recipe_choice.tsv`, which page
`recipe` shows; finished ones are skipped, so a stopped run goes on. Beside them stands a regression
that is told the regions. The scans stay in FOLDER for the next look. Choose on these seeds, then
judge on others, once (`recipe_judged.py`).
"""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import yaml

from datnet_core.metrics.auc import delong_interval
from datnet_core.metrics.pairs import pairwise_auc
from datnet_core.training.batches import Scans
from datnet_core.training.loop import fit
from datnet_core.training.prediction import load_model, predict
from datnet_images.atlas import read_atlas
from datnet_images.grid import field_of_view
from datnet_phantom.dataset import write_cohort
from datnet_phantom.measure import image_means
from datnet_phantom.numbers import read_calibration
from datnet_study.binding_classifier import class_proba, sides_unordered
from datnet_study.cached_scans import cache_scans
from datnet_study.columns import ScanTable
from datnet_study.fits import Fit
from datnet_study.networks import teachers_of
from datnet_study.scans import assign_folds, read_scans
from datnet_study.simulated import FOLDER
from datnet_study.study import read_study

TOLD = "told the regions"
TABLE = Path(__file__).parents[1] / "data_manifest/recipe_choice.tsv"


def dev_cohort(study, folder):
    """Scans of a phantom study with their volumes, and the means of their regions."""
    atlas, reference = read_atlas(study.atlas_path), study.images.reference_region
    calibration = read_calibration(study.calibration_path, study.phantom.scanner)
    root = folder / "dataset"
    write_cohort(root, study.phantom.cohort, calibration, atlas, study.control, reference)
    table = ScanTable(path=root / "scans.tsv", folder=root)
    scans = read_scans(table, study.diagnoses)
    scans["fold"] = assign_folds(scans, study.training.n_folds, study.training.seed)
    paths = [root / path for path in scans["path"]]
    for grid_mm in {study.recipe(name).grid_mm for name in study.recipes}:
        array = folder / f"volumes_{grid_mm:g}mm.npy"
        if not array.is_file():
            cache_scans(paths, atlas, study.images, grid_mm, array)
    means = folder / "region_means.npy"
    if not means.is_file():
        np.save(means, image_means(paths, atlas, reference))
    return scans, np.load(means)


def trained(study, name, scans, folder):
    """Probabilities that a candidate gives the scans it is judged on, and seconds of training."""
    grid_mm, network, training = study.recipe(name)
    volumes = np.load(folder / f"volumes_{grid_mm:g}mm.npy", mmap_mode="r")
    seen = volumes[(slice(None), *field_of_view(grid_mm, network.field_mm))]
    labels = scans["diagnosis"].map(study.diagnoses.index).to_numpy()
    start, seconds = None, 0.0
    if training.starts_simulated:
        start = study.data_manifest / FOLDER
    for model in ("pretrain", "refit") if training.learns_from_cohort else ("refit",):
        given = Scans(seen, labels, *teachers_of(Fit(model, 0), scans, training))
        own = folder / "models" / name / model / "member-0"
        config = fit(own, given, study.diagnoses, network=network, training=training, start=start)
        start, seconds = own, seconds + config["seconds"]
    judged = np.flatnonzero(scans["cohort"] == "blind_test")
    return predict(load_model(own.parent, network), seen, judged), seconds


def told(study, scans, means):
    """Probabilities of a regression on the means of all regions and the sides' differences."""
    features = sides_unordered(means[:, ::2], means[:, 1::2])
    learn, judged = ((scans["cohort"] == name).to_numpy() for name in ("training", "blind_test"))
    labels = scans["diagnosis"].to_numpy()[learn]
    prior = study.network.class_prior
    return class_proba(features[learn], labels, features[judged], study.diagnoses, prior)


def aucs(study, diagnosis, proba):
    """AUC of each diagnosis against the rest and of each two of patients, and their means."""
    patients = [name for name in study.diagnoses if name != study.control]
    found = {
        name: delong_interval(diagnosis == name, proba[:, study.diagnoses.index(name)])[0]
        for name in patients
    }
    found["mean"] = np.mean(list(found.values()))
    for a, b in combinations(patients, 2):
        found[f"{a}-{b}"] = pairwise_auc(diagnosis, proba, study.diagnoses, a, b)[0]
    return found


def main():
    """Train what is missing, and print all rows and their means over the seeds."""
    torch.set_num_threads(1)  # as in a study
    file, folder = map(Path, sys.argv[1:3])
    settings = yaml.safe_load(file.read_text())
    settings["extends"] = str((file.parent / settings["extends"]).resolve())
    rows = pd.read_csv(TABLE, sep="\t").to_dict("records")
    for seed in map(int, sys.argv[3:]):
        own = folder / f"{seed}"
        own.mkdir(parents=True, exist_ok=True)
        phantom = {"phantom": {**settings.get("phantom", {}), "seed": seed}}
        study_file = own / "study.yaml"
        study_file.write_text(yaml.safe_dump(settings | phantom))
        study = read_study(study_file)
        scans, means = dev_cohort(study, own)
        diagnosis = scans["diagnosis"][scans["cohort"] == "blind_test"].to_numpy()
        done = {row["recipe"] for row in rows if row["seed"] == seed}
        for name in [name for name in (TOLD, *study.recipes) if name not in done]:
            if name == TOLD:
                proba, seconds = told(study, scans, means), 0.0
            else:
                proba, seconds = trained(study, name, scans, own)
            how = yaml.safe_dump(settings["recipes"].get(name), default_flow_style=True).strip()
            learned = int((scans["cohort"] != "blind_test").sum())
            row = {"recipe": name, "how": how, "seed": seed, "participants": learned}
            rows.append(row | aucs(study, diagnosis, proba))
            pd.DataFrame(rows).to_csv(TABLE, sep="\t", index=False, float_format="%.4f")
            sys.stderr.write(f"{seed} {name}: {seconds:.0f} s of training\n")
    table = pd.DataFrame(rows)
    print("Digital phantom, no patients.")
    by = table.drop(columns=["seed", "how"]).groupby(["participants", "recipe"])
    print(by.mean().sort_values("mean").round(3))


if __name__ == "__main__":
    main()
