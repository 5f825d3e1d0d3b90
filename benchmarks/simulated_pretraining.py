"""What pre-training on simulated people is worth: three shifts, 20 to 300 scans.

    python benchmarks/shifted_generators.py SHIFTS WHEELS
    python benchmarks/simulated_pretraining.py SHIFTS FOLDER

Writes `data_manifest/simulated_pretraining.tsv`, which page `simulated` shows; a stopped run goes
on, for finished rows are skipped. About an hour on one core, most of it from scratch.

A network learns from n scans of a shifted generator, from `data_manifest/simulated` or from random
weights, by the default recipe and with as many steps, and is judged on other scans of that
generator, also on the way: a reader may take the best length from scratch, chosen by the scans that
judge it, which favours it. The two seeds draw other people and train otherwise.
"""

import json
import shutil
import sys
import time
from dataclasses import fields, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from shifted_generators import COHORTS, FOUR, GRID_MM, THREE, counts_of, read_cohort

from datnet_core.metrics import delong_interval, pairwise_auc
from datnet_core.network import Ensemble, build
from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_core.training import Scans, fit, predict, read_config
from datnet_core.training.batches import n_batches, n_epochs
from datnet_core.training.start import take_weights
from datnet_images.grid import field_of_view

HERE = Path(__file__).parents[1] / "data_manifest"
TABLE, WEIGHTS = HERE / "simulated_pretraining.tsv", HERE / "simulated"
CLASSES = {"other_atlas": FOUR, "reversed_pattern": FOUR, "spect": THREE}  # the last has no loss
ORDER = [  # number of scans and seed: what says most comes first
    (20, 1), (80, 1), (20, 2), (80, 2), (40, 1), (40, 2), (300, 1), (160, 1), (300, 2), (160, 2),
]  # fmt: skip
N_FIRST = COHORTS["1_first"][0]
MARKS = (1 / 8, 1 / 4, 1 / 2, 1)  # of the training, where networks are judged
RECIPE = replace(TrainingSettings(), early_stopping_on="none", accelerator="cpu")


def network_of_the_weights():
    """Settings of the network that was pre-trained."""
    made = read_config(WEIGHTS)["network"]
    known = {
        field.name: made[field.name] for field in fields(NetworkSettings) if field.name in made
    }
    known["field_mm"] = tuple(map(tuple, known["field_mm"]))
    return NetworkSettings(**known)


def seen(shifts, shift, parts, network):
    """What the network gets of cohorts, and the classes of their scans."""
    volumes, classes = read_cohort(shifts, shift, parts)
    return volumes[(slice(None), *field_of_view(GRID_MM, network.field_mm))], classes


def people(labels, n_by_class):
    """Rows of the first people of each class."""
    rows = [np.flatnonzero(labels == name)[:n] for name, n in n_by_class.items()]
    return np.sort(np.concatenate(rows))


def judged(model, volumes, labels, names):
    """AUCs and calibration of a network in scans, of which each class has equally many."""
    both_sides = Ensemble([model], both_sides=True).eval()
    proba = predict(both_sides, volumes, np.arange(len(volumes)))
    patients = names[:-1]
    y = np.array([names.index(label) for label in labels])
    each = [delong_interval(labels == name, proba[:, k])[0] for k, name in enumerate(patients)]
    pairs = [pairwise_auc(labels, proba, names, a, b)[0] for a, b in combinations(patients, 2)]
    found = {"auc": np.mean(each), "first_pair": pairs[0]}
    found["log_loss"] = -np.log(proba[np.arange(len(y)), y] + 1e-12).mean()
    return found | {"calibration_error": calibration_error(proba, y)}


def calibration_error(proba, y, n_bins=10):
    """Mean gap between how sure a network is and how often it is right, in bins of sureness."""
    sure, right = proba.max(axis=1), proba.argmax(axis=1) == y
    bins = np.minimum((sure * n_bins).astype(int), n_bins - 1)
    gaps = [abs(sure[bins == b].sum() - right[bins == b].sum()) for b in range(n_bins)]
    return sum(gaps) / len(y)


def trained(folder, start, given, names, *, network, training, judges):
    """Rows of one network, judged at the marks."""
    n_scans = len(given.learn)
    longest, per_epoch = n_epochs(n_scans, training), n_batches(n_scans, training.batch_size)
    ends = {max(1, round(mark * longest)) for mark in MARKS}
    rows = []

    def judge(row, model):
        epoch = row["epoch"] + 1
        if epoch in ends:
            rows.append({"steps": epoch * per_epoch} | judged(model, *judges, names))

    options = {"network": network, "training": training, "start": start, "after_epoch": judge}
    fit(folder, given, names, checkpoint_seconds=np.inf, **options)
    return rows


def main(shifts, folder):
    """Fill in the rows that are missing."""
    torch.set_num_threads(1)
    network = network_of_the_weights()
    table = pd.read_csv(TABLE, sep="\t").to_dict("records") if TABLE.is_file() else []
    weights = json.loads((WEIGHTS / "config.json").read_text())["inputs"][:12]
    table = [row for row in table if row["weights"] == weights]
    done = {(row["shift"], row["n"], row["seed"], row["start"]) for row in table}

    def keep(rows, **key):
        table.extend(key | {"weights": weights} | row for row in rows)
        pd.DataFrame(table).to_csv(TABLE, sep="\t", index=False, float_format="%.4f")

    for shift, shares in CLASSES.items():  # without a scan of the other hospital
        names = tuple(shares)
        if set(names) == set(FOUR) and (shift, 0, 0, "simulated") not in done:
            model = build(len(names), network)
            take_weights(model, WEIGHTS, names, network)
            row = judged(model, *seen(shifts, shift, ["judge"], network), names)
            key = {"shift": shift, "n": 0, "seed": 0, "start": "simulated"}
            keep([{"steps": 0} | row], **key, seconds=0.0)
    for n, seed in ORDER:
        for shift, shares in CLASSES.items():
            names = tuple(shares)
            parts = [f"{seed}_first", *([f"{seed}_more"] if n > N_FIRST else [])]
            volumes, classes = seen(shifts, shift, parts, network)
            judges = seen(shifts, shift, ["judge"], network)
            learn = people(classes, counts_of(n, shares))
            labels = np.array([names.index(name) for name in classes])
            given = Scans(volumes, labels, learn, learn[:0])
            options = {"network": network, "training": replace(RECIPE, seed=seed)}
            options["judges"] = judges
            for start, weights_folder in {"simulated": WEIGHTS, "scratch": None}.items():
                if (shift, n, seed, start) in done:
                    continue
                begin = time.process_time()
                own = folder / f"{shift}-{n}-{seed}-{start}"
                shutil.rmtree(own, ignore_errors=True)  # of a run that was stopped
                rows = trained(own, weights_folder, given, names, **options)
                seconds = round(time.process_time() - begin, 1)
                keep(rows, shift=shift, n=n, seed=seed, start=start, seconds=seconds)
                sys.stderr.write(f"{shift} {n} {seed} {start}: {seconds} s\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
