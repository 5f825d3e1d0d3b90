"""How often readings of the DL region find what is not there; half an hour for 200 cohorts.

    python benchmarks/null_ladder.py [COHORTS]

Small phantom cohorts whose patients all come from one distribution, each with networks of its own.
The P value of every reading and pair goes to `data_manifest/null_ladder.tsv`, which page
`circularity` reads, as soon as a cohort is done; a stopped run continues. Permuting the labels of
one cohort cannot show what a network does that has learned the label of the very scan: this does.
"""

import sys
import tempfile
from itertools import combinations
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import StratifiedKFold

from datnet_core.progress import progress
from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_core.training import Scans, fit, load_model, predict
from datnet_images import (
    binding_ratio,
    coarser_atlas,
    field_of_view,
    read_atlas,
    region_fractions,
    region_mask_on,
    region_means,
    regional_binding,
    study_grid,
)
from datnet_images.volumes import volume_of
from datnet_phantom import Cohort, draw_participants, read_calibration, read_scene, render
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_study import (
    Evidence,
    centre_distance,
    explained,
    p_values,
    reading_p_values,
    retrained_rates,
    untrained_maps,
)
from datnet_study.study_file import ATLAS

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "data_manifest/null_ladder.tsv"
PATIENTS = {"IPD": 24, "MSA": 20, "PSP": 16}
GRID_MM, HEAD_MM = 8.0, 4.0  # of the networks, and of the heads they are made from
REFERENCE, MEASURED = "occipital", ("putamen", "caudate")
N_FOLDS, FIRST_SEED = 3, 5000
NETWORK = NetworkSettings(n_filters=4, n_levels=2, dropout=0.0)
TRAINING = TrainingSettings(  # short, and so that it learns its scans: a voxel is 8 mm here
    n_folds=N_FOLDS, pretrain_on="none", learning_rate=2e-3, batch_size=20, averaging=0.9,
    max_steps=100, shift_voxels=0, accelerator="cpu",
)  # fmt: skip
PAIRS = list(combinations(range(len(PATIENTS)), 2))
AFFINE, SHAPE = study_grid(GRID_MM)
FIELD = field_of_view(GRID_MM, NETWORK.field_mm)


def cohort(seed, atlas, scene, calibration):
    """Uptake ratios (n, X, Y, Z) and classes (n,) of one cohort."""
    drawn = Cohort({"definite": PATIENTS}, seed=seed, identical_patients=True)
    scans, truth = draw_participants(drawn, calibration, "NC")
    people = scans.join(truth[list(BINDING_COLUMNS)])
    volumes = []
    for k, person in enumerate(people.to_dict("records")):
        rng = np.random.default_rng([seed, k])
        counts = render(person, person["age"], scene, calibration, rng)
        img = nib.Nifti1Image(counts, atlas.affine)
        volumes.append(volume_of(img, atlas, GRID_MM, REFERENCE))
    return np.stack(volumes), people["diagnosis"].map(list(PATIENTS).index).to_numpy()


def trained(seen, labels, fold, seed, folder):
    """A network for each fold, with its share of right calls among scans learned from and not."""
    models, right = [], []
    for k in range(N_FOLDS):
        rows = Scans(seen, labels, np.flatnonzero(fold != k), np.array([], int))
        training = TrainingSettings(**vars(TRAINING) | {"seed": seed * N_FOLDS + k})
        fit(folder / f"fold-{k}/member-0", rows, list(PATIENTS), network=NETWORK, training=training)
        models.append(load_model(folder / f"fold-{k}", NETWORK, "cpu"))
        called = predict(models[k], seen, np.arange(len(seen))).argmax(axis=1)
        right.append([(called == labels)[part].mean() for part in (fold != k, fold == k)])
    return models, np.mean(right, axis=0)


def evidence_of(volumes, labels, fold, models, atlas):
    """What the readings are made from, by the networks of the cohort."""
    brain = region_mask_on(atlas, "brain", AFFINE, SHAPE)[FIELD]
    seen = volumes[(slice(None), *FIELD)]
    reference = region_means(volumes, region_fractions(atlas, REFERENCE, AFFINE, SHAPE))
    ratios = binding_ratio(seen[:, brain], reference[:, None]).astype(np.float32)
    by_fold, responses = explained(models, seen, len(PATIENTS), brain, ratios)
    predicted = np.empty(len(labels), int)
    for k, model in enumerate(models):
        held_out = np.flatnonzero(fold == k)
        predicted[held_out] = predict(model, seen, held_out).argmax(axis=1)
    return Evidence(
        ratios, np.ones((1, ratios.shape[1]), bool), centre_distance(brain), fold, predicted,
        by_fold[fold, np.arange(len(fold))], by_fold, responses,
        untrained_maps(NETWORK, seen, len(PATIENTS), brain, fold),
    )  # fmt: skip


def rows_of(seed, atlas, scene, calibration):
    """P values of one cohort, a row for each pair."""
    volumes, labels = cohort(seed, atlas, scene, calibration)
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed).split(labels, labels)
    fold = np.empty(len(labels), int)
    for k, (_, held_out) in enumerate(folds):
        fold[held_out] = k
    seen = np.ascontiguousarray(volumes[(slice(None), *FIELD)])
    with tempfile.TemporaryDirectory() as folder:
        models, right = trained(seen, labels, fold, seed, Path(folder))
    evidence = evidence_of(volumes, labels, fold, models, atlas)
    conventional = regional_binding(volumes, atlas, AFFINE, REFERENCE, MEASURED)
    found = dict(zip(MEASURED, p_values(
        conventional[list(MEASURED)].to_numpy()[None], labels[None], PAIRS)[0], strict=True
    ))  # fmt: skip
    found |= {k: p[0, 0] for k, p in reading_p_values(evidence, labels[None], PAIRS).items()}
    names = [[list(PATIENTS)[c] for c in pair] for pair in PAIRS]
    rows = pd.DataFrame(names, columns=["group_a", "group_b"]).assign(**found)
    about = {"cohort": seed, "patients": len(labels), "grid_mm": GRID_MM, "folds": N_FOLDS}
    about |= {"filters": NETWORK.n_filters, "steps": TRAINING.max_steps}
    about |= {"right_learned": right[0], "right_unseen": right[1]}
    return pd.DataFrame([about] * len(rows)).join(rows)


def main():
    """Append the rows of the cohorts that are missing, then print the rates."""
    n_cohorts = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    torch.set_num_threads(1)
    done = set(pd.read_csv(TABLE, sep="\t")["cohort"]) if TABLE.is_file() else set()
    atlas = coarser_atlas(read_atlas(ATLAS), HEAD_MM)
    calibration = read_calibration(ROOT / "data_manifest/phantom.yaml")
    scene = read_scene(atlas, calibration)
    wanted = range(FIRST_SEED, FIRST_SEED + n_cohorts)
    for seed in progress([s for s in wanted if s not in done], "null cohorts", unit="cohort"):
        rows = rows_of(seed, atlas, scene, calibration)
        first = not TABLE.is_file()
        if not first and list(pd.read_csv(TABLE, sep="\t")) != list(rows):
            raise ValueError(f"{TABLE.name} has other columns than these readings; delete it")
        rows.to_csv(TABLE, sep="\t", index=False, float_format="%.4g", mode="a", header=first)
    print("Digital phantom, no patients. Share of cohorts with P < 0.05, nothing to find:")
    print(retrained_rates(pd.read_csv(TABLE, sep="\t")).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
