"""Negative control over several seeds: how often an AUC excludes 0.5; about half an hour.

    python benchmarks/null_seeds.py

Runs the study `null` with five seeds to the blind test, and prints every one-vs-rest AUC among the
patient groups with its 95% interval: of the network out of fold and in the blind test, and of the
binding ratios out of fold. Out of fold, an AUC without anything to find lies below 0.5 for any
classifier (doi:10.1186/1471-2105-8-326); one that is above it too often has seen what it must not.
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
TABLES = {
    "network, out of fold": "cross_validation",
    "network, blind test": "blind_test",
    "binding ratios, out of fold": "cross_validation_binding",
}


def patients_auc(seed, folder):
    """AUCs of one seed among patients, first scans."""
    settings = yaml.safe_load((ROOT / "data_manifest/null.yaml").read_text())
    settings |= {"name": f"null-{seed}"}
    settings["phantom"]["seed"] = seed
    path = Path(folder) / f"null-{seed}.yaml"
    path.write_text(yaml.safe_dump(settings))
    target = f"results/null-{seed}/blind_test.json"
    command = [Path(sys.executable).with_name("snakemake"), "--workflow-profile", "profiles/local"]
    subprocess.run([*command, "--config", f"study={path}", "--", target], cwd=ROOT, check=True)
    return aucs_of(ROOT / f"results/null-{seed}").assign(seed=seed)


def aucs_of(results):
    """One row for each table of predictions and diagnosis."""
    found = {}
    for title, name in TABLES.items():
        scans = pd.read_csv(results / f"predictions/{name}.tsv", sep="\t")
        scans = scans.query("diagnosis != 'NC'").drop_duplicates("participant_id")
        table = diagnostic_table(scans, ("IPD", "MSA", "PSP"))
        found[title] = table[["auc", "auc_low", "auc_high"]]
    return pd.concat(found, names=["judged"])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = pd.concat([patients_auc(seed, folder) for seed in SEEDS]).reset_index()
    found["above"], found["below"] = found["auc_low"] > 0.5, found["auc_high"] < 0.5
    print(found.sort_values(["judged", "seed"]).round(3).to_string(index=False))
    print("Digital phantom, no patients.")
    for title, part in found.groupby("judged"):
        print(
            f"{title}: of {len(part)} intervals, {part['above'].sum()} lie above 0.5 and "
            f"{part['below'].sum()} below; 2.5% each are expected"
        )
