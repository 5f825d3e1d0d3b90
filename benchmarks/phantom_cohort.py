"""Cost and overlap of the phantom cohort; run by hand, takes about ten minutes on two cores.

    python benchmarks/phantom_cohort.py

Prints, from one run: seconds per scan for 100 and for 400 scans and their ratio, the peak of
memory, and over several seeds the Mann-Whitney P values of the training cohort of the paper's
size, and the oracle's AUCs. The first are rows of `performance` too.
"""

import itertools
import math
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from datnet_core.metrics.groups import mann_whitney
from datnet_images.atlas import read_atlas
from datnet_phantom import published
from datnet_phantom.cohort import Cohort
from datnet_phantom.dataset import write_cohort
from datnet_phantom.measure import image_means, measurement, response
from datnet_phantom.numbers import read_calibration
from datnet_phantom.oracle import posterior
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_study.study import read_study

SEEDS = range(2022, 2029)
N_JOBS = 2
SIZES = (100, 400)  # scans of a cohort


def phantom_rows():
    """Cost of a scan in cohorts of two sizes as rows of `performance`."""
    study = read_study("data_manifest/paper.yaml")
    numbers, atlas = read_calibration(study.calibration_path), read_atlas(study.atlas_path)
    given = (numbers, atlas, study.control, study.images.reference_region)
    seconds = dict.fromkeys(SIZES, math.inf)
    for n in SIZES * 2:  # twice, in turn: the machine drifts
        with tempfile.TemporaryDirectory() as folder:
            cohort, start = Cohort({"definite": {"IPD": n}}), time.perf_counter()
            write_cohort(Path(folder) / "set", cohort, *given, n_jobs=N_JOBS)
            seconds[n] = min(seconds[n], (time.perf_counter() - start) / n)
    few, many = SIZES
    title = f"a scan of {many}"
    yield "phantom.ms", title, 1000 * seconds[many], "ms on two cores"
    yield "phantom.growth", title, seconds[many] / seconds[few], f"times a scan of {few}"
    yield (
        "phantom.gb",
        "largest memory",
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "GB",
    )


def overlap(study, numbers, atlas, seed, error):
    """P values and AUCs of one training cohort of the paper's size."""
    reference = study.images.reference_region
    sizes = {"definite": study.phantom.participants["definite"]}
    cohort = replace(study.phantom.cohort, seed=seed, participants=sizes, follow_ups=0)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "set"
        write_cohort(root, cohort, numbers, atlas, study.control, reference, n_jobs=N_JOBS)
        scans = pd.read_csv(root / "scans.tsv", sep="\t")
        truth = pd.read_csv(root / "truth" / "scans.tsv", sep="\t")
        paths = [root / path for path in scans["path"]]
        measured = image_means(paths, atlas, reference, N_JOBS)
    n_voxels = response(atlas, numbers, 5.5, reference, core=False).n_voxels
    pattern = published.pattern(measured, n_voxels)
    pairs = list(itertools.combinations(study.patients, 2))
    row = {"seed": seed}
    for name, values in pattern.items():
        for test in mann_whitney(values, scans["diagnosis"], pairs).itertuples():
            row[f"P {name} {test.group_a}-{test.group_b}"] = test.p
    shares = scans["diagnosis"].value_counts(normalize=True)
    prior = {name: shares[name] for name in study.diagnoses}
    true_binding = np.log(truth[list(BINDING_COLUMNS)].to_numpy())
    seen = {"binding": (true_binding, None), "means": (measured, error)}
    for source, (values, scanner) in seen.items():
        proba = posterior(values, prior, numbers, study.control, False, scanner)
        for name in study.diagnoses:
            auc = roc_auc_score(scans["diagnosis"] == name, proba[f"p_{name}"])
            row[f"AUC {source} {name}"] = auc
    return row


if __name__ == "__main__":
    for found in phantom_rows():
        print("{}: {:.3g} {}".format(*found[1:]))
    study = read_study("data_manifest/paper.yaml")
    numbers, atlas = read_calibration(study.calibration_path), read_atlas(study.atlas_path)
    error = measurement(atlas, numbers, study.control, study.images.reference_region)
    rows = [overlap(study, numbers, atlas, seed, error) for seed in SEEDS]
    print(
        pd.DataFrame(rows)
        .set_index("seed")
        .T.assign(median=lambda t: t.median(axis=1))
        .to_string(float_format="{:.3g}".format)
    )
