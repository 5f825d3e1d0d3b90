"""Negative control over several seeds: how often an AUC excludes 0.5; about ten minutes.

    python benchmarks/null_seeds.py

Runs cohorts, training and cross-validation of the study `null` with five seeds and prints every
one-vs-rest AUC among the patient groups with its 95% interval.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import yaml

from datnet_core.diagnostics import diagnostic_table

SEEDS = range(2022, 2027)
ROOT = Path(__file__).parents[1]


def patients_auc(seed, folder):
    """AUCs of one seed among patients, out of fold."""
    settings = yaml.safe_load((ROOT / "data_manifest/null.yaml").read_text())
    settings |= {"name": f"null-{seed}"}
    settings["phantom"]["seed"] = seed
    path = Path(folder) / f"null-{seed}.yaml"
    path.write_text(yaml.safe_dump(settings))
    target = f"results/null-{seed}/cross_validation.json"
    command = [Path(sys.executable).with_name("snakemake"), "--workflow-profile", "profiles/local"]
    subprocess.run([*command, "--config", f"study={path}", "--", target], cwd=ROOT, check=True)
    table = ROOT / f"results/null-{seed}/predictions/cross_validation.tsv"
    scans = pd.read_csv(table, sep="\t").query("diagnosis != 'NC'")
    names = ("IPD", "MSA", "PSP")
    return diagnostic_table(scans, names)[["auc", "auc_low", "auc_high"]].assign(seed=seed)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = pd.concat([patients_auc(seed, folder) for seed in SEEDS]).reset_index()
    found["excludes_half"] = (found["auc_low"] > 0.5) | (found["auc_high"] < 0.5)
    print(found.round(3).to_string(index=False))
    print("Digital phantom, no patients.")
    print(f"{found['excludes_half'].sum()} of {len(found)} intervals exclude 0.5; 5% are expected")
