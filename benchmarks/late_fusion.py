"""Which numbers of the late fusion? Candidates on phantom cohorts that no study uses; by hand.

    python benchmarks/late_fusion.py RESULTS [RESULTS ...]

Each RESULTS is the folder of a finished study of another seed, such as
`benchmarks/recipe_judged.py` leaves in `results/judged-demo-<seed>`: the training cohort of `demo`
and 660 patients whom no network has seen. A fusion learns from the out-of-fold verdicts, one number
of the default changed at a time, and is judged on the unseen, with all values and without the
UPDRS. About a minute a cohort. Every look is a row of `data_manifest/late_fusion_choice.tsv`, which
is written anew.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from datnet_core.progress import progress
from datnet_study.fusion import fit_logistic_fusion, fusion_features, verdicts
from datnet_study.late_fusion import LateFusionSettings, fit_late_fusion, without

TABLE = Path(__file__).parents[1] / "data_manifest/late_fusion_choice.tsv"
CLASSES, PATIENTS = ("IPD", "MSA", "PSP", "NC"), ("IPD", "MSA", "PSP")
CANDIDATES = {
    "n_hidden": (4, 8, 32),
    "n_steps": (50, 100, 300),
    "learning_rate": (0.003, 0.03),
    "weight_decay": (0.01, 0.3, 1.0),
    "modality_dropout": (0.0, 0.15, 0.5),
    "n_members": (1,),
}
CLINIC = ["age", "sex", "symptom_duration_years", "updrs", "hoehn_yahr"]
IMAGE = [f"p_{name}" for name in CLASSES]
SOURCES = {
    "gate": {"image": IMAGE, "clinic": CLINIC},
    "attention": {"image": IMAGE} | {name: [name] for name in CLINIC},
}


def cohort(folder):
    """Features and labels to learn from, and those of the unseen, for each network."""
    scans = pd.read_csv(folder / "scans.tsv", sep="\t")
    tables = [
        pd.read_csv(folder / f"predictions/{name}.tsv", sep="\t").query("diagnosis in @PATIENTS")
        for name in ("cross_validation", "blind_test_by_model")
    ]
    known, new = (table.reset_index(drop=True) for table in tables)
    each = [part.reset_index(drop=True) for _, part in new.groupby("model", sort=False)]
    unseen = [fusion_features(part, scans, CLASSES) for part in each]
    return fusion_features(known, scans, CLASSES), known["diagnosis"], unseen, each[0]["diagnosis"]


def judged(made, unseen, truth):
    """Mean -log p of the right diagnosis, and mean sensitivity, with all values and without one."""
    row = {}
    for what, columns in {"all": [], "no_updrs": ["updrs"]}.items():
        p = verdicts(*made, [without(table, columns) for table in unseen], CLASSES)
        is_right = np.array(CLASSES)[p.to_numpy().argmax(1)] == truth
        own = p.to_numpy()[np.arange(len(p)), [CLASSES.index(name) for name in truth]]
        row[f"loss_{what}"] = -np.log(own.clip(1e-6)).mean()
        row[f"mean_sensitivity_{what}"] = is_right.groupby(truth).mean().mean()
    return row


def main():
    """Judge every candidate on every cohort."""
    torch.set_num_threads(1)
    default, rows = LateFusionSettings(), []
    looks = [("default", "", default)]
    looks += [
        (name, value, replace(default, **{name: value}))
        for name, values in CANDIDATES.items()
        for value in values
    ]
    for folder in map(Path, sys.argv[1:]):
        x, y, unseen, truth = cohort(folder)
        who = {"cohort": folder.name, "n_unseen": len(truth)}
        made = fit_logistic_fusion(x[IMAGE + CLINIC], y)
        rows.append(who | {"how": "regression"} | judged(made, unseen, truth))
        for name, value, settings in progress(looks, f"fusions of {folder.name}", unit="look"):
            for how, sources in SOURCES.items():
                made = fit_late_fusion(x, y, sources, how, settings)
                row = {"how": how, "changed": name, "to": value}
                rows.append(who | row | judged(made, unseen, truth))
    pd.DataFrame(rows).to_csv(TABLE, sep="\t", index=False, float_format="%.4f")


if __name__ == "__main__":
    main()
